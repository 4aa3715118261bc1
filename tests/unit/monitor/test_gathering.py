"""Is the evidence for a verdict what was on record?"""

from collections.abc import Iterable
from typing import Any

import pytest
from msgspec import Raw
from msgspec.structs import replace

from collectors.events import Event
from collectors.observations import (
    Connection,
    ConnectionState,
    Direction,
    MediaStats,
    NetworkQuality,
    Observation,
    TelemetryBatch,
)
from monitor.entities import Participant, Room
from monitor.evidence.gathering import evidence_of
from monitor.evidence.witnesses import Evidence, Witness
from monitor.live import Live
from monitor.store.lines import Lines
from monitor.store.rows import happenings_of, place_of
from monitor.verdict import judge
from tests.builders import ALICE, BOB, NOW_MS, ROOM, batch, level
from tests.incidents import KINDS, incident
from tests.retelling import retold
from tests.stored import as_told

MINUTE_MS = 60_000
SPAN_MS = (NOW_MS, NOW_MS + 2 * MINUTE_MS)


def gathered(room: Room, events: Iterable[Event], span_ms: tuple[int, int] = SPAN_MS) -> Evidence:
    events, lines = list(events), Lines()
    for event in events:
        if isinstance(event, TelemetryBatch):
            lines.add(event)
    happened = [each for event in events for each in happenings_of(event, place_of(event))]
    return evidence_of(room, list(lines.take(as_told)), happened, span_ms)


def room_of(*people: Participant) -> Room:
    return Room(ROOM, sid=ROOM, media_region="us1", left={each.key: each for each in people})


def person(sid: str, identity: str = "", **given: Any) -> Participant:
    return Participant(sid, ROOM, sid=sid, identity=identity or None, **given)


def said(*observations: Observation, **about: Any) -> TelemetryBatch:
    return batch(*observations, **about)


def only(evidence: Evidence) -> Witness:
    (witness,) = evidence.witnesses
    return witness


def words(witness: Witness, to_ms: int) -> list[Any]:
    """Return what somebody said before a moment, less the numbers, which are rounded where they are kept."""
    media = [(each.at_ms, None) for each in witness.media]
    other = [(each.at_ms, each) for each in (*witness.levels, *witness.connections, *witness.tracks)]
    return sorted((each for each in media + other if each[0] < to_ms), key=str)


@pytest.mark.parametrize("kind", KINDS)
def test_evidence_that_was_told_and_gathered_is_the_evidence_and_is_judged_alike(kind: str) -> None:
    staged = incident(kind, 4).evidence
    events, live = retold(staged), Live()
    for event in events:
        live.apply(event)
    room = live.room(staged.room)
    assert room is not None
    found = gathered(room, events, (staged.from_ms, staged.to_ms))
    for told, there in zip(staged.witnesses, found.witnesses, strict=True):
        assert (there.key, there.name, there.edge) == (told.key, told.name, told.edge)
        assert words(there, staged.to_ms) == words(told, staged.to_ms)
        assert not there.media or (there.browser, there.address) == (told.browser, told.address)
    before, after = judge(staged), judge(replace(found, surroundings=staged.surroundings))
    assert (after.cause, after.whom, after.name) == (before.cause, before.whom, before.name)


def test_a_level_holds_from_before_the_window_and_only_the_last_one_does() -> None:
    levels = [level(1, at_ms=NOW_MS - 9 * MINUTE_MS), level(2, at_ms=NOW_MS - MINUTE_MS), level(4, at_ms=NOW_MS + 5)]
    seen = [level(3, at_ms=NOW_MS - 8 * MINUTE_MS, of=BOB)]
    witness = only(gathered(room_of(person(ALICE)), [said(*levels, *seen)]))
    assert [(each.level, each.subject) for each in witness.levels] == [(2, None), (3, BOB), (4, None)]


def test_a_level_ends_when_whom_it_is_about_or_who_saw_it_has_left() -> None:
    left_ms = NOW_MS + MINUTE_MS
    people = room_of(person(ALICE), person(BOB, left_at_ms=left_ms))
    posts = [said(level(1, of=BOB), level(4)), said(level(0), level(2, of=ALICE), reporter=BOB)]
    alice, bob = gathered(people, posts).witnesses
    assert [(each.at_ms, each.level, each.subject) for each in alice.levels] == [
        (NOW_MS, 1, BOB),
        (NOW_MS, 4, None),
        (left_ms, None, BOB),
    ]
    assert {(each.level, each.subject) for each in bob.levels if each.at_ms == left_ms} == {(None, None), (None, ALICE)}


def test_the_moments_of_connections_are_by_our_clock() -> None:
    lost = Connection(NOW_MS + 60_000, ConnectionState.RECONNECTING, 53405)
    witness = only(gathered(room_of(person(ALICE)), [said(lost, clock_offset_ms=50_000)]))
    assert witness.connections == (replace(lost, at_ms=NOW_MS + 10_000),)


def test_who_said_nothing_is_a_witness_if_there_for_long_enough() -> None:
    stays = {"joined_at_ms": NOW_MS - 5, "left_at_ms": SPAN_MS[1] + 5}
    brief = {"joined_at_ms": NOW_MS + 5, "left_at_ms": NOW_MS + 6_000}
    assert [each.key for each in gathered(room_of(person(ALICE, **stays), person(BOB, **brief)), []).witnesses] == [
        ALICE
    ]


def test_who_left_before_the_window_or_came_after_it_is_no_witness_whatever_they_said() -> None:
    left = person(ALICE, left_at_ms=NOW_MS - 1)
    came = person(BOB, joined_at_ms=SPAN_MS[1])
    posts = [said(level(1, at_ms=NOW_MS - 5 * MINUTE_MS)), said(level(1, at_ms=SPAN_MS[1] + 5), reporter=BOB)]
    assert gathered(room_of(left, came), posts).witnesses == ()


def test_who_measured_something_is_a_witness_though_nobody_has_them_on_record() -> None:
    told = said(MediaStats(NOW_MS, up=Direction(loss_ratio=0.1)), identity="alice")
    assert (only(gathered(room_of(), [told])).sid, only(gathered(room_of(), [told])).identity) == (ALICE, "alice")


def test_who_was_known_by_name_first_is_one_with_who_is_known_by_sid() -> None:
    early = said(MediaStats(NOW_MS), reporter=None, identity="alice")
    later = said(MediaStats(NOW_MS + MINUTE_MS), identity="alice")
    witness = only(gathered(room_of(person(ALICE, "alice")), [early, later]))
    assert (witness.key, len(witness.media)) == (ALICE, 2)


def test_of_two_stays_of_one_person_each_has_what_happened_in_it() -> None:
    first = person(ALICE, "alice", left_at_ms=NOW_MS + MINUTE_MS)
    second = person(BOB, "alice", joined_at_ms=NOW_MS + MINUTE_MS)
    lost = Connection(NOW_MS + 90_000, ConnectionState.RECONNECTING)
    told = gathered(room_of(first, second), [said(lost, reporter=None, identity="alice")])
    assert [len(each.connections) for each in told.witnesses] == [0, 1]


def test_whom_twilios_servers_did_not_let_in_is_a_witness_and_whom_a_bad_line_did_not_is_none() -> None:
    def turned_away(identity: str, code: int) -> TelemetryBatch:
        ended = Connection(NOW_MS + 5, ConnectionState.DISCONNECTED, code)
        return said(ended, reporter=None, identity=identity)

    told = gathered(room_of(), [turned_away("dave", 53006), turned_away("erin", 53000)])
    assert [each.name for each in told.witnesses] == ["dave"]


def test_what_the_sdk_said_of_a_level_comes_with_it() -> None:
    told = NetworkQuality(NOW_MS, 1, stats=Raw(b'{"audio":{"recv":1}}'))
    assert only(gathered(room_of(person(ALICE)), [said(told)])).levels == (told,)

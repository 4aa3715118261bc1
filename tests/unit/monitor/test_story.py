"""What is told of a call, who is missing in it, and how somebody stood."""

from collections.abc import Iterator
from typing import Any

import pytest

from alerts.model import Reason, State, Transition
from collectors.observations import Connection, ConnectionState, Direction, MediaStats, Speaker, TelemetryBatch, Track
from monitor.entities import Composition, Participant, Recording, Room
from monitor.history.gathering import Gathering
from monitor.history.samples import Samples
from monitor.store.ports import Call, Changed, Happening, Line, Series
from monitor.store.rows import happenings_of, place_of
from monitor.story.material import Material
from monitor.story.missing import Inputs, missing_of
from monitor.story.people import People
from monitor.story.shapes import Entry, Status
from monitor.story.spans import spans_of
from monitor.story.telling import entries_of
from tests.alert_builders import make_alert, make_incident
from tests.builders import ALICE, BOB, CAROL, COMPOSITION, NOW_MS, RECORDING, ROOM, batch, level

HOUR_MS = 3_600_000
EVERYTHING = (NOW_MS - HOUR_MS, NOW_MS + HOUR_MS)


def person(sid: str, identity: str, **given: Any) -> Participant:
    return Participant(sid, ROOM, sid=sid, identity=identity, joined_at_ms=NOW_MS, is_told=True, **given)


def room(*people: Participant, **given: Any) -> Room:
    return Room(ROOM, sid=ROOM, account_sid="AC", participants={each.key: each for each in people}, **given)


def told(*posts: TelemetryBatch) -> list[Happening]:
    return [each for post in posts for each in happenings_of(post, place_of(post))]


def story(of: Room, *posts: TelemetryBatch, span_ms: tuple[int, int] = EVERYTHING, **given: Any) -> list[Entry]:
    call, happenings = Call(of, given.get("recordings", ()), given.get("compositions", ())), told(*posts)
    people = People(of, (), happenings)
    return [
        *entries_of(Material(call, people, happenings, given.get("alerts", ()), given.get("incidents", ()), span_ms))
    ]


def words(entries: list[Entry], kind: str) -> list[str]:
    return [each.words for each in entries if each.kind == kind]


def lost(at_ms: int, state: str, *, code: int | None = None, of: str | None = None) -> Connection:
    return Connection(at_ms, ConnectionState(state), code, of)


# --- connections -------------------------------------------------------------------------------------------


def test_a_connection_that_came_back_tells_for_how_long_it_was_gone() -> None:
    said = batch(lost(NOW_MS, "reconnecting", code=53405), lost(NOW_MS + 4_000, "reconnected"))
    (entry,) = (each for each in story(room(person(ALICE, "alice")), said) if each.kind == "reconnecting")
    assert (entry.words, entry.until_ms) == ("alice lost the connection for 4 s.", NOW_MS + 4_000)
    assert entry.code_words


def test_a_connection_of_which_nothing_more_is_heard_is_not_said_to_be_back() -> None:
    (entry,) = (
        each
        for each in story(room(person(ALICE, "alice")), batch(lost(NOW_MS, "reconnecting")))
        if each.kind == "reconnecting"
    )
    assert entry.until_ms is None


def test_what_others_see_of_a_connection_is_told_only_where_its_owner_tells_nothing() -> None:
    seen = lost(NOW_MS, "reconnecting", of=BOB)
    both = room(person(ALICE, "alice"), person(BOB, "bob"))
    (entry,) = (each for each in story(both, batch(seen)) if each.kind == "reconnecting")
    assert (entry.key, entry.told_by) == (BOB, ALICE)
    own = batch(lost(NOW_MS + 100, "reconnecting"), reporter=BOB)
    (entry,) = (each for each in story(both, batch(seen), own) if each.kind == "reconnecting")
    assert entry.told_by is None


def test_who_did_not_get_in_is_told_with_the_code() -> None:
    (entry,) = story(room(), batch(lost(NOW_MS, "disconnected", code=53104), reporter=CAROL))
    assert (entry.kind, entry.key, entry.code) == ("refused", CAROL, 53104)
    assert entry.remedy


# --- tracks and speakers -----------------------------------------------------------------------------------


def test_a_picture_that_was_switched_off_lasts_until_it_is_on_again() -> None:
    seen = [Track(NOW_MS + at, state, "MT1", "video", BOB) for at, state in ((0, "switched_off"), (9, "switched_on"))]
    (entry,) = story(room(person(ALICE, "alice"), person(BOB, "bob")), batch(*seen), span_ms=(NOW_MS + 5, NOW_MS + 7))
    assert (entry.words, entry.until_ms) == ("bob's video was switched off for alice.", NOW_MS + 9)


def test_the_speaker_is_whom_most_hear() -> None:
    posts = [
        batch(Speaker(NOW_MS, ALICE), reporter=ALICE),
        batch(Speaker(NOW_MS + 1, BOB), Speaker(NOW_MS + 5, BOB), reporter=BOB),
        batch(Speaker(NOW_MS + 2, ALICE), Speaker(NOW_MS + 6, BOB), reporter=CAROL),
    ]
    happened = sorted(told(*posts), key=lambda each: each.at_ms)
    of = room(person(ALICE, "alice"), person(BOB, "bob"), person(CAROL, "carol"))
    found = entries_of(Material(Call(of), People(of, ()), happened, (), (), EVERYTHING))
    spoken = [(each.words, each.at_ms - NOW_MS, each.until_ms) for each in found if each.kind == "speaker"]
    assert spoken == [("alice spoke.", 0, NOW_MS + 6), ("bob spoke.", 6, None)]


# --- media and alerts --------------------------------------------------------------------------------------


def test_recordings_and_compositions_say_how_they_stand() -> None:
    recordings = [Recording(RECORDING, participant_sid=ALICE, kind="audio", created_at_ms=NOW_MS, duration_s=2.0)]
    compositions = [Composition(COMPOSITION, created_at_ms=NOW_MS, percent_done=40.0)]
    found = story(room(person(ALICE, "alice")), recordings=recordings, compositions=compositions)
    assert words(found, "recording") == ["alice's audio was recorded."]
    assert words(found, "composition") == ["A composition waits to be made."]


def test_an_alert_lasts_until_it_was_resolved_and_leads_to_its_incident() -> None:
    at_s = NOW_MS / 1000
    alert = make_alert(entity=f"{ROOM}/{ALICE}", groups=("g1",))
    fired = Transition("f1", "Bad", alert.entity, State.PENDING, State.FIRING, at_s, Reason.RAISED)
    over = Transition("f1", "Bad", alert.entity, State.FIRING, State.INACTIVE, at_s + 60, Reason.CLEARED)
    incident = make_incident(alert, id="i1", group="g1", started_at=at_s + 1)
    found = story(
        room(person(ALICE, "alice")), alerts=[Changed(fired, alert), Changed(over, alert)], incidents=[incident]
    )
    (entry,) = (each for each in found if each.kind == "alert")
    assert (entry.key, entry.until_ms) == (ALICE, NOW_MS + 60_000)
    assert entry.alert is not None
    assert (entry.alert.incident, entry.alert.state) == ("i1", "inactive")


def test_an_entry_that_is_over_later_keeps_its_id() -> None:
    of = room(person(ALICE, "alice"))
    (before,) = words_and_ids(story(of, batch(lost(NOW_MS, "reconnecting"))))
    (after,) = words_and_ids(story(of, batch(lost(NOW_MS, "reconnecting"), lost(NOW_MS + 1_000, "reconnected"))))
    assert before[0] == after[0]
    assert before[1] != after[1]


def words_and_ids(entries: list[Entry]) -> Iterator[tuple[str, str]]:
    return ((each.id, each.words) for each in entries if each.kind == "reconnecting")


# --- what is missing ---------------------------------------------------------------------------------------


def missing(of: Room, lines: list[Line], *happenings: Happening, **given: Any) -> set[tuple[str, str | None]]:
    call = Call(of, (), given.pop("compositions", ()))
    inputs = Inputs(call, People(of, lines), happenings, given.get("kept_since_ms", 0), NOW_MS + HOUR_MS)
    return {(each.input, each.key) for each in missing_of(inputs)}


def measured(sid: str, *seen: Any) -> Line:
    return Line(Series(ROOM, sid, identity="alice"), gathered(*seen))


def gathered(*seen: Any) -> Samples:
    gathering = Gathering()
    gathering.add(seen, 0)
    return gathering.samples()


CALLED_BACK = Happening(NOW_MS, "room-created", "callback", "", b"{}")
WELL = [MediaStats(NOW_MS, 10_000, 50.0, Direction(bitrate_bps=1e6)), level(4)]


def test_of_a_call_that_is_heard_nothing_is_missing() -> None:
    assert missing(room(person(ALICE, "alice")), [measured(ALICE, *WELL)], CALLED_BACK) == set()


def test_whoever_says_nothing_is_missed_by_name_and_a_whole_room_at_once() -> None:
    both = room(person(ALICE, "alice"), person(BOB, "bob"))
    assert missing(both, [measured(ALICE, *WELL)], CALLED_BACK) == {("telemetry", BOB)}
    assert missing(both, [], CALLED_BACK) == {("telemetry", None)}


def test_whoever_was_there_for_a_moment_is_not_missed() -> None:
    assert missing(room(person(ALICE, "alice", left_at_ms=NOW_MS + 5_000)), [], CALLED_BACK) == set()


@pytest.mark.parametrize(("seen", "expected"), [(WELL[:1], "levels"), (WELL[1:], "media_stats")])
def test_a_client_that_sends_only_half_says_which_half_is_missing(seen: list[Any], expected: str) -> None:
    assert missing(room(person(ALICE, "alice")), [measured(ALICE, *seen)], CALLED_BACK) == {(expected, ALICE)}


def test_a_level_that_names_its_own_teller_is_theirs() -> None:
    seen = [WELL[0], level(4, of=ALICE)]
    assert missing(room(person(ALICE, "alice")), [measured(ALICE, *seen)], CALLED_BACK) == set()


def test_without_callbacks_and_without_twilio_it_is_said_which() -> None:
    assert ("callbacks", None) in missing(room(person(ALICE, "alice")), [measured(ALICE, *WELL)])
    unknown = Room(ROOM, sid=ROOM, participants={})
    assert missing(unknown, [measured(ALICE, *WELL)]) == {("room", None)}


def test_somebody_whom_twilio_does_not_know_is_missing_there() -> None:
    assert ("participants", CAROL) in missing(room(), [measured(CAROL, *WELL)], CALLED_BACK)


def test_compositions_of_which_no_callback_told_are_missing_theirs() -> None:
    composed = [Composition(COMPOSITION)]
    assert ("composition_callbacks", None) in missing(room(), [], CALLED_BACK, compositions=composed)
    told_of = Happening(NOW_MS, "composition-started", "callback", "", b"{}")
    assert ("composition_callbacks", None) not in missing(room(), [], CALLED_BACK, told_of, compositions=composed)


def test_what_was_dropped_is_not_said_to_have_never_come() -> None:
    over = room(person(ALICE, "alice", left_at_ms=NOW_MS + 60_000), ended_at_ms=NOW_MS + 60_000)
    call = Call(over)
    (found,) = missing_of(Inputs(call, People(over, []), [CALLED_BACK], NOW_MS + HOUR_MS, NOW_MS + HOUR_MS))
    assert "dropped" in found.words


# --- spans -------------------------------------------------------------------------------------------------


def media(at_ms: int, bitrate_bps: float = 1e6) -> MediaStats:
    way = Direction(bitrate_bps=bitrate_bps)
    return MediaStats(at_ms, 10_000, 50.0, way, way)


def test_a_hole_of_one_sample_is_how_samples_fall_and_a_longer_one_is_silence() -> None:
    moments = [0, 10_000, 30_000, 40_000, 120_000, 130_000]
    samples = gathered(*(media(NOW_MS + at_ms) for at_ms in moments))
    spans = spans_of((NOW_MS, NOW_MS + 135_000), samples, ())
    assert [(each.from_ms - NOW_MS, each.to_ms - NOW_MS, each.status) for each in spans] == [
        (0, 40_000, Status.HEARD),
        (40_000, 110_000, Status.SILENT),
        (110_000, 135_000, Status.HEARD),
    ]


def test_who_sends_and_gets_nothing_is_idle_and_who_is_cut_off_is_reconnecting() -> None:
    samples = gathered(media(NOW_MS + 10_000, 0.0), media(NOW_MS + 20_000, 0.0), media(NOW_MS + 30_000))
    broken = [lost(NOW_MS + 25_000, "reconnecting"), lost(NOW_MS + 28_000, "reconnected")]
    spans = spans_of((NOW_MS, NOW_MS + 30_000), samples, broken)
    assert [(each.from_ms - NOW_MS, each.status) for each in spans] == [
        (0, Status.IDLE),
        (20_000, Status.HEARD),
        (25_000, Status.RECONNECTING),
        (28_000, Status.HEARD),
    ]

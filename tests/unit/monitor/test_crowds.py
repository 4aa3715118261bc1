"""Do the counts of regions and tenants follow the picture?"""

import pytest

from alerts.model import Kind
from alerts.rules import VOCABULARY
from monitor.crowd_readings import of_crowd
from monitor.crowds import MOST_REGIONS, NOBODY_LEFT, Crowd
from monitor.entities import Change, Ref
from monitor.live import Live
from monitor.naming import Naming
from tests.builders import ALICE, BOB, NOW_MS, ROOM, batch, connection, level, participant, room

DE, US, ACME = Ref("region", "de1"), Ref("region", "us1"), Ref("tenant", "acme")
OTHER_ROOM = "RM" + "b" * 32


def crowd(live: Live, ref: Ref) -> tuple[int, int, int, int]:
    """Return the rooms, the participants, how many are known, and how many degraded."""
    found = live.crowds.of(ref) or Crowd()
    return found.rooms, found.participants, found.known, found.degraded


def in_germany(**given: object) -> Live:
    live = Live(naming=Naming(tenants=["acme"]))
    live.apply(room(media_region="de1", **given))
    return live


def test_people_count_in_the_region_of_their_room() -> None:
    live = in_germany()
    live.apply(batch(level(1)))
    live.apply(batch(level(4), reporter=BOB))
    assert crowd(live, DE) == (1, 2, 2, 1)


def test_a_region_that_is_told_later_takes_the_room_with_everybody_in_it() -> None:
    live = Live()
    live.apply(batch(level(1)))
    assert live.crowds.refs() == []
    assert Change(DE) in live.apply(room(media_region="de1"))
    assert crowd(live, DE) == (1, 1, 1, 1)


def test_a_tenant_is_known_once_the_name_of_the_room_is() -> None:
    live = in_germany()
    live.apply(batch(level(1)))
    assert Change(ACME) in live.apply(batch(level(1), room_name="acme:class:1"))
    assert crowd(live, ACME) == (1, 1, 1, 1)


def test_only_tenants_on_the_list_are_counted() -> None:
    live = in_germany(room_name="globex:class:1")
    live.apply(batch(level(1)))
    assert live.crowds.refs() == [DE]


def test_a_sample_that_changes_no_level_changes_no_crowd() -> None:
    live = in_germany()
    live.apply(batch(level(1)))
    assert DE not in [change.ref for change in live.apply(batch(level(0)))]
    assert DE in [change.ref for change in live.apply(batch(level(3, at_ms=NOW_MS + 1)))]


def test_whoever_leaves_counts_no_more_and_neither_do_those_whom_only_they_saw() -> None:
    live = in_germany()
    live.apply(participant(BOB))
    live.apply(batch(level(1), level(1, of=BOB)))
    assert crowd(live, DE) == (1, 2, 2, 2)
    live.apply(batch(connection("disconnected", at_ms=NOW_MS + 1)))
    assert crowd(live, DE) == (1, 1, 0, 0)


def test_a_region_without_rooms_is_gone() -> None:
    live = in_germany()
    live.apply(batch(level(1)))
    assert Change(DE, NOBODY_LEFT) in live.apply(room("completed", ended_at_ms=NOW_MS))
    assert live.crowds.refs() == []
    assert live.crowds.everybody == Crowd()


def test_a_restored_picture_is_counted_as_the_one_that_was_saved() -> None:
    before, after = in_germany(room_name="acme:class:1"), Live(naming=Naming(tenants=["acme"]))
    before.apply(batch(level(1)))
    after.restore(before.rooms.values())
    assert {ref: after.crowds.of(ref) for ref in (DE, ACME)} == {ref: before.crowds.of(ref) for ref in (DE, ACME)}


def test_there_are_never_more_regions_than_anybody_has() -> None:
    live = Live()
    for number in range(MOST_REGIONS + 5):
        live.apply(room(sid=f"RM{number:032}", media_region=f"xx{number}"))
    assert len(live.crowds.refs()) == MOST_REGIONS


# --- what rules see --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "ratio"),
    [
        (Crowd(rooms=6, known_rooms=6, participants=60, known=60, degraded=50), 50 / 60),
        (Crowd(rooms=3, known_rooms=3, participants=9, known=9, degraded=9), None),
        (Crowd(rooms=3, known_rooms=2, participants=20, known=20, degraded=20), None),
        (Crowd(rooms=1, known_rooms=1, participants=2, known=2), 0.0),
        (Crowd(rooms=1), 0.0),
        (Crowd(rooms=5, participants=30), None),
    ],
)
def test_a_share_of_few_says_nothing_but_that_nobody_is_badly_off_can_always_be_said(
    seen: Crowd, ratio: float | None
) -> None:
    assert of_crowd(DE, seen).values["degraded_ratio"] == ratio


@pytest.mark.parametrize("ref", [DE, ACME])
def test_what_is_shown_of_a_crowd_is_what_rules_may_speak_of(ref: Ref) -> None:
    reading, words = of_crowd(ref, Crowd()), VOCABULARY[Kind(ref.kind)]
    assert set(reading.values) == set(words.values)
    assert set(reading.labels) == set(words.labels)
    assert set(reading.details) == set(words.details)
    assert reading.labels == {ref.kind: ref.key}


def test_a_room_elsewhere_changes_nothing_here() -> None:
    live = in_germany()
    live.apply(room(sid=OTHER_ROOM, media_region="us1"))
    changed = live.apply(batch(level(1), reporter=ALICE, room_sid=OTHER_ROOM))
    assert [change.ref for change in changed if change.ref.kind == "region"] == [US]
    assert crowd(live, DE) == (1, 0, 0, 0)
    assert ROOM in live.rooms

"""What rules get to see of rooms, participants, compositions and recordings."""

from typing import Any

import pytest

from alerts.model import Kind, Reading
from alerts.rules import VOCABULARY
from collectors.events import CompositionStatus, RecordingStatus
from monitor.entities import Change, Composition, Participant, Recording, Ref, Room
from monitor.limits import CompositionLimits, Limits, RoomLimits
from monitor.live import Live
from monitor.naming import Naming
from monitor.readings import of_composition, of_participant, of_recording, of_room, read
from tests.builders import ALICE, BOB, CAROL, COMPOSITION, NOW_MS, ROOM, batch, composition, level, room

NOW_S = NOW_MS / 1000
LIMITS = Limits(CompositionLimits(floor_s=600, room_ratio=0.5, missing_s=900), RoomLimits(grace_s=600))
PLAIN = Naming()


def look(live: Live, kind: str, key: str, now_s: float = NOW_S, naming: Naming = PLAIN):
    return read(live, Change(Ref(kind, key)), LIMITS, naming, now_s)


@pytest.mark.parametrize(
    ("levels", "ratio"),
    [([1], None), ([1, 5], 0.5), ([0, 1, 2], 2 / 3), ([None, 1], None), ([None, 1, 3], 0.5), ([4, 5], 0)],
)
def test_the_share_of_a_room_counts_those_whose_level_is_known(levels: list[int | None], ratio: float | None) -> None:
    live = Live()
    for reporter, value in zip((ALICE, BOB, CAROL), levels, strict=False):
        live.apply(batch(level(value), reporter=reporter))
    assert look(live, "room", ROOM).values["degraded_ratio"] == ratio


def test_what_is_not_in_the_picture_any_more_is_gone() -> None:
    assert look(Live(), "participant", "RM/PA").gone == "not_seen_any_more"
    assert read(Live(), Change(Ref("room", "RM"), "room_ended"), LIMITS, PLAIN, NOW_S).gone == "room_ended"


def test_a_participant_is_shown_with_who_and_where_it_is() -> None:
    live = Live()
    live.apply(batch(level(1), identity="alice", room_name="acme:class:1"))
    reading = look(live, "participant", f"{ROOM}/{ALICE}")
    assert reading.values["level"] == 1
    assert reading.values["rtt_ms"] is None
    assert (reading.details["identity"], reading.labels) == ("alice", {"room": ROOM, "room_name": "acme:class:1"})


@pytest.mark.parametrize(("duration_s", "limit_s"), [(60, 600), (7200, 3600), (None, 600)])
def test_the_limit_of_a_composition_grows_with_its_room_above_a_floor(duration_s: int | None, limit_s: float) -> None:
    live = Live()
    live.apply(room("completed", ended_at_ms=NOW_MS, duration_s=duration_s))
    live.apply(composition())
    reading = look(live, "composition", COMPOSITION)
    assert reading.details["limit_s"] == limit_s
    assert reading.values["overdue_s"] == -limit_s


def test_a_composition_announces_the_moment_at_which_it_will_be_overdue() -> None:
    live = Live()
    live.apply(room("completed", ended_at_ms=NOW_MS))
    live.apply(composition())
    moment = look(live, "composition", COMPOSITION).changes_at
    assert moment is not None
    then = look(live, "composition", COMPOSITION, moment)
    assert then.values["overdue_s"] is not None
    assert then.values["overdue_s"] > 0
    assert then.changes_at is None


def test_a_composition_whose_room_has_not_ended_is_not_known_to_be_late() -> None:
    live = Live()
    live.apply(composition())
    assert look(live, "composition", COMPOSITION, NOW_S + 1e6).values["overdue_s"] is None


# --- rooms that outlive their time -----------------------------------------------------------------------

HOUR_S = 3600


def people(count: int) -> dict[str, Participant]:
    return {f"PA{each}": Participant(key=f"PA{each}", room_key=ROOM) for each in range(count)}


def of(room: Room, *, after_s: float = 0) -> Reading:
    return of_room(room, LIMITS.rooms, NOW_S + after_s)


def left_room(**given: Any) -> Room:
    return Room(key=ROOM, left={ALICE: Participant(key=ALICE, room_key=ROOM)}, empty_since_ms=NOW_MS, **given)


def test_a_room_that_everybody_left_is_overdue_after_its_timeout_and_a_grace() -> None:
    assert of(left_room(), after_s=900).values["overdue_s"] == 0
    assert of(left_room(empty_timeout_s=60), after_s=900).values["overdue_s"] == 240


def test_a_room_that_waits_for_its_first_participant_may_wait_for_an_hour() -> None:
    fresh = Room(key=ROOM, empty_since_ms=NOW_MS)
    assert of(fresh, after_s=HOUR_S).values["overdue_s"] == -600


@pytest.mark.parametrize("empty_since_ms", [None, NOW_MS + 24 * HOUR_S * 1000])
def test_no_room_may_grow_older_than_a_day_whoever_is_in_it(empty_since_ms: int | None) -> None:
    old = Room(key=ROOM, created_at_ms=NOW_MS, empty_since_ms=empty_since_ms, participants=people(2))
    reading = of(old, after_s=24 * HOUR_S + 601)
    assert reading.values["overdue_s"] == 1
    assert reading.details["due_because"] == "no room may last longer than 24 hours"


def test_of_two_reasons_to_be_over_the_earlier_counts() -> None:
    reading = of(left_room(created_at_ms=NOW_MS), after_s=901)
    assert (reading.values["overdue_s"], reading.details["due_because"]) == (1, "nobody is in it")


def test_a_room_of_which_nothing_is_known_is_not_known_to_be_overdue() -> None:
    reading = of(Room(key=ROOM), after_s=1e6)
    assert (reading.values["overdue_s"], reading.changes_at) == (None, None)


def test_a_room_announces_one_and_the_same_moment_until_it_is_overdue() -> None:
    moments = {of(left_room(), after_s=after_s).changes_at for after_s in (0, 1.7, 899)}
    (moment,) = moments
    assert moment is not None
    then = of_room(left_room(), LIMITS.rooms, moment)
    assert (then.values["overdue_s"] or 0) > 0
    assert then.changes_at is None


@pytest.mark.parametrize(
    ("count", "places", "ratio"),
    [(45, None, 0.9), (9, 10, 0.9), (2, 2, None), (0, None, None)],
)
def test_the_places_of_a_room_are_fifty_unless_it_says_otherwise(
    count: int, places: int | None, ratio: float | None
) -> None:
    crowded = Room(key=ROOM, participants=people(count), max_participants=places)
    assert of(crowded).values["occupancy_ratio"] == ratio


def test_a_room_that_is_known_to_be_empty_has_all_its_places() -> None:
    assert of(left_room()).values["occupancy_ratio"] == 0


# --- compositions and recordings that are not what they should be ----------------------------------------


def composed(status: str = "enqueued", **given: Any) -> Composition:
    given = {"room_sid": ROOM, "room_ended_at_ms": NOW_MS, **given}
    return Composition(sid=COMPOSITION, status=CompositionStatus(status), **given)


def expected(**given: Any) -> Composition:
    return Composition(sid=f"hook:{ROOM}", room_sid=ROOM, room_ended_at_ms=NOW_MS, is_expected=True, **given)


def values_of(composition: Composition, *, after_s: float = 0) -> dict[str, float | None]:
    return dict(of_composition(composition, LIMITS.compositions, NOW_S + after_s).values)


def test_what_a_hook_owes_is_missing_once_its_time_is_over_and_never_stuck() -> None:
    in_time, late = values_of(expected(), after_s=900), values_of(expected(room_duration_s=7200), after_s=901)
    assert (in_time["missing"], in_time["overdue_s"]) == (0, None)
    assert (late["missing"], late["overdue_s"]) == (1, None)


def test_what_a_hook_owes_announces_when_it_will_be_missing() -> None:
    moment = of_composition(expected(), LIMITS.compositions, NOW_S).changes_at
    assert moment is not None
    assert of_composition(expected(), LIMITS.compositions, moment).values["missing"] == 1


def test_what_a_hook_could_not_make_has_failed_and_is_not_missing_as_well() -> None:
    failed = values_of(expected(status=CompositionStatus.FAILED), after_s=1e6)
    assert (failed["failed"], failed["missing"]) == (1, 0)


def test_a_composition_that_somebody_saw_is_not_missing_however_late() -> None:
    assert values_of(composed(), after_s=1e6)["missing"] == 0


@pytest.mark.parametrize("status", ["completed", "failed", "deleted"])
def test_a_composition_that_is_finished_is_not_overdue(status: str) -> None:
    assert values_of(composed(status), after_s=1e6)["overdue_s"] == 0


@pytest.mark.parametrize(
    ("status", "size_bytes", "empty"),
    [("completed", 0, 1), ("completed", 1, 0), ("completed", None, None), ("processing", 0, 0), ("failed", 0, 0)],
)
def test_only_what_is_completed_can_be_empty(status: str, size_bytes: int | None, empty: float | None) -> None:
    recording = Recording(sid="RT1", status=RecordingStatus(status), size_bytes=size_bytes)
    assert values_of(composed(status, size_bytes=size_bytes))["empty"] == empty
    assert of_recording(recording).values["empty"] == empty


def test_a_failure_is_shown_with_what_failed_and_what_to_do() -> None:
    recording = Recording(sid="RT1", status=RecordingStatus.FAILED, failed_operation="RecordingUpload", identity="ann")
    reading = of_recording(recording)
    assert reading.values == {"failed": 1, "empty": 0}
    assert reading.details["identity"] == "ann"
    assert "storage bucket" in str(reading.details["remedy"])


@pytest.mark.parametrize("operation", [None, "RecordingTeleport"])
def test_there_is_a_remedy_for_a_failure_of_which_nothing_is_known(operation: str | None) -> None:
    recording = Recording(sid="RT1", status=RecordingStatus.FAILED, failed_operation=operation)
    assert of_recording(recording).details["remedy"]


def test_a_failed_composition_has_another_remedy_than_a_failed_hook() -> None:
    made, unmade = (
        of_composition(each, LIMITS.compositions, NOW_S).details["remedy"] for each in (composed("failed"), expected())
    )
    assert made
    assert unmade
    assert made != unmade


# --- the words of rules ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reading",
    [
        of_participant(Room(key=ROOM, name="class"), Participant(key=ALICE, room_key=ROOM)),
        of(Room(key=ROOM, name="class")),
        of_composition(composed(room_name="class"), LIMITS.compositions, NOW_S),
        of_recording(Recording(sid="RT1", room_name="class")),
    ],
    ids=lambda reading: reading.kind.value,
)
def test_what_is_shown_is_what_rules_may_speak_of(reading: Reading) -> None:
    words = VOCABULARY[Kind(reading.kind)]
    assert set(reading.values) == set(words.values)
    assert set(reading.labels) <= set(words.labels)
    assert set(reading.details) == set(words.details)


NAMING = Naming(tenants=["acme"], kinds=["class"])


@pytest.mark.parametrize(
    ("room_name", "labels"),
    [
        ("acme:class:1", {"room_name": "acme:class:1", "tenant": "acme", "resource_kind": "class"}),
        ("globex:class:1", {"room_name": "globex:class:1", "tenant": "other", "resource_kind": "class"}),
        (None, {"tenant": "unknown", "resource_kind": "unknown"}),
    ],
)
def test_routes_can_match_on_what_the_name_of_the_room_tells(room_name: str | None, labels: dict[str, str]) -> None:
    live = Live()
    live.apply(batch(level(1), room_name=room_name))
    live.apply(composition())
    for kind, key in (("participant", f"{ROOM}/{ALICE}"), ("room", ROOM), ("composition", COMPOSITION)):
        assert look(live, kind, key, naming=NAMING).labels == {"room": ROOM, **labels}


@pytest.mark.promise("P29")
@pytest.mark.parametrize("key", [ROOM, f"{ROOM}/{ALICE}"])
def test_of_a_room_that_has_ended_and_of_who_was_in_it_that_is_known_whenever_one_looks(key: str) -> None:
    live = Live()
    live.apply(batch(level(1)))
    live.apply(room("completed", ended_at_ms=NOW_MS))
    kind = "participant" if "/" in key else "room"
    assert look(live, kind, key).gone == "room_ended"


@pytest.mark.promise("P29")
def test_of_a_room_that_nobody_told_of_no_end_is_made_up() -> None:
    assert look(Live(), "room", ROOM).gone == "not_seen_any_more"

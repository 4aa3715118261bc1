"""What becomes of it when a browser would not give a microphone or a camera."""

import pytest

from collectors.device_errors import Reason, explained, reason_of
from collectors.observations import Device, Observation, TelemetryBatch, Track
from monitor.entities import Participant, Room
from monitor.evidence.gathering import evidence_of
from monitor.evidence.witnesses import Evidence, Unequipped
from monitor.live import Live
from monitor.metrics import Metrics
from monitor.store.ports import Call
from monitor.store.rows import happenings_of, place_of
from monitor.story.material import Material
from monitor.story.people import People
from monitor.story.telling import entries_of
from tests.builders import ALICE, NOW_MS, ROOM, batch, connection, level

NAME = "acme:class:1"
REFUSED = Device(NOW_MS, "NotAllowedError", "video")
SPAN_MS = (NOW_MS - 60_000, NOW_MS + 60_000)


def unjoined(*seen: Observation) -> TelemetryBatch:
    return TelemetryBatch(NOW_MS, seen, room_name=NAME, identity="alice")


def alices_room() -> Room:
    alice = Participant(ALICE, ROOM, sid=ALICE, identity="alice", joined_at_ms=NOW_MS - 1)
    return Room(ROOM, sid=ROOM, name=NAME, participants={ALICE: alice})


def evidence(*posts: TelemetryBatch) -> Evidence:
    happened = [each for post in posts for each in happenings_of(post, place_of(post))]
    return evidence_of(alices_room(), (), happened, SPAN_MS)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("NotAllowedError", Reason.NOT_ALLOWED),
        ("NotFoundError", Reason.NOT_FOUND),
        ("NotReadableError", Reason.NOT_READABLE),
        ("OverconstrainedError", Reason.OVERCONSTRAINED),
        ("TypeError", Reason.OTHER),
        (None, Reason.OTHER),
    ],
)
def test_a_browsers_error_is_one_of_few_reasons_and_each_says_what_to_do(error: str | None, reason: Reason) -> None:
    assert reason_of(error) is reason
    assert explained(error).remedy


def test_who_could_not_join_for_want_of_a_camera_is_not_in_the_room() -> None:
    live = Live()
    live.apply(unjoined(REFUSED))
    live.apply(unjoined(REFUSED, connection("disconnected", code=53105)))
    assert not list(live.participants())


def test_who_is_in_the_room_stays_in_it_without_a_camera() -> None:
    live = Live()
    live.apply(batch(level(4)))
    live.apply(batch(REFUSED))
    (alice,) = live.participants()
    assert (alice.sid, alice.level) == (ALICE, 4)


def test_reasons_are_counted_and_names_that_nobody_knows_make_no_series() -> None:
    metrics = Metrics()
    family = metrics.values["roomwatch_device_failures_total"]
    known = set(family)
    metrics.count_event(unjoined(REFUSED, Device(NOW_MS, "whatever a client may say"), Device(NOW_MS)))
    assert set(family) == known
    assert (family[("not_allowed",)], family[("other",)]) == (1, 2)


def test_the_story_says_whose_camera_it_was_why_and_what_to_do() -> None:
    happened = [*happenings_of(unjoined(REFUSED), place_of(unjoined(REFUSED)))]
    people = People(Room(ROOM), (), happened)
    (entry,) = entries_of(Material(Call(Room(ROOM)), people, happened, (), (), SPAN_MS))
    assert entry.words.startswith("alice's camera could not be had: it is not allowed")
    assert entry.words.endswith("(NotAllowedError).")
    assert (entry.kind, entry.key, entry.code_name) == ("device", "identity:alice", "NotAllowedError")
    assert entry.remedy == explained("NotAllowedError").remedy


def test_two_devices_that_fail_at_once_are_two_entries() -> None:
    both = unjoined(Device(NOW_MS, "NotFoundError", "audio"), Device(NOW_MS, "NotFoundError", "video"))
    happened = [*happenings_of(both, place_of(both))]
    told = entries_of(Material(Call(Room(ROOM)), People(Room(ROOM), (), happened), happened, (), (), SPAN_MS))
    assert len(told) == 2


def test_what_somebody_said_before_they_joined_is_theirs() -> None:
    assert evidence(unjoined(REFUSED)).unequipped == (Unequipped(ALICE, "alice", REFUSED),)


def test_a_camera_that_was_had_later_is_no_evidence() -> None:
    later = Track(NOW_MS + 5_000, "published", "MT1", "video")
    assert not evidence(unjoined(REFUSED), batch(later)).unequipped


def test_a_microphone_does_not_make_good_for_a_camera() -> None:
    later = Track(NOW_MS + 5_000, "published", "MT1", "audio")
    assert evidence(unjoined(REFUSED), batch(later)).unequipped


def test_what_failed_outside_the_window_is_no_evidence() -> None:
    assert not evidence(unjoined(Device(SPAN_MS[0] - 1, "NotAllowedError"))).unequipped

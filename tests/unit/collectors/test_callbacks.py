"""From the form of a status callback to a sighting."""

import pytest

from collectors.base import Malformed
from collectors.callbacks import decode, dedup_key, event_name
from collectors.events import (
    CompositionSeen,
    CompositionStatus,
    HookFailed,
    ParticipantSeen,
    ParticipantStatus,
    RecordingSeen,
    RoomSeen,
    RoomStatus,
    TrackSeen,
)
from tests.builders import ALICE, COMPOSITION, ROOM

AT_MS = 1_502_269_084_195


def form(event: str, **given: str) -> dict[str, str]:
    where = {"AccountSid": "AC", "RoomSid": ROOM, "RoomName": "acme", "Timestamp": "2017-08-09T08:58:04.195Z"}
    return {"StatusCallbackEvent": event, **where, **given}


def test_a_room_that_ended_tells_when_and_how_long_it_was() -> None:
    seen = decode(form("room-ended", RoomDuration="61", SequenceNumber="9"))
    assert isinstance(seen, RoomSeen)
    assert (seen.status, seen.ended_at_ms, seen.duration_s) == (RoomStatus.COMPLETED, AT_MS, 61)
    assert seen.cause == "room-ended"


def test_a_participant_is_told_with_its_identity() -> None:
    seen = decode(form("participant-disconnected", ParticipantSid=ALICE, ParticipantIdentity="alice"))
    assert isinstance(seen, ParticipantSeen)
    assert (seen.status, seen.left_at_ms, seen.identity) == (ParticipantStatus.DISCONNECTED, AT_MS, "alice")


@pytest.mark.parametrize("state", ["added", "removed", "enabled", "disabled"])
def test_a_track_keeps_its_kind(state: str) -> None:
    seen = decode(form(f"track-{state}", TrackSid="MT", TrackKind="video", ParticipantSid=ALICE))
    assert isinstance(seen, TrackSeen)
    assert (seen.state, seen.kind) == (state, "video")


def test_a_failed_recording_names_the_operation() -> None:
    seen = decode(form("recording-failed", RecordingSid="RT", FailedOperation="RecordingUpload"))
    assert isinstance(seen, RecordingSeen)
    assert (seen.status, seen.failed_operation) == ("failed", "RecordingUpload")


def test_progress_is_read_as_a_fraction_of_a_percent() -> None:
    seen = decode(
        form("composition-progress", CompositionSid=COMPOSITION, PercentageDone="12.5", SecondsRemaining="9.75")
    )
    assert isinstance(seen, CompositionSeen)
    assert (seen.status, seen.percent_done) == (CompositionStatus.PROCESSING, 12.5)


def test_a_hook_that_failed_is_a_sighting_of_its_own() -> None:
    seen = decode(form("composition-hook-failed", HookSid="HK", ErrorMessage="too many"))
    assert isinstance(seen, HookFailed)
    assert seen.error_message == "too many"


def test_a_time_without_a_zone_is_utc() -> None:
    plain, zoned = (decode(form("room-created", Timestamp=f"2017-08-09T08:58:04.195{zone}")) for zone in ("", "Z"))
    assert plain is not None
    assert zoned is not None
    assert plain.seen_at_ms == zoned.seen_at_ms == AT_MS


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"Timestamp": ""}, "Timestamp: expected a value, got nothing"),
        ({"Timestamp": "soon"}, "Timestamp: expected ISO 8601 time, got 'soon'"),
        ({"Timestamp": "1969-01-01T00:00:00Z"}, "Timestamp: expected a time after 1970"),
        ({"RoomSid": ""}, "RoomSid: expected a value, got nothing"),
        ({"RoomDuration": "long"}, "RoomDuration: expected a number, got 'long'"),
        ({"RoomDuration": "nan"}, "RoomDuration: expected a number from 0, got 'nan'"),
    ],
)
def test_what_cannot_be_read_is_complained_of_by_name(given: dict[str, str], complaint: str) -> None:
    with pytest.raises(Malformed) as caught:
        decode(form("room-ended", **given))
    assert str(caught.value).startswith(complaint)


def test_a_repeat_has_the_same_key_and_news_another() -> None:
    first = form("room-ended", RoomDuration="61")
    assert dedup_key(first) == dedup_key(dict(reversed(first.items())))
    assert dedup_key(first) != dedup_key(first | {"Timestamp": "2017-08-09T08:58:04.196Z"})


def test_an_unknown_event_is_nothing_and_is_counted_as_other() -> None:
    assert decode(form("room-levitated")) is None
    assert event_name(form("room-levitated")) == "other"

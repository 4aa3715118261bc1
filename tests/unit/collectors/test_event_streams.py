"""From a delivery of Event Streams to summaries."""

from typing import Any

import msgspec
import pytest

from collectors.base import Malformed
from collectors.event_streams import MAX_EVENTS, decode, event_name
from collectors.events import ParticipantSummarySeen, RoomSummarySeen, Source
from tests.builders import ACCOUNT, ALICE, NOW_MS, ROOM

ROOM_TYPE = "com.twilio.video.insights.room-summary.complete"
STAY_TYPE = "com.twilio.video.insights.log-analyzer.participant-summary"
ROOM_DATA = {
    "account_sid": ACCOUNT,
    "room_sid": ROOM,
    "room_name": "acme:class:1",
    "create_time": "2025-01-01T00:00:00.000Z",
    "end_time": "2025-01-01T00:01:00Z",
    "end_reason": "timeout",
    "duration_sec": 60,
    "unique_participants": 3,
    "unique_participant_identities": 2,
    "concurrent_participants": 2,
    "max_concurrent_participants": 50,
    "total_participant_duration_sec": 90,
    "total_recording_duration_sec": 0,
    "room_type": "group",
    "media_region": "us1",
    "edge_location": "ashburn",
    "processing_state": "complete",
    "codecs": ["VP8"],
}
STAY_DATA = {
    "account_sid": ACCOUNT,
    "room_sid": ROOM,
    "participant_sid": ALICE,
    "participant_identity": "alice",
    "join_time": "2025-01-01T00:00:01Z",
    "leave_time": "2025-01-01T00:00:59Z",
    "duration_sec": 58,
    "end_reason": "disconnected_via_api",
    "error_code": 53205,
    "publisher_info": {"name": "twilio-video.js", "sdk_version": "2.36.0"},
}


def event(kind: str = ROOM_TYPE, data: Any = ROOM_DATA, **given: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "type": kind, "source": "AB1", "id": "NO1", "data": data, **given}


def told(*events: Any) -> Any:
    (summary,) = decode(msgspec.json.encode(events), NOW_MS).summaries
    return summary


def test_a_room_summary_tells_all_that_the_log_analyzer_knows() -> None:
    assert told(event(time="2025-01-01T00:05:00.5Z")) == RoomSummarySeen(
        seen_at_ms=1_735_689_900_500,
        source=Source.STREAM,
        room_sid=ROOM,
        account_sid=ACCOUNT,
        room_name="acme:class:1",
        created_at_ms=1_735_689_600_000,
        ended_at_ms=1_735_689_660_000,
        end_reason="timeout",
        duration_s=60,
        unique_participants=3,
        unique_identities=2,
        concurrent_participants=2,
        participants_duration_s=90,
        recordings_duration_s=0,
        room_type="group",
        media_region="us1",
        edge_location="ashburn",
        processing_state="complete",
        dedup_key="s:AB1:NO1",
        cause=ROOM_TYPE,
    )


def test_a_participant_summary_names_the_stay_the_error_and_the_sdk() -> None:
    stay = told(event(STAY_TYPE, STAY_DATA))
    assert isinstance(stay, ParticipantSummarySeen)
    assert (stay.participant_sid, stay.identity, stay.duration_s) == (ALICE, "alice", 58)
    assert (stay.end_reason, stay.error_code, stay.sdk) == ("disconnected_via_api", 53205, "twilio-video.js 2.36.0")


@pytest.mark.parametrize("kind", ["log-analyzer.room-summary", "room-summary.complete"])
def test_both_summaries_of_a_room_are_read_alike(kind: str) -> None:
    assert event_name(told(event(f"com.twilio.video.insights.{kind}"))) == "room-summary"


@pytest.mark.parametrize("kind", ["log-analyzer.participant-summary", "participant-summary.complete"])
def test_both_summaries_of_a_stay_are_read_alike(kind: str) -> None:
    assert event_name(told(event(f"com.twilio.video.insights.{kind}", STAY_DATA))) == "participant-summary"


def test_one_event_alone_is_a_delivery_too() -> None:
    assert len(decode(msgspec.json.encode(event()), NOW_MS).summaries) == 1


def test_other_types_are_counted_and_their_data_is_not_looked_at() -> None:
    track = "com.twilio.video.insights.track-summary.complete"
    test = "com.twilio.eventstreams.test-event"
    decoded = decode(msgspec.json.encode([event(track, 5), event(test, {}), event(track, None), event()]), NOW_MS)
    assert len(decoded.summaries) == 1
    assert decoded.ignored == {track: 2, test: 1}


def test_an_event_without_a_time_was_seen_when_it_came() -> None:
    assert told(event()).seen_at_ms == NOW_MS


def test_a_repeat_has_the_same_key_and_another_event_another() -> None:
    keys = [
        told(event(id=sid, source=source)).dedup_key for sid, source in (("1", "a"), ("1", "a"), ("2", "a"), ("1", "b"))
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_camel_case_and_numbers_as_text_are_understood() -> None:
    data = {"accountSid": ACCOUNT, "roomSid": ROOM, "durationSec": "60", "uniqueParticipantIdentities": "2"}
    summary = told(event(data=data))
    assert (summary.account_sid, summary.duration_s, summary.unique_identities) == (ACCOUNT, 60, 2)


@pytest.mark.parametrize("missing", sorted(set(ROOM_DATA) - {"account_sid", "room_sid"}))
def test_whatever_is_missing_is_unknown(missing: str) -> None:
    assert told(event(data={name: value for name, value in ROOM_DATA.items() if name != missing})).room_sid == ROOM
    assert told(event(data={**ROOM_DATA, missing: None})).room_sid == ROOM


@pytest.mark.parametrize(
    "time",
    ["2025-01-01T00:00:00Z", "2025-01-01T05:00:00.000+05:00", "2025-01-01T00:00:00", 1735689600, "1735689600000"],
)
def test_times_come_as_iso_8601_or_as_a_number_since_the_epoch(time: Any) -> None:
    assert told(event(data={**ROOM_DATA, "create_time": time})).created_at_ms == 1_735_689_600_000


def test_the_error_code_0_is_no_error() -> None:
    assert told(event(STAY_TYPE, {**STAY_DATA, "error_code": 0})).error_code is None


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "body: expected well-formed JSON"),
        (b"\xff", "body: expected well-formed JSON"),
        (b"[" * 100_000, "body: expected well-formed JSON"),
        (b"7", "body: expected an object, got 7"),
        ([7], "[0]: expected an object, got 7"),
        ([{}], "[0].type: expected a value, got nothing"),
        ([event(), event(id=None)], "[1].id: expected a value, got nothing"),
        (event(id=5), "id: expected text, got 5"),
        ([event(data=None)], "[0].data: expected an object, got nothing"),
        ([event(data=[1])], "[0].data: expected an object, got an array"),
        ([event(data={})], "[0].data.room_sid: expected a value, got nothing"),
        ([event(data={"room_sid": ROOM})], "[0].data.account_sid: expected a value, got nothing"),
        ([event(STAY_TYPE, ROOM_DATA)], "[0].data.participant_sid: expected a value, got nothing"),
        ([event(time="soon")], '[0].time: expected ISO 8601 time, got "soon"'),
        ([event(time="1969-01-01T00:00:00Z")], "[0].time: expected a time from 1970 to 2100"),
        ([event(data={**ROOM_DATA, "duration_sec": "long"})], '[0].data.duration_sec: expected a number, got "long"'),
        ([event(data={**ROOM_DATA, "duration_sec": "nan"})], "[0].data.duration_sec: expected a number"),
        ([event(data={**ROOM_DATA, "duration_sec": 10**30})], "[0].data.duration_sec: expected a number"),
        ([event(data={**ROOM_DATA, "duration_sec": True})], "[0].data.duration_sec: expected a number, got true"),
        ([event(data={**ROOM_DATA, "end_reason": 7})], "[0].data.end_reason: expected text, got 7"),
        ([event()] * (MAX_EVENTS + 1), f"body: expected at most {MAX_EVENTS} events, got {MAX_EVENTS + 1}"),
    ],
)
def test_what_cannot_be_read_is_complained_of_by_its_path(body: Any, complaint: str) -> None:
    with pytest.raises(Malformed) as caught:
        decode(body if isinstance(body, bytes) else msgspec.json.encode(body), NOW_MS)
    assert str(caught.value).startswith(complaint)

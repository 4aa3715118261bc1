"""What each source makes of what Twilio's own client library hands it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from twilio.rest.api.v2010.account.usage.record.daily import DailyInstance
from twilio.rest.insights.v1.room import RoomInstance as RoomSummary
from twilio.rest.insights.v1.room.participant import ParticipantInstance as Stay
from twilio.rest.video.v1.composition import CompositionInstance
from twilio.rest.video.v1.composition_hook import CompositionHookInstance
from twilio.rest.video.v1.room import RoomInstance
from twilio.rest.video.v1.room.participant import ParticipantInstance
from twilio.rest.video.v1.room.room_recording import RoomRecordingInstance

from collectors import compositions, ended_rooms, hooks, participants, rooms, stays, summaries, usage
from collectors.events import (
    CompositionSeen,
    CompositionStatus,
    HookSeen,
    ParticipantSeen,
    ParticipantStatus,
    ParticipantSummarySeen,
    RecordingSeen,
    RecordingStatus,
    RoomSeen,
    RoomStatus,
    RoomSummarySeen,
    Source,
    UsageSeen,
)
from tests.builders import ACCOUNT, ALICE, COMPOSITION, NOW_MS, ROOM

CREATED, ENDED = "2025-11-21T01:00:00Z", "2025-11-21T01:30:00Z"
CREATED_MS, ENDED_MS = 1_763_686_800_000, 1_763_688_600_000
RECORDING, HOOK = "RT" + "a" * 32, "HK" + "a" * 32
NO_VERSION: Any = None  # the client library's own context, which reading a payload does not need


def room(**given: Any) -> RoomSeen:
    payload = {"sid": ROOM, "status": "completed", "account_sid": ACCOUNT, "unique_name": "acme", **given}
    return rooms.to_event(RoomInstance(NO_VERSION, payload), NOW_MS)


def recording(**given: Any) -> RecordingSeen:
    payload = {"sid": RECORDING, "status": "completed", "room_sid": ROOM, "account_sid": ACCOUNT, **given}
    return ended_rooms.to_event(RoomRecordingInstance(NO_VERSION, payload, ROOM), NOW_MS)


def summary(**given: Any) -> RoomSummarySeen | None:
    return summaries.to_event(RoomSummary(NO_VERSION, {"room_sid": ROOM, "room_status": "completed", **given}), NOW_MS)


def stay(**given: Any) -> ParticipantSummarySeen:
    return stays.to_event(Stay(NO_VERSION, {"room_sid": ROOM, "participant_sid": ALICE, **given}, ROOM), NOW_MS)


def used(category: str | None = "group-rooms", **given: Any) -> UsageSeen | None:
    days = {"start_date": "2025-11-20", "end_date": "2025-11-20"}
    payload = {"account_sid": ACCOUNT, "category": category, **days, **given}
    return usage.to_event(DailyInstance(NO_VERSION, payload, ACCOUNT), NOW_MS)


# --- rooms and participants ---


def test_a_room_is_told_in_full() -> None:
    assert room(
        date_created=CREATED,
        end_time=ENDED,
        duration=1800,
        max_participants=50,
        max_participant_duration=14400,
        empty_room_timeout=5,
        record_participants_on_connect=True,
        media_region="us1",
    ) == RoomSeen(
        seen_at_ms=NOW_MS,
        source=Source.POLL,
        room_sid=ROOM,
        status=RoomStatus.COMPLETED,
        account_sid=ACCOUNT,
        room_name="acme",
        created_at_ms=CREATED_MS,
        ended_at_ms=ENDED_MS,
        duration_s=1800,
        max_participants=50,
        max_participant_duration_s=14400,
        empty_timeout_s=300,
        is_recorded=True,
        media_region="us1",
    )


def test_a_room_called_by_its_sid_has_no_name() -> None:
    assert room(unique_name=ROOM).room_name is None


def test_what_is_not_told_is_not_known() -> None:
    seen = room()
    assert (seen.empty_timeout_s, seen.is_recorded, seen.duration_s, seen.created_at_ms) == (None, None, None, None)


def test_a_time_with_fractions_of_a_second_is_a_time_too() -> None:
    assert room(date_created="2025-11-21T01:00:00.250Z").created_at_ms == CREATED_MS + 250


def test_a_participant_is_told_with_both_ends_of_the_stay() -> None:
    payload = {
        "sid": ALICE,
        "room_sid": ROOM,
        "account_sid": ACCOUNT,
        "status": "disconnected",
        "identity": "alice",
        "start_time": CREATED,
        "end_time": ENDED,
    }
    seen = participants.to_event(ParticipantInstance(NO_VERSION, payload, ROOM), NOW_MS)
    assert seen == ParticipantSeen(
        seen_at_ms=NOW_MS,
        source=Source.POLL,
        room_sid=ROOM,
        participant_sid=ALICE,
        status=ParticipantStatus.DISCONNECTED,
        account_sid=ACCOUNT,
        identity="alice",
        joined_at_ms=CREATED_MS,
        left_at_ms=ENDED_MS,
    )


# --- recordings, compositions, hooks ---


def test_a_recording_is_told_with_whose_it_is() -> None:
    assert recording(
        date_created=CREATED,
        type="video",
        duration=90,
        size="1234567",
        grouping_sids={"room_sid": ROOM, "participant_sid": ALICE},
    ) == RecordingSeen(
        seen_at_ms=NOW_MS,
        source=Source.POLL,
        recording_sid=RECORDING,
        status=RecordingStatus.COMPLETED,
        room_sid=ROOM,
        account_sid=ACCOUNT,
        participant_sid=ALICE,
        kind="video",
        created_at_ms=CREATED_MS,
        duration_s=90.0,
        size_bytes=1_234_567,
    )


def test_a_recording_that_is_still_captured_has_neither_length_nor_size() -> None:
    seen = recording(status="processing", duration=None, size=None, grouping_sids=None)
    assert (seen.duration_s, seen.size_bytes, seen.participant_sid) == (None, None, None)


def test_a_composition_is_told_with_its_times() -> None:
    payload = {
        "sid": COMPOSITION,
        "room_sid": ROOM,
        "account_sid": ACCOUNT,
        "status": "completed",
        "date_created": CREATED,
        "date_completed": ENDED,
        "duration": 1800,
        "size": 4_000_000_000,
    }
    seen = compositions.to_event(CompositionInstance(NO_VERSION, payload), NOW_MS)
    assert seen == CompositionSeen(
        seen_at_ms=NOW_MS,
        source=Source.POLL,
        composition_sid=COMPOSITION,
        status=CompositionStatus.COMPLETED,
        account_sid=ACCOUNT,
        room_sid=ROOM,
        created_at_ms=CREATED_MS,
        completed_at_ms=ENDED_MS,
        duration_s=1800.0,
        size_bytes=4_000_000_000,
    )


def test_a_hook_is_told_with_whether_it_is_enabled() -> None:
    payload = {"sid": HOOK, "account_sid": ACCOUNT, "friendly_name": "every class", "enabled": False}
    seen = hooks.to_event(CompositionHookInstance(NO_VERSION, payload), NOW_MS)
    assert seen == HookSeen(NOW_MS, Source.POLL, HOOK, is_enabled=False, account_sid=ACCOUNT, name="every class")


# --- the Log Analyzer ---


def test_a_summary_is_told_in_the_words_of_the_rest_of_twilio() -> None:
    assert summary(
        account_sid=ACCOUNT,
        room_name="acme",
        create_time=CREATED,
        end_time="2025-11-21T01:30:00.500Z",
        end_reason="timeout",
        duration_sec=1800,
        unique_participants=5,
        unique_participant_identities=4,
        concurrent_participants=3,
        total_participant_duration_sec=4000,
        total_recording_duration_sec=0,
        room_type="peer_to_peer",
        media_region="de1",
        edge_location="frankfurt",
        processing_state="in_progress",
    ) == RoomSummarySeen(
        seen_at_ms=NOW_MS,
        source=Source.POLL,
        room_sid=ROOM,
        account_sid=ACCOUNT,
        room_name="acme",
        created_at_ms=CREATED_MS,
        ended_at_ms=ENDED_MS + 500,
        end_reason="timeout",
        duration_s=1800,
        unique_participants=5,
        unique_identities=4,
        concurrent_participants=3,
        participants_duration_s=4000,
        recordings_duration_s=0,
        room_type="peer-to-peer",
        media_region="de1",
        edge_location="frankfurt",
        processing_state="in_progress",
    )


def test_a_room_that_goes_on_has_no_summary_yet() -> None:
    assert summary(room_status="in_progress") is None


def test_a_stay_is_told_with_how_it_ended() -> None:
    seen = stay(
        account_sid=ACCOUNT,
        participant_identity="alice",
        join_time=CREATED,
        leave_time=ENDED,
        duration_sec=1800,
        end_reason="disconnected_via_api",
        error_code=53205,
        media_region="us1",
        edge_location="ashburn",
        publisher_info={"name": "twilio-video.js", "version": "2.36.0"},
    )
    assert seen == ParticipantSummarySeen(
        seen_at_ms=NOW_MS,
        source=Source.POLL,
        room_sid=ROOM,
        participant_sid=ALICE,
        account_sid=ACCOUNT,
        identity="alice",
        joined_at_ms=CREATED_MS,
        left_at_ms=ENDED_MS,
        duration_s=1800,
        end_reason="disconnected_via_api",
        error_code=53205,
        media_region="us1",
        edge_location="ashburn",
        sdk="twilio-video.js 2.36.0",
    )


def test_error_zero_is_no_error() -> None:
    assert stay(error_code=0).error_code is None


@pytest.mark.parametrize(
    ("publisher_info", "sdk"),
    [
        ({}, None),
        ({"browser": "Chrome"}, None),
        ({"sdk_name": "ios", "sdk_version": 5}, "ios 5"),
        ({"version": "2.36.0"}, "2.36.0"),
    ],
)
def test_the_sdk_is_told_as_far_as_it_is_known(publisher_info: dict[str, object], sdk: str | None) -> None:
    assert stays.sdk_of(publisher_info) == sdk


# --- usage ---


def test_usage_is_a_number_of_units_and_a_price() -> None:
    assert used("pv-composition-minutes", usage="12.50", usage_unit="minutes", price="0.125", price_unit="usd") == (
        UsageSeen(
            seen_at_ms=NOW_MS,
            source=Source.POLL,
            account_sid=ACCOUNT,
            category="pv-composition-minutes",
            first_day="2025-11-20",
            last_day="2025-11-20",
            usage=12.5,
            usage_unit="minutes",
            price=0.125,
            price_unit="usd",
        )
    )


@pytest.mark.parametrize("price", [None, ""])
def test_no_price_is_not_a_price_of_zero(price: str | None) -> None:
    seen = used(price=price)
    assert seen is not None
    assert seen.price is None


@pytest.mark.parametrize("category", ["calls", "recordings", "sms-inbound-shortcode", "totalprice", "wireless-usage"])
def test_usage_of_other_products_is_left_out(category: str) -> None:
    assert used(category) is None


@pytest.mark.parametrize(
    "category",
    ["pv-rooms", "video-recordings", "group-rooms-participant-minutes", "small-group-rooms", "turnmegabytes-us-east"],
)
def test_usage_of_video_is_kept(category: str) -> None:
    assert used(category) is not None


@pytest.mark.parametrize(
    ("today", "told", "first"),
    [
        (date(2025, 11, 21), False, date(2025, 11, 1)),
        (date(2025, 11, 21), True, date(2025, 11, 19)),
        (date(2025, 11, 1), False, date(2025, 10, 30)),
        (date(2025, 11, 2), True, date(2025, 10, 31)),
    ],
)
def test_the_month_is_read_once_and_its_last_days_are_corrected_in_the_next(
    today: date, told: bool, first: date
) -> None:
    assert usage.first_day(today, month_is_told=told) == first


# --- garbage ---


ODD: list[tuple[Any, dict[str, Any]]] = [
    (room, {"sid": None}),
    (room, {"status": "sleeping"}),
    (room, {"unique_name": 5}),
    (room, {"date_created": "yesterday"}),
    (room, {"max_participants": "many"}),
    (room, {"record_participants_on_connect": "yes"}),
    (recording, {"size": "large"}),
    (recording, {"sid": 7}),
    (summary, {"room_sid": None}),
    (summary, {"duration_sec": "long"}),
    (stay, {"participant_sid": None}),
    (used, {"start_date": "soon"}),
    (used, {"start_date": None}),
    (used, {"usage": "much"}),
]


@pytest.mark.parametrize(("read", "given"), ODD)
def test_what_could_not_be_read_back_is_refused(read: Any, given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^(?!.*secret)"):
        read(**given)


def test_a_category_that_is_none_is_refused() -> None:
    with pytest.raises(AttributeError):
        used(None)


def test_a_price_comes_as_a_decimal_too() -> None:
    record = SimpleNamespace(
        account_sid=ACCOUNT,
        category="group-rooms",
        start_date=datetime(2025, 11, 20, tzinfo=UTC).date(),
        end_date=date(2025, 11, 20),
        usage=Decimal("1.5"),
        usage_unit=None,
        price=Decimal("0.1"),
        price_unit=None,
    )
    seen = usage.to_event(record, NOW_MS)
    assert seen is not None
    assert (seen.usage, seen.price) == (1.5, 0.1)

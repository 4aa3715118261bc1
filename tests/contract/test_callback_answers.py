"""What Twilio is answered when it calls back."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from twilio.request_validator import HMAC_SHA256, RequestValidator
from yarl import URL

from tests.builders import ACCOUNT, ALICE, AUTH_TOKEN, ROOM
from tests.conftest import Running, Start

PUBLIC = "http://watch.example.com/callbacks/twilio"  # as the world knows it, whatever address the request came to


def form(event: str = "participant-connected", **given: str) -> dict[str, str]:
    return {
        "AccountSid": ACCOUNT,
        "RoomSid": ROOM,
        "RoomName": "acme:class:1",
        "RoomStatus": "in-progress",
        "RoomType": "group",
        "StatusCallbackEvent": event,
        "Timestamp": "2026-11-21T04:05:06.123Z",
        "ParticipantSid": ALICE,
        "ParticipantIdentity": "alice",
        "ParticipantStatus": "connected",
        **given,
    }


async def call_back(
    running: Running, fields: Any, *, token: str = AUTH_TOKEN, url: str = PUBLIC, query: str = ""
) -> int:
    signature = RequestValidator(token).compute_signature(url + query, fields)
    return await send(running, fields, {"X-Twilio-Signature": signature}, query)


async def send(running: Running, fields: Any, headers: dict[str, str], query: str = "") -> int:
    target = f"{running.public}/callbacks/twilio{query}"
    async with running.http.post(target, data=fields, headers=headers) as response:
        return response.status


async def test_a_signed_callback_is_answered_204_once_it_is_stored(running: Running) -> None:
    assert await call_back(running, form()) == 204
    (happened,) = await running.daemon.store.log.happenings(ROOM, 0, 2**62, 10)
    assert (happened.kind, happened.participant, happened.source) == ("participant-connected", ALICE, "callback")
    (seen,) = running.daemon.live.participants()
    assert seen.identity == "alice"


async def test_how_long_a_callback_took_is_counted_and_when_the_last_one_came(running: Running) -> None:
    metrics, now_s = running.daemon.metrics, running.daemon.clock.now_s()
    assert metrics.values["roomwatch_callbacks_last_timestamp_seconds"] == {("ACaa…aaaa",): 0}
    when = datetime.fromtimestamp(now_s - 20, UTC).isoformat()
    assert await call_back(running, form(Timestamp=when)) == 204
    delays = metrics.histograms["roomwatch_callback_delay_seconds"][()]
    assert sum(delays.counts) == 1
    assert 20 <= delays.total < 30
    assert metrics.total("roomwatch_callbacks_last_timestamp_seconds") >= now_s


async def test_a_repeat_is_answered_204_and_changes_nothing(running: Running) -> None:
    assert [await call_back(running, form()) for _ in range(3)] == [204, 204, 204]
    assert len(await running.daemon.store.log.happenings(ROOM, 0, 2**62, 10)) == 1
    assert running.daemon.metrics.total("roomwatch_callbacks_repeats_total") == 2


async def test_a_query_in_the_callback_url_is_part_of_what_is_signed(running: Running) -> None:
    assert await call_back(running, form(), query="?from=twilio&x=a%20b") == 204


async def test_blank_fields_are_part_of_what_is_signed(running: Running) -> None:
    assert await call_back(running, form(TrackName="")) == 204


async def test_a_callback_signed_with_the_token_before_a_rotation_is_accepted(start: Start) -> None:
    old = "o" * 32
    account = {"account_sid": ACCOUNT, "auth_token": AUTH_TOKEN, "previous_auth_token": old}
    running = await start(accounts=[account | {"base_url": "http://127.0.0.1:9"}])
    assert await call_back(running, form(), token=old) == 204


async def test_a_wrong_signature_is_answered_403(running: Running) -> None:
    assert await call_back(running, form(), token="another token") == 403
    assert await call_back(running, form(), url="https://elsewhere.example.com/callbacks/twilio") == 403
    assert await call_back(running, form(AccountSid="AC" + "0" * 32)) == 403
    assert await send(running, form(), {}) == 403
    assert await send(running, form(), {"X-Twilio-Signature": ""}) == 403
    assert running.daemon.metrics.total("roomwatch_callbacks_refused_total") == 5
    assert not running.daemon.live.rooms


async def test_a_changed_field_breaks_the_signature(running: Running) -> None:
    signature = RequestValidator(AUTH_TOKEN).compute_signature(PUBLIC, form())
    assert await send(running, form(ParticipantIdentity="mallory"), {"X-Twilio-Signature": signature}) == 403


async def test_an_event_of_tomorrow_is_answered_204_and_counted(running: Running) -> None:
    assert await call_back(running, form("room-levitated")) == 204
    assert running.daemon.metrics.values["roomwatch_callbacks_total"][("other",)] == 1


async def test_a_callback_that_makes_no_sense_is_answered_400(running: Running) -> None:
    assert await call_back(running, form(Timestamp="yesterday")) == 400
    assert await call_back(running, {"AccountSid": ACCOUNT}) == 400


async def test_what_is_neither_a_form_nor_json_is_answered_415(running: Running) -> None:
    async with running.http.post(f"{running.public}/callbacks/twilio", data=b"<xml/>") as response:
        assert response.status == 415


async def test_a_huge_form_is_answered_413(running: Running) -> None:
    assert await call_back(running, form(Junk="x" * 100_000)) == 413


async def test_a_daemon_that_is_behind_answers_503(running: Running) -> None:
    running.daemon.pipeline.capacity_events = 0
    assert await call_back(running, form()) == 503


async def test_a_callback_is_counted_as_taken_or_as_refused_and_never_as_both(running: Running) -> None:
    taken = running.daemon.metrics.values["roomwatch_callbacks_total"]
    refused = running.daemon.metrics.values["roomwatch_callbacks_refused_total"]
    await call_back(running, form())
    assert (taken[("participant-connected",)], sum(refused.values())) == (1, 0)
    await call_back(running, form(), token="another token")
    await call_back(running, form(Junk="x" * 100_000))
    running.daemon.pipeline.capacity_events = 0
    await call_back(running, form("participant-disconnected"))
    assert sum(taken.values()) == 1
    assert refused == {("signature",): 1, ("malformed",): 1, ("behind",): 1}


async def test_word_of_a_composition_keeps_its_progress_and_why_it_failed(running: Running) -> None:
    where = {"CompositionSid": "CJ" + "a" * 32, "CompositionUri": "/v1/Compositions/CJ"}
    assert await call_back(running, form("composition-started", **where)) == 204
    assert await call_back(running, form("composition-progress", PercentageDone="42.5", **where)) == 204
    (seen,) = running.daemon.live.compositions.values()
    assert (seen.status, seen.percent_done) == ("processing", 42.5)
    failed = {"FailedOperation": "Compose", "ErrorMessage": "no media", "Timestamp": "2026-11-21T04:06:00.000Z"}
    assert await call_back(running, form("composition-failed", **where) | failed) == 204
    (seen,) = running.daemon.live.compositions.values()
    assert (seen.status, seen.error_message) == ("failed", "no media")


# --- by shared key, by GET, by Event Streams --------------------------------------------------------------

OTHER = "AC" + "b" * 32
OTHER_TOKEN = "u" * 32
SHARED_KEY = "a shared key of the account"
ROOM_SUMMARY = "com.twilio.video.insights.room-summary.complete"
STAY_SUMMARY = "com.twilio.video.insights.log-analyzer.participant-summary"


def cloud_event(kind: str = ROOM_SUMMARY, **data: Any) -> dict[str, Any]:
    told = {"account_sid": ACCOUNT, "room_sid": ROOM, "participant_sid": ALICE, "duration_sec": 60, **data}
    return {"specversion": "1.0", "type": kind, "source": "AB1", "id": f"NO-{kind}", "data": told}


async def deliver(
    running: Running, body: Any, *, token: str = AUTH_TOKEN, sent: Any = None, kind: str = "application/json"
) -> int:
    """Post what `body` is signed for, or `sent` in its place."""
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    query = f"?bodySHA256={sha256(payload).hexdigest()}"
    headers = {
        "X-Twilio-Signature": RequestValidator(token).compute_signature(PUBLIC + query, {}),
        "Content-Type": kind,
    }
    target = f"{running.public}/callbacks/twilio{query}"
    async with running.http.post(target, data=sent or payload, headers=headers) as response:
        return response.status


async def ask_back(running: Running, fields: dict[str, str], *, token: str = AUTH_TOKEN) -> int:
    query = "?" + urlencode(fields)
    headers = {"X-Twilio-Signature": RequestValidator(token).compute_signature(PUBLIC + query, {})}
    target = URL(f"{running.public}/callbacks/twilio{query}", encoded=True)
    async with running.http.get(target, headers=headers) as response:
        return response.status


async def test_a_callback_signed_with_a_shared_key_is_accepted(start: Start) -> None:
    account = {"account_sid": ACCOUNT, "auth_token": AUTH_TOKEN, "webhook_keys": [{"key": SHARED_KEY}]}
    running = await start(accounts=[account | {"base_url": "http://127.0.0.1:9"}])
    signature = RequestValidator(SHARED_KEY).compute_signature(PUBLIC, form(), HMAC_SHA256)
    settings = {"X-Twilio-Webhooks-Signature-Settings": f"key=webhooks_sharedkey_1,algorithm={HMAC_SHA256}"}
    assert await send(running, form(), {"X-Twilio-Signature": signature, **settings}) == 204
    assert await send(running, form(), {"X-Twilio-Signature": signature}) == 403


async def test_a_callback_by_get_is_taken_like_one_by_post(running: Running) -> None:
    assert await ask_back(running, form(TrackName="", ParticipantIdentity="älice & bob")) == 204
    (seen,) = running.daemon.live.participants()
    assert seen.identity == "älice & bob"
    assert await ask_back(running, form(), token="another token") == 403
    assert await ask_back(running, form(Timestamp="yesterday")) == 400
    assert await ask_back(running, {f"f{n}": "" for n in range(300)}) == 400


async def test_a_delivery_of_event_streams_is_answered_204_once_it_is_stored(running: Running) -> None:
    track = "com.twilio.video.insights.track-summary.complete"
    assert await deliver(running, [cloud_event(), cloud_event(STAY_SUMMARY), cloud_event(track)]) == 204
    happened = await running.daemon.store.log.happenings(ROOM, 0, 2**62, 10)
    assert {(each.kind, each.source) for each in happened} == {(ROOM_SUMMARY, "stream"), (STAY_SUMMARY, "stream")}
    taken = running.daemon.metrics.values["roomwatch_callbacks_total"]
    assert {name: taken[(name,)] for name in ("room-summary", "participant-summary", "other")} == {
        "room-summary": 1,
        "participant-summary": 1,
        "other": 1,
    }


@pytest.mark.parametrize("kind", ["application/cloudevents+json", "application/cloudevents-batch+json"])
async def test_events_may_be_called_what_they_are(running: Running, kind: str) -> None:
    assert await deliver(running, cloud_event(), kind=f"{kind}; charset=utf-8") == 204


async def test_a_delivery_that_comes_again_changes_nothing(running: Running) -> None:
    assert [await deliver(running, [cloud_event()]) for _ in range(2)] == [204, 204]
    assert len(await running.daemon.store.log.happenings(ROOM, 0, 2**62, 10)) == 1
    assert running.daemon.metrics.total("roomwatch_callbacks_repeats_total") == 1


async def test_a_delivery_whose_body_was_changed_is_answered_403(running: Running) -> None:
    assert await deliver(running, [cloud_event()], sent=json.dumps([cloud_event(duration_sec=9)]).encode()) == 403
    assert await deliver(running, [cloud_event()], token="another token") == 403
    async with running.http.post(f"{running.public}/callbacks/twilio", json=[cloud_event()]) as response:
        assert response.status == 403


async def test_a_delivery_with_an_event_of_another_account_is_refused_as_a_whole(start: Start) -> None:
    known = [(ACCOUNT, AUTH_TOKEN), (OTHER, OTHER_TOKEN)]
    running = await start(
        accounts=[{"account_sid": sid, "auth_token": token, "base_url": "http://127.0.0.1:9"} for sid, token in known]
    )
    foreign = cloud_event(STAY_SUMMARY, account_sid=OTHER)
    assert await deliver(running, [cloud_event(), foreign]) == 403
    assert not await running.daemon.store.log.happenings(ROOM, 0, 2**62, 10)
    assert await deliver(running, [foreign], token=OTHER_TOKEN) == 204


async def test_a_delivery_that_makes_no_sense_is_answered_400(running: Running) -> None:
    assert await deliver(running, b"{") == 400
    assert await deliver(running, [cloud_event(room_sid=None)]) == 400


async def test_a_test_event_of_a_sink_is_answered_204(running: Running) -> None:
    event = {"specversion": "1.0", "type": "com.twilio.eventstreams.test-event", "id": "AC1", "data": {"test_id": "1"}}
    assert await deliver(running, [event]) == 204


async def test_a_huge_delivery_is_answered_413(running: Running) -> None:
    assert await deliver(running, [], sent=BytesIO(b" " * 2_000_000)) == 413


async def test_a_delivery_to_a_daemon_that_is_behind_is_answered_503(running: Running) -> None:
    running.daemon.pipeline.capacity_events = 1
    assert await deliver(running, [cloud_event(), cloud_event(STAY_SUMMARY)]) == 503

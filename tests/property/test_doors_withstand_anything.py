"""Whatever bytes arrive, the doors answer as the contract says, and never with a 500."""

import json
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from collectors.base import Malformed
from collectors.callbacks import EVENT_NAMES
from collectors.callbacks import decode as decode_callback
from collectors.event_streams import decode as decode_delivery
from collectors.events import Event
from collectors.observations import OBSERVATIONS, unrolled
from collectors.telemetry import decode, kept
from monitor.history.chunks import decode as decode_chunk
from monitor.history.chunks import encode as encode_chunk
from monitor.history.rollups import rolled
from monitor.live import Live
from monitor.store.lines import Lines
from monitor.store.rows import decode_events, encode, happenings_of, place_of
from monitor.store.scopes import SCOPES, placed
from tests.builders import ACCOUNT, ALICE, AUTH_TOKEN, INGEST_KEY, ROOM
from tests.conftest import Running
from tests.examples import examples
from tests.stored import as_told


def reread(body: bytes) -> Event:
    """Return what an event in the log is read as."""
    (event,) = decode_events(b"[%b]" % body)
    return event


ANSWERS = {202, 400, 401, 403, 413, 415, 429, 503}


words = st.sampled_from(
    ["at", "level", "subject", "stats", "state", "code", "up", "down", "rtt_ms", "loss_ratio", "fps"]
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words | st.text(max_size=8), inner, max_size=5),
    max_leaves=12,
)
events = st.fixed_dictionaries(
    {
        "type": st.sampled_from([*OBSERVATIONS, "teleport"]) | anything,
        "at": st.integers(0, 2**41) | st.lists(st.integers(0, 2**41), max_size=3) | anything,
    },
    optional={
        "level": st.integers(-2, 7) | st.lists(st.none() | st.integers(0, 5), max_size=3),
        "state": st.sampled_from(["connected", "reconnecting", "reconnected", "disconnected", "odd"]),
        "subject": st.sampled_from([ALICE, "PA" + "b" * 32, "x"]),
        "code": st.integers(0, 60_000),
        "up": anything,
        "stats": anything,
    },
)
posts = st.fixed_dictionaries(
    {"v": st.just(1) | anything, "events": st.lists(events, max_size=6) | anything},
    optional={
        "room_sid": st.just(ROOM) | anything,
        "room_name": st.just("acme:class:1") | anything,
        "participant_sid": st.sampled_from([ALICE, "PA" + "b" * 32]) | anything,
        "identity": st.sampled_from(["alice", "bob"]) | anything,
        "session": st.text(max_size=70),
        "seq": st.integers(),
        "client": anything,
    },
)
bodies = (
    st.binary(max_size=300)
    | anything.map(lambda value: json.dumps(value).encode())
    | posts.map(lambda value: json.dumps(value).encode())
)
fields = st.dictionaries(
    st.sampled_from(
        ["Timestamp", "RoomSid", "ParticipantSid", "CompositionSid", "RecordingSid", "PercentageDone", "Size"]
    )
    | st.text(max_size=10),
    st.text(max_size=30) | st.just("2026-11-21T00:00:00.000Z") | st.sampled_from(["1e400", "nan", "-1", "7"]),
    max_size=8,
)
forms = st.builds(lambda more, event: {**more, "StatusCallbackEvent": event}, fields, st.sampled_from(EVENT_NAMES))

stream_types = st.sampled_from(
    ["room-summary.complete", "log-analyzer.participant-summary", "track-summary.complete", "room-levitated"]
).map(lambda name: f"com.twilio.video.insights.{name}")
numbers = st.integers(-1, 10**18) | st.sampled_from(["7", "1e400", "nan", "-1"]) | anything
summaries = st.fixed_dictionaries(
    {"account_sid": st.just(ACCOUNT) | anything, "room_sid": st.just(ROOM) | anything},
    optional={
        "participant_sid": st.just(ALICE),
        "participantIdentity": st.text(max_size=10),
        "create_time": st.datetimes().map(str) | numbers,
        "joinTime": numbers,
        "duration_sec": numbers,
        "error_code": numbers,
        "publisher_info": anything,
    },
)
cloud_events: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"type": stream_types | anything, "id": st.text(max_size=10) | anything, "data": summaries | anything},
    optional={"time": st.datetimes().map(str) | anything, "source": anything},
)
deliveries = (
    st.binary(max_size=300)
    | anything.map(lambda value: json.dumps(value).encode())
    | (cloud_events | st.lists(cloud_events, max_size=4)).map(lambda value: json.dumps(value).encode())
)


async def test_any_bytes_to_the_telemetry_door_get_an_answer_of_the_contract(running: Running) -> None:
    for body in examples(bodies, 3 * settings.default.max_examples):
        for headers in (
            {"Content-Type": "application/json"},
            {"Content-Type": "text/plain", "Content-Encoding": "gzip"},
        ):
            async with running.http.post(
                f"{running.public}/v1/telemetry?token={INGEST_KEY}", data=body, headers=headers
            ) as response:
                assert response.status in ANSWERS, body
                assert await response.json()


async def test_any_form_to_the_callback_door_gets_an_answer_of_the_contract(running: Running) -> None:
    url = "http://watch.example.com/callbacks/twilio"
    for form in examples(st.binary(max_size=300) | forms, 3 * settings.default.max_examples):
        signed = form if isinstance(form, bytes) else {**form, "AccountSid": ACCOUNT}
        signature = RequestValidator(AUTH_TOKEN).compute_signature(url, {} if isinstance(signed, bytes) else signed)
        headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
        body = signed if isinstance(signed, bytes) else urlencode(signed, errors="surrogatepass").encode()
        async with running.http.post(f"{running.public}/callbacks/twilio", data=body, headers=headers) as response:
            assert response.status in {204, 400, 403, 413, 415, 503}, form


async def test_any_bytes_delivered_as_events_get_an_answer_of_the_contract(running: Running) -> None:
    for body in examples(deliveries, 3 * settings.default.max_examples):
        query = f"?bodySHA256={sha256(body).hexdigest()}"
        signed = f"http://watch.example.com/callbacks/twilio{query}"
        headers = {
            "X-Twilio-Signature": RequestValidator(AUTH_TOKEN).compute_signature(signed, {}),
            "Content-Type": "application/cloudevents-batch+json",
        }
        target = f"{running.public}/callbacks/twilio{query}"
        async with running.http.post(target, data=body, headers=headers) as response:
            assert response.status in {204, 400, 403}, body
        async with running.http.post(running.public + "/callbacks/twilio", data=body, headers=headers) as response:
            assert response.status == 403, body


@given(deliveries)
@settings(max_examples=3 * settings.default.max_examples)
def test_any_bytes_are_a_delivery_or_malformed_and_its_summaries_survive_the_log(body: bytes) -> None:
    try:
        decoded = decode_delivery(body, 1)
    except Malformed:
        return
    for summary in decoded.summaries:
        assert reread(encode(summary)) == summary
        assert list(happenings_of(summary, place_of(summary)))


@given(bodies)
@settings(max_examples=3 * settings.default.max_examples)
def test_any_bytes_are_a_batch_or_malformed_and_a_batch_survives_the_log(body: bytes) -> None:
    try:
        decoded = decode(body, 1)
    except Malformed:
        return
    batch = decoded.batch
    for again in (reread(encode(batch)), reread(kept(batch, decoded, body))):
        assert place_of(again) == place_of(batch)
        assert encode(again) == encode(batch)
    assert decoded.count == len(list(unrolled(batch.observations)))
    lines = Lines()
    lines.add(batch)
    for line in lines.take(as_told):
        assert decode_chunk(encode_chunk(line.samples)).count == line.samples.count == lines.count
        rolled([placed(line, SCOPES)])


@given(forms)
@settings(max_examples=3 * settings.default.max_examples)
def test_any_form_is_a_sighting_or_malformed(form: dict[str, str]) -> None:
    try:
        event = decode_callback(form)
    except Malformed:
        return
    if event is not None:
        assert reread(encode(event)) == event
        assert list(happenings_of(event, place_of(event)))


@given(st.lists(posts.map(lambda value: json.dumps(value).encode()) | forms, max_size=15))
def test_no_sequence_of_events_confuses_the_picture(wire: list[bytes | dict[str, str]]) -> None:
    live = Live()
    for item in wire:
        event: Event | None
        try:
            event = decode(item, 1).batch if isinstance(item, bytes) else decode_callback(item)
        except Malformed:
            continue
        for change in live.apply(event) if event is not None else ():
            assert change.gone is not None or change.ref in set(live.refs())
    names = list(live.refs())
    assert len(set(names)) == len(names)

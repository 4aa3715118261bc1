"""How do the bytes of a telemetry post become one batch?

`decode` is pure: bytes in, a batch and a list of refusals out.  A post is first read in one typed pass, which costs
about a microsecond an event.  Only when something in it is wrong is it read again, event by event, so that one bad
event does not take its neighbours down and its sender learns which one it was.
"""

import re
from collections import Counter
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from collectors.base import Malformed
from collectors.observations import (
    OBSERVATIONS,
    AtMs,
    ClientInfo,
    ConnectionState,
    Count,
    Name,
    Observation,
    SdkInfo,
    Sid,
    TelemetryBatch,
)

MAX_EVENTS = 2000  # a browser that was offline for an hour sends about this many; more is not a browser

_ROOM_SID = re.compile(r"RM[0-9a-f]{32}")
_PARTICIPANT_SID = re.compile(r"PA[0-9a-f]{32}")
_RANGES = {"level": "0..5", "rating": "1..5"}  # said better than msgspec's one-sided bounds
_STATES = "one of " + ", ".join(ConnectionState)


class Refusal(Struct, frozen=True):
    """Why the event at `index` was not taken."""

    index: int
    error: str


class Decoded(Struct, frozen=True):
    """A post as it was understood: the batch to keep, what was refused, and how often each unknown type came."""

    batch: TelemetryBatch
    refusals: tuple[Refusal, ...] = ()
    ignored: dict[str, int] = {}


class _Envelope(Struct, frozen=True):
    v: Annotated[int, Meta(ge=1, le=1)]
    session: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    seq: Count | None = None
    sent_at: AtMs | None = None
    room_sid: Sid | None = None
    room_name: Name | None = None
    participant_sid: Sid | None = None
    identity: Name | None = None
    sdk: SdkInfo | None = None
    client: ClientInfo | None = None


class _Post(_Envelope, frozen=True, kw_only=True):
    events: Annotated[tuple[Observation, ...], Meta(max_length=MAX_EVENTS)]


class _SealedPost(_Envelope, frozen=True, kw_only=True):
    events: Annotated[list[Raw], Meta(max_length=MAX_EVENTS)]


class _TypeOnly(Struct, frozen=True):
    type: Annotated[str, Meta(max_length=64)]


_decode_post = msgspec.json.Decoder(_Post).decode
_decode_sealed = msgspec.json.Decoder(_SealedPost).decode
_decode_type = msgspec.json.Decoder(_TypeOnly).decode
_decode_one = {name: msgspec.json.Decoder(kind).decode for name, kind in OBSERVATIONS.items()}


def decode(body: bytes, received_at_ms: int) -> Decoded:
    """Return the post as it was understood.

    Raises:
        Malformed: the body is not JSON, or its envelope has not the shape of telemetry version 1.
    """
    try:
        post = _decode_post(body)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return _decode_piecewise(body, received_at_ms)
    return Decoded(_batch(post, post.events, received_at_ms))


def _decode_piecewise(body: bytes, received_at_ms: int) -> Decoded:
    try:
        sealed = _decode_sealed(body)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise _malformed(error, body, "body") from None
    taken: list[Observation] = []
    refusals: list[Refusal] = []
    ignored: Counter[str] = Counter()
    for index, raw in enumerate(sealed.events):
        where = f"events[{index}]"
        try:
            kind = _decode_type(raw).type
            read = _decode_one.get(kind)
            if read is None:
                ignored[kind] += 1
            else:
                taken.append(read(raw))
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            refusals.append(Refusal(index, str(_malformed(error, bytes(raw), where))))
    return Decoded(_batch(sealed, tuple(taken), received_at_ms), tuple(refusals), dict(ignored))


def _batch(post: _Envelope, observations: tuple[Observation, ...], received_at_ms: int) -> TelemetryBatch:
    if post.room_sid is None and post.room_name is None:
        raise Malformed("room_sid", "room_sid or room_name", "neither")
    if post.participant_sid is None and post.identity is None:
        raise Malformed("participant_sid", "participant_sid or identity", "neither")
    if post.room_sid is not None and not _ROOM_SID.fullmatch(post.room_sid):
        raise Malformed("room_sid", "RM and 32 hexadecimal digits", _shown(post.room_sid))
    if post.participant_sid is not None and not _PARTICIPANT_SID.fullmatch(post.participant_sid):
        raise Malformed("participant_sid", "PA and 32 hexadecimal digits", _shown(post.participant_sid))
    return TelemetryBatch(
        received_at_ms=received_at_ms,
        observations=observations,
        room_sid=post.room_sid,
        room_name=post.room_name,
        participant_sid=post.participant_sid,
        identity=post.identity,
        session=post.session,
        seq=post.seq,
        sent_at_ms=post.sent_at,
        sdk=post.sdk,
        client=post.client,
    )


_FAULT = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<field>.*)`")


def _malformed(error: Exception, body: bytes, where: str) -> Malformed:
    """Return `error` in the words of the contract: where, what was expected, what came."""
    if not isinstance(error, msgspec.ValidationError):
        return Malformed(where, "well-formed JSON", str(error) or type(error).__name__)
    fault = _FAULT.fullmatch(str(error))
    what, path = (fault["what"], fault["path"] or "") if fault else (str(error), "")
    missing = _MISSING.match(what)
    prefix = "" if where == "body" else where
    if missing:
        return Malformed(_joined(prefix, path, missing["field"]), "a value", "nothing")
    try:
        got = _shown(_value_at(body, path))
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return Malformed(where, "well-formed JSON", "something else past the fault in its shape")
    return Malformed(_joined(prefix, path) or where, _expected(what, path), got)


def _joined(*parts: str) -> str:
    return ".".join(part for part in parts if part).replace(".[", "[")


def _expected(what: str, path: str) -> str:
    field = path.rpartition(".")[2]
    if field in _RANGES:
        return _RANGES[field]
    if what.startswith("Invalid enum value"):
        return _STATES
    return what.removeprefix("Expected ").partition(", got ")[0].replace("`", "")


def _value_at(body: bytes, path: str) -> Any:
    """Return the value at a path such as `events[3].level`, or the innermost one that exists."""
    value = msgspec.json.decode(body)
    for step in re.findall(r"[^.\[\]]+", path):
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]
        except (KeyError, IndexError, ValueError, TypeError):
            break
    return value


def _shown(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else text[:57] + "..."

"""How do the bytes of a telemetry post become one batch?

`decode` is pure: bytes in, a batch and a list of refusals out.  A post is first read in one typed pass, which costs
about a microsecond an event and takes nothing but what version 1 of the wire knows.  Only when something in it is wrong
or not known is it read again, event by event, so that one bad event does not take its neighbours down, its sender
learns which one it was, and a newer client is understood as far as it can be.

What was read in one pass holds nothing that is not known here, so the log may keep its bytes as they came (`KeptPost`).
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from collectors.base import Malformed
from collectors.measured import MeasuredBatch, measured
from collectors.observations import (
    OBSERVATIONS,
    SERIES,
    AtMs,
    ClientInfo,
    ConnectionState,
    Count,
    Direction,
    DirectionSeries,
    MediaStats,
    MediaStatsSeries,
    Name,
    Observation,
    SdkInfo,
    Sid,
    TelemetryBatch,
    is_even,
    uneven_column,
)

MAX_EVENTS = 2000  # a browser that was offline for an hour sends about this many; more is not a browser

ROOM_SID = re.compile(r"RM[0-9a-f]{32}")
PARTICIPANT_SID = re.compile(r"PA[0-9a-f]{32}")
_ROOM_SIDS = "RM and 32 hexadecimal digits in lower case"
_PARTICIPANT_SIDS = "PA and 32 hexadecimal digits in lower case"
_RANGES = {  # said better than msgspec's one-sided bounds
    "v": "1",
    "level": "0..5",
    "rating": "1..5",
    "loss_ratio": "0..1",
    "at": "milliseconds since 1970",
    "sent_at": "milliseconds since 1970",
    "room_sid": _ROOM_SIDS,
    "participant_sid": _PARTICIPANT_SIDS,
    "subject": _PARTICIPANT_SIDS,
}
_KINDS = {"int": "whole number", "float": "number", "str": "string"}  # whoever reads it may not know Python
_STATES = "one of " + ", ".join(ConnectionState)


class Refusal(Struct, frozen=True):
    """Why the event at `index` was not taken."""

    index: int
    error: str


class Decoded(Struct, frozen=True):
    """A post as it was understood: the batch to keep, what was refused, and what is not known here.

    `count` is how many observations were taken, those in series one by one.  `is_exact` says that the batch holds all
    that the post held; where it does not, `places` tells where in the post each of its observations stood.
    """

    batch: TelemetryBatch
    count: int
    refusals: tuple[Refusal, ...] = ()
    ignored: Mapping[str, int] = {}  # how often each unknown type of event came
    ignored_fields: int = 0
    is_exact: bool = False
    places: tuple[int, ...] = ()


class _Envelope(Struct, frozen=True, forbid_unknown_fields=True):
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
    dropped: Count | None = None


class Post(_Envelope, frozen=True, kw_only=True):
    """The body of a post as it is on the wire, when nothing in it is wrong or unknown."""

    events: Annotated[tuple[Observation, ...], Meta(max_length=MAX_EVENTS)]


class _SealedPost(_Envelope, frozen=True, kw_only=True):
    events: Annotated[list[Raw], Meta(max_length=MAX_EVENTS)]


class _TypeOnly(Struct, frozen=True):
    type: Annotated[str, Meta(max_length=64)]


class _Uneven(ValueError):
    """The columns of a series are not equally long."""


_decode_post = msgspec.json.Decoder(Post).decode
_decode_sealed = msgspec.json.Decoder(_SealedPost).decode
_decode_type = msgspec.json.Decoder(_TypeOnly).decode
_decode_one = {name: msgspec.json.Decoder(kind).decode for name, kind in OBSERVATIONS.items()}
_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_encode = msgspec.json.Encoder().encode

_UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeError)
_PARTS: Mapping[type[Struct], Mapping[str, type[Struct]]] = {
    _SealedPost: {"sdk": SdkInfo, "client": ClientInfo},
    MediaStats: {"up": Direction, "down": Direction},
    MediaStatsSeries: {"up": DirectionSeries, "down": DirectionSeries},
}
_FIELDS: Mapping[type[Struct], set[str | None]] = {
    kind: {kind.__struct_config__.tag_field, *(each.encode_name for each in msgspec.structs.fields(kind))}
    for kind in (*OBSERVATIONS.values(), _SealedPost, SdkInfo, ClientInfo, Direction, DirectionSeries)
}


class KeptPost(Struct, frozen=True, tag="post", tag_field="event", omit_defaults=True, gc=False):
    """A post as the log keeps it: as it came, and what was added to it at the door."""

    received_at_ms: int
    body: Raw
    room_sid: str | None
    identity: str | None
    account_sid: str | None
    address: str | None = None
    clock_offset_ms: int | None = None

    def opened(self) -> TelemetryBatch:
        """Return the batch that it was; what it holds was looked at when it was taken."""
        post = _decode_post(self.body)
        return TelemetryBatch(
            self.received_at_ms,
            post.events,
            self.room_sid,
            post.room_name,
            post.participant_sid,
            self.identity,
            post.session,
            post.seq,
            post.sent_at,
            post.sdk,
            post.client,
            self.account_sid,
            post.dropped,
            self.address,
            self.clock_offset_ms,
        )

    def measured(self) -> MeasuredBatch:
        """Return no more of it than what was measured, and by whom: that takes half as long."""
        post = measured(self.body)
        return MeasuredBatch(
            self.received_at_ms,
            post.events,
            self.room_sid,
            post.room_name,
            post.participant_sid,
            self.identity,
            post.sdk,
            post.client,
            self.account_sid,
            self.address,
            self.clock_offset_ms,
        )


def kept(batch: TelemetryBatch, decoded: Decoded, body: bytes) -> bytes:
    """Return what the log is to keep of a post: its own bytes, which is quicker, where they say what is to be kept.

    They do not where something in them is unknown here or was refused, nor where they say a name that is to be kept
    under a pseudonym.

    Args:
        batch: the post as it is taken, completed at the door.
        decoded: the post as it was understood.
        body: the bytes that came, unpacked.
    """
    named = decoded.batch.identity
    if not decoded.is_exact or (named is not None and named != batch.identity):
        return _encode(batch)
    return _encode(
        KeptPost(
            batch.received_at_ms,
            Raw(body),
            batch.room_sid,
            batch.identity,
            batch.account_sid,
            batch.address,
            batch.clock_offset_ms,
        )
    )


def decode(body: bytes, received_at_ms: int) -> Decoded:
    """Return the post as it was understood.

    Raises:
        Malformed: the body is not JSON, or its envelope has not the shape of telemetry version 1.
    """
    try:
        post = _decode_post(body)
        count = counted(post.events)
    except (*_UNREADABLE, _Uneven):
        return _decode_piecewise(body, received_at_ms)
    return Decoded(_batch(post, post.events, received_at_ms), count, is_exact=True)


def counted(observations: Sequence[Observation]) -> int:
    """Return how many observations there are, those of series one by one.

    Raises:
        Malformed: there are too many.
    """
    count = len(observations)
    if not SERIES.isdisjoint(map(type, observations)):
        count = sum(_rows(each) if type(each) in SERIES else 1 for each in observations)
    if count > MAX_EVENTS:
        raise Malformed("events", f"at most {MAX_EVENTS} events, those in series counted one by one", str(count))
    return count


def _rows(series: Any) -> int:
    if not is_even(series):
        raise _Uneven(uneven_column(series))
    return len(series.at_ms)


def _decode_piecewise(body: bytes, received_at_ms: int) -> Decoded:
    try:
        sealed, ignored_fields = _known(body, _SealedPost)
        post = _decode_sealed(sealed)
    except _UNREADABLE as error:
        raise _malformed(error, body, "body") from None
    taken: list[Observation] = []
    places: list[int] = []
    refusals: list[Refusal] = []
    ignored: Counter[str] = Counter()
    for index, raw in enumerate(post.events):
        where = f"events[{index}]"
        try:
            kind = _decode_type(raw).type
            if kind not in OBSERVATIONS:
                ignored[kind] += 1
                continue
            observation, unknown = _decode_leniently(kind, raw)
            ignored_fields += unknown
            taken.append(observation)
            places.append(index)
        except _UNREADABLE as error:
            refusals.append(Refusal(index, str(_malformed(error, bytes(raw), where))))
        except _Uneven as column:
            refusals.append(Refusal(index, f"{where}.{column}: expected as many values as in {where}.at, got others"))
    batch = _batch(post, tuple(taken), received_at_ms)
    return Decoded(
        batch, counted(taken), tuple(refusals), dict(ignored), ignored_fields=ignored_fields, places=tuple(places)
    )


def _decode_leniently(kind: str, raw: Raw) -> tuple[Observation, int]:
    """Return an observation without the fields that are not known here, and how many of those there were."""
    known, unknown = _known(raw, OBSERVATIONS[kind])
    observation = _decode_one[kind](known)
    if type(observation) in SERIES:
        _rows(observation)
    return observation, unknown


def _known(raw: bytes | Raw, kind: type[Struct]) -> tuple[bytes, int]:
    """Return a JSON object without the fields that `kind` does not know, and how many of those there were."""
    try:
        fields = _decode_fields(raw)
    except msgspec.ValidationError:
        return bytes(raw), 0  # no object at all: the typed decoder says it better
    known = {name: value for name, value in fields.items() if name in _FIELDS[kind]}
    unknown = len(fields) - len(known)
    for name, part in _PARTS.get(kind, {}).items():
        if name in known:
            inner, more = _known(known[name], part)
            known[name], unknown = Raw(inner), unknown + more
    return _encode(known), unknown


def _batch(post: _Envelope, observations: tuple[Observation, ...], received_at_ms: int) -> TelemetryBatch:
    if post.room_sid is None and post.room_name is None:
        raise Malformed("room_sid", "room_sid or room_name", "neither")
    if post.participant_sid is None and post.identity is None:
        raise Malformed("participant_sid", "participant_sid or identity", "neither")
    if post.room_sid is not None and not ROOM_SID.fullmatch(post.room_sid):
        raise Malformed("room_sid", _ROOM_SIDS, _shown(post.room_sid))
    if post.participant_sid is not None and not PARTICIPANT_SID.fullmatch(post.participant_sid):
        raise Malformed("participant_sid", _PARTICIPANT_SIDS, _shown(post.participant_sid))
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
        dropped=post.dropped,
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
    if what.startswith("Invalid enum value"):
        return _STATES
    values = _RANGES.get(path.rpartition(".")[2].partition("[")[0])
    kind, is_of_another_kind, _ = what.removeprefix("Expected ").replace("`", "").partition(", got ")
    kind = re.sub(r"\w+", lambda word: _KINDS.get(word[0], word[0]), kind).replace(" | ", " or ")
    if values is None:
        return kind
    return f"{kind} ({values})" if is_of_another_kind else values


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

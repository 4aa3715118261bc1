"""How does an event become rows?

Pure translations shared by every store: which room and participant an event belongs to, and which of its parts are
things that happened, as opposed to numbers that were measured.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice

import msgspec

from collectors.events import Event
from collectors.measured import Batch, MeasuredBatch
from collectors.observations import (
    ClientInfo,
    MediaStats,
    MediaStatsSeries,
    NetworkQuality,
    NetworkQualitySeries,
    SdkInfo,
    TelemetryBatch,
)
from collectors.telemetry import KeptPost
from monitor.store.ports import Client, Happening, Place, Series

encode = msgspec.json.Encoder().encode
_SAMPLES = (NetworkQuality, MediaStats, NetworkQualitySeries, MediaStatsSeries)
_SAMPLE_TYPES = frozenset(_SAMPLES)  # telemetry is mostly these
_decode = msgspec.json.Decoder(list[Event | KeptPost]).decode


def decode_events(body: bytes) -> Iterator[Event]:
    """Return the events of a row of the log."""
    return (event.opened() if isinstance(event, KeptPost) else event for event in _decode(body))


def measured_in(body: bytes) -> Iterator[Batch]:
    """Return the telemetry in a row of the log, for whoever wants nothing but what was measured."""
    for event in _decode(body):
        if isinstance(event, KeptPost):
            yield event.measured()
        elif isinstance(event, TelemetryBatch):
            yield event


def row_of(events: Sequence[bytes]) -> bytes:
    """Return the body of a row of the log: events that are encoded already, at least one."""
    # Copied once: a group of large posts is megabytes, for which every further copy is new memory to be had.
    parts = [b"["]
    for event in events:
        parts += (event, b",")
    parts[-1] = b"]"
    return b"".join(parts)


def numbered_events(rows: Iterable[tuple[int, int, bytes]], after: int, limit: int) -> list[tuple[int, Event]]:
    """Return at most `limit` events after an id, of rows of the log: the id of the last event, how many, the body."""
    events = (
        numbered
        for last_id, count, body in rows
        for numbered in enumerate(decode_events(body), start=last_id - count + 1)
    )
    return list(islice((numbered for numbered in events if numbered[0] > after), limit))


def measured_about(body: bytes, rooms: Collection[str]) -> Iterator[Batch]:
    """Return the same of what is about these rooms, or about one that is known by name only."""
    for event in _decode(body):
        if isinstance(event, KeptPost):
            if event.room_sid is None or event.room_sid in rooms:
                yield event.measured()
        elif isinstance(event, TelemetryBatch) and (event.room_sid is None or event.room_sid in rooms):
            yield event


def place_of(event: Event | MeasuredBatch) -> Place:
    """Return the room and the participant that an event belongs to."""
    room_sid, room_name = getattr(event, "room_sid", None), getattr(event, "room_name", None)
    participant_sid, identity = getattr(event, "participant_sid", None), getattr(event, "identity", None)
    return Place(
        room_sid or (f"name:{room_name}" if room_name else ""),
        participant_sid or (f"identity:{identity}" if identity else ""),
    )


def series_of(batch: Batch, place: Place) -> Series:
    """Return who measured what is in a batch."""
    sdk, client = batch.sdk or SdkInfo(), batch.client or ClientInfo()
    told = Client(
        sdk.name,
        sdk.version,
        client.name,
        client.version,
        client.browser,
        client.os,
        client.network,
        batch.address,
        client.edge,
    )
    return Series(place.room, place.participant, batch.room_name, batch.identity, batch.account_sid, told)


def happenings_of(event: Event, place: Place) -> Iterator[Happening]:
    """Return what happened according to an event, by our clock; samples of levels and media are not happenings."""
    if isinstance(event, TelemetryBatch):
        ahead_ms = event.clock_offset_ms or 0
        for observation in event.observations:
            if not isinstance(observation, _SAMPLES):
                tag = str(type(observation).__struct_config__.tag)
                yield Happening(observation.at_ms - ahead_ms, tag, "telemetry", place.participant, encode(observation))
        return
    tag, standing = str(type(event).__struct_config__.tag), getattr(event, "status", getattr(event, "state", None))
    kind = event.cause or (tag if standing is None else f"{tag}-{standing}")
    yield Happening(event.seen_at_ms, kind, event.source.value, place.participant, encode(event))


def has_happenings(event: Event) -> bool:
    """Whether something happened according to the event."""
    return not isinstance(event, TelemetryBatch) or not _SAMPLE_TYPES.issuperset(map(type, event.observations))

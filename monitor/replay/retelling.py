"""How does what is on record become events again, as if it happened now?

Twilio's words are kept as they came.  Of browsers there are two records: what happened, a row each, and what was
measured, as columns; both are by our clock, so the posts that are made of them here are those of clients whose clock is
right, and which tell at once.  What polls only confirmed is not kept, but a room's own record says when it was seen
empty, when its recordings were listed, and whether nobody heard of it any more.
"""

from collections.abc import Iterator, Sequence
from heapq import merge
from operator import attrgetter
from typing import NamedTuple

import msgspec
import numpy as np
from msgspec.structs import replace

from collectors.events import Event, RecordingsListed, RoomLooked, RoomStatus, Sighting, Source
from collectors.observations import MediaStats, NetworkQuality, Observation, Single, TelemetryBatch
from monitor.entities import Room
from monitor.store.ports import Happened, Line, OnRecord, Place, Series

_decode_sighting = msgspec.json.Decoder(Sighting).decode
_decode_observation = msgspec.json.Decoder(Single).decode
_at_ms = attrgetter("at_ms")


class Forgotten(NamedTuple):
    """Nobody had mentioned the room for so long that it was taken out of the picture."""

    key: str
    sid: str | None
    name: str | None


class Step(NamedTuple):
    """What happens at a moment."""

    at_ms: int
    what: Event | Forgotten


# --- what happened ----------------------------------------------------------------------------------------


def step_of(happened: Happened) -> Step:
    """Return the event that a row of the record tells of."""
    place, happening = Place(happened.room, happened.happening.participant), happened.happening
    if happening.source != "telemetry":
        return Step(happening.at_ms, _decode_sighting(happening.body))
    seen = replace(_decode_observation(happening.body), at_ms=happening.at_ms)
    return Step(happening.at_ms, _post(Series(*place), seen))


def steps_of_record(record: OnRecord, forget_after_ms: int) -> Iterator[Step]:
    """Return what a room's own record tells that no row does."""
    room = record.room
    sid, account_sid = room.sid, room.account_sid or ""
    if sid is not None and room.empty_since_ms is not None:
        yield Step(room.empty_since_ms, RoomLooked(room.empty_since_ms, Source.POLL, sid, account_sid))
    if sid is not None and room.recordings_asked_ms is not None:
        at_ms = room.recordings_asked_ms
        yield Step(at_ms, RecordingsListed(at_ms, Source.POLL, sid, account_sid, recordings=record.recordings))
    if _is_forgotten(room):
        yield Step(room.heard_at_ms + forget_after_ms, Forgotten(room.key, sid, room.name))


def _is_forgotten(room: Room) -> bool:
    return not room.is_live and room.status is RoomStatus.IN_PROGRESS


# --- what was measured ------------------------------------------------------------------------------------


def steps_of_samples(lines: Sequence[Line]) -> Iterator[Step]:
    """Return everybody's samples as posts, in the order of time."""
    if not lines:
        return
    times = [np.sort(np.concatenate([samples.at_ms, samples.level_at_ms])) for _, samples in lines]
    whose = np.repeat(np.arange(len(lines)), [len(each) for each in times])
    order = np.argsort(np.concatenate(times), kind="stable")
    told = [_observations(line) for line in lines]
    for number in whose[order].tolist():
        seen = next(told[number])
        yield Step(seen.at_ms, _post(lines[number].series, seen))


def _observations(line: Line) -> Iterator[MediaStats | NetworkQuality]:
    return merge(line.samples.media_stats(), line.samples.network_qualities(), key=_at_ms)


def _post(series: Series, seen: Observation) -> TelemetryBatch:
    room_name, identity = series.room.partition("name:")[2], series.participant.partition("identity:")[2]
    return TelemetryBatch(
        seen.at_ms,  # type: ignore[arg-type]  # no series of moments is kept
        (seen,),
        None if room_name else series.room,
        room_name or series.room_name,
        None if identity else series.participant or None,
        identity or series.identity,
        account_sid=series.account_sid,
    )

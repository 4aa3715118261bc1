"""What has been stored?"""

from collections.abc import Sequence

from collectors.observations import TelemetryBatch
from monitor.store.ports import Line, Place, Resolved, Store

EVER_MS = 2**62


async def posts(store: Store) -> list[TelemetryBatch]:
    """Return the telemetry in the log."""
    found: list[TelemetryBatch] = []
    through = 0
    while entries := await store.log.since(through, 1_000):
        found += [event for _, event in entries if isinstance(event, TelemetryBatch)]
        through = entries[-1][0]
    return found


def as_told(place: Place, at_ms: int) -> Resolved:  # nobody knows more, at any time
    """Leave a place as it was told."""
    return Resolved(place)


async def lines(store: Store, room: str, participant: str | None = None) -> Sequence[Line]:
    """Return everything that was measured in a room."""
    return await store.samples.timeline(room, 0, EVER_MS, as_told, participant=participant)


def values(line: Line) -> list[object]:
    """Return what a line tells: round-trip times of media samples, then levels, each with its moment."""
    seen = line.samples.observations()
    return [(each.at_ms, each.rtt_ms if hasattr(each, "rtt_ms") else each.level) for each in seen]

"""When did it happen, what a post tells, and can that be?

Moments in a post are by the client's clock, and so is the time of arrival that they are compared with here.  What is
older than anybody wants, or is yet to come, is refused event by event, like what is malformed.  What is merely late
lands at its own time; but past `PRESENT_MS` it is history, and says nothing of how a room stands now.
"""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from collectors.observations import Observation, TelemetryBatch
from collectors.telemetry import Decoded, Refusal, counted

PRESENT_MS = 900_000


class Bounds(NamedTuple):
    """How long before a post arrives, and how long after, what it tells of may have happened."""

    max_age_ms: int
    max_ahead_ms: int


def span_of(observations: Sequence[Observation], otherwise_ms: int) -> tuple[int, int]:
    """Return when the first and the last observation were made, in whatever order; `otherwise_ms` if there is none."""
    moments: list[int] = []
    for each in observations:
        at_ms = each.at_ms
        if isinstance(at_ms, int):
            moments.append(at_ms)
        else:
            moments += at_ms
    return min(moments, default=otherwise_ms), max(moments, default=otherwise_ms)


def _moments(observation: Observation) -> tuple[int, ...]:
    at_ms = observation.at_ms
    return (at_ms,) if isinstance(at_ms, int) else at_ms


def is_history(batch: TelemetryBatch) -> bool:
    """Whether a batch tells only of what is long past, as one does of a client that was offline for long."""
    observations = batch.observations
    if not observations:
        return False
    arrived_ms = arrival_ms(batch)
    # Browsers tell in order, so the last moment nearly always settles it.
    at_ms = observations[-1].at_ms
    last_at_ms = at_ms if isinstance(at_ms, int) else at_ms[-1] if at_ms else 0
    if last_at_ms >= arrived_ms - PRESENT_MS:
        return False
    return span_of(observations, arrived_ms)[1] < arrived_ms - PRESENT_MS


def last_ms(batch: TelemetryBatch) -> int:
    """Return the last moment that a batch tells of, by our clock; its arrival where it tells of none."""
    return span_of(batch.observations, arrival_ms(batch))[1] - (batch.clock_offset_ms or 0)


def arrival_ms(batch: TelemetryBatch) -> int:
    """Return when a batch arrived, by its client's clock."""
    return batch.received_at_ms + (batch.clock_offset_ms or 0)


def within(decoded: Decoded, arrived_ms: int, bounds: Bounds) -> Decoded:
    """Return what was understood of a post, without what cannot have happened when it says.

    Args:
        decoded: the post as it was understood.
        arrived_ms: when it arrived, by the client's clock.
        bounds: how old, and how far ahead, an observation may be.
    """
    kept: list[Observation] = []
    refusals = list(decoded.refusals)
    places = decoded.places or range(len(decoded.batch.observations))
    for index, observation in zip(places, decoded.batch.observations, strict=True):
        fault = _fault(index, observation, arrived_ms, bounds)
        if fault is None:
            kept.append(observation)
        else:
            refusals.append(Refusal(index, fault))
    return replace(
        decoded,
        batch=replace(decoded.batch, observations=tuple(kept)),
        count=counted(kept),
        refusals=tuple(sorted(refusals, key=lambda refusal: refusal.index)),
        places=(),
        is_exact=False,
    )


def _fault(index: int, observation: Observation, arrived_ms: int, bounds: Bounds) -> str | None:
    """Return what is wrong with the first moment of an observation that cannot be, or None."""
    for place, at_ms in enumerate(_moments(observation)):
        where = f"events[{index}].at" if isinstance(observation.at_ms, int) else f"events[{index}].at[{place}]"
        age_ms = arrived_ms - at_ms
        if age_ms > bounds.max_age_ms:
            return f"{where}: expected at most {_seconds(bounds.max_age_ms)} s ago, got {_seconds(age_ms)}"
        if -age_ms > bounds.max_ahead_ms:
            return f"{where}: expected at most {_seconds(bounds.max_ahead_ms)} s ahead, got {_seconds(-age_ms)}"
    return None


def _seconds(span_ms: int) -> str:
    return f"{span_ms / 1000:.15g}"

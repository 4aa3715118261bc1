"""From when to when did somebody in a room stand how?

What is known is painted over what is not: whoever is in the room is `silent`, until something says otherwise; samples
make it `heard` or `idle` for as long as they speak, and a broken connection covers both.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from collectors.observations import Connection, ConnectionState
from monitor.evidence.thresholds import OUTAGE_MS
from monitor.history.grids import EVERY_MS, Grid, idle_samples, usual_interval_ms
from monitor.history.samples import Samples, Times
from monitor.story.shapes import Span, Status

HOLE_INTERVALS = 2.5  # a hole of more than so many samples is silence; a late one is not

Stretch = tuple[int, int]
Marks = np.ndarray[tuple[int], np.dtype[np.bool_]]
_LAYERS = (Status.SILENT, Status.HEARD, Status.IDLE, Status.RECONNECTING)  # each over those before


def spans_of(there: Stretch, samples: Samples, connections: Sequence[Connection]) -> list[Span]:
    """Return how somebody stood.

    Args:
        there: from when to when they were in the room, as far as it is asked for.
        samples: what they measured.
        connections: what they told of their own connection, by our clock.
    """
    painted = [(there, Status.SILENT), *_heard(samples, there[1])]
    painted += [(each, Status.RECONNECTING) for each in outages(connections, there[1])]
    return _painted(there, painted)


def outages(connections: Iterable[Connection], to_ms: int) -> Iterator[Stretch]:
    """Return from when to when a connection was broken; the word that it is back may have been lost."""
    told = sorted(connections, key=lambda each: each.at_ms)
    ends = [each.at_ms for each in told[1:]]
    for each, next_ms in zip(told, [*ends, to_ms], strict=False):
        if each.state is ConnectionState.RECONNECTING:
            yield each.at_ms, max(each.at_ms, min(next_ms, each.at_ms + OUTAGE_MS))


def steps_of(spans: Iterable[Span], grid: Grid) -> Marks:
    """Return which steps a span touches."""
    touched = np.zeros(grid.steps, dtype=np.bool_)
    for each in spans:
        first, last = (each.from_ms - grid.from_ms) // grid.step_ms, (each.to_ms - 1 - grid.from_ms) // grid.step_ms
        touched[max(first, 0) : max(last + 1, 0)] = True
    return touched


# --- what samples say -------------------------------------------------------------------------------------


def _heard(samples: Samples, to_ms: int) -> Iterator[tuple[Stretch, Status]]:
    if len(samples.at_ms):
        yield from _measured(samples, to_ms)
    elif (own := samples.level_at_ms[np.isnan(samples.levels[:, 1])]).size:
        yield (int(own[0]), to_ms), Status.HEARD  # who sends levels only sends none while nothing changes


def _measured(samples: Samples, to_ms: int) -> Iterator[tuple[Stretch, Status]]:
    """Return the stretches that samples speak for, each from the one before it, or for its interval."""
    at_ms, every_ms = samples.at_ms, usual_interval_ms(samples) or EVERY_MS
    idle = idle_samples(samples) == 1
    hole_ms = HOLE_INTERVALS * every_ms
    is_new = np.diff(at_ms) > hole_ms
    starts = np.flatnonzero(np.concatenate(([True], is_new | (idle[1:] != idle[:-1]))))
    for first, end in pairwise([*starts.tolist(), len(at_ms)]):
        from_ms = int(at_ms[first]) - every_ms if first == 0 or is_new[first - 1] else int(at_ms[first - 1])
        last_ms = int(at_ms[end - 1])
        is_last = end == len(at_ms)
        until_ms = to_ms if is_last and to_ms - last_ms <= hole_ms else last_ms
        yield (from_ms, until_ms), Status.IDLE if idle[first] else Status.HEARD


# --- one over the other -----------------------------------------------------------------------------------


def _painted(there: Stretch, painted: Sequence[tuple[Stretch, Status]]) -> list[Span]:
    from_ms, to_ms = there
    if from_ms >= to_ms:
        return []
    edges: Times = np.unique(np.clip([edge for stretch, _ in painted for edge in stretch], from_ms, to_ms))
    codes = np.zeros(len(edges) - 1, dtype=np.int64)
    for code, layer in enumerate(_LAYERS):
        for (begin_ms, end_ms), status in painted:
            if status is layer:
                first, last = np.searchsorted(edges, np.clip((begin_ms, end_ms), from_ms, to_ms))
                codes[first:last] = code
    return list(_merged(edges, codes))


def _merged(edges: Times, codes: Times) -> Iterator[Span]:
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    for first, end in pairwise([*starts.tolist(), len(codes)]):
        yield Span(int(edges[first]), int(edges[end]), _LAYERS[codes[first]])

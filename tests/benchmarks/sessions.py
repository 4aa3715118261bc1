"""What do the sessions measure that history is benchmarked on?

Twelve numbers a sample, as on an ordinary line: round trips and jitter wander, loss is a count out of 256 packets,
bitrates carry three percent of noise, levels change now and then.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from collectors.observations import Direction, MediaStats, NetworkQuality

EVERY_MS = 10_000
FIELDS = 12  # rtt, a level, freezes, the moment, and of each direction loss, jitter, bitrate and frames

_LOST = (0.6, 0.2, 0.1, 0.04, 0.03, 0.01, 0.01, 0.01)  # how often so many of 256 packets are
_LEVELS = (0.0, 0.01, 0.04, 0.1, 0.35, 0.5)

Session = Sequence[tuple[MediaStats, NetworkQuality | None]]
_Numbers = NDArray[np.float64]


def session(seed: int, began_ms: int, samples: int) -> Session:
    """Return what somebody measures, sample by sample, with the level where it has changed."""
    chance = np.random.default_rng(seed)
    at_ms = began_ms + np.arange(samples) * EVERY_MS + np.rint(chance.normal(0, 20, samples)).astype(int)
    rtt_ms = _wandering(chance, samples, 60.0, 3.0, 1)
    up, down = (list(_direction(chance, samples, freezes)) for freezes in (False, True))
    rows = zip(at_ms.tolist(), rtt_ms.tolist(), up, down, _levels(chance, samples), strict=True)
    return [
        (MediaStats(at, EVERY_MS, rtt, sent, got), None if level is None else NetworkQuality(at, level))
        for at, rtt, sent, got, level in rows
    ]


def _direction(chance: np.random.Generator, samples: int, freezes: bool) -> Iterator[Direction]:
    columns = (
        np.round(chance.choice(len(_LOST), samples, p=_LOST) / 256, 4),
        _wandering(chance, samples, 5.0, 0.3, 2),
        np.round(800_000 * (1 + chance.normal(0, 0.03, samples))),
        np.where(chance.random(samples) < 0.9, 24, chance.integers(18, 25, samples)),
        (chance.random(samples) < 0.02).astype(int),
    )
    for loss_ratio, jitter_ms, bitrate_bps, fps, freeze in zip(*(each.tolist() for each in columns), strict=True):
        yield Direction(loss_ratio, jitter_ms, bitrate_bps, fps, freezes=freeze if freezes else None)


def _wandering(chance: np.random.Generator, samples: int, around: float, step: float, digits: int) -> _Numbers:
    return np.round(np.abs(around + np.cumsum(chance.normal(0, step, samples))), digits)


def _levels(chance: np.random.Generator, samples: int) -> Iterator[int | None]:
    """Return a level where it changes: every five minutes or so."""
    changes = chance.random(samples) < 1 / 30
    changes[0] = True
    for has_changed in changes.tolist():
        yield int(chance.choice(len(_LEVELS), p=_LEVELS)) if has_changed else None

"""Is it plain, without all the reasons, that a sample is good, or that it is not?

A score (`monitor.quality`) says how good, and why, and takes ten microseconds.  To count good minutes it is enough to
know on which side of `GOOD_SCORE` it lies, for every sample there is.  A score falls as points of R are taken, so there
are three steps, each for what the one before leaves open:

* Up to the bounds below a sample is *plainly* well: of most people, in half a microsecond.
* The points alone are added up, either way, and held against what a good score can spare.
* What is close to that limit, or out of the ordinary, is left to the score itself.

Numbers are taken to be what the door lets in: none is negative, and no ratio above one.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from math import inf
from operator import sub
from typing import Any, TypeVar

from collectors.observations import Direction, DirectionSeries, MediaStats, MediaStatsSeries
from monitor.emodel import ASSUMED, BEST_R, VIDEO, delay_points, loss_points, mos
from monitor.good_minutes import GOOD_SCORE, INTERVAL_MS, LONGEST_INTERVAL_MS
from monitor.quality import (
    BITRATE_POINTS,
    BUFFERED_JITTERS,
    FRAMES_POINTS,
    FREEZE_POINTS,
    FREEZES_HALF,
    LIMIT_POINTS,
    PACKET_MS,
    SHARP_BITS,
    SMOOTH_FPS,
)

# Up to here in every way at once, whatever limits the encoder, a score is good where nothing freezes; a freeze in ten
# seconds leaves room for less loss.  Property tests hold the score to it.
PLAIN_RTT_MS = 150.0
PLAIN_JITTER_MS = 30.0
PLAIN_LOSS_RATIO = 0.023
PLAIN_PIXELS = 1280 * 720
PLAIN_BITRATE_BPS = SHARP_BITS * PLAIN_PIXELS
PLAIN_FREEZE_INTERVAL_MS = 10_000
PLAIN_LOSS_RATIO_WITH_FREEZE = 0.005
PLAIN_JITTER_MS_WITH_FREEZE = 15.0
PLAIN_RTT_MS_WITH_FREEZE = 100.0
_NO_LIMIT = (None, "none")

_LEAST_R = bisect_left(range(100_000), GOOD_SCORE, key=lambda thousandths: mos(thousandths / 1000)) / 1000
_NEAR = 0.01  # points; far more than rounding can make of them
_SPARE = BEST_R - _LEAST_R - _NEAR  # points that a good score can lose
_TOO_MANY = BEST_R - _LEAST_R + _NEAR
_ABSURD = 1e6  # points that no call has ever lost
_MINUTE_MS = 60_000.0

Number = TypeVar("Number", int, float)


# --- one after the other ----------------------------------------------------------------------------------


def run_of_well(media: Iterable[MediaStats], reach_ms: int) -> tuple[int, int]:
    """Return how many samples, from the first on, are plainly well with no gap, and until when they reach.

    It is run for every sample there is: every comparison counts.
    """
    count = 0
    seen: Any  # by types, everything may be unknown
    try:
        for seen in media:
            at_ms, rtt_ms, interval_ms = seen.at_ms, seen.rtt_ms, seen.interval_ms or INTERVAL_MS
            if rtt_ms > PLAIN_RTT_MS or interval_ms > LONGEST_INTERVAL_MS or at_ms - interval_ms > reach_ms:
                break
            if not (_is_plain(seen.up, rtt_ms, interval_ms) and _is_plain(seen.down, rtt_ms, interval_ms)):
                break
            if at_ms > reach_ms:  # noqa: PLR1730 - `max` takes as long as all that is asked of a direction
                reach_ms = at_ms
            count += 1
    except (TypeError, AttributeError):
        pass  # what is not known cannot be compared; to ask each time whether it is would cost a fifth
    return count, reach_ms


def _is_plain(way: Any, rtt_ms: float, interval_ms: int) -> bool:
    """Whether one direction is plainly well.

    Raises:
        TypeError: a number is not known without which nobody can say.
        AttributeError: there is no such direction.
    """
    loss_ratio, jitter_ms, bitrate_bps = way.loss_ratio, way.jitter_ms, way.bitrate_bps
    if loss_ratio > PLAIN_LOSS_RATIO or jitter_ms > PLAIN_JITTER_MS or bitrate_bps == 0.0:
        return False
    fps, width, freezes = way.fps, way.width, way.freezes
    if fps is not None and fps < SMOOTH_FPS:
        return False
    if (
        width is not None
        and (bitrate_bps < PLAIN_BITRATE_BPS or width * way.height > PLAIN_PIXELS)  # which spares most the next
        and bitrate_bps < SHARP_BITS * width * way.height
    ):
        return False
    return not freezes or (
        interval_ms >= freezes * PLAIN_FREEZE_INTERVAL_MS
        and loss_ratio <= PLAIN_LOSS_RATIO_WITH_FREEZE
        and jitter_ms <= PLAIN_JITTER_MS_WITH_FREEZE
        and rtt_ms <= PLAIN_RTT_MS_WITH_FREEZE
        and way.limited_by in _NO_LIMIT
    )


# --- one by itself ----------------------------------------------------------------------------------------


def is_well(seen: MediaStats) -> bool | None:
    """Whether the score of a sample is good and proves it; None where only the score itself can tell."""
    ways = [way for way in (seen.up, seen.down) if way is not None]
    points = max((_points(way, seen.rtt_ms or 0.0, seen.interval_ms) for way in ways), default=inf)
    if points < _SPARE:
        return True if any(way.loss_ratio is not None for way in ways) else None
    return False if _TOO_MANY < points < _ABSURD else None


def _points(way: Direction, rtt_ms: float, interval_ms: int | None) -> float:
    """Return what is taken from a direction; infinitely much where nothing flows, or a word is not known."""
    if way.bitrate_bps == 0 or (way.loss_ratio is None and way.jitter_ms is None):
        return inf
    lost = loss_points(way.loss_ratio or 0.0, VIDEO if _is_picture(way) else ASSUMED)
    delayed = delay_points(PACKET_MS + rtt_ms / 2.0 + BUFFERED_JITTERS * (way.jitter_ms or 0.0))
    return lost + delayed + _freeze_points(way.freezes, interval_ms) + _still_points(way) + _limit_points(way)


def _is_picture(way: Direction) -> bool:
    has_size = bool(way.width and way.height and way.bitrate_bps is not None)
    return has_size or way.fps is not None or way.freezes is not None or way.limited_by is not None


def _freeze_points(freezes: int | None, interval_ms: int | None) -> float:
    if not freezes:
        return 0.0
    if not interval_ms:
        return inf
    a_minute = freezes * _MINUTE_MS / interval_ms
    return FREEZE_POINTS * a_minute / (a_minute + FREEZES_HALF)


def _still_points(way: Direction) -> float:
    """Return what is taken for few frames, or for few bits, whichever is more."""
    frames = 0.0 if way.fps is None else 1.0 - way.fps / SMOOTH_FPS
    if not way.width or not way.height or way.bitrate_bps is None:
        return max(0.0, FRAMES_POINTS * frames)
    bits = 1.0 - way.bitrate_bps / (SHARP_BITS * way.width * way.height)
    return max(0.0, FRAMES_POINTS * frames, BITRATE_POINTS * bits)


def _limit_points(way: Direction) -> float:
    return 0.0 if way.limited_by is None else LIMIT_POINTS.get(way.limited_by, inf)


# --- many at once -----------------------------------------------------------------------------------------


def are_well(seen: MediaStatsSeries, reach_ms: int) -> bool:
    """Whether all of a series are well, with no gap: they are, if a sample with the worst of each number would be."""
    ways = [way for way in (seen.up, seen.down) if way is not None]
    if not any(way.loss_ratio and None not in way.loss_ratio for way in ways) or not _is_unbroken(seen, reach_ms):
        return False
    up, down = (None if way is None else _worst(way) for way in (seen.up, seen.down))
    interval_ms = None if None in seen.interval_ms else _of(min, seen.interval_ms)
    return is_well(MediaStats(0, interval_ms, _of(max, seen.rtt_ms), up, down)) is True


def _is_unbroken(seen: MediaStatsSeries, reach_ms: int) -> bool:
    """Whether samples follow each other without a gap; where moments go back, somebody has to look closer."""
    at_ms = seen.at_ms
    intervals_ms = [each for each in seen.interval_ms if each is not None]
    if not at_ms or len(intervals_ms) < len(seen.interval_ms):
        return False
    shortest_ms, longest_ms = min(intervals_ms, default=INTERVAL_MS), max(intervals_ms, default=INTERVAL_MS)
    steps_ms = list(map(sub, at_ms[1:], at_ms))
    return (
        0 < shortest_ms <= longest_ms <= LONGEST_INTERVAL_MS
        and at_ms[0] - shortest_ms <= reach_ms
        and 0 <= min(steps_ms, default=0) <= max(steps_ms, default=0) <= shortest_ms
    )


def _worst(ways: DirectionSeries) -> Direction:
    """Return the worst of each number; a word that is not known is the worst of all."""
    return Direction(
        loss_ratio=_of(max, ways.loss_ratio),
        jitter_ms=_of(max, ways.jitter_ms),
        bitrate_bps=_of(min, ways.bitrate_bps),
        fps=_of(min, ways.fps),
        width=_of(max, ways.width),
        height=_of(max, ways.height),
        freezes=_of(max, ways.freezes),
        limited_by=max(set(ways.limited_by) - {None}, key=_how_bad, default=None),
    )


def _how_bad(word: str | None) -> float:
    return LIMIT_POINTS.get(word or "none", inf)


def _of(choose: Callable[[Sequence[Number]], Number], column: tuple[Number | None, ...]) -> Number | None:
    """Return the least or the most of what is known."""
    if not column:
        return None
    try:
        return choose(column)  # type: ignore[arg-type]  # as a rule all are known, and looking first would take as long
    except TypeError:
        return choose([value for value in column if value is not None])

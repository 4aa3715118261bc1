"""How well did a call go at each of many moments?

`monitor.quality.score_of` of every sample, as a column: the same points in the same order, a hundred times as fast, and
without the reasons.  A property test holds the two to each other, to the last bit.
"""

import numpy as np
from numpy.typing import NDArray

from monitor.emodel import (
    ALL_POINTS,
    ASSUMED,
    BEST_MOS,
    BEST_R,
    DELAY_POINTS_A_MS,
    NOTICED_MS,
    NOTICED_POINTS_A_MS,
    VIDEO,
    WORST_MOS,
    Codec,
    delay_points,
)
from monitor.history.samples import Samples
from monitor.quality import (
    BITRATE_POINTS,
    BUFFERED_JITTERS,
    FRAMES_POINTS,
    FREEZE_POINTS,
    FREEZES_HALF,
    LIMIT_POINTS,
    MINUTE_MS,
    MOST_TOLD,
    PACKET_MS,
    SHARP_BITS,
    SMOOTH_FPS,
)

Values = NDArray[np.float64]
Marks = NDArray[np.bool_]

_NUMBERS = ("loss_ratio", "jitter_ms", "bitrate_bps", "fps", "width", "height", "freezes")


def scores_of(samples: Samples) -> Values:
    """Return the score of each media sample; NaN where there is none."""
    rtt_ms, interval_ms = (samples.column(name) for name in ("rtt_ms", "interval_ms"))
    ways = [_Way(samples, way) for way in ("up", "down")]
    is_absurd = _absurd(rtt_ms) | _absurd(interval_ms) | ways[0].is_absurd | ways[1].is_absurd
    there_up = ways[0].is_there | ~ways[1].is_there  # the round trip is measured on what is sent
    with np.errstate(all="ignore"):
        up, down = (way.scores(np.minimum(rtt_ms, MOST_TOLD), np.minimum(interval_ms, MOST_TOLD)) for way in ways)
    worse: Values = np.fmin(np.where(there_up, up, np.nan), np.where(ways[1].is_there, down, np.nan))
    return np.where(is_absurd, np.nan, worse)


def _absurd(values: Values) -> Marks:
    marks: Marks = (values < 0) | np.isinf(values)
    return marks


class _Way:
    """One direction of somebody's media, as columns."""

    def __init__(self, samples: Samples, way: str) -> None:
        columns = [samples.column(f"{way}.{name}") for name in _NUMBERS]
        limits = samples.column(f"{way}.limited_by")
        self.is_there = ~np.isnan([*columns, limits]).all(axis=0)
        self.is_absurd: Marks = np.logical_or.reduce([_absurd(each) for each in columns]) | (columns[0] > 1)
        told = [np.minimum(each, MOST_TOLD) for each in columns]
        self._loss_ratio, self._jitter_ms, self._bitrate_bps, self._fps, self._width, self._height, self._freezes = told
        self._limit = _limit_points(limits, samples.words)

    def scores(self, rtt_ms: Values, interval_ms: Values) -> Values:
        """Return the worse of sound and picture, NaN where nothing flows or nothing is known."""
        path = _path_points(rtt_ms, self._jitter_ms)
        is_path_known = ~(np.isnan(rtt_ms) & np.isnan(self._jitter_ms) & np.isnan(self._loss_ratio))
        audio = np.where(is_path_known, self._audio(path), np.nan)
        video = self._video(np.where(is_path_known, path, delay_points(PACKET_MS)), interval_ms)
        is_idle = (self._bitrate_bps == 0) & ~(self._loss_ratio > 0)
        worse: Values = np.fmin(audio, video)
        return np.where(is_idle, np.nan, worse)

    def _audio(self, path: Values) -> Values:
        return _mos(path + ASSUMED.ie + _loss_points(self._loss_ratio, ASSUMED))

    def _video(self, path: Values, interval_ms: Values) -> Values:
        freezes, still = _freeze_points(self._freezes, interval_ms), self._still_points()
        is_picture = ~(np.isnan(freezes) & np.isnan(still) & np.isnan(self._limit))
        points = path + _loss_points(self._loss_ratio, VIDEO) + _or_none(freezes) + _or_none(still)
        return np.where(is_picture, _mos(points + _or_none(self._limit)), np.nan)

    def _still_points(self) -> Values:
        """Return the more of what few frames and few bits take: a still screen has few of both."""
        frames = np.where(self._fps < SMOOTH_FPS, FRAMES_POINTS * (1.0 - self._fps / SMOOTH_FPS), self._fps * 0.0)
        enough_bps = SHARP_BITS * self._width * self._height
        scant = BITRATE_POINTS * (1.0 - self._bitrate_bps / enough_bps)
        bits = np.where(self._bitrate_bps < enough_bps, scant, 0.0)
        is_sized = (self._width > 0) & (self._height > 0) & ~np.isnan(self._bitrate_bps)
        still: Values = np.fmax(frames, np.where(is_sized, bits, np.nan))
        return still


def _limit_points(numbers: Values, words: tuple[str, ...]) -> Values:
    of_word = np.array([*(LIMIT_POINTS.get(word, np.nan) for word in words), np.nan])
    return of_word[np.where(np.isnan(numbers), len(words), numbers).astype(np.intp)]


def _path_points(rtt_ms: Values, jitter_ms: Values) -> Values:
    one_way_ms = PACKET_MS + _or_none(rtt_ms) / 2.0 + BUFFERED_JITTERS * _or_none(jitter_ms)
    points = DELAY_POINTS_A_MS * one_way_ms
    return np.where(one_way_ms > NOTICED_MS, points + NOTICED_POINTS_A_MS * (one_way_ms - NOTICED_MS), points)


def _loss_points(loss_ratio: Values, codec: Codec) -> Values:
    loss_percent = 100.0 * loss_ratio
    return _or_none((ALL_POINTS - codec.ie) * (1.0 - codec.bpl / (loss_percent + codec.bpl)))


def _freeze_points(freezes: Values, interval_ms: Values) -> Values:
    a_minute = freezes * MINUTE_MS / interval_ms
    points = FREEZE_POINTS * (1.0 - FREEZES_HALF / (a_minute + FREEZES_HALF))
    return np.where(freezes == 0, 0.0, np.where(interval_ms > 0, points, np.nan))


def _mos(points: Values) -> Values:
    r = np.floor((BEST_R - points) * 1_000.0) / 1_000.0
    opinion = np.maximum(1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6, WORST_MOS)
    return np.where(r <= 0, WORST_MOS, np.where(r >= 100, BEST_MOS, opinion))


def _or_none(points: Values) -> Values:
    """Return points, and none for what is not known."""
    return np.where(np.isnan(points), 0.0, points)

"""How do observations, as they were said, become columns?

Samples are gathered for minutes before they become a chunk, of thousands of people at once, so each waits as eighty
bytes and not as objects.
"""

import struct
from collections.abc import Iterable, Sequence
from itertools import repeat
from math import nan

import numpy as np
from msgspec.structs import astuple

from collectors.measured import NO_DIRECTION, MediaNumbers
from collectors.observations import (
    Direction,
    DirectionSeries,
    MediaStats,
    MediaStatsSeries,
    NetworkQuality,
    NetworkQualitySeries,
    Observation,
)
from monitor.history.samples import LEVEL_FIELDS, MEDIA_FIELDS, MEDIA_STEPS, NOTHING, Samples, in_order

_MEDIA = struct.Struct(f"<q{len(MEDIA_FIELDS)}f")
_LEVEL = struct.Struct(f"<q{len(LEVEL_FIELDS)}f")
_MEDIA_ROW = np.dtype([("at_ms", "<i8"), ("values", "<f4", (len(MEDIA_FIELDS),))])
_LEVEL_ROW = np.dtype([("at_ms", "<i8"), ("values", "<f4", (len(LEVEL_FIELDS),))])
HIGHEST = 1e10  # of any number: ten gigabits a second, or a round trip of months

_NOTHING = astuple(Direction())
_NO_COLUMNS = astuple(DirectionSeries())
# A word, nothing at all, or a number that is in no way true, but was accepted: whoever sends it may do so again.
_NO_NUMBERS = (struct.error, OverflowError)


class Gathering:
    """What one participant measured, as it comes in: rows of bytes, and the words that they number."""

    __slots__ = ("has_stats", "levels", "media", "numbers", "stats")

    def __init__(self) -> None:
        self.media = bytearray()
        self.levels = bytearray()
        self.numbers: dict[str, int] = {}
        self.stats: list[bytes] = []
        self.has_stats = False

    def add(self, observations: Iterable[Observation | MediaNumbers], ahead_ms: int = 0) -> int:
        """Take what was measured, by a clock that is ahead of ours; return how many samples that was."""
        count = 0
        for seen in observations:
            # By its type: `isinstance` would ask a metaclass, and this is done for every sample there is.
            if type(seen) is MediaNumbers:
                self._add_numbers(seen, ahead_ms)
                count += 1
            elif type(seen) is MediaStats:
                self._add_media(seen, ahead_ms)
                count += 1
            elif type(seen) is MediaStatsSeries:
                self._add_media_series(seen, ahead_ms)
                count += len(seen.at_ms)
            elif type(seen) is NetworkQuality:
                self._add_level(seen, ahead_ms)
                count += 1
            elif type(seen) is NetworkQualitySeries:
                for level in seen.rows():
                    self._add_level(level, ahead_ms)
                count += len(seen.at_ms)
        return count

    @property
    def count(self) -> int:
        """Return how many samples there are."""
        return len(self.media) // _MEDIA.size + len(self.stats)

    def _add_numbers(self, seen: MediaNumbers, ahead_ms: int) -> None:
        up, down = seen.up or NO_DIRECTION, seen.down or NO_DIRECTION
        try:
            self.media += _MEDIA.pack(  # written out, since this is most of what is done to a sample
                seen.at_ms - ahead_ms,
                seen.interval_ms,
                seen.rtt_ms,
                up.loss_ratio,
                up.jitter_ms,
                up.bitrate_bps,
                up.fps,
                up.width,
                up.height,
                up.freezes,
                up.limited_by,
                down.loss_ratio,
                down.jitter_ms,
                down.bitrate_bps,
                down.fps,
                down.width,
                down.height,
                down.freezes,
                down.limited_by,
            )
        except _NO_NUMBERS:
            values = (seen.interval_ms, seen.rtt_ms, *astuple(up), *astuple(down))
            self.media += _MEDIA.pack(seen.at_ms - ahead_ms, *map(self._told, values))

    def _add_media(self, seen: MediaStats, ahead_ms: int) -> None:
        up, down = (_NOTHING if way is None else astuple(way) for way in (seen.up, seen.down))
        values = (seen.interval_ms, seen.rtt_ms, *up, *down)
        self.media += _MEDIA.pack(seen.at_ms - ahead_ms, *map(self._told, values))

    def _add_media_series(self, seen: MediaStatsSeries, ahead_ms: int) -> None:
        up, down = (_NO_COLUMNS if way is None else astuple(way) for way in (seen.up, seen.down))
        columns = (column or repeat(nan) for column in (seen.interval_ms, seen.rtt_ms, *up, *down))
        for at_ms, *values in zip(seen.at_ms, *columns, strict=False):
            try:
                self.media += _MEDIA.pack(at_ms - ahead_ms, *values)
            except _NO_NUMBERS:
                self.media += _MEDIA.pack(at_ms - ahead_ms, *map(self._told, values))

    def _told(self, value: float | str | None) -> float:
        if value is None:
            return nan
        return self._number(value) if isinstance(value, str) else min(value, HIGHEST)

    def _add_level(self, seen: NetworkQuality, ahead_ms: int) -> None:
        level = nan if seen.level is None or seen.level < 0 else seen.level
        subject = nan if seen.subject is None else self._number(seen.subject)
        self.levels += _LEVEL.pack(seen.at_ms - ahead_ms, level, subject)
        stats = bytes(seen.stats)
        self.stats.append(stats)
        self.has_stats = self.has_stats or stats != NOTHING

    def _number(self, word: str) -> int:
        return self.numbers.setdefault(word, len(self.numbers))

    def samples(self) -> Samples:
        """Return what was gathered, in the order of time."""
        (samples,) = gathered([self])
        return samples


def gathered(gatherings: Sequence[Gathering]) -> list[Samples]:
    """Return what each has gathered, in the order of time; of many at once, since ten minutes of one are few."""
    media = np.frombuffer(b"".join([each.media for each in gatherings]), _MEDIA_ROW)
    levels = np.frombuffer(b"".join([each.levels for each in gatherings]), _LEVEL_ROW)
    at_ms, level_at_ms = media["at_ms"].astype(np.int64), levels["at_ms"].astype(np.int64)
    # Four bytes hold more digits than are meant, and larger numbers than can be added up.
    values = np.rint(np.minimum(media["values"], HIGHEST) * MEDIA_STEPS) / MEDIA_STEPS
    level_values = levels["values"].astype(np.float64)
    found, row, level_row = [], 0, 0
    for each in gatherings:
        rows = slice(row, row := row + len(each.media) // _MEDIA.size)
        level_rows = slice(level_row, level_row := level_row + len(each.levels) // _LEVEL.size)
        found.append(
            in_order(
                at_ms[rows],
                values[rows],
                level_at_ms[level_rows],
                level_values[level_rows],
                tuple(each.numbers),
                tuple(each.stats) if each.has_stats else (),
            )
        )
    return found

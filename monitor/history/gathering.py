"""How do observations, as they were said, become columns?

Samples are gathered for minutes before they become a chunk, of thousands of people at once, so each waits as eighty
bytes and not as objects.
"""

import struct
from collections.abc import Iterable
from math import nan

import numpy as np
from msgspec.structs import astuple

from collectors.observations import Direction, MediaStats, NetworkQuality, Observation, unrolled
from monitor.history.samples import LEVEL_FIELDS, MEDIA_FIELDS, MEDIA_STEPS, NOTHING, PLACE_OF, Samples, in_order

_MEDIA = struct.Struct(f"<q{len(MEDIA_FIELDS)}f")
_LEVEL = struct.Struct(f"<q{len(LEVEL_FIELDS)}f")
_MEDIA_ROW = np.dtype([("at_ms", "<i8"), ("values", "<f4", (len(MEDIA_FIELDS),))])
_LEVEL_ROW = np.dtype([("at_ms", "<i8"), ("values", "<f4", (len(LEVEL_FIELDS),))])
HIGHEST = 1e10  # of any number: ten gigabits a second, or a round trip of months

_UP_LIMIT, _DOWN_LIMIT = PLACE_OF["up.limited_by"], PLACE_OF["down.limited_by"]
_NOTHING = astuple(Direction())


class Gathering:
    """What one participant measured, as it comes in."""

    __slots__ = ("_has_stats", "_levels", "_media", "_numbers", "_stats")

    def __init__(self) -> None:
        self._media = bytearray()
        self._levels = bytearray()
        self._numbers: dict[str, int] = {}
        self._stats: list[bytes] = []
        self._has_stats = False

    def add(self, observations: Iterable[Observation], ahead_ms: int = 0) -> int:
        """Take what was measured, by a clock that is ahead of ours; return how many samples that was."""
        count = 0
        for seen in unrolled(observations):
            if type(seen) is MediaStats:
                self._add_media(seen, ahead_ms)
                count += 1
            elif type(seen) is NetworkQuality:
                self._add_level(seen, ahead_ms)
                count += 1
        return count

    def _add_media(self, seen: MediaStats, ahead_ms: int) -> None:
        up, down = seen.up, seen.down
        values = [
            seen.interval_ms,
            seen.rtt_ms,
            *(_NOTHING if up is None else astuple(up)),
            *(_NOTHING if down is None else astuple(down)),
        ]
        if values[_UP_LIMIT] is not None:
            values[_UP_LIMIT] = self._number(values[_UP_LIMIT])
        if values[_DOWN_LIMIT] is not None:
            values[_DOWN_LIMIT] = self._number(values[_DOWN_LIMIT])
        told = [nan if value is None else value for value in values]
        try:
            self._media += _MEDIA.pack(seen.at_ms - ahead_ms, *told)
        except OverflowError:  # a number that is in no way true, but was accepted: whoever sends it may do so again
            self._media += _MEDIA.pack(seen.at_ms - ahead_ms, *[min(value, HIGHEST) for value in told])

    def _add_level(self, seen: NetworkQuality, ahead_ms: int) -> None:
        level = nan if seen.level is None or seen.level < 0 else seen.level
        subject = nan if seen.subject is None else self._number(seen.subject)
        self._levels += _LEVEL.pack(seen.at_ms - ahead_ms, level, subject)
        stats = bytes(seen.stats)
        self._stats.append(stats)
        self._has_stats = self._has_stats or stats != NOTHING

    def _number(self, word: str) -> int:
        return self._numbers.setdefault(word, len(self._numbers))

    def samples(self) -> Samples:
        """Return what was gathered, in the order of time."""
        media, levels = np.frombuffer(self._media, _MEDIA_ROW), np.frombuffer(self._levels, _LEVEL_ROW)
        return in_order(
            media["at_ms"].astype(np.int64),
            # Four bytes hold more digits than are meant, and larger numbers than can be added up.
            np.rint(np.minimum(media["values"], HIGHEST) * MEDIA_STEPS) / MEDIA_STEPS,
            levels["at_ms"].astype(np.int64),
            levels["values"].astype(np.float64),
            tuple(self._numbers),
            tuple(self._stats) if self._has_stats else (),
        )

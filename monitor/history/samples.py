"""What did one participant measure, as columns?

History holds numbers by the hundred million, so they are never objects one by one: a `Samples` has them as two tables,
one row a media sample and one row a network quality level, both in the order of time.  Times are by our clock.  `NaN`
means "not known", never zero.  Words (what limited a video, whom a level is about) are kept once, and numbered.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import NamedTuple

import numpy as np
from msgspec import Raw
from numpy.typing import NDArray

from collectors.observations import NOTHING as NO_STATS
from collectors.observations import Direction, MediaStats, NetworkQuality

Times = NDArray[np.int64]
Table = NDArray[np.float64]


class Field(NamedTuple):
    """A column: its name in `MediaStats`, how finely its values are kept, and whether they number words."""

    name: str
    steps: float = 1  # to a one: with ten, values are kept to a tenth
    is_word: bool = False
    wanders: bool = False  # rather than jitters: the next value is nearer to the last than to any other


_DIRECTION = (
    Field("loss_ratio", 10_000),
    Field("jitter_ms", 10, wanders=True),
    Field("bitrate_bps", 0.01),
    Field("fps", 10),
    Field("width"),
    Field("height"),
    Field("freezes"),
    Field("limited_by", is_word=True),
)
MEDIA_FIELDS = (
    Field("interval_ms"),
    Field("rtt_ms", 10, wanders=True),
    *(each._replace(name=f"up.{each.name}") for each in _DIRECTION),
    *(each._replace(name=f"down.{each.name}") for each in _DIRECTION),
)
LEVEL_FIELDS = (Field("level"), Field("subject", is_word=True))
MEDIA_STEPS = np.array([field.steps for field in MEDIA_FIELDS])
PLACE_OF: dict[str, int] = {field.name: place for place, field in enumerate(MEDIA_FIELDS)}

NOTHING = b"null"  # what the SDK's own object is where there is none
_UP, _DOWN = PLACE_OF["up.loss_ratio"], PLACE_OF["down.loss_ratio"]


@dataclass(frozen=True, slots=True)
class Samples:
    """Media samples and levels of one participant.

    Attributes:
        at_ms: when each media sample was taken, shape (n,).
        media: the values of `MEDIA_FIELDS`, shape (n, 18).
        level_at_ms: when each level was seen, shape (m,).
        levels: the values of `LEVEL_FIELDS`, shape (m, 2); a level without subject is the participant's own.
        words: what numbers in fields of words stand for.
        stats: the SDK's own object of each level as it came, as JSON, or nothing at all.
    """

    at_ms: Times
    media: Table
    level_at_ms: Times
    levels: Table
    words: tuple[str, ...] = ()
    stats: tuple[bytes, ...] = ()

    @property
    def count(self) -> int:
        """Return how many rows there are in both tables."""
        return len(self.at_ms) + len(self.level_at_ms)

    @property
    def span_ms(self) -> tuple[int, int]:
        """Return the first and the last moment; there must be one."""
        times = [each for each in (self.at_ms, self.level_at_ms) if len(each)]
        return min(int(each[0]) for each in times), max(int(each[-1]) for each in times)

    def column(self, name: str) -> NDArray[np.float64]:
        """Return the values of a media field."""
        return self.media[:, PLACE_OF[name]]

    def within(self, from_ms: int, to_ms: int) -> "Samples":
        """Return what was measured in [from_ms, to_ms)."""
        if self.count and from_ms <= self.span_ms[0] and self.span_ms[1] < to_ms:
            return self
        media = slice(*np.searchsorted(self.at_ms, (from_ms, to_ms)))
        levels = slice(*np.searchsorted(self.level_at_ms, (from_ms, to_ms)))
        return Samples(
            self.at_ms[media],
            self.media[media],
            self.level_at_ms[levels],
            self.levels[levels],
            self.words,
            self.stats[levels],
        )

    def observations(self) -> Iterator[MediaStats | NetworkQuality]:
        """Return them one by one, as a browser said them: media first, then levels with their stats."""
        yield from self.media_stats()
        yield from self.network_qualities()

    def media_stats(self) -> Iterator[MediaStats]:
        """Return the media samples one by one."""
        for at_ms, row in zip(self.at_ms.tolist(), self.media.tolist(), strict=True):
            interval_ms, rtt_ms = _whole(row[0]), _known(row[1])
            yield MediaStats(at_ms, interval_ms, rtt_ms, self._direction(row[_UP:_DOWN]), self._direction(row[_DOWN:]))

    def network_qualities(self) -> Iterator[NetworkQuality]:
        """Return the levels one by one."""
        stats = map(Raw, self.stats) if self.stats else repeat(NO_STATS, len(self.levels))
        for at_ms, (level, subject), each in zip(self.level_at_ms.tolist(), self.levels.tolist(), stats, strict=True):
            yield NetworkQuality(at_ms, _whole(level), self._word(subject), each)

    def _direction(self, row: Sequence[float]) -> Direction | None:
        loss_ratio, jitter_ms, bitrate_bps, fps = (_known(value) for value in row[:4])
        width, height, freezes = (_whole(value) for value in row[4:7])
        direction = Direction(
            loss_ratio, jitter_ms, bitrate_bps, fps, width, height, freezes, limited_by=self._word(row[7])
        )
        return None if direction == _NO_DIRECTION else direction

    def _word(self, number: float) -> str | None:
        return None if number != number else self.words[int(number)]  # noqa: PLR0124  # NaN is not itself


def joined(parts: Sequence[Samples]) -> Samples:
    """Return the samples of several parts as one, in the order of time; the words of each are numbered anew."""
    if len(parts) == 1:
        return parts[0]
    numbers: dict[str, int] = {}
    media, levels = [], []
    for part in parts:
        new_numbers = np.array([numbers.setdefault(word, len(numbers)) for word in part.words], np.float64)
        media.append(renumbered(part.media, MEDIA_FIELDS, new_numbers))
        levels.append(renumbered(part.levels, LEVEL_FIELDS, new_numbers))
    at_ms, level_at_ms = (
        np.concatenate(times) for times in zip(*((p.at_ms, p.level_at_ms) for p in parts), strict=True)
    )
    return in_order(
        at_ms, np.concatenate(media), level_at_ms, np.concatenate(levels), tuple(numbers), _joined_stats(parts)
    )


def in_order(
    at_ms: Times, media: Table, level_at_ms: Times, levels: Table, words: tuple[str, ...], stats: tuple[bytes, ...]
) -> Samples:
    """Return samples that come in any order."""
    if _is_in_order(at_ms) and _is_in_order(level_at_ms):
        return Samples(at_ms, media, level_at_ms, levels, words, stats)
    order, level_order = np.argsort(at_ms, kind="stable"), np.argsort(level_at_ms, kind="stable")
    return Samples(
        at_ms[order],
        media[order],
        level_at_ms[level_order],
        levels[level_order],
        words,
        tuple(stats[place] for place in level_order.tolist()) if stats else (),
    )


def _is_in_order(at_ms: Times) -> bool:
    return bool((at_ms[1:] >= at_ms[:-1]).all())


def renumbered(table: Table, fields: Sequence[Field], new_numbers: NDArray[np.float64]) -> Table:
    """Return a table whose words have other numbers; NaN: none at all."""
    table = table.copy()
    for place in (place for place, each in enumerate(fields) if each.is_word):
        is_known = ~np.isnan(table[:, place])
        table[is_known, place] = new_numbers[table[is_known, place].astype(int)]
    return table


def _joined_stats(parts: Sequence[Samples]) -> tuple[bytes, ...]:
    if not any(part.stats for part in parts):
        return ()
    return tuple(each for part in parts for each in part.stats or (NOTHING,) * len(part.level_at_ms))


_NO_DIRECTION = Direction()


def _known(value: float) -> float | None:
    return None if value != value else value  # noqa: PLR0124  # NaN is not itself


def _whole(value: float) -> int | None:
    return None if value != value else int(value)  # noqa: PLR0124  # NaN is not itself

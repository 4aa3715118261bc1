"""What were the last minutes of a participant like?

A ring holds the last 64 media samples of somebody who is in a call, sixteen bytes each: a hundred thousand people take
little more than a hundred megabytes.  Values are kept to three digits, which is what a picture or a verdict needs; the
log has them as they came.

Each post changes the ring of one, and the minute that this one is in (`monitor.live_minutes`).  So both are found at
once, and in one piece of memory.
"""

import struct
from collections.abc import Iterable, Iterator
from itertools import repeat
from math import isnan, nan
from typing import Any

from msgspec import Struct, field

from collectors.observations import Direction, DirectionSeries, MediaStats, MediaStatsSeries
from monitor.entities import Participant, Room

SAMPLES = 64
BEGIN_TOGETHER_MS = 86_400_000  # of the seven weeks that a ring can tell apart

_LAYOUT = struct.Struct("<I6e")  # milliseconds since the ring began, and the values of `Sample` as floats of two bytes
_SIZE = _LAYOUT.size
_MINUTE = struct.Struct("<4q")  # before the samples
_BEFORE = _MINUTE.size
_pack_into = _LAYOUT.pack_into
_HIGHEST_MS = 2**32 - 1
_HIGHEST = 65_504.0  # that fits into two bytes
_UNKNOWN = nan
_NOTHING = repeat(None)
_NO_NUMBERS = Direction()
_NO_COLUMNS = DirectionSeries()

Column = tuple[float | None, ...]
Values = tuple[int, float | None, float | None, float | None, float | None, float | None, float | None]  # of a `Sample`


class Sample(Struct, gc=False):
    """One media sample, both directions together: the worse jitter and loss, the bitrates, and what is sent."""

    at_ms: int
    rtt_ms: float | None = None
    jitter_ms: float | None = None
    loss_ratio: float | None = None
    up_bps: float | None = None
    down_bps: float | None = None
    fps: float | None = None


def values_of(seen: MediaStats) -> Values:
    """Return what a ring keeps of what a browser says of its media."""
    up, down = seen.up or _NO_NUMBERS, seen.down or _NO_NUMBERS
    jitter_ms, other_jitter_ms = up.jitter_ms, down.jitter_ms
    loss_ratio, other_loss_ratio = up.loss_ratio, down.loss_ratio
    if jitter_ms is None or (other_jitter_ms is not None and other_jitter_ms > jitter_ms):
        jitter_ms = other_jitter_ms
    if loss_ratio is None or (other_loss_ratio is not None and other_loss_ratio > loss_ratio):
        loss_ratio = other_loss_ratio
    return seen.at_ms, seen.rtt_ms, jitter_ms, loss_ratio, up.bitrate_bps, down.bitrate_bps, up.fps


def values_of_rows(seen: MediaStatsSeries) -> Iterator[Values]:
    """Return what a ring keeps of each row of a series."""
    up, down = seen.up or _NO_COLUMNS, seen.down or _NO_COLUMNS
    return zip(
        seen.at_ms,
        seen.rtt_ms or _NOTHING,
        _worse_of_each(up.jitter_ms, down.jitter_ms),
        _worse_of_each(up.loss_ratio, down.loss_ratio),
        up.bitrate_bps or _NOTHING,
        down.bitrate_bps or _NOTHING,
        up.fps or _NOTHING,
        strict=False,  # what is not known has no end
    )


def _worse_of_each(one: Column, other: Column) -> Iterable[float | None]:
    if not one or not other:
        return one or other or _NOTHING
    return [a if b is None or (a is not None and a > b) else b for a, b in zip(one, other, strict=True)]


class Ring(Struct, gc=False):
    """The last samples of one participant in a room, and the minute that it is in."""

    since_ms: int
    room: Room
    count: int = 0  # of those that came, less whole rounds: a small number takes no memory
    data: bytearray = field(default_factory=lambda: bytearray(_BEFORE))  # of those who send no samples there is no more

    @property
    def minute_ms(self) -> tuple[int, ...]:
        """The four `times_ms` of a tally; zeros before there is one."""
        return _MINUTE.unpack_from(self.data)

    @minute_ms.setter
    def minute_ms(self, times_ms: tuple[int, ...]) -> None:
        _MINUTE.pack_into(self.data, 0, *times_ms)

    def _to_fill(self) -> bytearray:
        if len(self.data) == _BEFORE:
            self.data += bytes(SAMPLES * _SIZE)
        return self.data

    def hear(self, media: Iterable[MediaStats]) -> None:
        """Keep what a browser says, sample by sample; what is not as it is nearly always is left to `push`.

        It is run for every sample there is: to ask each time whether a number is known would cost a third.
        """
        data, since_ms, count = self._to_fill(), self.since_ms, self.count
        seen: Any  # by types, everything may be unknown
        for seen in media:
            up, down = seen.up, seen.down
            try:
                jitter_ms, other_jitter_ms = up.jitter_ms, down.jitter_ms
                loss_ratio, other_loss_ratio = up.loss_ratio, down.loss_ratio
                fps = up.fps
                _pack_into(
                    data,
                    _BEFORE + count % SAMPLES * _SIZE,
                    seen.at_ms - since_ms,
                    seen.rtt_ms,
                    other_jitter_ms if other_jitter_ms > jitter_ms else jitter_ms,  # noqa: FURB136 - `max` takes thrice as long
                    other_loss_ratio if other_loss_ratio > loss_ratio else loss_ratio,  # noqa: FURB136
                    up.bitrate_bps * 0.001,
                    down.bitrate_bps * 0.001,
                    _UNKNOWN if fps is None else fps,  # of those without a camera
                )
                count += 1
            except (TypeError, AttributeError, OverflowError, struct.error):
                self.count = count
                self.push((values_of(seen),))
                count = self.count
        self.count = _less_rounds(count)

    def push(self, samples: Iterable[Values]) -> None:
        """Keep samples; the oldest make way."""
        data, since_ms, unknown, count = self._to_fill(), self.since_ms, _UNKNOWN, self.count
        for at_ms, rtt_ms, jitter_ms, loss_ratio, up_bps, down_bps, fps in samples:
            place = _BEFORE + count % SAMPLES * _SIZE
            count += 1
            try:
                _pack_into(
                    data,
                    place,
                    at_ms - since_ms,
                    unknown if rtt_ms is None else rtt_ms,
                    unknown if jitter_ms is None else jitter_ms,
                    unknown if loss_ratio is None else loss_ratio,
                    unknown if up_bps is None else up_bps * 0.001,
                    unknown if down_bps is None else down_bps * 0.001,
                    unknown if fps is None else fps,
                )
            except (OverflowError, struct.error):  # a clock that was set back, or a number out of this world
                clipped = _clipped(rtt_ms, jitter_ms, loss_ratio, _kilo(up_bps), _kilo(down_bps), fps)
                _pack_into(data, place, min(max(at_ms - since_ms, 0), _HIGHEST_MS), *clipped)
        self.count = _less_rounds(count)

    def samples(self) -> Iterator[Sample]:
        """Return the samples, in the order in which they came."""
        for number in range(max(0, self.count - SAMPLES), self.count):
            after_ms, *values = _LAYOUT.unpack_from(self.data, _BEFORE + number % SAMPLES * _SIZE)
            rtt_ms, jitter_ms, loss_ratio, up_kbps, down_kbps, fps = (
                None if isnan(value) else value for value in values
            )
            up_bps, down_bps = (None if kbps is None else kbps * 1000 for kbps in (up_kbps, down_kbps))
            yield Sample(self.since_ms + after_ms, rtt_ms, jitter_ms, loss_ratio, up_bps, down_bps, fps)


def _less_rounds(count: int) -> int:
    return count if count < SAMPLES else SAMPLES + count % SAMPLES


def _clipped(*values: float | None) -> Iterator[float]:
    return (_UNKNOWN if value is None else min(value, _HIGHEST) for value in values)


def _kilo(value: float | None) -> float | None:
    return None if value is None else value * 0.001


class Rings:
    """The rings of everybody who is in a call."""

    def __init__(self) -> None:
        self._rings: dict[str, Ring] = {}
        self._since_ms = 0  # when the rings begin that were made lately: one number for many

    def of(self, name: str, room: Room, began_ms: int) -> Ring:
        """Return the ring of a name; that of somebody new begins at a moment before which there will be no sample."""
        ring = self._rings.get(name)
        if ring is None:
            if not 0 <= began_ms - self._since_ms <= BEGIN_TOGETHER_MS:
                self._since_ms = began_ms
            ring = self._rings[name] = Ring(self._since_ms, room)
        return ring

    def find(self, participant: Participant) -> Ring | None:
        """Return the ring of somebody, or None where nothing was told."""
        return self._rings.get(name_of(participant))

    def samples(self, participant: Participant) -> list[Sample]:
        """Return the last samples of somebody, oldest first."""
        ring = self.find(participant)
        return [] if ring is None else list(ring.samples())

    def forget(self, key: str) -> Ring | None:
        """Let go of the samples of somebody who left, by the key of their `Ref`, and return what they were."""
        return self._rings.pop(key, None) or self._rings.pop(key.rpartition("/")[2], None)


def name_of(participant: Participant) -> str:
    """Return a name that nobody else has: a SID is there already, and a name of its own would cost memory for each."""
    return participant.key if participant.key.startswith("PA") else participant.ref.key

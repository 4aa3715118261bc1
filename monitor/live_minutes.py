"""Was the minute that somebody has just lived through a good one?

The same minutes as in `monitor.good_minutes`, judged while the call goes on, for all people at once: so a sample may
cost about a microsecond, and nobody may cost more memory than a few numbers.  Hence two differences.  A moment goes by
the level as it is when the post arrives, not as it was at that moment, and published tracks are not remembered; and
most samples are not scored, since a glance shows that their score is good.

Time is each browser's own, put right by how far its clock is off.  A minute that is begun when the daemon stops is
begun anew by the next one.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct

from collectors.observations import Direction, DirectionSeries, MediaStats, MediaStatsSeries
from monitor.entities import Participant, Room
from monitor.good_minutes import (
    BROKEN,
    GOOD_LEVEL,
    INTERVAL_MS,
    LONGEST_INTERVAL_MS,
    NO_SAMPLES,
    Minutes,
    Tally,
    heard_in,
    interval_ms_of,
    verdict_of,
)
from monitor.quality import SHARP_BITS, SMOOTH_FPS
from monitor.rings import name_of

# Up to here in every way at once, a score is good; a property test holds `score_of` to it.
PLAIN_RTT_MS = 300.0
PLAIN_JITTER_MS = 30.0
PLAIN_LOSS_RATIO = 0.03
PLAINLY_BAD_LOSS_RATIO = 0.12  # from here on, the score is bad
MOST_FPS = 1_000.0  # a number that is none, or out of this world, is for the score to judge
MOST_BPS = 1e12


class _Stay(Struct):
    """Somebody's time in a room."""

    room: Room
    tally: Tally
    sends_samples: bool = False


class LiveMinutes:
    """The minutes of everybody who reports, as they go by.

    Args:
        tell: hears of minutes that are over: in which room they were, when that is, and how many were what.
    """

    def __init__(self, tell: Callable[[Room, int, Minutes], None]) -> None:
        self._tell = tell
        self._stays: dict[str, _Stay] = {}

    def hear(
        self, room: Room, who: Participant, media: Sequence[MediaStats], series: Sequence[MediaStatsSeries]
    ) -> None:
        """Judge the intervals that samples tell of."""
        key, offset_ms = name_of(who), who.clock_offset_ms
        stay = self._stays.get(key)
        if stay is None:
            if (first_ms := _first_ms(media, series)) is None:
                return
            stay = self._stays[key] = _Stay(room, Tally(first_ms - offset_ms))
        stay.sends_samples = True
        level = BROKEN if who.reconnecting else who.level
        for seen in media:
            _spend(stay.tally, seen, level, offset_ms)
        for each in series:
            _spend_all(stay.tally, each, level, offset_ms)
        if stay.tally.is_news:
            self._tell(room, room.heard_at_ms, stay.tally.take())

    def notice(self, room: Room, who: Participant, now_ms: int) -> None:
        """Judge the time since the last word of somebody who sends no samples by the level alone."""
        key = name_of(who)
        stay = self._stays.get(key)
        if stay is None:
            self._stays[key] = _Stay(room, Tally(now_ms))
            return
        if stay.sends_samples:
            return
        silent_ms = now_ms - stay.tally.at_ms
        level = BROKEN if who.reconnecting else who.level
        stay.tally.spend(now_ms, verdict_of(NO_SAMPLES, level) if silent_ms <= LONGEST_INTERVAL_MS else None)
        if stay.tally.is_news:
            self._tell(room, room.heard_at_ms, stay.tally.take())

    def break_off(self, room: Room, who: Participant, from_ms: int, until_ms: int) -> None:
        """Judge the time in which somebody's connection was being made anew."""
        stay = self._stays.get(name_of(who))
        if stay is not None and until_ms > from_ms:
            stay.tally.spend(from_ms, None)
            stay.tally.spend(until_ms, verdict=False)
            if stay.tally.is_news:
                self._tell(room, room.heard_at_ms, stay.tally.take())

    def end(self, key: str) -> None:
        """Close the minutes of somebody who is gone, by the key of their `Ref`."""
        stay = self._stays.pop(key, None) or self._stays.pop(key.rpartition("/")[2], None)
        if stay is not None and (last := stay.tally.end()) != Minutes(0, 0, 0):
            self._tell(stay.room, stay.room.heard_at_ms, last)


def _first_ms(media: Sequence[MediaStats], series: Sequence[MediaStatsSeries]) -> int | None:
    """Return when the first of the intervals began, or None where there is none."""
    began = [seen.at_ms - interval_ms_of(seen) for seen in media]
    began += [each.at_ms[0] - _interval_ms(each, 0) for each in series if each.at_ms]
    return min(began, default=None)


def _spend(tally: Tally, seen: MediaStats, level: int | None, offset_ms: int) -> None:
    at_ms = seen.at_ms - offset_ms
    began_ms = at_ms - interval_ms_of(seen)
    if began_ms > tally.at_ms:
        tally.spend(began_ms, None)  # nobody speaks for the time between
    tally.spend(at_ms, _verdict(seen, level))


def _verdict(seen: MediaStats, level: int | None) -> bool | None:
    """Whether a moment is good, or None where that is not known; the dear question is asked last."""
    if level is not None and level < GOOD_LEVEL:
        return False
    if is_plainly_well(seen):
        return True
    return False if is_plainly_bad(seen) else verdict_of(heard_in(seen, None), level)


def _spend_all(tally: Tally, seen: MediaStatsSeries, level: int | None, offset_ms: int) -> None:
    if not is_plainly_well_throughout(seen) or (level is not None and level < GOOD_LEVEL):
        for row in seen.rows():
            _spend(tally, row, level, offset_ms)
        return
    for index, at_ms in enumerate(seen.at_ms):
        began_ms = at_ms - offset_ms - _interval_ms(seen, index)
        if began_ms > tally.at_ms:
            tally.spend(began_ms, None)
        tally.spend(at_ms - offset_ms, verdict=True)


def _interval_ms(seen: MediaStatsSeries, index: int) -> int:
    interval_ms = seen.interval_ms[index] if seen.interval_ms else None
    return min(interval_ms or INTERVAL_MS, LONGEST_INTERVAL_MS)


# --- at a glance ------------------------------------------------------------------------------------------


def is_plainly_well(seen: MediaStats) -> bool:
    """Whether a glance shows that the score of a sample is good, and proves something."""
    rtt_ms, up, down = seen.rtt_ms, seen.up, seen.down
    if rtt_ms is not None and not 0 <= rtt_ms <= PLAIN_RTT_MS:
        return False
    if up is None or down is None:
        only = up or down
        return only is not None and only.loss_ratio is not None and _is_plain(only)
    return (up.loss_ratio is not None or down.loss_ratio is not None) and _is_plain(up) and _is_plain(down)


def _is_plain(way: Direction) -> bool:
    return (
        ((loss_ratio := way.loss_ratio) is None or 0 <= loss_ratio <= PLAIN_LOSS_RATIO)
        and ((jitter_ms := way.jitter_ms) is None or 0 <= jitter_ms <= PLAIN_JITTER_MS)
        and ((bitrate_bps := way.bitrate_bps) is None or 0 < bitrate_bps <= MOST_BPS)
        and ((fps := way.fps) is None or SMOOTH_FPS <= fps <= MOST_FPS)
        and not way.freezes
        and ((limited_by := way.limited_by) is None or limited_by == "none")
        and (not (width := way.width) or (bitrate_bps or 0) >= SHARP_BITS * width * (way.height or 0))
    )


def is_plainly_bad(seen: MediaStats) -> bool:
    """Whether so much is lost one way that the score of a sample is bad, whatever the rest of it tells."""
    ways = (way for way in (seen.up, seen.down) if way is not None)
    return any(way.loss_ratio is not None and PLAINLY_BAD_LOSS_RATIO <= way.loss_ratio <= 1 for way in ways)


def is_plainly_well_throughout(seen: MediaStatsSeries) -> bool:
    """Whether a glance shows that the score of every sample of a series is good."""
    ways = [way for way in (seen.up, seen.down) if way is not None]
    return (
        _lies_within(seen.rtt_ms, 0.0, PLAIN_RTT_MS)
        and any(way.loss_ratio for way in ways)
        and all(_is_plain_throughout(way) for way in ways)
    )


def _is_plain_throughout(way: DirectionSeries) -> bool:
    return (
        _lies_within(way.loss_ratio, 0.0, PLAIN_LOSS_RATIO)
        and _lies_within(way.jitter_ms, 0.0, PLAIN_JITTER_MS)
        and _lies_within(way.bitrate_bps, 1.0, MOST_BPS)
        and _lies_within(way.fps, SMOOTH_FPS, MOST_FPS)
        and not any(way.freezes)
        and all(word is None or word == "none" for word in set(way.limited_by))
        and _is_sharp_throughout(way)
    )


def _is_sharp_throughout(way: DirectionSeries) -> bool:
    if not any(way.width) or not any(way.height):
        return True
    pixels = max(width or 0 for width in way.width) * max(height or 0 for height in way.height)
    return bool(way.bitrate_bps) and min(bps or 0 for bps in way.bitrate_bps) >= SHARP_BITS * pixels


def _lies_within(column: Sequence[float | None], least: float, most: float) -> bool:
    """Whether all of a column is known and between the two; without a column there is nothing to find fault with."""
    if not column:
        return True
    return None not in column and least <= min(column) and max(column) <= most  # type: ignore[type-var, operator]

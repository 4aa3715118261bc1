"""Was the minute that somebody has just lived through a good one?

The same minutes as in `monitor.good_minutes`, judged while the call goes on, for all people at once: so a sample may
cost half a microsecond, and nobody may cost more memory than a few numbers.  Hence two differences.  A moment goes by
the level as it is when the post arrives, not as it was at that moment, and published tracks are not remembered.

It is not done while a browser waits for its answer.  What a post tells is put down as it comes, with the level of that
moment, and judged a little later, many posts at a stretch: before somebody's minutes end, whenever a few hundred
samples wait, and whenever somebody calls `settle`, as those do who look at what was counted or save it.  That is twice
as fast as one by one, between all the other things that are done with a post, and changes no verdict, since what waits
is judged in the order in which it came.  Hardly any sample is scored, too: `monitor.glances` shows that nearly all are
well, and those of a post that follow each other without a gap are counted as one stretch of time.

Time is each browser's own, put right by how far its clock is off.  A minute that is begun when the daemon stops is
begun anew by the next one.
"""

from collections.abc import Callable, Sequence
from itertools import chain, islice

from collectors.observations import MediaStats, MediaStatsSeries
from monitor.entities import Participant, Room
from monitor.glances import are_well, is_well, run_of_well
from monitor.good_minutes import (
    BROKEN,
    GOOD_LEVEL,
    LONGEST_INTERVAL_MS,
    NO_MINUTES,
    NO_SAMPLES,
    Minutes,
    Tally,
    heard_in,
    interval_ms_of,
    spoken_for_ms,
    verdict_of,
)
from monitor.rings import Ring

MOST_WAITING = 500  # samples; those that wait are held in memory, and should be still at hand for the processor


# What a post told: of whom, at what level, by which clock, and its samples.
_Told = tuple[Ring, int | None, int, Sequence[MediaStats], Sequence[MediaStatsSeries]]


class LiveMinutes:
    """The minutes of everybody who reports, as they go by.

    Args:
        tell: hears of minutes that are over: in which room they were, when that is, and how many were what.
    """

    def __init__(self, tell: Callable[[Room, int, Minutes], None]) -> None:
        self._tell = tell
        self._waiting: list[_Told] = []
        self._samples = 0  # that wait
        self._tally = Tally(0)  # of whom is being judged

    def hear(
        self,
        ring: Ring,
        who: Participant,
        level: int | None,
        media: Sequence[MediaStats],
        series: Sequence[MediaStatsSeries],
    ) -> None:
        """Take down what samples tell of somebody, whose ring it is; they must not change any more."""
        self._waiting.append((ring, BROKEN if who.reconnecting else level, who.clock_offset_ms, media, series))
        self._samples += len(media)
        for each in series:
            self._samples += len(each.at_ms)
        if self._samples >= MOST_WAITING:
            self.settle()

    def settle(self) -> None:
        """Judge what waits, in the order in which it came."""
        waiting, self._waiting, self._samples = self._waiting, [], 0
        for told in waiting:
            self._judge(*told)

    def _judge(
        self,
        ring: Ring,
        level: int | None,
        offset_ms: int,
        media: Sequence[MediaStats],
        series: Sequence[MediaStatsSeries],
    ) -> None:
        tally = self._tally
        if not self._resumes(ring):
            if (first_ms := _first_ms(media, series)) is None:
                return
            tally.resume(Tally(first_ms - offset_ms).times_ms)
        count = 0
        if media and (
            level is None or level >= GOOD_LEVEL
        ):  # as nearly always: in one stretch, up to the first that is not plainly well
            count, reach_ms = run_of_well(media, tally.at_ms + offset_ms)
            if not count and _spend_gap(tally, media[0].at_ms, media[0].interval_ms, offset_ms):
                count, reach_ms = run_of_well(media, tally.at_ms + offset_ms)
            tally.spend(by_our_clock(reach_ms, offset_ms), verdict=True)
        for seen in media[count:] if count < len(media) else ():
            _spend(tally, seen, level, offset_ms)
        for each in series:
            _spend_series(tally, each, level, offset_ms)
        self._keep(ring)

    def notice(self, ring: Ring, who: Participant, now_ms: int) -> None:
        """Judge the time since the last word of somebody who sends no samples by the level alone."""
        self.settle()
        if ring.count:
            return
        tally = self._tally
        if not self._resumes(ring):
            tally.resume(Tally(now_ms).times_ms)
        silent_ms = now_ms - tally.at_ms
        level = BROKEN if who.reconnecting else who.level
        tally.spend(now_ms, verdict_of(NO_SAMPLES, level) if silent_ms <= LONGEST_INTERVAL_MS else None)
        self._keep(ring)

    def break_off(self, ring: Ring, from_ms: int, until_ms: int) -> None:
        """Judge the time in which somebody's connection was being made anew."""
        self.settle()
        if until_ms > from_ms and self._resumes(ring):
            self._tally.spend(from_ms, None)
            self._tally.spend(until_ms, verdict=False)
            self._keep(ring)

    def end(self, ring: Ring) -> None:
        """Close the minutes of somebody who is gone."""
        self.settle()
        if self._resumes(ring) and (last := self._tally.end()) is not NO_MINUTES:
            self._tell(ring.room, ring.room.heard_at_ms, last)

    def _resumes(self, ring: Ring) -> bool:
        """Go on with somebody's tally; return whether there is one."""
        times_ms = ring.minute_ms
        self._tally.resume(times_ms)
        return any(times_ms)

    def _keep(self, ring: Ring) -> None:
        """Put down what the tally has come to, and tell of minutes that are over."""
        ring.minute_ms = self._tally.times_ms
        if self._tally.is_news:
            self._tell(ring.room, ring.room.heard_at_ms, self._tally.take())


def _first_ms(media: Sequence[MediaStats], series: Sequence[MediaStatsSeries]) -> int | None:
    """Return when the first of the intervals began, or None where there is none."""
    firsts = chain(media, *(islice(each.rows(), 1) for each in series))
    return min((seen.at_ms - interval_ms_of(seen) for seen in firsts), default=None)


def _spend_series(tally: Tally, series: MediaStatsSeries, level: int | None, offset_ms: int) -> None:
    if series.at_ms and (level is None or level >= GOOD_LEVEL):
        _spend_gap(tally, series.at_ms[0], next(iter(series.interval_ms), None), offset_ms)
        if are_well(series, tally.at_ms + offset_ms):
            tally.spend(by_our_clock(series.at_ms[-1], offset_ms), verdict=True)
            return
    for seen in series.rows():
        _spend(tally, seen, level, offset_ms)


def _spend_gap(tally: Tally, at_ms: int, interval_ms: int | None, offset_ms: int) -> bool:
    """Spend the time before a sample for which nobody speaks; return whether there was any."""
    began_ms = by_our_clock(at_ms, offset_ms) - spoken_for_ms(interval_ms)
    if began_ms <= tally.at_ms:
        return False
    tally.spend(began_ms, None)
    return True


def _spend(tally: Tally, seen: MediaStats, level: int | None, offset_ms: int) -> None:
    _spend_gap(tally, seen.at_ms, seen.interval_ms, offset_ms)
    tally.spend(by_our_clock(seen.at_ms, offset_ms), _verdict(seen, level))


def by_our_clock(at_ms: int, offset_ms: int) -> int:
    """Return a moment that a browser tells; where clocks agree it is the same number, and takes no memory anew."""
    return at_ms - offset_ms if offset_ms else at_ms


def _verdict(seen: MediaStats, level: int | None) -> bool | None:
    """Whether a moment is good, or None where that is not known; the dear question is asked last."""
    if level is not None and level < GOOD_LEVEL:
        return False
    verdict = is_well(seen)
    return verdict_of(heard_in(seen, None), level) if verdict is None else verdict

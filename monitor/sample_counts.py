"""How are everybody's media samples counted, by the thousand each second?

A sample has five numbers to count, and to find the bucket of each one by one would take longer than all else that is
done with it.  So samples are put down as they come, and some hundred are counted at a stretch: the numbers of each kind
are sorted, and the buckets are cut out of them.  Whoever wants to read the histograms calls `count` first.

Two things are done with some samples only.  One in `SCORED_EVERY` is scored, since a score takes ten microseconds:
which is enough for shares and quantiles of many.  And some are shown as exemplars: those that are scored, and the worst
of each stretch if it is bad, as that is what somebody will want to look at.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from collectors.observations import Direction, DirectionSeries, MediaStats, MediaStatsSeries, TelemetryBatch
from monitor.good_minutes import GOOD_SCORE
from monitor.histograms import Histogram
from monitor.quality import DirectionScore, score_of

COUNTED_AT_ONCE = 256  # few enough to be still at hand for the processor
SCORED_EVERY = 61

# From here on the worst of a stretch is looked for, to be shown.
BAD_RTT_MS = 400.0
BAD_JITTER_MS = 50.0
BAD_LOSS_RATIO = 0.08

_Sample = tuple[MediaStats, TelemetryBatch]


class Way(NamedTuple):
    """The histograms of one direction."""

    jitter: Histogram
    loss: Histogram
    score: Histogram


class SampleCounts:
    """Counts media samples.

    Args:
        rtt: the histogram of round-trip times.
        ways: those of each direction, `up` and `down`.
        shows_exemplars: whether single values may be shown with whose they were.
    """

    def __init__(self, rtt: Histogram, ways: Mapping[str, Way], *, shows_exemplars: bool = True) -> None:
        self._rtt = rtt
        self._ways = ways
        self._shows_exemplars = shows_exemplars
        self._noted: list[MediaStats] = []
        self._ends: list[int] = []  # up to where the samples that are noted are of a post
        self._posts: list[TelemetryBatch] = []
        self._columns: list[tuple[TelemetryBatch, MediaStatsSeries]] = []
        self._rows = 0  # of these
        self._skip = 0  # so many samples are passed over until the next is scored
        self.note = self._noted.append

    def come_from(self, post: TelemetryBatch) -> None:
        """Take note that the samples that were noted since the last call are of this post."""
        self._ends.append(len(self._noted))
        self._posts.append(post)
        if self._ends[-1] + self._rows >= COUNTED_AT_ONCE:
            self.count()

    def note_series(self, post: TelemetryBatch, series: MediaStatsSeries) -> None:
        """Take down many samples of a post."""
        self._columns.append((post, series))
        self._rows += len(series.at_ms)

    def count(self) -> None:
        """Count what was noted."""
        columns = [series for _, series in self._columns]
        rtts = [seen.rtt_ms for seen in self._noted if seen.rtt_ms is not None]
        for series in columns:
            rtts += [rtt_ms for rtt_ms in series.rtt_ms if rtt_ms is not None]
        self._rtt.count_all(rtts)
        ups = [seen.up for seen in self._noted if seen.up is not None]
        downs = [seen.down for seen in self._noted if seen.down is not None]
        up = _count_way(self._ways["up"], ups, [series.up for series in columns if series.up is not None])
        down = _count_way(self._ways["down"], downs, [series.down for series in columns if series.down is not None])
        self._look_closer(list(self._picked()))
        if self._shows_exemplars:
            self._show_worst(rtts, up, down)
        self._forget()

    def _forget(self) -> None:
        self._noted.clear()
        self._ends.clear()
        self._posts.clear()
        self._columns.clear()
        self._rows = 0

    # --- scores -------------------------------------------------------------------------------------------

    def _picked(self) -> Iterator[_Sample]:
        """Return one of so many samples, however many come at once."""
        for index in self._step(len(self._noted)):
            yield self._noted[index], self._post_of(index)
        for post, series in self._columns:
            yield from ((series.row(index), post) for index in self._step(len(series.at_ms)))

    def _step(self, samples: int) -> range:
        """Return which of the next so many samples are picked."""
        picked = range(self._skip, samples, SCORED_EVERY)
        self._skip += len(picked) * SCORED_EVERY - samples
        return picked

    def _post_of(self, index: int) -> TelemetryBatch:
        return self._posts[min(bisect_right(self._ends, index), len(self._posts) - 1)]

    def _look_closer(self, picked: Sequence[_Sample]) -> None:
        for seen, post in picked:
            score = score_of(seen)
            up, down = (score.up, score.down) if score is not None else (None, None)
            values = {name: _proven(each) for name, each in (("up", up), ("down", down))}
            for name, value in values.items():
                if value is not None:
                    self._ways[name].score.observe(value)
            if self._shows_exemplars:
                self._show(seen, post, values)

    # --- exemplars ----------------------------------------------------------------------------------------

    def _show(self, seen: MediaStats, post: TelemetryBatch, scores: Mapping[str, float | None]) -> None:
        """Show every number of a sample."""
        self._show_one(self._rtt, seen.rtt_ms, seen, post)
        for name, told in (("up", seen.up), ("down", seen.down)):
            way = self._ways[name]
            self._show_one(way.score, scores.get(name), seen, post)
            if told is not None:
                self._show_one(way.jitter, told.jitter_ms, seen, post)
                self._show_one(way.loss, told.loss_ratio, seen, post)

    def _show_worst(self, rtts: Sequence[float], up: "_Counted", down: "_Counted") -> None:
        """Show the worst that was noted of each number, where it is bad; the numbers are in order."""
        if rtts and rtts[-1] >= BAD_RTT_MS:
            self._show_first(self._rtt, rtts[-1], [seen.rtt_ms for seen in self._noted])
        for name, counted in (("up", up), ("down", down)):
            way = self._ways[name]
            if counted.jitter and counted.jitter[-1] >= BAD_JITTER_MS:
                self._show_first(way.jitter, counted.jitter[-1], [each.jitter_ms for each in self._told(name)])
            if counted.loss and counted.loss[-1] >= BAD_LOSS_RATIO:
                self._show_first(way.loss, counted.loss[-1], [each.loss_ratio for each in self._told(name)])

    def _told(self, direction: str) -> Iterator[Direction]:
        return (getattr(seen, direction) or _NOTHING for seen in self._noted)

    def _show_first(self, histogram: Histogram, worst: float, told: Sequence[float | None]) -> None:
        if worst in told:  # it may have come in a series, of which only those are shown that are scored
            index = told.index(worst)
            self._show_one(histogram, worst, self._noted[index], self._post_of(index))

    def _show_one(self, histogram: Histogram, told: float | None, seen: MediaStats, post: TelemetryBatch) -> None:
        if told is not None and post.room_sid is not None and post.participant_sid is not None:
            at_ms = seen.at_ms - (post.clock_offset_ms or 0)
            histogram.show(told, at_ms, post.room_sid, post.participant_sid)


class _Counted(NamedTuple):
    """What was counted of a direction, in order."""

    jitter: list[float]
    loss: list[float]


_NOTHING = Direction()


def _count_way(way: Way, told: Sequence[Direction], columns: Sequence[DirectionSeries]) -> _Counted:
    jitters = [each.jitter_ms for each in told if each.jitter_ms is not None]
    losses = [each.loss_ratio for each in told if each.loss_ratio is not None]
    for column in columns:
        jitters += [jitter_ms for jitter_ms in column.jitter_ms if jitter_ms is not None]
        losses += [loss_ratio for loss_ratio in column.loss_ratio if loss_ratio is not None]
    way.jitter.count_all(jitters)
    way.loss.count_all(losses)
    return _Counted(jitters, losses)


def _proven(score: DirectionScore | None) -> float | None:
    """Return a score that says something: a good one without a word on loss is no more than a hint."""
    if score is None or not (score.is_loss_known or score.value < GOOD_SCORE):
        return None
    return score.value

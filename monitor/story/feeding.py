"""What is new in a call since somebody was last told?

A feed belongs to one who looks.  It keeps what was measured in the last minutes and what happened, takes what comes in,
and says what has to be shown anew: the lanes of the steps that changed, and the entries of the story that did.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from alerts.model import Incident
from collectors.events import Event
from collectors.observations import TelemetryBatch
from monitor.history.grids import grid_of
from monitor.history.samples import Samples, joined
from monitor.store.lines import Lines
from monitor.store.ports import Call, Changed, Happening, Line, Resolve
from monitor.store.rows import happenings_of, has_happenings, place_of
from monitor.story.lanes import lanes_view
from monitor.story.material import Material
from monitor.story.missing import Inputs, missing_of
from monitor.story.people import People
from monitor.story.shapes import Entry, LanesView, Missing
from monitor.story.telling import entries_of

KEPT_MS = 900_000  # samples: what comes later than that is there when the page is opened anew
LATE_MS = 60_000  # what was posted so long after it was measured is looked for when a stream begins
MOST_HAPPENINGS = 20_000

_EVER_MS = 2**62


class Feed:
    """What somebody who looks at a call has been shown, and what has come in since.

    Args:
        lines: what was measured in the call until now.
        happenings: what happened until now.
        step_ms: how long the steps of the lanes are that are shown.
        since_ms: up to when everything is shown already.
        lacking: what may be missing of what was measured.
    """

    def __init__(
        self,
        lines: Iterable[Line],
        happenings: Iterable[Happening],
        step_ms: int,
        since_ms: int,
        lacking: str = "",
    ) -> None:
        self.step_ms = step_ms
        self._lacking = lacking
        self._kept_since_ms = max(since_ms - LATE_MS, 0)
        self._lines = {line.series.participant: line for line in lines}
        self._happenings = dict.fromkeys(happenings)
        self._changed_since_ms: int | None = self._kept_since_ms
        self._shown: dict[str, Entry] = {}
        self._missing: Sequence[Missing] = ()
        self._trim(self._kept_since_ms)

    def take(self, events: Iterable[Event], resolve: Resolve) -> None:
        """Take what came in."""
        fresh = Lines()
        for event in events:
            if isinstance(event, TelemetryBatch):
                fresh.add(event)
            if has_happenings(event) and len(self._happenings) < MOST_HAPPENINGS:
                self._happenings |= dict.fromkeys(happenings_of(event, place_of(event)))
        for line in fresh.take(resolve):
            self._add(line)

    def _add(self, line: Line) -> None:
        who, first_ms = line.series.participant, line.samples.span_ms[0]
        known = self._lines.get(who)
        samples = line.samples if known is None else joined([known.samples, line.samples])
        self._lines[who] = Line(line.series, _each_once(samples))
        self._touch(first_ms)

    def _touch(self, at_ms: int) -> None:
        since_ms = self._changed_since_ms
        self._changed_since_ms = at_ms if since_ms is None else min(since_ms, at_ms)

    # --- lanes ----------------------------------------------------------------------------------------------

    def lanes(self, call: Call, now_ms: int) -> LanesView:
        """Return the lanes of the steps that have changed: those with news, and those that time has gone on in."""
        from_ms = max(self._changed_since_ms or now_ms - 1, self._kept_since_ms)
        grid = grid_of(min(from_ms, now_ms - 1), now_ms, self.step_ms)
        people, happenings = self.people(call), list(self._happenings)
        view = lanes_view(call.room, people, happenings, grid, (grid.from_ms, now_ms))
        self._changed_since_ms = now_ms - 1  # the step that has begun is not over
        self._trim(now_ms - KEPT_MS)
        return view

    def people(self, call: Call) -> People:
        """Return everybody who is known of."""
        return People(call.room, self._lines.values(), self._happenings)

    def _trim(self, since_ms: int) -> None:
        self._kept_since_ms = max(self._kept_since_ms, since_ms)
        self._lines = {
            who: Line(line.series, _since(line.samples, self._kept_since_ms)) for who, line in self._lines.items()
        }

    # --- the story ------------------------------------------------------------------------------------------

    def story(
        self, call: Call, alerts: Sequence[Changed], incidents: Sequence[Incident], kept_since_ms: int, now_ms: int
    ) -> tuple[list[Entry], list[Missing], bool]:
        """Return the entries that are new or have changed, what is missing, and whether either is news."""
        people, happenings = self.people(call), sorted(self._happenings, key=lambda each: each.at_ms)
        entries = entries_of(Material(call, people, happenings, alerts, incidents, (0, _EVER_MS)))
        news = [each for each in entries if self._shown.get(each.id) != each]
        self._shown = {each.id: each for each in entries}
        missing = missing_of(Inputs(call, people, happenings, kept_since_ms, now_ms, self._lacking))
        is_news = bool(news) or missing != self._missing
        self._missing = missing
        return news, missing, is_news


def unknown_to(entries: Iterable[Entry], since_ms: int) -> list[Entry]:
    """Return those entries that whoever knows everything up to a moment may not know."""
    return [each for each in entries if max(each.at_ms, each.until_ms or 0) >= since_ms - LATE_MS]


def _since(samples: Samples, since_ms: int) -> Samples:
    """Return samples from a moment on, with the levels that still hold then."""
    later = samples.within(since_ms, _EVER_MS)
    held = _last_of_each(samples, int(np.searchsorted(samples.level_at_ms, since_ms)))
    at_ms = np.concatenate((samples.level_at_ms[held], later.level_at_ms))
    return Samples(later.at_ms, later.media, at_ms, np.concatenate((samples.levels[held], later.levels)), later.words)


def _last_of_each(samples: Samples, before: int) -> list[int]:
    """Return where the last level of each subject is, among the first so many."""
    last: dict[float, int] = {}
    for place, subject in enumerate(samples.levels[:before, 1].tolist()):
        last[-1.0 if subject != subject else subject] = place  # noqa: PLR0124  # NaN is not itself
    return sorted(last.values())


def _each_once(samples: Samples) -> Samples:
    """Return samples of which none is there twice, though the log and a stream may both have told of it."""
    at_ms, first = np.unique(samples.at_ms, return_index=True)
    return Samples(at_ms, samples.media[first], samples.level_at_ms, samples.levels, samples.words)

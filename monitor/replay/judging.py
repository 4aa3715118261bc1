"""What would the rules have said at a moment?

This is the look of `monitor.evaluation`, with the time as an argument and nothing to make durable: the same engine, the
same readings, adopted as soon as they are judged.  All that a replay knows of the engine is here.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from alerts.engine import Engine
from alerts.model import Kind, Rule, Transition
from monitor.entities import Change, Ref
from monitor.limits import Limits
from monitor.live import Live
from monitor.naming import Naming
from monitor.readings import glance, read
from monitor.replay.telling import Said, Telling


class Found(NamedTuple):
    """What a look has changed, and what somebody would have been told."""

    transitions: Sequence[Transition] = ()
    said: Sequence[Said] = ()


class Judge:
    """Looks at what changed or fell due, and believes what it finds.

    Args:
        rules: by which it judges.
        live: the picture.
        limits: what readings are measured against.
        naming: what names of rooms tell.
        telling: who would hear of it.
    """

    def __init__(self, rules: Iterable[Rule], live: Live, limits: Limits, naming: Naming, telling: Telling) -> None:
        self.engine = Engine(rules)
        self._live = live
        self._limits = limits
        self._naming = naming
        self._telling = telling
        self.kinds: set[Kind] = set()  # of what there was anything to see

    def next_at_s(self) -> float | None:
        """Return when the next look is due though nothing changes."""
        moments = (self.engine.next_deadline(), self._telling.next_at_s())
        return min((at for at in moments if at is not None), default=None)

    def look(self, changes: Iterable[Change], now_s: float) -> Found:
        """Look at what changed and at what is due."""
        wanted = {Ref(kind.value, entity): Change(Ref(kind.value, entity)) for kind, entity in self.engine.due(now_s)}
        wanted |= {change.ref: change for change in changes}  # of several changes of one thing the last counts
        readings = [
            read(self._live, change, self._limits, self._naming, now_s)
            for change in wanted.values()
            if not self._is_quiet(change, now_s)
        ]
        self.kinds.update(reading.kind for reading in readings if reading.gone is None)
        look = self.engine.judge(readings, now_s)
        told = self._telling.tell(look, now_s)
        self.engine.adopt(told.alerts, look.deadlines)
        return Found(look.transitions, told.said)

    def _is_quiet(self, change: Change, now_s: float) -> bool:
        """Whether a look would find nothing, as most do."""
        seen = glance(self._live, change.ref, self._limits, now_s) if change.gone is None else None
        if seen is None:
            return False
        return self.engine.is_quiet(Kind(change.ref.kind), change.ref.key, seen.values, seen.changes_at)

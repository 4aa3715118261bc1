"""When will somebody's alerts change, if nothing counts but what they measured?

Timers run out some time after something was measured; one that comes back has to be well for longer each time; and what
flaps ends when it has come to rest: at which moment follows from all that was before.  So the engine is asked, with one
person alone in its world, and shown only what may change its mind.  What alerts show at those moments has to be at hand
when the replay gets there.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from alerts.engine import Engine
from alerts.model import Kind, Reading, Rule
from monitor.history.samples import Times

Values = Mapping[str, float | None]

_WHO = "somebody"
_ROUNDING = 1e-3  # of a millisecond: as a number of seconds it may fall short of itself by less


def rehearsed(rules: Sequence[Rule], turns_ms: Times, until_ms: int, values_at: Callable[[int], Values]) -> Times:
    """Return when an alert of one person changes.

    Args:
        rules: over participants.
        turns_ms: when any of their conditions has another answer than before, in the order of time.
        until_ms: up to when it matters.
        values_at: tells what was known at a moment.
    """
    engine = Engine(rules)

    def changes(at_s: float) -> bool:
        look = engine.judge([Reading(Kind.PARTICIPANT, _WHO, values_at(int(at_s * 1000 + _ROUNDING)))], at_s)
        engine.adopt(look.alerts, look.deadlines)
        return bool(look.transitions)

    moments = [round(at_s * 1000) for at_s in _looks(engine, turns_ms, until_ms) if changes(at_s)]
    return np.array(moments, np.int64)


def _looks(engine: Engine, turns_ms: Times, until_ms: int) -> Iterator[float]:
    """Yield each turn, and whenever the engine asks to look again."""
    for at_ms in [*turns_ms.tolist(), until_ms]:
        while (due_s := engine.next_deadline()) is not None and due_s < at_ms / 1000:
            yield due_s
        yield at_ms / 1000

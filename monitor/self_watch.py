"""Who watches the watcher, from within?

The event loop and the thread that writes are watched for stalls, the garbage collector is timed, and so is each chore.
What comes of it is counted, told in the log, shown to Prometheus, and shown to rules like everything else.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from monitor.chore_times import Chores
from monitor.metrics import Metrics
from monitor.stalls.collections import collections_timed
from monitor.stalls.loop_watch import LoopWatch, Stall
from monitor.stalls.writer_watch import WriterWatch
from monitor.store.ports import Writing


class SelfWatch:
    """Watches what everything else of the daemon depends on.

    Args:
        metrics: where it is counted.
        writing: returns what the thread that writes does.
        now_s: the time.
    """

    def __init__(self, metrics: Metrics, writing: Callable[[], Writing], now_s: Callable[[], float]) -> None:
        self.chores = Chores(now_s)
        self.writer = WriterWatch(writing)
        self._metrics = metrics

    @contextmanager
    def on_duty(self) -> Iterator[None]:
        """Watch the event loop that this is entered in, and the garbage collector."""
        with collections_timed(self._count_pause), LoopWatch(self._count_beat, self._count_stall):
            yield

    def _count_beat(self, late_s: float) -> None:
        self._metrics.observe("roomwatch_event_loop_delay_seconds", late_s)

    def _count_stall(self, stall: Stall) -> None:
        self._metrics.add("roomwatch_event_loop_stalls_total", stall.cause.value)

    def _count_pause(self, lasted_s: float) -> None:
        self._metrics.observe("roomwatch_gc_pause_seconds", lasted_s)

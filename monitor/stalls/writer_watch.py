"""Does a write take so long that everybody waits for it?

There is one thread that writes, so whatever it does keeps all others.  Looked at by the event loop, which does not wait
for it.  A write that takes long is told with the stack of the thread while it runs, and once more when it is over.
"""

import time
from collections.abc import Callable
from logging import getLogger

from monitor.stalls.judgement import unwatched_s
from monitor.stalls.stacks import in_a_line, stack_of
from monitor.store.ports import Writing

_log = getLogger(__name__)

LOOK_EVERY_S = 1.0
LONG_S = 5.0


class WriterWatch:
    """Watches the thread that writes.

    Args:
        writing: returns what it does just now.
        now_s: a clock that only goes on, the one by which writes are timed.
    """

    def __init__(self, writing: Callable[[], Writing], now_s: Callable[[], float] = time.monotonic) -> None:
        self._writing = writing
        self._now_s = now_s
        self._looked_at_s = now_s()
        self._began_s: float | None = None  # of the write that was seen last
        self._stopped_s = 0.0  # for how long this process was not run since then
        self._told_s = 0.0  # how long it had taken when that was told; 0: it was not

    async def look(self) -> None:
        """See what the writing thread does."""
        now_s, writing = self._now_s(), self._writing()
        self._stopped_s += unwatched_s(now_s - self._looked_at_s, LOOK_EVERY_S)
        self._looked_at_s = now_s
        if writing.began_s != self._began_s:
            self._tell_end()
            self._began_s, self._stopped_s, self._told_s = writing.began_s, 0.0, 0.0
        elif writing.began_s is not None:
            self._tell_length(writing, now_s - writing.began_s - self._stopped_s)

    def _tell_length(self, writing: Writing, taken_s: float) -> None:
        if taken_s < LONG_S:
            return
        if not self._told_s:
            where = in_a_line(stack_of(writing.thread))
            _log.warning(
                "a write has been running for %.1f s and %d wait for it: it is at %s",
                taken_s,
                writing.waiting,
                where,
                extra={"fields": {"event": "write_stalls"}},
            )
        self._told_s = taken_s

    def _tell_end(self) -> None:
        if self._told_s:
            _log.warning("the long write is over, after about %.0f s", self._told_s)

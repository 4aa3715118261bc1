"""What kept the event loop from coming round?

The loop leaves a mark twenty times a second, and a thread looks as often whether it does.  Once the last mark is older
than it may be, the thread takes the stack of the loop's thread, while what keeps it still does; the loop itself, when
it comes round, knows how long it was and tells both in one line.  What lasts is told before it is over.

Both together cost 0.3 % of a core while nothing goes on, and nothing that could be measured under load.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from logging import getLogger
from types import TracebackType
from typing import NamedTuple, Self

from monitor.stalls.judgement import STALL_S, Cause, cause_of, unwatched_s
from monitor.stalls.stacks import in_a_line, is_idle, stack_of

_log = getLogger(__name__)

EVERY_S = 0.05
TOLD_MEANWHILE_AFTER_S = 5.0
LINE_EVERY_S = 10.0  # stalls that come more often are counted, and the next line says how many were

_WHY = {
    Cause.BLOCKED: "it was kept at",
    Cause.NATIVE: "native code let nobody else run, in or after",
    Cause.FROZEN: "the process was not run, and went on at",
}


class Stall(NamedTuple):
    """A time in which the loop did not come round."""

    lasted_s: float
    cause: Cause
    stack: tuple[str, ...]


class LoopWatch:
    """Watches the event loop it is entered in; a context manager.

    Args:
        on_beat: is told how late the loop was, each time it comes round.
        on_stall: is told of each stall, once it is over.
    """

    def __init__(
        self,
        on_beat: Callable[[float], None] = lambda _: None,
        on_stall: Callable[[Stall], None] = lambda _: None,
    ) -> None:
        self._on_beat = on_beat
        self._on_stall = on_stall
        self._over = threading.Event()
        self._stack: tuple[str, ...] = ()  # taken during the stall that goes on
        self._is_told = False  # that it goes on
        self._unwatched_s = 0.0  # since the last beat
        self._quiet_until_s = 0.0
        self._unsaid = 0

    def __enter__(self) -> Self:
        self._loop, self._loop_thread = asyncio.get_running_loop(), threading.get_ident()
        self._beat_at_s = self._looked_at_s = time.monotonic()
        self._cpu_s = time.process_time()
        self._next = self._loop.call_later(EVERY_S, self._beat)
        self._thread = threading.Thread(target=self._watch, name="loop-watch", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._next.cancel()
        self._over.set()
        self._thread.join()

    # --- in the loop --------------------------------------------------------------------------------------

    def _beat(self) -> None:
        now_s, cpu_s = time.monotonic(), time.process_time()
        late_s = max(0.0, now_s - self._beat_at_s - EVERY_S)
        if late_s >= STALL_S:
            self._came_round(now_s, late_s, cpu_s - self._cpu_s)
        self._beat_at_s, self._cpu_s = now_s, cpu_s
        self._stack, self._unwatched_s, self._is_told = (), 0.0, False
        self._on_beat(late_s)
        self._next = self._loop.call_later(EVERY_S, self._beat)

    def _came_round(self, now_s: float, late_s: float, cpu_s: float) -> None:
        missed_s = self._unwatched_s + unwatched_s(now_s - self._looked_at_s, EVERY_S)
        stack = self._stack
        stall = Stall(late_s, cause_of(late_s, missed_s, cpu_s, is_idle=is_idle(stack)), stack)
        self._on_stall(stall)
        if now_s < self._quiet_until_s and not self._is_told:
            self._unsaid += 1
            return
        before = f"; {self._unsaid} shorter ago than {LINE_EVERY_S:g} s were not told" if self._unsaid else ""
        self._quiet_until_s, self._unsaid = now_s + LINE_EVERY_S, 0
        why = f"{_WHY[stall.cause]} {in_a_line(stack)}" if stack else _WHY[stall.cause].partition(",")[0]
        _log.warning(
            "the event loop did not come round for %.3f s: %s%s",
            late_s,
            why,
            before,
            extra={"fields": {"event": "loop_stalled", "cause": stall.cause.value, "lasted_s": f"{late_s:.3f}"}},
        )

    # --- in the thread that watches -----------------------------------------------------------------------

    def _watch(self) -> None:
        while not self._over.wait(EVERY_S):
            now_s = time.monotonic()
            self._unwatched_s += unwatched_s(now_s - self._looked_at_s, EVERY_S)
            self._looked_at_s = now_s
            watched_s = now_s - self._beat_at_s - EVERY_S - self._unwatched_s
            if watched_s >= STALL_S and not self._stack:
                self._stack = stack_of(self._loop_thread)
            if watched_s >= TOLD_MEANWHILE_AFTER_S and not self._is_told:
                self._tell_meanwhile(watched_s)

    def _tell_meanwhile(self, watched_s: float) -> None:
        self._is_told = True
        _log.warning(
            "the event loop has not come round for %.1f s, and still does not: it is kept at %s",
            watched_s,
            in_a_line(stack_of(self._loop_thread)),
            extra={"fields": {"event": "loop_stalls"}},
        )

"""How does a thread work for the event loop, at the price of few switches between the two?

Whoever wakes a thread while holding the interpreter lock wakes it in vain: it meets the lock, sleeps again, and is
woken once more.  A thread pool does that with its queue, and makes two futures for every piece of work.  Here the
thread listens at a pipe, and to write into one lets go of the lock first.  Of a small commit, that saves a third.
"""

import asyncio
import os
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Args = TypeVarTuple("Args")

_RINGS_AT_ONCE = 4096


class Worker:
    """A thread that does what it is given, one piece after the other.  Made inside a running event loop."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[asyncio.Future[Any], Callable[..., Any], tuple[Any, ...]]] = deque()
        self._ear, self._bell = os.pipe()
        threading.Thread(target=self._listen, name=name, daemon=True).start()

    def do(self, work: Callable[[*Args], T], *args: *Args) -> asyncio.Future[T]:
        """Have the thread do something; what nobody waits for any more when its turn comes is left undone.

        Raises:
            RuntimeError: it was closed.
        """
        if self._bell < 0:  # the number may be another file's by now
            raise RuntimeError("expected a worker that is open, got one that was closed")
        done: asyncio.Future[T] = self._loop.create_future()
        self._waiting.append((done, work, args))
        os.write(self._bell, b"\0")
        return done

    def close(self) -> None:
        """Take nothing more; the thread ends after what it was given."""
        bell, self._bell = self._bell, -1
        os.close(bell)

    # --- on the thread ------------------------------------------------------------------------------------

    def _listen(self) -> None:
        while os.read(self._ear, _RINGS_AT_ONCE):
            while self._waiting:
                self._do_next()
        os.close(self._ear)

    def _do_next(self) -> None:
        done, work, args = self._waiting.popleft()
        if done.cancelled():
            return
        result, error = None, None
        try:
            result = work(*args)
        except BaseException as raised:  # noqa: BLE001 - it is whoever waits that it concerns
            error = raised
        with suppress(RuntimeError):  # a loop that is closed waits for nothing
            self._loop.call_soon_threadsafe(_tell, done, result, error)


def _tell(done: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if done.cancelled():
        return
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)

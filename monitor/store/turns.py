"""How does a thread that works for long let others run?

The event loop may be waiting for the interpreter, which Python takes from a busy thread only after five milliseconds.
"""

import time

TURN_S = 0.001


class Turns:
    """One piece of work on a thread, which lets others run every millisecond."""

    def __init__(self) -> None:
        self._since_s = time.perf_counter()

    def give_way(self) -> None:
        """Let others run, if it has been long enough: to do so costs as much as some posts."""
        now_s = time.perf_counter()
        if now_s - self._since_s > TURN_S:
            time.sleep(0)
            self._since_s = now_s

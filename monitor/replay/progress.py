"""How far is a replay, and how long will it take?  One line on a terminal, said over and over."""

from collections.abc import Callable
from typing import IO

EVERY_S = 0.2
_WIDTH = 78


class Progress:
    """The line of one replay.

    Args:
        stream: a terminal.
        span_ms: from when to when time goes by.
        now_s: what time it is here.
    """

    def __init__(self, stream: IO[str], span_ms: tuple[int, int], now_s: Callable[[], float]) -> None:
        self._stream = stream
        self._span_ms = span_ms
        self._now_s = now_s
        self._began_s = self._said_s = now_s()

    def tell(self, doing: str, at_ms: int) -> None:
        """Say how far it is, unless that was said just now."""
        now_s = self._now_s()
        if now_s - self._said_s >= EVERY_S:
            self._said_s = now_s
            self._say(progress_text(doing, at_ms, self._span_ms, now_s - self._began_s))

    def end(self) -> None:
        """Leave the line empty for whatever is said next."""
        if self._said_s != self._began_s:
            self._say("")
            self._stream.write("\r")

    def _say(self, text: str) -> None:
        self._stream.write(f"\r{text:<{_WIDTH}}")
        self._stream.flush()


def progress_text(doing: str, at_ms: int, span_ms: tuple[int, int], elapsed_s: float) -> str:
    """Return how far it is, in words."""
    done_ms, all_ms = at_ms - span_ms[0], span_ms[1] - span_ms[0]
    left_s = elapsed_s * (all_ms - done_ms) / done_ms if done_ms > 0 else None
    left = "" if left_s is None else f", {left_s:.0f} s left"
    return f"{doing}: {done_ms / 3_600_000:.1f} of {all_ms / 3_600_000:.1f} hours, {done_ms / all_ms:.0%}{left}"


def pace_text(span_ms: tuple[int, int], elapsed_s: float) -> str:
    """Return how long it took, and how much faster than it happened that was."""
    times = (span_ms[1] - span_ms[0]) / 1000 / max(elapsed_s, 1e-9)
    return f"replayed in {elapsed_s:.1f} s, {times:,.0f} times as fast as it happened"

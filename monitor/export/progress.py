"""How far is it, and how long will it take?  One line on a terminal, said over and over."""

from collections.abc import Callable
from typing import IO

from monitor.sizes import in_words

EVERY_S = 0.2
_FIRST_GUESS_AFTER_S = 1.0


class Progress:
    """The line of one export.

    Args:
        stream: a terminal.
        expected: about how many rows there will be.
        now_s: what time it is.
    """

    def __init__(self, stream: IO[str], expected: int, now_s: Callable[[], float]) -> None:
        self._stream = stream
        self._expected = expected
        self._now_s = now_s
        self._began_s = now_s()
        self._said_s = self._began_s

    def tell(self, rows: int, size_bytes: Callable[[], int]) -> None:
        """Say how far it is, unless that was said just now."""
        now_s = self._now_s()
        if now_s - self._said_s >= EVERY_S:
            self._said_s = now_s
            self._stream.write(f"\r{progress_text(rows, self._expected, size_bytes(), now_s - self._began_s):<78}")
            self._stream.flush()

    def end(self) -> None:
        """Leave the line empty for whatever is said next."""
        if self._said_s != self._began_s:
            self._stream.write(f"\r{'':<78}\r")
            self._stream.flush()


def progress_text(rows: int, expected: int, size_bytes: int, elapsed_s: float) -> str:
    """Return how far it is, in words; there may be more rows than were expected."""
    said = f"{rows:,} rows, {in_words(size_bytes)}"
    if rows >= expected:
        return said
    said = f"{said}, {rows / expected:.0%}"
    if rows == 0 or elapsed_s < _FIRST_GUESS_AFTER_S:
        return said
    return f"{said}, {_duration(elapsed_s * (expected - rows) / rows)} left"


def share_text(of: str, rows: int, expected: int, elapsed_s: float, before: int = 0) -> str:
    """Return how far it is, how fast it goes, and how long it will take, in words.

    Those that were there `before` it began have taken none of the time.
    """
    said = f"{rows:,} of {expected:,} {of}"
    if not expected:
        return said
    said = f"{said}, {min(1.0, rows / expected):.0%}"
    done = rows - before
    if done <= 0 or elapsed_s < _FIRST_GUESS_AFTER_S:
        return said
    said = f"{said}, {done / elapsed_s:,.0f} a second"
    return said if rows >= expected else f"{said}, {_duration(elapsed_s * (expected - rows) / done)} left"


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"

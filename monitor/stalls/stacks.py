"""Where is a thread just now?  As one line for the log: places in the code, never values."""

import sys
from types import FrameType

FRAMES_SHOWN = 12  # the innermost; those before lead from the loop to there
_OF_THE_LOOP = ("/asyncio/", "/selectors.py")


def stack_of(thread: int) -> tuple[str, ...]:
    """Return where a thread is, the innermost place first, or nothing if it is no more."""
    places: list[str] = []
    frame = sys._current_frames().get(thread)  # noqa: SLF001 - the documented way in spite of its name
    while frame is not None and len(places) < FRAMES_SHOWN:
        places.append(_place(frame))
        frame = frame.f_back
    return tuple(places)


def is_idle(stack: tuple[str, ...]) -> bool:
    """Whether this is a loop that waits for something to do: then nobody keeps it from its work."""
    return not stack or any(part in stack[0] for part in _OF_THE_LOOP)


def in_a_line(stack: tuple[str, ...]) -> str:
    """Return a stack for the log."""
    return " < ".join(stack) or "unknown"


def _place(frame: FrameType) -> str:
    code = frame.f_code
    return f"{code.co_filename}:{frame.f_lineno} {code.co_name}"

"""Why did the event loop not come round?  Pure.

From within, three things look alike: somebody blocks the loop, native code keeps the interpreter to itself, or nothing
of the process runs at all, as it was stopped or the machine had no processor for it.  The thread that watches tells
them apart: what blocks the loop leaves the watcher on time; where it was late too, the processor time tells whether
the process worked meanwhile.  A machine that sleeps stops the clock as well, so that is no stall in the first place.
"""

from enum import StrEnum

STALL_S = 0.2


class Cause(StrEnum):
    """What kept the loop."""

    BLOCKED = "blocked"  # Python code that did not give way: the stack says which
    NATIVE = "native"  # code that let no other thread run, so nobody could look at its stack
    FROZEN = "frozen"  # the process, or its loop, was not given a processor: no fault of what it was about to do


def unwatched_s(gap_s: float, every_s: float) -> float:
    """Return for how long nobody watched between two looks that should have been `every_s` apart."""
    late_s = gap_s - every_s
    return late_s if late_s > every_s else 0.0


def cause_of(late_s: float, unwatched_s: float, cpu_s: float, *, is_idle: bool) -> Cause:
    """Return what kept the loop.

    Args:
        late_s: for how long it did not come round.
        unwatched_s: for how long of that the watcher did not either.
        cpu_s: how much processor time the process used meanwhile.
        is_idle: whether the loop was seen to wait for something to do.
    """
    if unwatched_s < late_s / 2:
        return Cause.FROZEN if is_idle else Cause.BLOCKED
    return Cause.NATIVE if cpu_s >= late_s / 2 else Cause.FROZEN

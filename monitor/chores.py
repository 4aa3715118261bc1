"""Is everything done that has to be done again and again?

Each chore of the scheduler is timed (`monitor.chore_times`): when it was last done, how long that took, how often it
could not be done.  One that has not been done for several of its intervals is overdue, whatever keeps it: that it
fails, that it hangs, or that nobody wakes it.
"""

CHORES = ("heartbeat", "canary", "picture", "rounds", "sight", "expiry", "settling", "disk", "retention")
OVERDUE_FACTOR = 3.0  # intervals come with a jitter, and one failure is tried again at the next
OVERDUE_GRACE_S = 120.0  # for those of a few seconds


class Chore:
    """One of them; it counts as done from the start, so that it is overdue even if it never was."""

    def __init__(self, every_s: float, now_s: float) -> None:
        self.every_s = every_s
        self.done_at_s: float | None = None
        self.took_s: float | None = None
        self.failures = 0
        self._since_s = now_s

    def is_overdue(self, now_s: float) -> bool:
        """Whether it has not been done for too long."""
        since_s = self._since_s if self.done_at_s is None else self.done_at_s
        return now_s - since_s > OVERDUE_FACTOR * self.every_s + OVERDUE_GRACE_S

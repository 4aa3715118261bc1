"""What is promised, to whom, and when does somebody have to be told that the promise is being broken?

A service level objective says which share of something is to end well: of people's minutes, of attempts to join, of
compositions.  What may end badly is its *error budget*; the *burn rate* is how many times as fast as allowed it is
being spent.  Somebody is told when it burns too fast over a long window, which shows that it matters, and over a short
one at its end, which shows that it still does.

The usual four pairs of windows are the default.  Within 30 days they spend, before anyone is told, about 2 % of the
budget (an hour at 14.4 times), 5 % (six hours at 6), and 10 % (a day at 3, three days at 1).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from alerts.model import Severity
from monitor.outcomes import Over

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
LONGEST_WINDOW_S = 7 * DAY_S  # what is counted by the minute is kept for as long as the longest window
BUDGET_DAYS = 30


class Scope(StrEnum):
    """Of whom an objective keeps a budget each."""

    DAEMON = "daemon"  # one budget, for everybody
    ACCOUNT = "account"
    TENANT = "tenant"  # those listed in [names]
    REGION = "region"


class ObjectiveError(ValueError):
    """An objective that cannot be right; `key` says where."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, slots=True)
class BurnWindow:
    """A burn rate that is too high if it is reached over both, the long window and the short one at its end."""

    long_s: int
    short_s: int
    burn: float
    severity: Severity

    def __post_init__(self) -> None:
        for name, seconds in (("long", self.long_s), ("short", self.short_s)):
            if seconds % MINUTE_S or not MINUTE_S <= seconds <= LONGEST_WINDOW_S:
                raise ObjectiveError(name, f"expected whole minutes, from 1m to 7d, got {seconds} s")
        if self.short_s >= self.long_s:
            raise ObjectiveError("short", f"expected less than the long window, got {self.short_s} s")


WINDOWS = (
    BurnWindow(HOUR_S, 5 * MINUTE_S, 14.4, Severity.CRITICAL),
    BurnWindow(6 * HOUR_S, 30 * MINUTE_S, 6.0, Severity.CRITICAL),
    BurnWindow(DAY_S, 2 * HOUR_S, 3.0, Severity.WARNING),
    BurnWindow(3 * DAY_S, 6 * HOUR_S, 1.0, Severity.WARNING),
)


@dataclass(frozen=True, slots=True)
class Objective:
    """A promise: `target_ratio` of whatever it is over ends well.

    With fewer than `at_least` of them in a long window, their share says nothing.
    """

    name: str
    over: Over
    target_ratio: float
    scope: Scope = Scope.ACCOUNT
    at_least: int = 100
    windows: Sequence[BurnWindow] = field(default=WINDOWS)

    def __post_init__(self) -> None:
        if not 0.0 < self.target_ratio < 1.0:
            raise ObjectiveError("objective", f"expected a share below 1, such as 0.99, got {self.target_ratio:g}")
        if not self.windows:
            raise ObjectiveError("windows", "expected at least one pair of windows, got none")

    @property
    def allowed_ratio(self) -> float:
        """Return the share that may end badly."""
        return 1.0 - self.target_ratio


DEFAULT_OBJECTIVES = (
    Objective("GoodMinutes", Over.GOOD_MINUTES, 0.99, at_least=200),
    Objective("Joins", Over.JOINS, 0.995, at_least=50),
    Objective("CompositionLatency", Over.COMPOSITIONS, 0.99, at_least=20),
)

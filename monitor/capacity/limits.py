"""Which limit is met first, and at how many people?"""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import NamedTuple

from monitor.capacity.demand import MOST_PARTICIPANTS


class Whose(StrEnum):
    """Who could move a limit."""

    MACHINE = "machine"  # nobody but another machine
    TWILIO = "Twilio"
    SETTING = "setting"  # whoever writes the configuration: more connections, fewer days
    PLAN = "plan"  # of several machines


class Limit(NamedTuple):
    """What there is of something, and what is wanted of it; in the same unit."""

    name: str
    whose: Whose
    wanted: float
    available: float
    unit: str

    @property
    def used_ratio(self) -> float:
        """How much of it is used; more than 1 where it does not suffice."""
        return self.wanted / self.available

    @property
    def is_kept(self) -> bool:
        """Whether it suffices."""
        return self.wanted <= self.available


def nearest(limits: Iterable[Limit]) -> Limit:
    """Return the one that is met first."""
    return max(limits, key=lambda limit: limit.used_ratio)


def most_participants(is_kept: Callable[[int], bool]) -> int:
    """Return how many people at most keep a limit, if fewer of them always keep it as well; 0 if one alone does not."""
    least, most = 0, MOST_PARTICIPANTS + 1
    while most - least > 1:
        middle = (least + most) // 2
        if is_kept(middle):
            least = middle
        else:
            most = middle
    return least

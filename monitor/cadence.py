"""How often is each resource asked for?

As often as its picture may change unnoticed.  While callbacks tell nearly everything, polling only repairs, and may be
slow; while nothing is going on, it may be slow, too.  Pure: what goes on is an argument.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

LOOK_EVERY_S = 1.0  # whether there is anything to look into is asked of the picture, which costs no request
IDLE_FACTOR = 6.0
RECONCILED_AT_ONCE = 2  # rooms
RECONCILED_SHARE = 0.5  # of the budget, at most, for looking where nothing hints at a change


class Intervals(Protocol):
    """How often each resource is asked for while something goes on and callbacks cannot be trusted, in seconds."""

    @property
    def rooms_every_s(self) -> float:
        """From one sweep of the rooms in progress to the next."""

    @property
    def compositions_every_s(self) -> float:
        """From one sweep of the unfinished compositions to the next."""

    @property
    def trusted_factor(self) -> float:
        """How many times as seldom sweeps are while callbacks tell nearly everything."""

    @property
    def hooks_every_s(self) -> float:
        """From one list of the composition hooks to the next."""

    @property
    def summaries_every_s(self) -> float:
        """From one list of room summaries to the next."""

    @property
    def usage_every_s(self) -> float:
        """From one list of usage records to the next."""


class Activity(NamedTuple):
    """What goes on in an account."""

    callbacks_trusted: bool
    waits_for_media: Callable[[], bool]  # a composition is open, or a recorded room may soon have one; a long question
    requests_per_s: float = 2.0  # that the account may be asked, for all purposes


def interval_s(resource: str, polling: Intervals, activity: Activity) -> float:
    """Return the seconds from one poll of a resource to the next."""
    slower = polling.trusted_factor if activity.callbacks_trusted else 1.0
    if resource == "compositions":
        idler = 1.0 if activity.waits_for_media() else IDLE_FACTOR
        return polling.compositions_every_s * slower * idler
    intervals_s = {
        "rooms": polling.rooms_every_s * slower,
        "composition_hooks": polling.hooks_every_s,
        "summaries": polling.summaries_every_s,
        "usage": polling.usage_every_s,
        "reconciliation": RECONCILED_AT_ONCE / (RECONCILED_SHARE * activity.requests_per_s),
    }
    return intervals_s.get(resource, LOOK_EVERY_S)  # of the others the agenda knows which rooms are due

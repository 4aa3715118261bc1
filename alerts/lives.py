"""When did an alert begin, and when was it over?

Its changes, one after the other, fall into *lives*: from the moment at which it became pending, or fired at once, to
that at which nothing was left of it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from alerts.model import Alert, State, Transition


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the alert's state, and the alert as it was then."""

    transition: Transition
    alert: Alert


@dataclass(frozen=True, slots=True)
class Life:
    """An alert from its beginning to its end, or up to now."""

    changes: tuple[Change, ...]

    @property
    def began_at(self) -> float:
        """Return when it began."""
        return self.changes[0].transition.at

    @property
    def ended_at(self) -> float | None:
        """Return when it was over, or None: it goes on."""
        last = self.changes[-1].transition
        return last.at if last.after is State.INACTIVE else None

    @property
    def fired(self) -> Change | None:
        """Return the change by which it fired, if it did."""
        return next((each for each in self.changes if each.transition.after is State.FIRING), None)

    def state_at(self, at: float) -> State:
        """Return how it stood at a moment."""
        past = [each.transition.after for each in self.changes if each.transition.at <= at]
        return past[-1] if past else State.INACTIVE


def lives(changes: Iterable[Change]) -> Iterator[Life]:
    """Yield the lives of an alert, the first of which may have lost its beginning."""
    some: list[Change] = []
    for each in changes:
        some.append(each)
        if each.transition.after is State.INACTIVE:
            yield Life(tuple(some))
            some = []
    if some:
        yield Life(tuple(some))


def life_at(changes: Iterable[Change], at: float) -> Life | None:
    """Return the life in which a moment lies, or else the last one before it."""
    return next((each for each in reversed(list(lives(changes))) if each.began_at <= at), None)

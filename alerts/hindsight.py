"""What would a rule have seen at some moment, as far as it is on record?

Of an alert that began there are transitions.  Of one that did not there is only what was measured: the value as it was
told, until it was told anew.  From it follows whether the condition held then, since when, and when it had held last.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from alerts.model import Condition, Rule
from alerts.rules import holds
from alerts.times_in_words import in_words, moment


class Told(NamedTuple):
    """What a value was from a moment on; None: nobody knew."""

    at: float
    value: float | None


class Stretch(NamedTuple):
    """A time in which a condition held; `until` is None if it held still at the end."""

    since: float
    until: float | None


def seen(rule: Rule, course: Sequence[Told], at: float) -> Iterator[str]:
    """Yield in words what the rule saw at a moment; the course is in the order of time."""
    past = [told for told in course if told.at <= at]
    name, raised = rule.raise_when.value, rule.raise_when
    if not past:
        yield f"nothing is on record of {name} at that time or before"
        return
    last = past[-1]
    if last.value is None:
        yield f"{name} was not known since {moment(last.at)}, so nobody could say whether {raised}"
    else:
        yield f"{name} was {last.value:g}, as told at {moment(last.at)}"
    yield from _judged(rule, list(stretches(raised, past)), past[0].at, at)


def _judged(rule: Rule, held: Sequence[Stretch], first_at: float, at: float) -> Iterator[str]:
    raised, must_s = rule.raise_when, rule.hold_for_s
    needed = f"it has to for {in_words(must_s)}" if must_s else "at once is enough"
    if not held:
        yield f"{raised} did not hold, and never had since {moment(first_at)}"
        return
    since, until = held[-1]
    if until is None:
        yield f"{raised} held since {moment(since)}, for {in_words(at - since)}; {needed}"
        return
    yield f"{raised} did not hold; it last had until {moment(until)}, for {in_words(until - since)}; {needed}"


def stretches(condition: Condition, course: Sequence[Told]) -> Iterator[Stretch]:
    """Yield the times in which the condition held; while the value is not known, what was goes on."""
    since: float | None = None
    for told in course:
        is_held = holds(condition, {condition.value: told.value})
        if is_held and since is None:
            since = told.at
        elif is_held is False and since is not None:
            yield Stretch(since, told.at)
            since = None
    if since is not None:
        yield Stretch(since, None)

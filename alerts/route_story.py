"""Where would an alert with these labels go, and why?

The walk through the routes, told in words: every route that was asked with its answer, then what each route that took
the alert would do with it.  For whoever tries a configuration out before it matters.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alerts.matchers import Matcher
from alerts.model import Plan
from alerts.muting import muted_by_time, silenced
from alerts.routing import EACH_BY_ITSELF, Considered, Route, consider
from alerts.silences import Silence
from alerts.time_windows import TimeWindows
from alerts.times_in_words import in_words, moment


@dataclass(frozen=True, slots=True)
class Moment:
    """A time at which it is asked, and what holds something back then; `silence` is the one that is about the alert."""

    at: float
    windows: Mapping[str, TimeWindows]
    silence: Silence | None = None


@dataclass(frozen=True, slots=True)
class RouteTest:
    """What became of the labels: the routes that were asked, the plans that took them, and why each says nothing."""

    considered: tuple[Considered, ...]
    plans: tuple[Plan, ...]
    held_back: tuple[str, ...] = ()

    @property
    def receivers(self) -> tuple[str, ...]:
        """Whoever would be told in the end, if nobody acknowledges; each once, in order."""
        heard = zip(self.plans, self.held_back, strict=True)
        return tuple(dict.fromkeys(each for plan, why in heard if not why for each in plan.receivers))


def try_routes(labels: Mapping[str, str], root: Route, when: Moment | None = None) -> RouteTest:
    """Return what the routes would do with an alert of these labels, at any time or at a certain one."""
    considered = consider(labels, root)
    plans = tuple(each.plan for each in considered if each.plan is not None and each.plan.steps)
    return RouteTest(considered, plans, tuple(_why_held_back(plan, when) for plan in plans))


def lines_of(test: RouteTest, labels: Mapping[str, str]) -> Iterator[str]:
    """Return it in words, line by line."""
    yield "asked, from the top:"
    for each in test.considered:
        yield f"{'  ' * (each.depth + 1)}{each.route}: {'yes' if each.matched else 'no'}: {each.why}"
    for plan, why in zip(test.plans, test.held_back, strict=True):
        yield f"taken by {plan.route}"
        yield from (f"  {line}" for line in _plan_lines(plan, labels))
        if why:
            yield f"  held back at that time: {why}"
    yield f"told: {', '.join(test.receivers) or 'nobody'}"


def _plan_lines(plan: Plan, labels: Mapping[str, str]) -> Iterator[str]:
    yield f"in one group with those that share {_shared(plan, labels)}"
    for number, step in enumerate(plan.steps):
        after_s = plan.group_wait_s + step.after_s
        unless = ", unless somebody acknowledged" if number else ""
        yield f"after {in_words(after_s)}: {', '.join(step.receivers)}{unless}"
    yield f"changes at most every {in_words(plan.group_interval_s)}, a repeat after {in_words(plan.repeat_interval_s)}"
    yield f"that it is over: {in_words(plan.resolve_wait_s)} after the last alert ended"


def _shared(plan: Plan, labels: Mapping[str, str]) -> str:
    if EACH_BY_ITSELF in plan.group_by:
        return "everything: each alert is by itself"
    named = [str(Matcher(name, "=", labels[name])) for name in plan.group_by if name in labels]
    lacking = [name for name in plan.group_by if name not in labels]
    without = f"{' and ' if named else ''}no {', no '.join(lacking)}" if lacking else ""
    return f"{', '.join(named)}{without}" if named or without else "this route"


def _why_held_back(plan: Plan, when: Moment | None) -> str:
    if when is None:
        return ""
    if when.silence is not None:
        return f"{silenced(when.silence)} until {moment(when.silence.ends_at)}"
    why, until = muted_by_time(plan, when.windows, when.at)
    return f"{why} until {moment(until)}" if why and until is not None else why

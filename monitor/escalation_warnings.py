"""What about the escalations of a configuration is allowed, but probably not meant?  Pure.

Each step is told what the steps before it did not settle.  A step that reaches nobody new, or nobody at all, is a
ladder with a rung missing, which shows on the night it is climbed.
"""

from collections.abc import Iterator, Mapping

from alerts.model import Plan, Step
from alerts.notifiers.base import Notifier
from alerts.notifiers.log import Log
from alerts.notifiers.pagerduty_change import PagerDutyChange
from alerts.routing import Route

_CANNOT_PAGE = (Log, PagerDutyChange)  # they keep what they are told, and wake nobody


def about_escalations(root: Route, notifiers: Mapping[str, Notifier], *, is_reachable: bool) -> Iterator[str]:
    """Say what is odd about each escalation; `is_reachable` if people and services reach the public address."""
    for route, plan in _escalations(root):
        where = f"route {route.name}"
        yield from (f"{where}: {what}" for what in (*_unheard(plan, notifiers), *_unreached(plan)))
        if not is_reachable:
            yield (
                f"{where}: it escalates, and without a public.url that others reach, nobody can acknowledge by link,"
                " phone, PagerDuty or Slack"
            )


def _escalations(route: Route) -> Iterator[tuple[Route, Plan]]:
    """Return the routes that have more than one step, each with its plan; what is inherited is told where it begins."""
    if route.plan is not None and len(route.plan.steps) > 1:
        yield route, route.plan
    for below in route.routes:
        inherits = route.plan is not None and below.plan is not None and below.plan.steps == route.plan.steps
        yield from (found for found in _escalations(below) if not (inherits and found[0] is below))


def _unheard(plan: Plan, notifiers: Mapping[str, Notifier]) -> Iterator[str]:
    for number, step in enumerate(plan.steps, start=1):
        silent = [name for name in step.receivers if isinstance(notifiers.get(name), _CANNOT_PAGE)]
        if len(silent) == len(step.receivers):
            yield f"step {number} wakes nobody: {', '.join(silent)} cannot page"


def _unreached(plan: Plan) -> Iterator[str]:
    told: set[str] = set()
    for number, step in enumerate(plan.steps, start=1):
        if told.issuperset(step.receivers):
            yield f"step {number} tells nobody new: {_who(step)} heard of it before, and hears only repeats"
        told.update(step.receivers)


def _who(step: Step) -> str:
    return ", ".join(dict.fromkeys(step.receivers))

"""Who is told, and why not somebody else?

Routes are a tree.  The root is for every alert.  A route whose matchers agree with an alert's labels asks its own
routes in turn; the first that agrees takes the alert, and the walk ends there, unless that one says `continue_`.  Where
none of them agrees, the route itself is for the alert.  What a route does not say it has from the route above.

Routes are asked once per episode, when an alert fires, and the answer is kept: whoever was told that it began is told
that it is over, however the routes have changed meanwhile.

Every "no" has its reason: `consider` gives one for each route it passed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alerts.fingerprint import group_key
from alerts.matchers import Matcher, first_refusal
from alerts.model import Alert, Plan

EACH_BY_ITSELF = "..."


@dataclass(frozen=True, slots=True)
class Route:
    """A place in the tree: for which alerts it is, and what is to be done with them (None: nothing)."""

    plan: Plan | None
    matchers: tuple[Matcher, ...] = ()
    routes: tuple["Route", ...] = ()
    continue_: bool = False

    @property
    def name(self) -> str:
        """What the route is called where it is spoken of."""
        return ", ".join(str(matcher) for matcher in self.matchers) or "every alert"

    def refusal(self, labels: Mapping[str, str]) -> str:
        """Return why this route is not for an alert with these labels, or nothing if it is."""
        return first_refusal(self.matchers, labels)

    def receivers(self) -> Iterator[str]:
        """Return everybody who may be told by this route or one below it."""
        yield from self.plan.receivers if self.plan else ()
        for route in self.routes:
            yield from route.receivers()


@dataclass(frozen=True, slots=True)
class Considered:
    """One route that was asked, and what it said.

    `depth` is 0 for the root; `plan` is set if the alert is its own; `leads_to` are the receivers of it and below it.
    """

    route: str
    depth: int
    matched: bool
    why: str
    plan: Plan | None = None
    leads_to: frozenset[str] = frozenset()


def consider(labels: Mapping[str, str], root: Route) -> tuple[Considered, ...]:
    """Return the routes asked on behalf of an alert with these labels, in order, each with its answer."""
    return tuple(_walk(labels, root, 0))


def plans(labels: Mapping[str, str], root: Route) -> tuple[Plan, ...]:
    """Return what is to be done with an alert with these labels; nothing if nobody is to be told."""
    return tuple(each.plan for each in _walk(labels, root, 0) if each.plan is not None and each.plan.steps)


def group_labels(alert: Alert, plan: Plan) -> dict[str, str]:
    """Return the labels by which the plan tells this alert's group from others."""
    if EACH_BY_ITSELF in plan.group_by:
        return {**alert.all_labels, "fingerprint": alert.fingerprint}
    labels = alert.all_labels
    return {name: labels[name] for name in plan.group_by if name in labels}


def key_of(plan: Plan, labels: Mapping[str, str]) -> str:
    """Return the key of the group that a plan makes of these labels; plans that tell others have other groups."""
    return group_key(f"{plan.route} -> {', '.join(plan.receivers)}", labels)


def _walk(labels: Mapping[str, str], route: Route, depth: int) -> Iterator[Considered]:
    refusal, leads_to = route.refusal(labels), frozenset(route.receivers())
    if refusal:
        yield Considered(route.name, depth, matched=False, why=refusal, leads_to=leads_to)
        return
    below = []
    for child in route.routes:
        asked = list(_walk(labels, child, depth + 1))
        below += asked
        if asked[0].matched and not child.continue_:
            break
    is_taken = any(each.matched for each in below)
    why = "every label agrees" if route.matchers else "it is for every alert"
    own = (f"{why}, but a route below it took it", None) if is_taken else (why, route.plan)
    yield Considered(route.name, depth, True, *own, leads_to)
    yield from below

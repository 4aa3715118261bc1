"""How do the routes of a configuration become a tree?

What a route does not say it has from the route above it, and the root from `[alerts]`.  Each thing that is wrong is a
problem of its own, with the path of its key, and the tree is built from the rest, so that all is said in one run.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from alerts.matchers import Matcher, MatcherError, from_mapping, parse_matchers
from alerts.model import Plan, Step
from alerts.routing import EACH_BY_ITSELF, Route
from monitor.config_lines import Path as KeyPath
from monitor.settings import Alerting, EscalationText, RouteText

Complain = Callable[[KeyPath, str], None]


@dataclass(frozen=True)
class Names:
    """What routes may speak of: receivers, escalations and time windows."""

    receivers: Collection[str]
    escalations: Mapping[str, EscalationText] = field(default_factory=dict)
    windows: Collection[str] = ()


def build_routes(alerting: Alerting, texts: Sequence[RouteText], names: Names, complain: Complain) -> Route:
    """Return the tree; its root is for every alert, and without a receiver it has no plan."""
    _check_escalations(names, complain)
    root = _root_plan(alerting, texts, names, complain)
    routes = [_route(text, root, (index,), names, complain) for index, text in enumerate(texts)]
    return Route(root, routes=tuple(routes))


def _root_plan(alerting: Alerting, texts: Sequence[RouteText], names: Names, complain: Complain) -> Plan:
    only_one = next(iter(names.receivers)) if len(names.receivers) == 1 and not texts else None
    receiver = alerting.default_receiver or only_one  # with one receiver and no routes there is only one thing to mean
    _check(("alerts", "default_receiver"), alerting.default_receiver, names.receivers, "receiver", complain)
    _check(("alerts", "fallback_receiver"), alerting.fallback_receiver, names.receivers, "receiver", complain)
    return Plan(
        route="every alert",
        steps=() if receiver is None or receiver not in names.receivers else (Step(0.0, (receiver,)),),
        group_by=_labels(("alerts", "group_by"), alerting.group_by, complain),
        group_wait_s=alerting.group_wait,
        group_interval_s=alerting.group_interval,
        repeat_interval_s=alerting.repeat_interval,
        resolve_wait_s=alerting.resolve_wait,
    )


def _route(text: RouteText, above: Plan, place: tuple[int, ...], names: Names, complain: Complain) -> Route:
    path = _path(place)
    matchers = _matchers(text, path, complain)
    below = [
        _route(each, _plan(text, above, matchers, path, names, _silently), (*place, index), names, complain)
        for index, each in enumerate(text.routes)
    ]
    plan = _plan(text, above, matchers, path, names, complain)
    return Route(plan, matchers, tuple(below), text.continue_)


def _plan(
    text: RouteText, above: Plan, matchers: Iterable[Matcher], path: KeyPath, names: Names, complain: Complain
) -> Plan:
    def own(value: float | None, inherited: float) -> float:
        return inherited if value is None else value

    for key in ("mute_during", "active_during"):
        for window in getattr(text, key) or ():
            _check((*path, key), window, names.windows, "time window", complain)
    return Plan(
        route=" / ".join((above.route, ", ".join(map(str, matchers)) or "every alert")),
        steps=_steps(text, above, path, names, complain),
        group_by=above.group_by if text.group_by is None else _labels((*path, "group_by"), text.group_by, complain),
        group_wait_s=own(text.group_wait, above.group_wait_s),
        group_interval_s=own(text.group_interval, above.group_interval_s),
        repeat_interval_s=own(text.repeat_interval, above.repeat_interval_s),
        resolve_wait_s=own(text.resolve_wait, above.resolve_wait_s),
        mute_during=_known(text.mute_during, above.mute_during, names),
        active_during=_known(text.active_during, above.active_during, names),
    )


def _steps(text: RouteText, above: Plan, path: KeyPath, names: Names, complain: Complain) -> tuple[Step, ...]:
    if text.escalation is not None:
        if text.receiver is not None:
            complain((*path, "escalation"), "expected either a receiver or an escalation, got both")
        _check((*path, "escalation"), text.escalation, names.escalations, "escalation", complain)
        escalation = names.escalations.get(text.escalation)
        return () if escalation is None else escalation.build()
    if text.receiver is None:
        if not above.steps:
            complain(path, "expected a receiver or an escalation, got neither, and there is none above")
        return above.steps
    _check((*path, "receiver"), text.receiver, names.receivers, "receiver", complain)
    return (Step(0.0, (text.receiver,)),) if text.receiver in names.receivers else ()


def _check_escalations(names: Names, complain: Complain) -> None:
    for name, escalation in names.escalations.items():
        for index, step in enumerate(escalation.steps):
            for receiver in step.receivers:
                path = ("escalations", name, "steps", index, "receivers")
                _check(path, receiver, names.receivers, "receiver", complain)


def _matchers(text: RouteText, path: KeyPath, complain: Complain) -> tuple[Matcher, ...]:
    try:
        return (*from_mapping(text.match), *parse_matchers(text.matchers))
    except MatcherError as error:
        complain((*path, "matchers"), str(error))
        return ()


def _labels(path: KeyPath, names: Sequence[str], complain: Complain) -> tuple[str, ...]:
    for name in names:
        if name != EACH_BY_ITSELF and not name.isidentifier():
            complain(
                path, f'expected names of labels, or "{EACH_BY_ITSELF}" for each alert by itself, got {name[:60]!r}'
            )
    return tuple(names)


def _known(own: Sequence[str] | None, inherited: tuple[str, ...], names: Names) -> tuple[str, ...]:
    return inherited if own is None else tuple(name for name in own if name in names.windows)


def _check(path: KeyPath, name: str | None, known: Collection[str], what: str, complain: Complain) -> None:
    if name is not None and name not in known:
        among = ", ".join(known) or "none is configured"
        complain(path, f"expected the name of a {what} ({among}), got {name!r}")


def _path(place: tuple[int, ...]) -> KeyPath:
    return tuple(part for index in place for part in ("routes", index))


def _silently(_path: KeyPath, _message: str) -> None:
    """Complain of nothing: whatever is wrong is said once."""

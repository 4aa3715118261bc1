"""Who is told, and why not somebody else?

A table of routes is walked from the top.  The first route whose matchers all agree with an alert's labels names its
receiver; a route that says `continue_` lets the walk go on.  When no route agrees there is the fallback.

Routes are asked once per episode, when the alert fires, and the answer is kept on the alert: whoever was owed the
trigger is owed the resolve, however the routes have changed meanwhile.

Every "no" has its reason: `consider` gives one for each route it passed, `judgement` one for each transition that
nobody hears of.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from alerts.fingerprint import dedup_key, incident_id, notification_id
from alerts.model import Alert, Incident, Judgement, Notification, NotificationKind, State, Transition


@dataclass(frozen=True, slots=True)
class Route:
    """A path to one receiver, for alerts that carry every label of `match`."""

    receiver: str
    match: Mapping[str, str] = field(default_factory=dict)
    continue_: bool = False

    def refusal(self, labels: Mapping[str, str]) -> str:
        """Return why this route is not for an alert with these labels, or nothing if it is."""
        misfits = (
            f"{name} is {labels.get(name, 'not set')}, not {wanted}"
            for name, wanted in self.match.items()
            if labels.get(name) != wanted
        )
        return next(misfits, "")


@dataclass(frozen=True, slots=True)
class RoutingTable:
    """Routes in their order, and the receiver of alerts that none of them is for (None: nobody)."""

    routes: tuple[Route, ...] = ()
    fallback: str | None = None


@dataclass(frozen=True, slots=True)
class Considered:
    """One route that was asked, and what it said."""

    receiver: str
    matched: bool
    why: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """A transition that nobody hears of, and why."""

    transition: Transition
    why: str


@dataclass(frozen=True, slots=True)
class Routed:
    """What is to be made true, and what was decided not to be said."""

    judgement: Judgement
    withheld: tuple[Withheld, ...] = ()


def consider(labels: Mapping[str, str], table: RoutingTable) -> tuple[Considered, ...]:
    """Return the routes asked on behalf of an alert with these labels, in order, each with its answer."""
    asked: list[Considered] = []
    for route in table.routes:
        refusal = route.refusal(labels)
        asked.append(Considered(route.receiver, not refusal, refusal or "every label agrees"))
        if not refusal and not route.continue_:
            break
    if table.fallback is not None and not any(each.matched for each in asked):
        asked.append(Considered(table.fallback, matched=True, why="no route matched, and this is the fallback"))
    return tuple(asked)


def receivers(labels: Mapping[str, str], table: RoutingTable) -> tuple[str, ...]:
    """Return who is told of an alert with these labels, each once, in the order of the routes."""
    return tuple(dict.fromkeys(each.receiver for each in consider(labels, table) if each.matched))


def judgement(
    alerts: Iterable[Alert], transitions: Iterable[Transition], table: RoutingTable, instance: str, now: float
) -> Routed:
    """Return what the engine found together with the notifications that somebody is now owed.

    `instance` names this daemon among those that share a pager.
    """
    transitions = tuple(transitions)
    fired = {each.fingerprint for each in transitions if begins_episode(each)}
    routed = tuple(_addressed(alert, table) if alert.fingerprint in fired else alert for alert in alerts)
    by_fingerprint = {alert.fingerprint: alert for alert in routed}
    notifications: list[Notification] = []
    withheld: list[Withheld] = []
    for transition in transitions:
        alert = by_fingerprint[transition.fingerprint]
        why_not = _why_not(transition, alert)
        if why_not:
            withheld.append(Withheld(transition, why_not))
        else:
            notifications += [_owed(transition, alert, receiver, instance, now) for receiver in alert.receivers]
    return Routed(Judgement(routed, transitions, tuple(notifications)), tuple(withheld))


def begins_episode(transition: Transition) -> bool:
    """Whether a person is needed from here on."""
    return transition.after is State.FIRING and transition.before is not State.FIRING


def ends_episode(transition: Transition) -> bool:
    """Whether a person who was needed no longer is."""
    return transition.before is State.FIRING and transition.after is not State.FIRING


def _addressed(alert: Alert, table: RoutingTable) -> Alert:
    return replace(alert, receivers=receivers(alert.all_labels, table))


def _why_not(transition: Transition, alert: Alert) -> str:
    if begins_episode(transition):
        return "" if alert.receivers else "no route matched, and there is no fallback"
    if ends_episode(transition):
        return "" if alert.receivers else "nobody was told that it began"
    if transition.after is State.FIRING:
        return "it fires already, and only goes to and fro"
    if transition.after is State.PENDING:
        return "pending: it has not held for long enough to tell anyone"
    return "it ended before anyone was told that it began"


def _owed(transition: Transition, alert: Alert, receiver: str, instance: str, now: float) -> Notification:
    kind = NotificationKind.TRIGGER if begins_episode(transition) else NotificationKind.RESOLVE
    is_over = kind is NotificationKind.RESOLVE
    incident = incident_id(alert.fingerprint, transition.at if alert.fired_at is None else alert.fired_at)
    key = dedup_key(instance, receiver, incident)
    return Notification(
        id=notification_id(key, kind),
        receiver=receiver,
        kind=kind,
        dedup_key=key,
        incident=Incident(
            id=incident,
            group=alert.fingerprint,
            severity=alert.severity,
            started_at=transition.at if alert.fired_at is None else alert.fired_at,
            ended_at=transition.at if is_over else None,
            firing=() if is_over else (alert,),
            resolved=(alert,) if is_over else (),
            firing_count=int(not is_over),
            resolved_count=int(is_over),
        ),
        created_at=now,
        reason=f"{transition.reason}: {transition.detail}" if transition.detail else transition.reason.value,
    )

"""Who would have been told, of what?

All that a replay knows of routes and notifications is here: what is owed, in words that a person can go through.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from alerts.model import Alert, Kind, Notification, NotificationKind, Severity, Transition
from alerts.routing import RoutingTable, Withheld, begins_episode, ends_episode, judgement


class Said(Struct, frozen=True):
    """One word: what it is about, why it would have been said, and to whom.

    `receivers` is empty where nobody would have been told, which `why_nobody` explains.
    """

    at_s: float
    what: str  # trigger, resolve, …
    rule: str
    severity: Severity
    kind: Kind
    entity: str
    summary: str
    why: str
    receivers: tuple[str, ...] = ()
    why_nobody: str = ""


class Told(NamedTuple):
    """The alerts, now that it is settled who hears of them, and the words."""

    alerts: Sequence[Alert]
    said: Sequence[Said]


class Telling:
    """Routes what the engine finds.

    Args:
        routing: who hears of what.
        instance: the name of the daemon that would have told.
    """

    def __init__(self, routing: RoutingTable, instance: str) -> None:
        self._routing = routing
        self._instance = instance

    def tell(self, alerts: Iterable[Alert], transitions: Iterable[Transition], now_s: float) -> Told:
        """Return who would have been told of what changed."""
        routed = judgement(alerts, transitions, self._routing, self._instance, now_s)
        by_fingerprint = {alert.fingerprint: alert for alert in routed.judgement.alerts}
        unheard = [_unheard(each, by_fingerprint[each.transition.fingerprint]) for each in routed.withheld]
        said = [*_said(routed.judgement.notifications), *(each for each in unheard if each is not None)]
        return Told(routed.judgement.alerts, sorted(said, key=lambda each: (each.rule, each.entity)))


def _said(notifications: Iterable[Notification]) -> list[Said]:
    """Return one word for all receivers of the same."""
    words: dict[tuple[str, NotificationKind], Said] = {}
    for each in notifications:
        about = (each.incident.id, each.kind)
        told = words.get(about) or _word(each)
        words[about] = replace(told, receivers=(*told.receivers, each.receiver))
    return list(words.values())


def _word(notification: Notification) -> Said:
    incident, alert = notification.incident, notification.incident.first
    about = (alert.rule, incident.severity, alert.kind, alert.entity, incident.summary)
    return Said(notification.created_at, notification.kind.value, *about, notification.reason)


def _unheard(withheld: Withheld, alert: Alert) -> Said | None:
    """Return the word that there was nobody for; None where nothing was to be said."""
    transition = withheld.transition
    if begins_episode(transition):
        what = NotificationKind.TRIGGER
    elif ends_episode(transition):
        what = NotificationKind.RESOLVE
    else:
        return None
    about = (alert.rule, alert.severity, alert.kind, alert.entity, alert.annotations.get("summary", ""))
    why = f"{transition.reason}: {transition.detail}" if transition.detail else transition.reason.value
    return Said(transition.at, what.value, *about, why, why_nobody=withheld.why)

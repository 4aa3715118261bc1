"""Who would have been told, of what?

All that a replay knows of groups, routes and notifications is here: what would have been owed, in words that a person
can go through.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from alerts.engine import Look
from alerts.group_book import Policy
from alerts.groups import Groups
from alerts.model import Alert, Judgement, Kind, Notification, NotificationKind, Severity, Transition
from alerts.regrouping import NOBODY


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
    """Groups and routes what the engine finds, by the policy of a configuration."""

    def __init__(self, policy: Policy) -> None:
        self._groups = Groups(policy)

    def next_at_s(self) -> float | None:
        """Return when something is to be said next though nothing changes."""
        return self._groups.next_deadline()

    def tell(self, found: Look, now_s: float) -> Told:
        """Return who would have been told of what changed, or of what had waited until now."""
        due_s = self._groups.next_deadline()
        if not found.alerts and (due_s is None or due_s > now_s):  # as nearly always
            return Told((), ())
        grouped = self._groups.judge(found, now_s)
        self._groups.adopt(grouped)
        judgement = grouped.judgement
        said = [*_said(judgement.notifications), *_unheard(judgement)]
        return Told(judgement.alerts, sorted(said, key=lambda each: (each.rule, each.entity)))


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


def _unheard(judgement: Judgement) -> Iterable[Said]:
    """Return the words that there was nobody for."""
    alerts = {alert.fingerprint: alert for alert in judgement.alerts}
    for transition in judgement.transitions:
        alert = alerts[transition.fingerprint]
        if not alert.groups and transition.begins_episode:
            yield _to_nobody(NotificationKind.TRIGGER, transition, alert, NOBODY)
        elif not alert.groups and transition.ends_episode:
            yield _to_nobody(NotificationKind.RESOLVE, transition, alert, "nobody was told that it began")


def _to_nobody(what: NotificationKind, transition: Transition, alert: Alert, why: str) -> Said:
    about = (alert.rule, alert.severity, alert.kind, alert.entity, alert.annotations.get("summary", ""))
    return Said(transition.at, what.value, *about, transition.why, why_nobody=why)

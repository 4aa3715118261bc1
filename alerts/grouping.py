"""When is somebody told of a group of alerts, and of what?

Theory of operation.  A group is looked at when one of its alerts began or ended, and when a time of its own has come:

            something audible          for group_wait
    QUIET ─────────────────────► WAITING ─────────────► OPEN ◄──────────────┐
      ▲                             │                     │ nothing fires   │ an alert fires
      └──── nothing audible ────────┘                     ▼                 │
      └────────── for resolve_wait: it is over ──────── CLEARED ────────────┘

*Audible* is an alert that fires and is not muted: by a silence, by another alert, by the time of the day.  While the
group is open it is an incident.  Its receivers hear a trigger first; an update, at most each group_interval, when there
are others in it than they know of, when one goes to and fro, or when it has become known what is behind it; a repeat
when that is long ago; and in the end, always, that it is over.  What receivers were told of stays told: a silence that
begins later stops updates, repeats and escalation, not the end.

A worse alert than any before need not wait for the interval.  Nobody who has acknowledged is woken again by a repeat
or a step, but hears of updates and of the end.

`look` answers for one group at one moment.  It remembers nothing and sends nothing: it returns the group as it then
stands, the words that are owed, and when to look again.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from alerts.fingerprint import dedup_key, incident_id, notification_id
from alerts.model import Alert, Group, Incident, Notification, NotificationKind, Plan, Severity, Step
from alerts.times_in_words import in_words

MOST_LISTED = 20  # alerts named in one notification; all are counted
UNMUTED = "no longer muted"
RECEIVER_REMOVED = "the receiver was removed"
NO_LINKS: Mapping[str, str] = MappingProxyType({})

Alerts = Mapping[str, Alert]  # by fingerprint


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to see of a group.

    Attributes:
        firing: its alerts that fire.
        ended: those that ended since the last look, each with the reason.
        begun: why those began that did since the last look, by fingerprint.
        muted: why an alert is not audible, by fingerprint.
        quiet_until: when that may change by itself (None: it does not).
        cause: what they have in common, in words, where that is known.
        news: what else has happened that is worth a word.
    """

    firing: Alerts
    ended: tuple[tuple[Alert, str], ...] = ()
    begun: Mapping[str, str] = field(default_factory=dict)
    muted: Mapping[str, str] = field(default_factory=dict)
    quiet_until: float | None = None
    cause: str = ""
    news: str = ""

    @property
    def audible(self) -> Alerts:
        """The alerts that receivers may be told of."""
        return {name: alert for name, alert in self.firing.items() if name not in self.muted}


@dataclass(frozen=True, slots=True)
class Word:
    """Something to be said of an incident, to each receiver under its dedup key; `number` tells updates apart."""

    kind: NotificationKind
    receivers: Mapping[str, str]
    reason: str
    incident: Incident
    number: int


@dataclass(frozen=True, slots=True)
class Look:
    """A group as it stands now, or that it is over; the words owed; and when to look again."""

    group: Group
    is_over: bool = False
    words: tuple[Word, ...] = ()
    look_again_at: float | None = None


def notifications(word: Word, now: float, links: Mapping[str, str] = NO_LINKS) -> tuple[Notification, ...]:
    """Return what is owed to each of the receivers of a word."""
    is_single = word.kind in (NotificationKind.TRIGGER, NotificationKind.RESOLVE)  # one of each to a receiver
    return tuple(
        Notification(
            id=notification_id(key, word.kind, 0 if is_single else word.number),
            receiver=receiver,
            kind=word.kind,
            dedup_key=key,
            incident=word.incident,
            created_at=now,
            reason=word.reason,
            links=links,
        )
        for receiver, key in word.receivers.items()
    )


# --- what becomes of a group by itself --------------------------------------------------------------------


def look(group: Group, seen: Seen, now: float) -> Look:
    """Return what becomes of a group at `now`."""
    audible, told = seen.audible, frozenset(group.told)
    known = {name: alert for name, alert in seen.firing.items() if name in audible or name in told}
    group = _noticed(_remembered(group, seen), audible, seen, now)
    if not group.incident:
        return _look_at_unopened(group, seen, now)
    if not known:
        return _look_at_cleared(group, seen, now)
    if not audible:
        return Look(replace(group, cleared_at=None), look_again_at=seen.quiet_until)
    return _look_at_open(replace(group, cleared_at=None), known, seen, now)


def _remembered(group: Group, seen: Seen) -> Group:
    """Return the group with the alerts in mind that ended, as far as somebody was told of them."""
    if seen.news and group.incident:
        group = replace(group, news=seen.news)
    if not seen.ended and not group.resolved:
        return group
    told = frozenset(group.told)
    over = (*group.resolved, *(alert for alert, _ in seen.ended if alert.fingerprint in told))
    resolved = tuple(alert for alert in over if alert.fingerprint not in seen.firing)[:MOST_LISTED]
    reason = seen.ended[-1][1] if seen.ended and not seen.firing else group.reason
    return replace(group, resolved=resolved, reason=reason)


def _noticed(group: Group, audible: Alerts, seen: Seen, now: float) -> Group:
    """Return the group with `waiting_since` set exactly while there is something that nobody was told of."""
    told = frozenset(group.told)
    news = next((name for name in audible if name not in told), None)
    if news is None:
        return group if group.waiting_since is None else replace(group, waiting_since=None)
    if group.waiting_since is not None:
        return group
    return replace(group, waiting_since=now, reason=seen.begun.get(news, UNMUTED))


def _look_at_unopened(group: Group, seen: Seen, now: float) -> Look:
    if group.waiting_since is None:
        return Look(group, is_over=not seen.firing, look_again_at=seen.quiet_until)
    due_at = group.waiting_since + group.plan.group_wait_s
    return Look(group, look_again_at=due_at) if now < due_at else _opened(group, seen, now)


def _opened(group: Group, seen: Seen, now: float) -> Look:
    audible = seen.audible
    group = replace(
        group,
        incident=incident_id(group.key, now),
        opened_at=now,
        severity=worst(audible.values()),
        told=tuple(sorted(audible)),
        cause=seen.cause,
        said_at=now,
        waiting_since=None,
        next_step_at=now + group.plan.steps[0].after_s,
    )
    return _with_steps(Look(group), audible, seen, now)


def _look_at_cleared(group: Group, seen: Seen, now: float) -> Look:
    cleared_at = now if group.cleared_at is None else group.cleared_at
    due_at = cleared_at + group.plan.resolve_wait_s
    if now < due_at:
        return Look(replace(group, cleared_at=cleared_at), look_again_at=due_at)
    return closed(replace(group, cleared_at=cleared_at), seen, now, group.reason)


def _look_at_open(group: Group, known: Alerts, seen: Seen, now: float) -> Look:
    due_at = _update_due_at(group, seen)
    if due_at is not None and now >= due_at:
        found = _said(NotificationKind.UPDATE, group, known, seen, now, _news(group, known))
    elif due_at is None and not group.acknowledged_by and now >= group.said_at + group.plan.repeat_interval_s:
        found = _said(NotificationKind.REPEAT, group, known, seen, now, "it goes on")
    else:
        found = Look(group)
    return _with_steps(found, known, seen, now)


def _update_due_at(group: Group, seen: Seen) -> float | None:
    """Return when receivers are to hear that the group consists of others now; None if it does not."""
    told = frozenset(group.told)
    news = [alert for name, alert in seen.audible.items() if name not in told]
    is_explained = bool(seen.cause) and not group.cause
    if not news and not is_explained and not group.news and all(name in seen.firing for name in group.told):
        return None
    due_at = group.said_at + group.plan.group_interval_s
    if news and group.waiting_since is not None and worst(news).rank < group.severity.rank:
        return min(due_at, group.waiting_since + group.plan.group_wait_s)
    return due_at


def _news(group: Group, known: Alerts) -> str:
    told = frozenset(group.told)
    joined, ended = sum(name not in told for name in known), sum(name not in known for name in told)
    words = [f"{count} {what}" for count, what in ((joined, "more fire"), (ended, "ended")) if count]
    if not words:
        return group.news or "it is known what is behind it"
    return f"{', '.join(words)}; {group.reason}" if joined else ", ".join(words)


def _with_steps(found: Look, known: Alerts, seen: Seen, now: float) -> Look:
    """Return the look with every step taken that has fallen due, and the time of the next thing to happen."""
    group, words = found.group, list(found.words)
    while not group.acknowledged_by and group.next_step_at is not None and now >= group.next_step_at:
        step = group.plan.steps[group.steps_taken]
        reason = _why(group, step)
        group = _after_step(group)
        group, word = _trigger(group, step.receivers, known, seen, reason)
        words += word
    return Look(group, words=tuple(words), look_again_at=_next_at(group, seen))


def _why(group: Group, step: Step) -> str:
    """Return why a step of the plan is taken."""
    if group.unreached:
        return f"{group.unreached} was not reached"
    return group.reason if not group.steps_taken else f"nobody acknowledged it within {in_words(step.after_s)}"


def _after_step(group: Group) -> Group:
    steps, taken = group.plan.steps, group.steps_taken + 1
    due_at = group.opened_at if group.next_step_at is None else group.next_step_at
    # One that was brought forward, or put off, moves those after it.
    next_at = due_at + steps[taken].after_s - steps[taken - 1].after_s if taken < len(steps) else None
    return replace(group, steps_taken=taken, next_step_at=next_at, unreached="")


def _trigger(
    group: Group, receivers: Iterable[str], known: Alerts, seen: Seen, reason: str
) -> tuple[Group, tuple[Word, ...]]:
    """Return the group with further receivers, and the word that tells them."""
    fresh = {each: dedup_key(group.instance, each, group.incident) for each in receivers if each not in group.receivers}
    if not fresh:
        return group, ()
    group = replace(group, receivers={**group.receivers, **fresh}, words=group.words + 1)
    return group, (Word(NotificationKind.TRIGGER, fresh, reason, _incident(group, known, seen), group.words),)


def _said(kind: NotificationKind, group: Group, known: Alerts, seen: Seen, now: float, reason: str) -> Look:
    """Return the look at which everybody who was told of the incident hears how it stands."""
    group = replace(group, words=group.words + 1, said_at=now)
    word = Word(kind, group.receivers, reason, _incident(group, known, seen), group.words)
    severity = min(group.severity, worst(known.values()), key=lambda each: each.rank)
    after = replace(
        group,
        told=tuple(sorted(known)),
        cause=seen.cause or group.cause,
        resolved=(),
        news="",
        severity=severity,
        waiting_since=None,
    )
    return Look(after, words=(word,) if group.receivers else ())


def _next_at(group: Group, seen: Seen) -> float | None:
    update_at = _update_due_at(group, seen)
    moments = [update_at, seen.quiet_until]
    if not group.acknowledged_by:
        moments.append(group.next_step_at)
        if update_at is None:
            moments.append(group.said_at + group.plan.repeat_interval_s)
    return min((moment for moment in moments if moment is not None), default=None)


# --- what people and receivers do to it -------------------------------------------------------------------


def acknowledged(group: Group, seen: Seen, now: float, by: str, via: str = "", how: str = "") -> Look:
    """Return the look at which somebody took an open incident upon them: it is not escalated nor repeated any more.

    `via` is the way by which they said so, `how` all of it in words.
    """
    group = replace(group, acknowledged_by=by, acknowledged_via=via, acknowledged_at=now, words=group.words + 1)
    incident = _incident(group, _known(group, seen), seen)
    reason = how or f"acknowledged by {by}"
    word = Word(NotificationKind.ACKNOWLEDGE, group.receivers, reason, incident, group.words)
    return Look(group, words=(word,) if group.receivers else (), look_again_at=now)


def unacknowledged(group: Group, now: float) -> Look:
    """Return the look at which an incident is nobody's again: the next step falls due as long after as planned."""
    steps, taken = group.plan.steps, group.steps_taken
    pause_s = steps[taken].after_s - steps[taken - 1].after_s if 0 < taken < len(steps) else None
    next_at = None if pause_s is None else now + pause_s
    return Look(
        replace(group, acknowledged_by="", acknowledged_via="", acknowledged_at=None, next_step_at=next_at),
        look_again_at=now,
    )


def hastened(group: Group, now: float, unreached: str = "") -> Look:
    """Return the look at which it became known that a receiver was not reached: the next step falls due.

    Not where others have been told since the receiver was: whom it failed to reach is not missed any more.
    """
    steps, taken = group.plan.steps, group.steps_taken
    told_before = {receiver for step in steps[: max(0, taken - 1)] for receiver in step.receivers}
    if taken >= len(steps) or unreached in told_before:
        return Look(group, look_again_at=now)
    return Look(replace(group, next_step_at=now, unreached=unreached), look_again_at=now)


def handed_on(group: Group, seen: Seen, now: float, *, failed: str, to: str) -> Look:
    """Return the look at which somebody else is told, since a receiver could not be."""
    known, reason = _known(group, seen), f"{failed} could not be told"
    group, words = _trigger(group, [to], known, seen, reason)
    return Look(group, words=words, look_again_at=now)


def parted(group: Group, seen: Seen, now: float, receivers: Collection[str]) -> Look:
    """Return the look at which receivers are no more that are not among these: they hear that it is over for them.

    The group is over if that leaves nobody to tell.
    """
    gone = {receiver: key for receiver, key in group.receivers.items() if receiver not in receivers}
    left = {receiver: key for receiver, key in group.receivers.items() if receiver in receivers}
    ended = closed(replace(group, receivers=gone), seen, now, RECEIVER_REMOVED)
    after = replace(group, receivers=left, plan=_without(group.plan, receivers), words=group.words + 1)
    is_over = not after.plan.steps
    return Look(after, is_over=is_over, words=ended.words, look_again_at=None if is_over else now)


def _without(plan: Plan, receivers: Collection[str]) -> Plan:
    steps = [
        replace(step, receivers=tuple(each for each in step.receivers if each in receivers)) for step in plan.steps
    ]
    return replace(plan, steps=tuple(steps) if any(step.receivers for step in steps) else ())


def closed(group: Group, seen: Seen, now: float, reason: str) -> Look:
    """Return the look at which a group is over, whatever becomes of its alerts."""
    if not group.receivers:
        return Look(group, is_over=True)
    incident = replace(_incident(group, {}, seen), ended_at=now)
    return Look(group, is_over=True, words=(Word(NotificationKind.RESOLVE, group.receivers, reason, incident, 0),))


# --- how it is shown --------------------------------------------------------------------------------------


def shown(group: Group, seen: Seen) -> Incident:
    """Return the incident that an open group is, as it stands now."""
    return _incident(group, _known(group, seen), seen)


def worst(alerts: Iterable[Alert]) -> Severity:
    """Return the worst severity among alerts, of which there is at least one."""
    return min((alert.severity for alert in alerts), key=lambda severity: severity.rank)


def _known(group: Group, seen: Seen) -> Alerts:
    told = frozenset(group.told)
    return {name: alert for name, alert in seen.firing.items() if name in told}


def _incident(group: Group, firing: Alerts, seen: Seen) -> Incident:
    listed = sorted(firing.values(), key=lambda alert: (alert.severity.rank, alert.fired_at or 0.0, alert.fingerprint))
    ended = [name for name in group.told if name not in firing]
    resolved = group.resolved or _last_seen(ended, seen)
    return Incident(
        id=group.incident,
        group=group.key,
        severity=worst(listed) if listed else group.severity,
        started_at=group.opened_at,
        labels=group.labels,
        firing=tuple(listed[:MOST_LISTED]),
        resolved=resolved[: MOST_LISTED if not listed else max(0, MOST_LISTED - len(listed))],
        firing_count=len(firing),
        resolved_count=len(ended),
        cause=seen.cause,
        acknowledged_by=group.acknowledged_by,
    )


def _last_seen(names: Collection[str], seen: Seen) -> tuple[Alert, ...]:
    """Return alerts that are let go while they fire still."""
    return tuple(seen.firing[name] for name in names if name in seen.firing)[:MOST_LISTED]

"""When does an alert change its mind?

Theory of operation.  One rule watches one entity through one alert, and the alert is in one of three states:

                 trouble                 held for hold_for_s
    INACTIVE ─────────────► PENDING ─────────────────────────► FIRING
        ▲                      │                                  │
        └──── not trouble ─────┘                                  │
        └──── well for clear_for_s, or gone ──────────────────────┘

What a reading says to a rule is one of five *signals*.  TROUBLE: the raise condition holds.  WELL: the clear
condition does.  BETWEEN: neither, which is what the distance between the two thresholds is for.  UNKNOWN: a value is
missing, so nobody can say.  GONE: the entity is over.

A pending alert whose trouble ends is forgotten, not resolved: nobody was told that it began, so nobody is owed the
news that it ended.  A firing alert ends only when it was well without a break for `clear_for_s`, or when its entity
is gone, or when its rule is.  UNKNOWN changes no state: a pending alert keeps its beginning but cannot fire, a firing
one stays, and a clear timer that was running must start again, since nobody saw whether the entity stayed well.

Time is an argument.  `step` answers for one alert at one moment and remembers nothing; when a timer is running it
says when to look again.  `Engine` holds the memory: the alerts that are pending or firing, and the deadlines.  It is
used in three strokes, so that nothing is believed before it is durable:

    look = engine.judge(readings, now)                          # changes nothing
    ...                                                         # route it, commit it
    engine.adopt(alerts, look.deadlines)                        # now it is true here too

If the middle stroke fails, the same entities are still due and the same judgement comes out again.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from alerts.deadlines import Deadlines, Entity
from alerts.fingerprint import episode_id, fingerprint
from alerts.model import Alert, Kind, Reading, Reason, Rule, State, Transition
from alerts.rules import holds, render_template


class Signal(StrEnum):
    """What a reading says to a rule."""

    TROUBLE = "trouble"
    BETWEEN = "between"
    WELL = "well"
    UNKNOWN = "unknown"
    GONE = "gone"


class Timer(StrEnum):
    """What a move waits for."""

    NONE = "none"
    HOLD = "hold"  # `hold_for_s` since the alert became pending
    CLEAR = "clear"  # `clear_for_s` since the clear condition began to hold


@dataclass(frozen=True, slots=True)
class Move:
    """A way out of a state."""

    to: State
    reason: Reason
    after: Timer = Timer.NONE


#: Every move there is.  A pair that is not here stays where it is.
MOVES: Mapping[tuple[State, Signal], Move] = {
    (State.INACTIVE, Signal.TROUBLE): Move(State.PENDING, Reason.RAISED),
    (State.PENDING, Signal.TROUBLE): Move(State.FIRING, Reason.HELD, after=Timer.HOLD),
    (State.PENDING, Signal.BETWEEN): Move(State.INACTIVE, Reason.FLICKERED),
    (State.PENDING, Signal.WELL): Move(State.INACTIVE, Reason.FLICKERED),
    (State.PENDING, Signal.GONE): Move(State.INACTIVE, Reason.GONE),
    (State.FIRING, Signal.WELL): Move(State.INACTIVE, Reason.CLEARED, after=Timer.CLEAR),
    (State.FIRING, Signal.GONE): Move(State.INACTIVE, Reason.GONE),
}

#: A restored alert is looked at as soon as anyone asks: what happened while nobody watched is not known here.
_AT_ONCE = 0.0


# --- one alert at one moment -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """An alert as it stands now (None: there is none), what changed, and when its timer runs out."""

    alert: Alert | None = None
    transition: Transition | None = None
    look_again_at: float | None = None


def step(rule: Rule, alert: Alert | None, reading: Reading, now: float) -> Step:
    """Return what `reading` makes of `alert` at `now`.

    An alert that nothing happened to comes back as the same object.  One that ended comes back once, inactive.
    """
    signal = _signal(rule, reading)
    alert = _with_clear_timer(alert, signal, now)
    move = MOVES.get((alert.state if alert else State.INACTIVE, signal))
    if move is None:
        return Step(alert)
    due_at = _due_at(move, rule, alert, now)
    if now < due_at:
        return Step(alert, look_again_at=due_at)
    return _follow(move, rule, alert, reading, now)


def _follow(move: Move, rule: Rule, alert: Alert | None, reading: Reading, now: float) -> Step:
    """Return the step that `move` makes, and with it whatever is due the moment it is made.

    With a hold of 0 s an alert becomes pending and firing in one breath; one transition tells of both.
    """
    before = alert.state if alert else State.INACTIVE
    moved = _enter(move.to, rule, alert, reading, now)
    rest = step(rule, moved, reading, now)
    after = rest.alert or moved
    transition = _transition(before, after, now, move.reason, _detail(move.reason, rule, reading))
    return Step(after, transition, rest.look_again_at)


def _signal(rule: Rule, reading: Reading) -> Signal:
    if reading.gone is not None:
        return Signal.GONE
    raised, cleared = holds(rule.raise_when, reading.values), holds(rule.clear_when, reading.values)
    if raised:
        return Signal.TROUBLE
    if raised is None or cleared is None:
        return Signal.UNKNOWN
    return Signal.WELL if cleared else Signal.BETWEEN


def _with_clear_timer(alert: Alert | None, signal: Signal, now: float) -> Alert | None:
    """Return `alert` with its clear timer running exactly while it fires and is seen to be well."""
    if alert is None or alert.state is not State.FIRING:
        return alert
    since = (now if alert.clear_since is None else alert.clear_since) if signal is Signal.WELL else None
    return alert if alert.clear_since == since else replace(alert, clear_since=since)


def _due_at(move: Move, rule: Rule, alert: Alert | None, now: float) -> float:
    if alert is not None and move.after is Timer.HOLD:
        return alert.since + rule.hold_for_s
    if alert is not None and move.after is Timer.CLEAR and alert.clear_since is not None:
        return alert.clear_since + rule.clear_for_s
    return now


def _enter(state: State, rule: Rule, alert: Alert | None, reading: Reading, now: float) -> Alert:
    """Return the alert as it enters `state`, worded anew from what the reading shows."""
    seen = _as_seen(rule, alert or _newborn(rule, reading, now), reading)
    entered = replace(seen, state=state, since=now, clear_since=None)
    if state is not State.FIRING:
        return entered
    return replace(entered, fired_at=now, episode=episode_id(entered.fingerprint, now))


def _newborn(rule: Rule, reading: Reading, now: float) -> Alert:
    return Alert(
        fingerprint=fingerprint(rule.name, reading.entity),
        rule=rule.name,
        kind=rule.over,
        entity=reading.entity,
        severity=rule.severity,
        state=State.INACTIVE,
        since=now,
        labels=rule.labels,
    )


def _as_seen(rule: Rule, alert: Alert, reading: Reading) -> Alert:
    """Return `alert` with what the reading shows; of an entity that is gone the last sight is kept."""
    if reading.gone is not None:
        return alert
    labels = {**alert.labels, **reading.labels, **rule.labels}
    return replace(
        alert,
        severity=rule.severity,
        labels=labels,
        details=dict(reading.details),
        value=reading.values.get(rule.raise_when.value),
        annotations={
            "summary": render_template(rule.summary, labels, reading.details),
            "description": render_template(rule.description, labels, reading.details),
            "runbook_url": rule.runbook_url,
        },
    )


def _transition(before: State, after: Alert, now: float, reason: Reason, detail: str = "") -> Transition:
    return Transition(
        fingerprint=after.fingerprint,
        rule=after.rule,
        entity=after.entity,
        before=before,
        after=after.state,
        at=now,
        reason=reason,
        detail=detail,
        value=after.value,
        episode=after.episode,
    )


def _detail(reason: Reason, rule: Rule, reading: Reading) -> str:
    match reason:
        case Reason.RAISED:
            return str(rule.raise_when)
        case Reason.HELD:
            return f"{rule.raise_when} for {rule.hold_for_s:g} s"
        case Reason.FLICKERED:
            return f"{rule.raise_when} for less than {rule.hold_for_s:g} s"
        case Reason.CLEARED:
            return f"{rule.clear_when} for {rule.clear_for_s:g} s" if rule.clear_for_s else str(rule.clear_when)
        case _:
            return reading.gone or ""


# --- all alerts, over time -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the world found: alerts that changed, why, and when each entity read wants to be read again."""

    alerts: tuple[Alert, ...] = ()
    transitions: tuple[Transition, ...] = ()
    deadlines: Mapping[Entity, float | None] = field(default_factory=dict)


class Engine:
    """The memory between two looks.  It knows only entities that are in trouble or have a deadline.

    A new engine, after a start or a reload, is given the alerts that were open; they are due at once.  Of values that
    change by themselves it knows nothing until it is shown their entities again.
    """

    def __init__(self, rules: Iterable[Rule], alerts: Iterable[Alert] = ()) -> None:
        self._rules = _by_kind(rules)
        self._alerts: dict[tuple[str, str], Alert] = {}
        self._deadlines: Deadlines[Entity] = Deadlines()
        self._open: Counter[tuple[str, str]] = Counter()  # how many alerts each entity has
        for alert in alerts:
            self._keep(alert)
            self._deadlines.set((alert.kind, alert.entity), _AT_ONCE)

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """The alerts that are pending or firing."""
        return tuple(self._alerts.values())

    def due(self, now: float) -> list[Entity]:
        """Return the entities to read again by `now`; each stays due until a look at it is adopted."""
        return self._deadlines.due(now)

    def next_deadline(self) -> float | None:
        """Return when the next entity falls due, or None while nothing runs out."""
        return self._deadlines.next()

    def is_quiet(self, kind: Kind, entity: str, values: Mapping[str, float | None], changes_at: float | None) -> bool:
        """Whether judging an entity that shows these values would change nothing: most are well most of the time."""
        name = (kind.value, entity)
        if name in self._open or self._deadlines.of((kind, entity)) != changes_at:
            return False
        for rule in self._rules[kind]:  # noqa: SIM110 - for every post there is, and `any` would cost as much again
            if holds(rule.raise_when, values):
                return False
        return True

    def judge(self, readings: Iterable[Reading], now: float) -> Look:
        """Return what the readings change, and change nothing.

        All readings were taken at `now`, so of several readings of one entity only the last counts.
        """
        alerts: list[Alert] = []
        transitions: list[Transition] = []
        deadlines: dict[Entity, float | None] = {}
        for entity, reading in {(each.kind, each.entity): each for each in readings}.items():
            steps = self._steps(reading, now)
            alerts += [after.alert for before, after in steps if after.alert is not None and after.alert is not before]
            transitions += [after.transition for _, after in steps if after.transition is not None]
            deadlines[entity] = _earliest((_changes_at(reading, now), *(after.look_again_at for _, after in steps)))
        return Look(tuple(alerts), tuple(transitions), deadlines)

    def removed_rules(self, now: float) -> Look:
        """Return what ends the alerts of rules that are no longer configured, and change nothing."""
        orphans = [alert for alert in self._alerts.values() if not self._is_ruled(alert)]
        ended = [replace(orphan, state=State.INACTIVE, since=now, clear_since=None) for orphan in orphans]
        return Look(
            alerts=tuple(ended),
            transitions=tuple(
                _transition(before.state, after, now, Reason.RULE_REMOVED)
                for before, after in zip(orphans, ended, strict=True)
            ),
        )

    def adopt(self, alerts: Iterable[Alert], deadlines: Mapping[Entity, float | None]) -> None:
        """Believe what was found, now that it is durable."""
        for alert in alerts:
            if alert.state is State.INACTIVE:
                self._drop(alert)
            else:
                self._keep(alert)
        for entity, at in deadlines.items():
            self._deadlines.set(entity, at)

    def _keep(self, alert: Alert) -> None:
        key = (alert.rule, alert.entity)
        self._open[alert.kind.value, alert.entity] += key not in self._alerts
        self._alerts[key] = alert

    def _drop(self, alert: Alert) -> None:
        if self._alerts.pop((alert.rule, alert.entity), None) is None:
            return
        entity = (alert.kind.value, alert.entity)
        self._open[entity] -= 1
        if not self._open[entity]:
            del self._open[entity]

    def _steps(self, reading: Reading, now: float) -> list[tuple[Alert | None, Step]]:
        befores = [(rule, self._alerts.get((rule.name, reading.entity))) for rule in self._rules[reading.kind]]
        return [(before, step(rule, before, reading, now)) for rule, before in befores]

    def _is_ruled(self, alert: Alert) -> bool:
        return any(rule.name == alert.rule for rule in self._rules[alert.kind])


def _by_kind(rules: Iterable[Rule]) -> Mapping[Kind, list[Rule]]:
    by_name: dict[str, Rule] = {}
    for rule in rules:
        if by_name.setdefault(rule.name, rule) is not rule:
            raise ValueError(f"expected rules with names of their own, got {rule.name} twice")
    return {kind: [rule for rule in by_name.values() if rule.over is kind] for kind in Kind}


def _changes_at(reading: Reading, now: float) -> float | None:
    # A change that should have happened by now is in the values already; waiting for it would never end.
    return None if reading.gone is not None or (reading.changes_at or 0.0) <= now else reading.changes_at


def _earliest(moments: Iterable[float | None]) -> float | None:
    return min((moment for moment in moments if moment is not None), default=None)

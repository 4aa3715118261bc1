"""What has changed about all alerts, and which of them must be looked at again?

`alerts.states` answers for one alert at one moment; `Engine` holds the memory: the alerts that are pending or firing,
those that ended not long ago, and the deadlines.  It is used in three strokes, so that nothing is believed before it is
durable:

    look = engine.judge(readings, now)                          # changes nothing
    ...                                                         # route it, commit it
    engine.adopt(alerts, look.deadlines)                        # now it is true here too

If the middle stroke fails, the same entities are still due and the same judgement comes out again.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from alerts.deadlines import Deadlines, Entity
from alerts.model import Alert, Condition, Kind, NoData, Reading, Rule, Transition
from alerts.rules import holds
from alerts.signals import with_watchers
from alerts.states import Step, removed, step
from alerts.timers import rested

#: A restored alert is looked at as soon as anyone asks: what happened while nobody watched is not known here.
_AT_ONCE = 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the world found: alerts that changed, why, and when each entity read wants to be read again."""

    alerts: tuple[Alert, ...] = ()
    transitions: tuple[Transition, ...] = ()
    deadlines: Mapping[Entity, float | None] = field(default_factory=dict)


class Engine:
    """The memory between two looks.  It knows only entities that are in trouble, or lately were, or have a deadline.

    A new engine, after a start or a reload, is given the alerts that were kept; they are due at once.  Of values that
    change by themselves it knows nothing until it is shown their entities again.
    """

    def __init__(self, rules: Iterable[Rule], alerts: Iterable[Alert] = ()) -> None:
        self._rules = _by_kind(rules)
        self._quiet = {kind: (tuple(_raising(each)), tuple(_heard(each))) for kind, each in self._rules.items()}
        self._alerts: dict[tuple[str, str], Alert] = {}
        self._deadlines: Deadlines[Entity] = Deadlines()
        self._kept: Counter[tuple[str, str]] = Counter()  # how many alerts of each entity are kept
        for alert in alerts:
            self.adopt([alert], {(alert.kind, alert.entity): _AT_ONCE})

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """The alerts that are pending or firing."""
        return tuple(alert for alert in self._alerts.values() if alert.is_open)

    @property
    def kept(self) -> tuple[Alert, ...]:
        """Those, and the ones that are remembered after their end."""
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
        if name in self._kept or self._deadlines.of((kind, entity)) != changes_at:
            return False
        raises, silences = self._quiet[kind]
        for condition in raises:  # for every post there is, and `any` would cost as much again
            if holds(condition, values):
                return False
        for condition in silences:  # noqa: SIM110 - as above
            if holds(condition, values) is None:
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

    def rested(self, alerts: Iterable[Alert], unwatched_s: float) -> Look:
        """Return the alerts of an earlier life, after a time in which nobody watched; all of them are due at once."""
        alerts = tuple(rested(alert, unwatched_s) for alert in alerts)
        return Look(alerts, deadlines={(alert.kind, alert.entity): _AT_ONCE for alert in alerts})

    def absent(self, unwatched_s: float) -> Look:
        """Return the alerts after a time in which the process was not there: their timers stood still."""
        alerts = [(alert, rested(alert, unwatched_s, 0.0)) for alert in self._alerts.values()]
        moved = tuple(after for before, after in alerts if after is not before)
        return Look(moved, deadlines={(alert.kind, alert.entity): _AT_ONCE for alert in moved})

    def removed_rules(self, now: float) -> Look:
        """Return what ends the alerts of rules that are no longer configured, and change nothing."""
        ended = [removed(alert, now) for alert in self._alerts.values() if not self._is_ruled(alert)]
        return Look(
            alerts=tuple(each.alert for each in ended if each.alert is not None),
            transitions=tuple(each.transition for each in ended if each.transition is not None),
        )

    def adopt(self, alerts: Iterable[Alert], deadlines: Mapping[Entity, float | None]) -> None:
        """Believe what was found, now that it is durable."""
        for alert in alerts:
            if alert.is_kept:
                self._keep(alert)
            else:
                self._drop(alert)
        for entity, at in deadlines.items():
            self._deadlines.set(entity, at)

    def _keep(self, alert: Alert) -> None:
        key = (alert.rule, alert.entity)
        self._kept[alert.kind.value, alert.entity] += key not in self._alerts
        self._alerts[key] = alert

    def _drop(self, alert: Alert) -> None:
        if self._alerts.pop((alert.rule, alert.entity), None) is None:
            return
        entity = (alert.kind.value, alert.entity)
        self._kept[entity] -= 1
        if not self._kept[entity]:
            del self._kept[entity]

    def _steps(self, reading: Reading, now: float) -> list[tuple[Alert | None, Step]]:
        befores = [(rule, self._alerts.get((rule.name, reading.entity))) for rule in self._rules[reading.kind]]
        return [(before, step(rule, before, reading, now)) for rule, before in befores]

    def _is_ruled(self, alert: Alert) -> bool:
        return any(rule.name == alert.rule for rule in self._rules[alert.kind])


def _by_kind(rules: Iterable[Rule]) -> Mapping[Kind, list[Rule]]:
    by_name: dict[str, Rule] = {}
    for rule in (each for given in rules for each in with_watchers(given)):
        if by_name.setdefault(rule.name, rule) is not rule:
            raise ValueError(f"expected rules with names of their own, got {rule.name} twice")
    return {kind: [rule for rule in by_name.values() if rule.over is kind] for kind in Kind}


def _raising(rules: Iterable[Rule]) -> Iterable[Condition]:
    return (rule.raise_when for rule in rules if not rule.watches_silence)


def _heard(rules: Iterable[Rule]) -> Iterable[Condition]:
    """Return what is compared with values whose absence means something."""
    for rule in rules:
        if rule.watches_silence or rule.no_data is NoData.FIRE:
            yield from (rule.raise_when, rule.clear_when)


def _changes_at(reading: Reading, now: float) -> float | None:
    # A change that should have happened by now is in the values already; waiting for it would never end.
    return None if reading.gone is not None or (reading.changes_at or 0.0) <= now else reading.changes_at


def _earliest(moments: Iterable[float | None]) -> float | None:
    return min((moment for moment in moments if moment is not None), default=None)

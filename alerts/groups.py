"""Which groups are there, and what is done with them?

The memory between two looks, as `alerts.engine.Engine` is that of single alerts, and used in the same three strokes:

    grouped = groups.judge(found, now)      # changes nothing
    ...                                     # commit grouped.judgement
    groups.adopt(grouped)                   # now it is true here too

One thing is believed before it is durable: which alerts mute others.  If the commit fails, the same alerts come again.
"""

from collections.abc import Callable, Collection, Iterable

from alerts import grouping
from alerts.engine import Look as Found
from alerts.group_book import Book, Grouped, Policy
from alerts.model import Alert, Group, Incident, State
from alerts.regrouping import Draft
from alerts.routing import group_labels, key_of, plans
from alerts.silences import Silence


class Groups:
    """The groups that there are, and when they want to be looked at again."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._book = Book()

    @property
    def groups(self) -> tuple[Group, ...]:
        """The groups that there are."""
        return tuple(self._book.groups.values())

    def open_incidents(self) -> tuple[Group, ...]:
        """Return the groups that are incidents now."""
        return tuple(self._book.open_incidents())

    def open_incident(self, incident: str) -> Group | None:
        """Return the group that an incident is of, while it is open."""
        return self._book.of_incident(incident)

    def incident(self, incident: str, now: float) -> Incident | None:
        """Return an incident as it stands now, while it is open."""
        group = self._book.of_incident(incident)
        if group is None:
            return None
        return grouping.shown(group, Draft(self._book, self._policy, Found(), now).seen(group))

    def route_of(self, incident: Incident) -> str:
        """Return the name of the route that made an incident's group; empty where none of today's would."""
        group = self._book.of_incident(incident.id)
        if group is not None:
            return group.plan.route
        alert = incident.first
        made = plans(alert.all_labels, self._policy.root)
        return next((plan.route for plan in made if key_of(plan, group_labels(alert, plan)) == incident.group), "")

    def known_by(self, dedup_key: str) -> Group | None:
        """Return the group of the open incident that a receiver knows by this key."""
        return self._book.of_dedup_key(dedup_key)

    def mutes(self) -> dict[str, str]:
        """Return why alerts are muted that fire, by fingerprint."""
        return {name: why for mutes in self._book.mutes.values() for name, why in mutes.items()}

    def next_deadline(self) -> float | None:
        """Return when the next group wants to be looked at, or None while none does."""
        return 0.0 if self._book.are_mutes_stale else self._book.deadlines.next()

    def restore(self, groups: Iterable[Group], alerts: Iterable[Alert]) -> None:
        """Take up what the store has kept, and nothing else; every group is looked at as soon as anyone asks."""
        before, self._book = self._book, Book()
        self.use_silences(before.silences)
        for group in groups:
            self._book.keep(group)
            self._book.members[group.key] = {}
            self._book.deadlines.set(group.key, 0.0)
        for alert in alerts:
            if alert.state is State.FIRING:
                self._policy.inhibitors.add(alert)
                for key in alert.groups:
                    self._book.members.setdefault(key, {})[alert.fingerprint] = alert

    def look_again(self, key: str) -> None:
        """Look at a group as soon as anyone asks: what is behind it has become known."""
        if key in self._book.groups:
            self._book.deadlines.set(key, 0.0)

    def use_silences(self, silences: Iterable[Silence]) -> None:
        """Mute by these from now on."""
        self._book.silences = tuple(silences)
        self._book.are_mutes_stale = True

    def use_policy(self, policy: Policy) -> None:
        """Go by another configuration from now on; groups that there are keep the plan they were made by."""
        for members in self._book.members.values():
            for alert in members.values():
                policy.inhibitors.add(alert)
        self._policy = policy
        self._book.are_mutes_stale = True

    def part(self, receivers: Collection[str], now: float) -> Grouped:
        """Return what becomes of the groups when there are no receivers but these, and change nothing."""
        draft = Draft(self._book, self._policy, Found(), now)
        draft.part(receivers)
        return draft.grouped()

    # --- the three strokes ---

    def judge(self, found: Found, now: float) -> Grouped:
        """Return what the engine's findings and the time make of the groups, and change nothing."""
        draft = Draft(self._book, self._policy, found, now)
        draft.look_at_all()
        return draft.grouped()

    def adopt(self, grouped: Grouped, *, is_look: bool = True) -> None:
        """Believe what was found, now that it is durable; `is_look` if all was looked at that was due."""
        self._book.write(grouped)
        if is_look:
            self._book.are_mutes_stale = False

    # --- what people and receivers do, in the same strokes; None where it changes nothing ---

    def acknowledge(self, incident: str, by: str, now: float, via: str = "", how: str = "") -> Grouped | None:
        """Return what becomes of an open incident that somebody takes upon them; `how` says in words by which way."""
        group = self._book.of_incident(incident)
        if group is None or group.acknowledged_by == by:
            return None
        return self._done_to(
            group, lambda draft: grouping.acknowledged(group, draft.seen(group), now, by, via, how), now
        )

    def unacknowledge(self, incident: str, now: float) -> Grouped | None:
        """Return what becomes of an incident that is nobody's again."""
        group = self._book.of_incident(incident)
        if group is None or not group.acknowledged_by:
            return None
        return self._done_to(group, lambda _: grouping.unacknowledged(group, now), now)

    def hasten(self, incident: str, now: float, unreached: str = "") -> Grouped | None:
        """Return what becomes of an incident of which a receiver was not reached: the next step falls due."""
        group = self._book.of_incident(incident)
        if group is None or group.acknowledged_by:
            return None
        return self._done_to(group, lambda _: grouping.hastened(group, now, unreached), now)

    def hand_on(self, incident: str, failed: str, to: str, now: float) -> Grouped | None:
        """Return what becomes of an incident that one receiver could not be told of: another one is."""
        group = self._book.of_incident(incident)
        if group is None or to in group.receivers:
            return None

        return self._done_to(
            group, lambda draft: grouping.handed_on(group, draft.seen(group), now, failed=failed, to=to), now
        )

    def _done_to(self, group: Group, do: Callable[[Draft], grouping.Look], now: float) -> Grouped:
        draft = Draft(self._book, self._policy, Found(), now)
        draft.take(group.key, do(draft))
        return draft.grouped()

"""What is known of the groups between two looks, and what the configuration wants done with them.

`Book` holds the groups, their alerts that fire, which of those are muted, and when each group wants to be looked at
again.  It decides nothing: `alerts.regrouping` reads it, and `alerts.groups` writes into it what has become true.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from alerts.deadlines import Deadlines
from alerts.inhibition import Inhibitors
from alerts.model import Alert, Group, Incident, Judgement, Plan
from alerts.routing import Route
from alerts.silences import Silence
from alerts.storms import Limits
from alerts.time_windows import TimeWindows

Members = dict[str, Alert]  # by fingerprint
Mutes = Mapping[str, str]  # why an alert is muted, by fingerprint


def not_known(_group: str) -> str:
    """Return that nobody knows what is behind a group."""
    return ""


def no_links(_incident: Incident) -> Mapping[str, str]:
    """Return that there are no pages about an incident."""
    return {}


@dataclass(frozen=True, slots=True)
class Policy:
    """What the configuration says about groups.

    `instance` names this daemon among those that share a pager; `cause_of` may know what is behind a group, in words,
    and `links_of` the pages about an incident, by what they are for.
    """

    root: Route
    inhibitors: Inhibitors
    windows: Mapping[str, TimeWindows] = field(default_factory=dict)
    storms: Limits = field(default_factory=Limits)
    instance: str = "roomwatch"
    cause_of: Callable[[str], str] = not_known
    links_of: Callable[[Incident], Mapping[str, str]] = no_links


@dataclass(frozen=True, slots=True)
class Grouped:
    """What a look at groups found: what is to be made true, and what the book is to say then.

    A group that is None is over.
    """

    judgement: Judgement
    groups: Mapping[str, Group | None] = field(default_factory=dict)
    members: Mapping[str, Members] = field(default_factory=dict)
    mutes: Mapping[str, Mutes] = field(default_factory=dict)
    deadlines: Mapping[str, float | None] = field(default_factory=dict)


class Book:
    """The groups that there are, by their keys.

    Attributes:
        groups: all of them.
        members: the alerts of each that fire.
        mutes: of those that have muted alerts, why.
        deadlines: when each wants to be looked at again.
        silences: those that are not over.
        are_mutes_stale: whether what mutes may have changed since the last look.
    """

    def __init__(self) -> None:
        self.groups: dict[str, Group] = {}
        self.members: dict[str, Members] = {}
        self.mutes: dict[str, Mutes] = {}
        self.deadlines: Deadlines[str] = Deadlines()
        self.silences: tuple[Silence, ...] = ()
        self.are_mutes_stale = False
        self._by_incident: dict[str, str] = {}
        self._by_dedup_key: dict[str, str] = {}
        self._unopened: set[str] = set()
        self._storms: set[str] = set()

    def of_incident(self, incident: str) -> Group | None:
        """Return the group that an open incident is of."""
        return self.groups.get(self._by_incident.get(incident, ""))

    def of_dedup_key(self, dedup_key: str) -> Group | None:
        """Return the group of the open incident that a receiver knows by this key."""
        return self.groups.get(self._by_dedup_key.get(dedup_key, ""))

    def open_incidents(self) -> Iterable[Group]:
        """Return the groups that incidents are open of."""
        return (self.groups[key] for key in self._by_incident.values())

    def unopened(self) -> tuple[str, ...]:
        """Return the keys of the groups of which nobody was told yet."""
        return tuple(self._unopened)

    def storms(self, plan: Plan) -> Iterable[Group]:
        """Return the open storms among the groups of a plan."""
        return (group for key in self._storms if (group := self.groups[key]).plan.route == plan.route)

    def write(self, grouped: Grouped) -> None:
        """Take up what has become true."""
        for key, group in grouped.groups.items():
            if group is None:
                self._drop(key)
            else:
                self.keep(group)
        self.members |= {key: members for key, members in grouped.members.items() if key in self.groups}
        for key, mutes in grouped.mutes.items():
            if mutes and key in self.groups:
                self.mutes[key] = mutes
            else:
                self.mutes.pop(key, None)
        for key, at in grouped.deadlines.items():
            self.deadlines.set(key, at if key in self.groups else None)

    def keep(self, group: Group) -> None:
        """Know a group, as it stands."""
        self._forget_keys(group.key)
        self.groups[group.key] = group
        if group.incident:
            self._by_incident[group.incident] = group.key
            self._by_dedup_key |= dict.fromkeys(group.receivers.values(), group.key)
            self._unopened.discard(group.key)
        else:
            self._unopened.add(group.key)
        if group.is_storm:
            self._storms.add(group.key)

    def _drop(self, key: str) -> None:
        self._forget_keys(key)
        group = self.groups.pop(key, None)
        if group is not None:
            self._by_incident.pop(group.incident, None)
        self._unopened.discard(key)
        self._storms.discard(key)
        self.members.pop(key, None)
        self.mutes.pop(key, None)
        self.deadlines.set(key, None)

    def _forget_keys(self, key: str) -> None:
        group = self.groups.get(key)
        for dedup_key in () if group is None else group.receivers.values():
            self._by_dedup_key.pop(dedup_key, None)

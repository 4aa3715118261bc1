"""What do an engine's findings and the time make of the groups?

Alerts that began are put into groups by the routes, those that ended are taken out.  Then every group is looked at
that something happened to, whose time has come, or that has muted alerts while what mutes may have changed: a look
costs what changed, and not what there is.  When a group is due that nobody was told of yet, those that wait beside it
are compared with it, and may become one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from alerts import grouping
from alerts.engine import Look as Found
from alerts.fingerprint import group_key
from alerts.group_book import Book, Grouped, Members, Mutes, Policy
from alerts.grouping import Seen
from alerts.model import Alert, Group, Incident, Judgement, Note, Notification, Plan, Reason, State
from alerts.muting import inhibited, muted_by_time, silenced
from alerts.routing import EACH_BY_ITSELF, group_labels, key_of, plans
from alerts.silences import ActiveSilences, next_change
from alerts.storms import belongs, find_storm, in_common

NOBODY = "no route is for it that has a receiver"


class Draft:
    """One judgement while it is made: what the book says, and over it what has changed."""

    def __init__(self, book: Book, policy: Policy, found: Found, now: float) -> None:
        self._book = book
        self._policy = policy
        self._now = now
        self._found = found
        self._begun = {each.fingerprint: each.why for each in found.transitions if each.begins_episode}
        self._ended: dict[str, list[tuple[Alert, str]]] = defaultdict(list)  # by group
        self._news: dict[str, str] = {}  # by group: what else there is to say
        self._alerts = {alert.fingerprint: alert for alert in found.alerts}
        self._groups: dict[str, Group | None] = {}
        self._members: dict[str, Members] = {}
        self._mutes: dict[str, Mutes] = {}
        self._deadlines: dict[str, float | None] = {}
        self._sought: set[tuple[str, str]] = set()  # the sorts of groups among which storms were looked for
        self._joined: dict[str, str] = {}  # the storm that a group has become part of
        self._notes: list[Note] = []
        self._incidents: dict[str, Incident] = {}
        self._owed: list[Notification] = []
        self._silences = ActiveSilences(book.silences, now)
        self._are_mutes_stale = book.are_mutes_stale

    def look_at_all(self) -> None:
        """Look at every group that something happened to, or whose time has come."""
        for key in dict.fromkeys(self._due(self._place_alerts())):
            group = self.group(key)
            if group is not None:
                self.take(key, grouping.look(group, self.seen(group), self._now))

    def part(self, receivers: Collection[str]) -> None:
        """Let go of receivers that are not among these, and put what they alone were told of into groups anew."""
        for key, group in self._book.groups.items():
            if not set(receivers).issuperset((*group.plan.receivers, *group.receivers)):
                look = grouping.parted(group, self.seen(group), self._now, receivers)
                self.take(key, look)
                for alert in list(self.members(key).values()) if look.is_over else ():
                    self._regroup(alert, key)

    def _regroup(self, alert: Alert, left: str) -> None:
        """Put an alert that fires into the groups of today's routes, in the place of one that is over."""
        new = [self._key_for(alert, plan) for plan in plans(alert.all_labels, self._policy.root)]
        keys = (*(key for key in alert.groups if key != left), *new)
        moved = self._alerts[alert.fingerprint] = replace(alert, groups=tuple(dict.fromkeys(keys)))
        for key in moved.groups:
            self.members(key)[alert.fingerprint] = moved
            self._deadlines.setdefault(key, self._now)

    def take(self, key: str, look: grouping.Look) -> None:
        """Write down what a look at a group found."""
        self._groups[key] = None if look.is_over else look.group
        self._deadlines[key] = look.look_again_at
        for word in look.words:
            self._owed += grouping.notifications(word, self._now, self._policy.links_of(word.incident))
            self._incidents[word.incident.id] = word.incident

    def grouped(self) -> Grouped:
        """Return all that was written down."""
        changed = {key: group for key, group in self._groups.items() if group is not self._book.groups.get(key)}
        return Grouped(
            Judgement(
                at=self._now,
                alerts=tuple(self._alerts.values()),
                transitions=self._found.transitions,
                groups=tuple(group for group in changed.values() if group is not None),
                over=tuple(key for key, group in changed.items() if group is None),
                incidents=tuple(self._incidents.values()),
                notifications=tuple(self._owed),
                notes=tuple(self._notes),
            ),
            groups=changed,
            members=self._members,
            mutes=self._mutes,
            deadlines=self._deadlines,
        )

    # --- alerts into groups ---

    def _place_alerts(self) -> set[str]:
        """Put alerts that began into groups, take those out that ended, and return the groups to be looked at."""
        touched: set[str] = set()
        for transition in self._found.transitions:
            alert = self._alerts[transition.fingerprint]
            if transition.begins_episode:
                touched.update(self._join(alert))
            elif transition.ends_episode:
                touched.update(self._leave(alert, transition.why))
            elif transition.reason is Reason.FLAPPING:
                self._news |= dict.fromkeys(alert.groups, transition.why)
                touched.update(alert.groups)
        self._show_again()
        return touched

    def _join(self, alert: Alert) -> tuple[str, ...]:
        self._policy.inhibitors.add(alert)
        keys = tuple(dict.fromkeys(self._key_for(alert, plan) for plan in plans(alert.all_labels, self._policy.root)))
        alert = self._alerts[alert.fingerprint] = replace(alert, groups=keys)
        for key in keys:
            self.members(key)[alert.fingerprint] = alert
        if not keys:
            self._note(alert.fingerprint, "", NOBODY)
        return tuple(key for key in keys if not self._can_wait(key, alert))

    def _leave(self, alert: Alert, why: str) -> tuple[str, ...]:
        self._are_mutes_stale |= self._policy.inhibitors.remove(alert)
        for key in alert.groups:
            self.members(key).pop(alert.fingerprint, None)
            self._ended[key].append((alert, why))
        return alert.groups

    def _show_again(self) -> None:
        """Let groups know their alerts as they are now, also those that neither began nor ended."""
        for alert in self._alerts.values():
            for key in alert.groups if alert.state is State.FIRING else ():
                if alert.fingerprint in self.members(key):
                    self.members(key)[alert.fingerprint] = alert

    def _key_for(self, alert: Alert, plan: Plan) -> str:
        """Return the key of the group that a plan puts an alert into, which is there afterwards."""
        storm = next((group for group in self._book.storms(plan) if belongs(alert, group.labels)), None)
        if storm is not None:
            return storm.key
        labels = group_labels(alert, plan)
        key = key_of(plan, labels)
        if self.group(key) is None:
            self._groups[key] = Group(key, labels, plan, self._policy.instance)
        return key

    def _can_wait(self, key: str, alert: Alert) -> bool:
        """Whether a group waits already, so that one alert more, no worse than the others, changes nothing yet."""
        group, due_at = self.group(key), self._book.deadlines.of(key)
        is_waiting = group is not None and group.waiting_since is not None and due_at is not None and due_at > self._now
        return is_waiting and group is not None and (not group.incident or alert.severity.rank >= group.severity.rank)

    # --- which groups, and what there is to see of them ---

    def _due(self, touched: Iterable[str]) -> Iterable[str]:
        yield from touched
        if self._are_mutes_stale:
            yield from tuple(self._book.mutes)
        for key in self._book.deadlines.due(self._now):
            yield self._storm_of(key) or key

    def group(self, key: str) -> Group | None:
        """Return a group as it stands now, or None: it is over, or never was."""
        return self._groups[key] if key in self._groups else self._book.groups.get(key)

    def members(self, key: str) -> Members:
        """Return the alerts of a group that fire, to be changed freely."""
        if key not in self._members:
            self._members[key] = dict(self._book.members.get(key, {}))
        return self._members[key]

    def seen(self, group: Group) -> Seen:
        """Return what there is to see of a group, and note what is muted now and was not before."""
        firing = self.members(group.key)
        mutes, quiet_until = self._mutes_of(group, firing)
        self._note_mutes(group, mutes)
        audible = [alert for name, alert in firing.items() if name not in mutes]
        return Seen(
            firing=firing,
            ended=tuple(self._ended.get(group.key, ())),
            begun=self._begun,
            muted=mutes,
            quiet_until=quiet_until,
            news=self._news.get(group.key, ""),
            cause=in_common(audible, self._policy.storms) or self._policy.cause_of(group.key),
        )

    def _mutes_of(self, group: Group, firing: Members) -> tuple[Mutes, float | None]:
        """Return why alerts are muted, and when that may change though nothing happens."""
        why, until = muted_by_time(group.plan, self._policy.windows, self._now)
        if why:
            return dict.fromkeys(firing, why), until
        muted = {name: why for name, alert in firing.items() if (why := self._why_muted(alert))}
        return muted, next_change(self._book.silences, self._now) if muted else None

    def _why_muted(self, alert: Alert) -> str:
        silence = self._silences.silencing(alert.all_labels)
        if silence is not None:
            return silenced(silence)
        muting = self._policy.inhibitors.muting(alert)
        if muting is None:
            return ""
        inhibition, source = muting
        return inhibited(source, inhibition.name)

    def _note_mutes(self, group: Group, mutes: Mutes) -> None:
        before = self._book.mutes.get(group.key, {})
        for name, why in mutes.items():
            if before.get(name) != why:
                self._note(name, group.key, why)
        for name in before.keys() - mutes.keys():
            self._note(name, group.key, grouping.UNMUTED)
        if mutes or before:
            self._mutes[group.key] = mutes

    def _note(self, fingerprint: str, group: str, text: str) -> None:
        self._notes.append(Note(self._now, fingerprint, group, text))

    # --- many that become one ---

    def _storm_of(self, key: str) -> str | None:
        """Return the key of the storm that a group which is due makes with those that wait beside it, if it does."""
        group = self.group(key)
        if group is None or group.incident or group.waiting_since is None or not self._may_join(group):
            return self._joined.get(key)
        sort = _sort(group)
        if sort not in self._sought:  # once for all that are due: asking each about all the others would take for ever
            self._sought.add(sort)
            self._merge_storms(sort)
        return self._joined.get(key)

    def _may_join(self, group: Group) -> bool:
        return bool(self._policy.storms.groups) and EACH_BY_ITSELF not in group.plan.group_by

    def _merge_storms(self, sort: tuple[str, str]) -> None:
        """Make storms of the groups of a sort that wait, for as long as they make any."""
        found = (self.group(key) for key in dict.fromkeys((*self._book.unopened(), *self._groups)))
        groups = [each for each in found if each is not None and not each.incident and _sort(each) == sort]
        waiting = {each.key: audible for each in groups if (audible := self._audible(each))}
        while (storm := find_storm(waiting, self._policy.storms)) is not None:
            storm_key = self._merged(storm.labels, storm.keys)
            for key in storm.keys:
                self._joined[key] = storm_key
                del waiting[key]

    def _audible(self, group: Group) -> Sequence[Alert]:
        mutes, _ = self._mutes_of(group, self.members(group.key))
        return [alert for name, alert in self.members(group.key).items() if name not in mutes]

    def _merged(self, labels: Mapping[str, str], keys: Sequence[str]) -> str:
        """Return the key of the group that takes the place of these; it has waited as long as the first of them."""
        merged = [each for key in keys if (each := self.group(key)) is not None]
        first = min(merged, key=lambda each: self._now if each.waiting_since is None else each.waiting_since)
        storm_key = group_key(f"storm of {first.plan.route}", {**labels, "since": repr(self._now)})
        self._groups[storm_key] = replace(first, key=storm_key, labels=labels, is_storm=True)
        for each in merged:
            self._move_all(each.key, storm_key)
        return storm_key

    def _move_all(self, key: str, to: str) -> None:
        for name, alert in self.members(key).items():
            moved = replace(alert, groups=tuple(dict.fromkeys(to if each == key else each for each in alert.groups)))
            self._alerts[name] = moved
            for each in moved.groups:
                self.members(each)[name] = moved
        self._members[key] = {}
        self._groups[key] = None


def _sort(group: Group) -> tuple[str, str]:
    """Return what groups have in common that may become one: a route, and what kind of trouble it is."""
    return group.plan.route, group.labels.get("alertname", "")

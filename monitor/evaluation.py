"""When does somebody have to be told?

Whenever the picture changed, and whenever a deadline fell due, of an alert or of a group.  One look reads the time
once, shows the rules what changed, puts what fires into groups, asks which of them are owed a word, and writes all of
it in one transaction.  Only when that has committed do engine and groups believe it and the dispatcher hear of it; if
it fails, the same look is simply taken again.

What cannot be seen just now (`monitor.blindness`) is marked so in what rules are shown, and looked at again once it
can.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from logging import getLogger

from alerts.engine import Engine, Look
from alerts.group_book import Grouped, Policy
from alerts.groups import Groups
from alerts.model import Alert, Group, Judgement, Kind, Notification, Reading, Rule
from monitor.alert_metrics import count_incidents
from monitor.blindness import DAEMON, Sight, account_of, through
from monitor.entities import Change, Ref
from monitor.limits import Limits
from monitor.live import Live
from monitor.metrics import Metrics
from monitor.naming import Naming
from monitor.readings import NOWHERE, Read, glance, read
from monitor.store.ports import AlertHistory, StoreFailed

_log = getLogger(__name__)

_RETRY_AFTER_S = 1.0
_BETWEEN_LOOKS_S = 0.05  # what changes meanwhile is looked at together: a room of fifty once, not once for each of them


class Evaluation:
    """Looks at what changed, decides, and makes the decision durable."""

    def __init__(
        self,
        engine: Engine,
        groups: Groups,
        live: Live,
        store: AlertHistory,
        metrics: Metrics,
        *,
        limits: Limits,
        naming: Naming,
        now_s: Callable[[], float],
        on_owed: Callable[[], None],
        elsewhere: Mapping[Kind, Read] = NOWHERE,
        missed_s: Callable[[float, float], float] = lambda _since_s, _now_s: 0.0,
    ) -> None:
        self.engine = engine
        self.groups = groups
        self._live = live
        self._store = store
        self._metrics = metrics
        self._limits = limits
        self._naming = naming
        self._turn = asyncio.Lock()  # what people do and what a look finds are decided one after the other
        self._now_s = now_s
        self._on_owed = on_owed
        self.on_change: list[Callable[[Judgement], None]] = []  # whom to tell of alerts and groups that changed
        self._missed_s = missed_s  # how long this process was not there since a moment
        self._attended_s = now_s()  # until when that is accounted for
        self._elsewhere = elsewhere  # how to read what is not in the picture
        self._sight = Sight()
        self._unseen: set[Ref] = set()  # what was looked at while it could not be trusted
        self._changed: dict[Ref, Change] = {}
        self.looked_at_s = 0.0  # when the last look was taken that came to its end
        self._wake = asyncio.Event()
        self._closing = False

    def notice(self, changes: Sequence[Change]) -> None:
        """Remember what changed until the next look."""
        for change in changes:
            self._changed[change.ref] = change
        self._wake.set()

    def notice_everything(self) -> None:
        """Look at the whole picture once, and at whatever is alerted on that is in it no longer: after a restart."""
        refs = [DAEMON, *self._live.refs(), *(Ref(alert.kind.value, alert.entity) for alert in self.engine.alerts)]
        self.notice([Change(ref) for ref in refs if ref not in self._changed])

    @property
    def sight(self) -> Sight:
        """What is not seen just now."""
        return self._sight

    def see(self, sight: Sight) -> None:
        """Go by what can be seen from now on: alerts stand still where nothing can, and go on where it can again."""
        if sight == self._sight:
            return
        self._sight = sight
        alerted = (Ref(alert.kind.value, alert.entity) for alert in self.engine.alerts)
        refs, self._unseen = {DAEMON, *alerted, *self._unseen}, set()
        self.notice([Change(ref) for ref in refs if ref not in self._changed])

    def begin(self, rules: Iterable[Rule], policy: Policy, store: AlertHistory) -> None:
        """Begin anew, whatever was known before: with these rules, and writing there."""
        self.show(rules, policy, (), ())
        self._store = store
        self._changed.clear()
        self._unseen.clear()
        self._attended_s = self.looked_at_s = self._now_s()
        self._closing = False

    def write_to(self, store: AlertHistory) -> None:
        """Write what is to be true there from now on."""
        self._store = store

    def show(self, rules: Iterable[Rule], policy: Policy, alerts: Iterable[Alert], groups: Iterable[Group]) -> None:
        """Show alerts and groups as they are stored, by others who decide."""
        kept = tuple(alerts)
        self.engine = Engine(rules, kept)
        self.groups.restore((), ())  # or the new policy would hear of what was there before
        self.groups.use_policy(policy)
        self.groups.restore(groups, kept)

    async def take_up(self, alerts: Sequence[Alert], groups: Iterable[Group], last_seen_s: float | None) -> None:
        """Take up the alerts and groups of an earlier life, which watched until then.

        Raises:
            StoreFailed: nothing was taken up.
        """
        unwatched_s = 0.0 if last_seen_s is None else self._now_s() - last_seen_s
        look = self.engine.rested(alerts, unwatched_s)
        moved = tuple(after for before, after in zip(alerts, look.alerts, strict=True) if after is not before)
        if moved:
            await self._store.record(Judgement(moved))
        self.engine.adopt(look.alerts, look.deadlines)
        self.groups.restore(groups, look.alerts)

    async def run(self) -> None:
        """Look whenever there is something to look at, for as long as the daemon runs."""
        while not self._closing:
            await self._sleep()
            self._wake.clear()
            try:
                await self.look()
            except StoreFailed as error:
                _log.error("alerts not recorded, trying again: %s", error)
                await asyncio.sleep(_RETRY_AFTER_S)
                self._wake.set()
            await asyncio.sleep(_BETWEEN_LOOKS_S)

    def close(self) -> None:
        """Take no further look."""
        self._closing = True
        self._wake.set()

    def next_deadline(self) -> float | None:
        """Return when the next look is due though nothing changes, or None while none is."""
        moments = (self.engine.next_deadline(), self.groups.next_deadline())
        return min((at for at in moments if at is not None), default=None)

    async def _sleep(self) -> None:
        deadline = self.next_deadline()
        timeout_s = None if deadline is None else max(0.0, deadline - self._now_s())
        try:
            async with asyncio.timeout(timeout_s):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def look(self) -> None:
        """Look once at everything that changed or fell due.

        Raises:
            StoreFailed: nothing was decided; what had changed is still remembered.
        """
        async with self._turn:
            now_s = self._now_s()
            await self._stand_still(now_s)
            noticed, self._changed = self._changed, {}
            due = {Ref(kind.value, entity): Change(Ref(kind.value, entity)) for kind, entity in self.engine.due(now_s)}
            try:
                await self._decide((due | noticed).values(), now_s)
            except BaseException:
                self._changed = noticed | self._changed  # what changed meanwhile is newer
                raise
            self.looked_at_s = now_s

    async def _stand_still(self, now_s: float) -> None:
        """Let no timer have run while this process was not there: what is due by the clock was never seen to last."""
        missed_s = self._missed_s(self._attended_s, now_s)
        if missed_s:
            _log.warning("this process was not there for %.0f s; timers of alerts stood still", missed_s)
            look = self.engine.absent(missed_s)
            await self._commit(Judgement(look.alerts))
            self.engine.adopt(look.alerts, look.deadlines)
        self._attended_s = now_s

    async def _decide(self, changes: Iterable[Change], now_s: float) -> None:
        readings = [self._read(change, now_s) for change in changes if not self._is_quiet(change, now_s)]
        await self._make_true(self.engine.judge(readings, now_s), now_s)

    def _read(self, change: Change, now_s: float) -> Reading:
        reading = read(self._live, change, self._limits, self._naming, now_s, self._elsewhere)
        if not self._sight.is_blind:
            return reading
        seen = through(self._sight, reading, account_of(self._live, change.ref))
        if seen.untrusted:
            self._unseen.add(change.ref)
        return seen

    def _is_quiet(self, change: Change, now_s: float) -> bool:
        """Whether a look would find nothing: of people who are well, and come by the thousand, that is soon said."""
        ref = change.ref
        seen = glance(self._live, ref, self._limits, now_s) if change.gone is None else None
        if seen is None:
            return False
        kind = Kind.PARTICIPANT if ref.kind == "participant" else Kind.ROOM
        return self.engine.is_quiet(kind, ref.key, seen.values, seen.changes_at)

    async def go_by(self, rules: Iterable[Rule], policy: Policy, receivers: Collection[str]) -> None:
        """Go by other rules, routes and receivers from now on; end what those had opened that are no more.

        Raises:
            StoreFailed: what ends could not be written; go by them again.
        """
        async with self._turn:
            self.engine = Engine(rules, self.engine.kept)
            self.groups.use_policy(policy)
            await self._end_what_is_no_more(receivers)
        self.notice_everything()

    async def end_what_is_no_more(self, receivers: Collection[str]) -> None:
        """Resolve what rules and receivers had opened that are not configured any more."""
        async with self._turn:
            await self._end_what_is_no_more(receivers)

    async def _end_what_is_no_more(self, receivers: Collection[str]) -> None:
        now_s = self._now_s()
        await self._make_true(self.engine.removed_rules(now_s), now_s)
        parted = self.groups.part(receivers, now_s)
        await self._commit(parted.judgement)
        self.engine.adopt(parted.judgement.alerts, {})
        self.groups.adopt(parted, is_look=False)

    async def owe(self, words: Callable[[float], tuple[Notification, ...]]) -> None:
        """Have words owed that no alert is behind, the way of all others.

        Raises:
            StoreFailed: nothing is owed.
        """
        await self.do(lambda now_s: Grouped(Judgement(notifications=words(now_s), at=now_s)))

    async def do(self, deed: Callable[[float], Grouped | None]) -> bool:
        """Do to an incident what somebody wants done to it, and say whether that changed anything.

        Raises:
            StoreFailed: nothing was done.
        """
        async with self._turn:
            grouped = deed(self._now_s())
            if grouped is None:
                return False
            await self._commit(grouped.judgement)
            self.groups.adopt(grouped, is_look=False)
        self._wake.set()
        return True

    async def _make_true(self, look: Look, now_s: float) -> None:
        grouped = self.groups.judge(look, now_s)
        await self._commit(grouped.judgement)
        self.engine.adopt(grouped.judgement.alerts, look.deadlines)
        self.groups.adopt(grouped)
        for tell in self.on_change if grouped.judgement.alerts or grouped.groups else ():
            tell(grouped.judgement)

    async def _commit(self, judgement: Judgement) -> None:
        if judgement:
            before = self.groups.open_incidents()
            await self._store.record(judgement)
            count_incidents(self._metrics, before, judgement)
            self._report(judgement)
        if judgement.notifications:
            self._on_owed()

    def _report(self, made_true: Judgement) -> None:
        for transition in made_true.transitions:
            self._metrics.add("roomwatch_alert_transitions_total", transition.rule, transition.reason.value)
            _log.info(
                "alert %s -> %s: %s for %s (%s%s)",
                transition.before,
                transition.after,
                transition.rule,
                transition.entity,
                transition.reason,
                f": {transition.detail}" if transition.detail else "",
            )

"""How are rules run over what is on record?

A day at a time: what was measured is read and thinned, what happened is read as it is needed, and both go through a
picture and an engine of their own, which nobody else sees.  It begins a day before the time that is asked for: what
went on at its beginning had begun by then, since Twilio lets no room last longer.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from heapq import merge
from operator import attrgetter

from msgspec import Struct

from alerts.group_book import Policy
from alerts.model import Rule, State, Transition
from monitor.limits import Limits
from monitor.live import Live
from monitor.naming import Naming
from monitor.on_record import recollected
from monitor.places import resolve
from monitor.replay.coverage import SAMPLED, unplayable, unseen
from monitor.replay.judging import Found, Judge
from monitor.replay.reckoning import Reckoning
from monitor.replay.retelling import Step, step_of, steps_of_record, steps_of_samples
from monitor.replay.screening import Screening
from monitor.replay.stepping import Stepping
from monitor.replay.telling import Said, Telling
from monitor.replay.wording import Replayed, moment
from monitor.store.past import Reach
from monitor.store.ports import Happened, Line, Place, Resolved, Wanted
from monitor.store.sqlite import SqliteStore

WINDOW_MS = LEAD_MS = 86_400_000
TOLERATED_MS = 60_000  # nobody misses what was not on record for less

OnProgress = Callable[[str, int], None]  # what is being done, and how far the time has gone by

_at_ms = attrgetter("at_ms")


class Bench(Struct, frozen=True):
    """What is tried out: rules, and who would hear of them."""

    rules: Sequence[Rule]
    policy: Policy
    limits: Limits
    naming: Naming
    accounts: Sequence[str]
    forget_after_ms: int


class Asked(Struct, frozen=True):
    """Over which time, and of which room if of one only."""

    from_ms: int
    to_ms: int
    room: str = ""

    @property
    def span_ms(self) -> tuple[int, int]:
        """Return the time that is gone through."""
        return self.from_ms - LEAD_MS, self.to_ms


async def replay(store: SqliteStore, bench: Bench, asked: Asked, on_progress: OnProgress) -> Replayed:
    """Run the rules over what is on record.

    Raises:
        StoreFailed: it cannot be read.
    """
    return await _Replay(store, bench, asked, on_progress).run()


class _Replay:
    """One replay."""

    def __init__(self, store: SqliteStore, bench: Bench, asked: Asked, on_progress: OnProgress) -> None:
        self._store = store
        self._asked = asked
        self._on_progress = on_progress
        self._forget_after_ms = bench.forget_after_ms
        self._left_out = list(unplayable(bench.rules, is_one_room=bool(asked.room)))
        left_out = {gap.rule for gap in self._left_out}
        self._rules = [rule for rule in bench.rules if rule.name not in left_out]
        self._screening = Screening(self._rules)
        self._live = Live(bench.accounts, naming=bench.naming, limits=bench.limits.compositions)
        telling = Telling(bench.policy)
        self._judge = Judge(self._rules, self._live, bench.limits, bench.naming, telling)
        self._stepping = Stepping(self._live, self._judge, asked.span_ms[0], bench.forget_after_ms)
        self._reckoning = Reckoning()
        self._transitions: list[Transition] = []
        self._said: list[Said] = []
        self._kinds: set[str] = set()
        self._samples = 0

    async def run(self) -> Replayed:
        """Live through all of it."""
        begin_ms, end_ms = self._asked.span_ms
        rooms = await self._store.past.names_of(self._asked.room) if self._asked.room else frozenset[str]()
        await self._recall_accounts(begin_ms)
        records = await self._store.past.rooms(begin_ms, end_ms, rooms)
        of_record = sorted(
            (step for record in records for step in steps_of_record(record, self._forget_after_ms)), key=_at_ms
        )
        present = await recollected(self._store)
        for from_ms in range(begin_ms, end_ms, WINDOW_MS):
            to_ms = min(from_ms + WINDOW_MS, end_ms)
            lines = await self._lines(from_ms, to_ms, rooms, present)
            happened = self._noted(self._store.past.happened(from_ms, to_ms, rooms))
            within = [step for step in of_record if from_ms <= step.at_ms < to_ms]
            steps = merge(map(step_of, happened), within, steps_of_samples(lines), key=_at_ms)
            for found in self._stepping.through(self._told(steps), to_ms):
                self._take(found)
        return await self._result()

    async def _recall_accounts(self, before_ms: int) -> None:
        """Have the accounts as they stood before: a hook or a trouble that was told long ago may count still."""
        for happened in await self._store.past.of_accounts(before_ms):
            self._stepping.recall(step_of(happened))

    async def _lines(self, from_ms: int, to_ms: int, rooms: frozenset[str], present: Live) -> list[Line]:
        """Return what was measured and may matter."""
        if not any(rule.over in SAMPLED for rule in self._rules):
            return []

        def known(place: Place, at_ms: int) -> Resolved:
            return resolve(present, place, at_ms)

        thin: list[Line] = []
        async with aclosing(self._store.samples.lines(Wanted(from_ms, to_ms, any_of=rooms), known)) as lines:
            async for series, samples in lines:
                self._samples += samples.count
                thin.append(Line(series, self._screening.thinned(series, samples)))
                self._on_progress(f"reading, {self._samples:,} samples", from_ms)
        return thin

    def _noted(self, happened: Iterator[Happened]) -> Iterator[Happened]:
        for each in happened:
            self._kinds.add(each.happening.kind)
            yield each

    def _told(self, steps: Iterator[Step]) -> Iterator[Step]:
        for step in steps:
            self._on_progress("replaying", step.at_ms)
            yield step

    def _take(self, found: Found) -> None:
        """Note what was found, unless it was before the time that is asked for."""
        from_s = self._asked.from_ms / 1000
        late = Found(
            [each for each in found.transitions if each.at >= from_s],
            [each for each in found.said if each.at_s >= from_s],
        )
        self._reckoning.add(late)
        self._transitions += [each for each in late.transitions if State.FIRING in (each.before, each.after)]
        self._said += late.said

    async def _result(self) -> Replayed:
        asked = self._asked
        return Replayed(
            asked.from_ms,
            asked.to_ms,
            self._transitions,
            self._said,
            self._reckoning.sums(self._rules, self._judge.engine.alerts),
            self._left_out,
            list(unseen(self._rules, self._kinds, self._judge.kinds, has_samples=self._samples > 0)),
            list(_notes(asked, await self._store.past.reach())),
        )


def _notes(asked: Asked, reach: Reach) -> Iterator[str]:
    for what, since_ms, whom in (
        ("what happened", reach.events_ms, "all rules"),
        ("what was measured", reach.samples_ms, "rules over people, rooms, regions and tenants"),
    ):
        if since_ms is None:
            yield f"nothing of {what} is on record, so {whom} saw nothing of it"
        elif since_ms > asked.from_ms + TOLERATED_MS:
            yield f"{what} is on record since {moment(since_ms / 1000)} only; before that, {whom} saw nothing of it"

"""A daemon whose time is told to it, and a simulated world that it watches: hours go by in seconds.

What is real: the pipeline, the picture, the chores, the engine, the evaluation and the store.  Instead of doors there
is `Watched`, which decodes what simulated browsers and callbacks say; instead of tasks that wait there is `at`.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from alerts.engine import Engine
from alerts.groups import Groups
from alerts.model import Notification, Transition
from collectors import callbacks
from collectors.events import Event, HookSeen, RoomLooked, RoomSeen, RoomStatus, Source
from collectors.telemetry import decode
from monitor.agenda import Agenda
from monitor.config import Config, build
from monitor.configured_limits import limits_of
from monitor.evaluation import Evaluation
from monitor.folding import Fold
from monitor.housekeeping import Housekeeping
from monitor.live import Live
from monitor.metrics import Metrics
from monitor.pipeline import Pipeline
from monitor.policy import links_of, policy_of
from monitor.simulator.callbacks import callback_form
from monitor.simulator.entities import Happening
from monitor.simulator.scenarios import Scenario
from monitor.simulator.telemetry import Reporter, join_failure
from monitor.simulator.world import World
from monitor.store.sqlite import SqliteStore
from tests.builders import ACCOUNT
from tests.conftest import settings

BEGAN_S = 1_763_690_000.0
POST_EVERY_S = 5
CHORES_EVERY_S = 60


class VirtualDaemon:
    """The parts of a daemon that decide, on a clock that stands still between events."""

    def __init__(self, config: Config, store: SqliteStore) -> None:
        self.config = config
        self.store = store
        self.now_s = BEGAN_S
        limits = limits_of(config)
        accounts = [account.account_sid for account in config.accounts]
        self.live = Live(accounts, self._now_ms(), naming=config.naming, limits=limits.compositions)
        self.owed: list[Notification] = []
        self._polled: set[tuple[str, str | None]] = set()
        self.metrics = metrics = Metrics()
        self.evaluation = Evaluation(
            Engine(config.rules),
            Groups(policy_of(config, links_of(config))),
            self.live,
            store.alerts,
            metrics,
            limits=limits,
            naming=config.naming,
            now_s=lambda: self.now_s,
            on_owed=lambda: None,
        )
        self.evaluation.on_change.append(lambda judgement: self.owed.extend(judgement.notifications))
        fold = Fold(self.live, self.evaluation.notice)
        self.pipeline = Pipeline(store.log, fold, metrics, capacity_events=100_000, now_ms=self._now_ms)
        self.chores = Housekeeping(
            store,
            self.live,
            Agenda(self.live, 60_000),
            fold,
            metrics,
            self.evaluation.notice,
            storage=config.storage,
            picture=config.live,
            now_ms=self._now_ms,
        )

    def _now_ms(self) -> int:
        return round(self.now_s * 1000)

    async def at(self, at_s: float, events: Sequence[Event]) -> None:
        """Let the time come, with whatever falls due before it, and take events."""
        while (due_s := self.evaluation.next_deadline()) is not None and due_s < at_s:
            self.now_s = max(self.now_s, due_s)
            await self.evaluation.look()
        self.now_s = at_s
        if events:
            await asyncio.gather(*[self.pipeline.offer(event) for event in events])
        await self.evaluation.look()

    async def poll(self, regions: Mapping[str, str]) -> None:
        """Hear what polls tell of rooms that Twilio has told of; only what is new in it is worth a row in the log."""
        for event in polled(self, regions):
            about = (event.room_sid, event.media_region if isinstance(event, RoomSeen) else None)
            if about[1] is None or about in self._polled:
                self.pipeline.refresh(event)
            else:
                await self.pipeline.offer(event)
                self._polled.add(about)

    async def do_chores(self) -> None:
        """Do what is done every minute."""
        await self.chores.expire()
        await self.chores.save_picture()
        await self.chores.settle()

    async def transitions(self) -> list[Transition]:
        """Return every change of an alert there has been."""
        rows = await self.store._database.read("SELECT body FROM transitions ORDER BY id")
        return [msgspec.json.decode(body, type=Transition) for (body,) in rows]


@asynccontextmanager
async def virtual_daemon(database: Path, **given: Any) -> AsyncIterator[VirtualDaemon]:
    """Start a daemon on a file."""
    config = build(settings(storage={"path": str(database), "synchronous": "normal"}, **given))
    store = await SqliteStore.open(database, "normal")
    daemon = VirtualDaemon(config, store)
    storing = asyncio.create_task(daemon.pipeline.run())
    try:
        yield daemon
    finally:
        daemon.pipeline.close()
        await storing
        await store.close()


class Watched:
    """A simulated world, as a daemon hears of it; with `is_prompt` browsers tell at once what they notice."""

    def __init__(self, scenario: Scenario, *, is_prompt: bool) -> None:
        self.world = World(scenario, seed=7, started_at=BEGAN_S)
        self._reporters: dict[str, Reporter] = {}
        self._is_prompt = is_prompt

    def second(self, number: int) -> Iterator[tuple[float, list[Event]]]:
        """Yield what is told in a second, moment by moment."""
        now_s = BEGAN_S + number
        if number == 0:
            yield now_s, [HookSeen(_ms(now_s), Source.POLL, sid, True, ACCOUNT) for sid in self.world.ledger.hooks]
        for happening in self.world.advance(now_s):
            yield happening.at, [*self._by_twilio(happening), *self._by_browsers(happening)]
        if number % POST_EVERY_S == 0:
            yield now_s, [event for reporter in self._reporters.values() for event in _posted(reporter, now_s)]

    def regions(self) -> Mapping[str, str]:
        """Return the media region of each room in progress, by SID, which only polls tell."""
        return {room.sid: room.media_region for room in self.world.ledger.live.values()}

    def _by_twilio(self, happening: Happening) -> Iterator[Event]:
        form = callback_form(happening, ACCOUNT)
        event = callbacks.decode(form) if form else None
        if event is not None and form is not None:
            yield msgspec.structs.replace(event, dedup_key=callbacks.dedup_key(form))

    def _by_browsers(self, happening: Happening) -> Iterator[Event]:
        if happening.newcomer is not None:
            body = join_failure(happening.room, happening.newcomer, happening.code or 0, happening.at)
            yield decode(msgspec.json.encode(body), _ms(happening.at)).batch
        if happening.event == "participant-connected" and happening.participant is not None:
            self._reporters[happening.participant.sid] = Reporter(happening.participant)
        for reporter in self._reporters.values():
            left_at = reporter.participant.left_at
            if reporter.participant.room is happening.room and (left_at is None or happening.at <= left_at):
                reporter.hear(happening)
                if self._is_prompt or reporter.is_urgent:
                    yield from _posted(reporter, happening.at)


def _posted(reporter: Reporter, at_s: float) -> Iterator[Event]:
    body = reporter.report(at_s)
    if body is not None:
        yield decode(msgspec.json.encode(body), _ms(at_s)).batch


def _ms(at_s: float) -> int:
    return round(at_s * 1000)


def polled(daemon: VirtualDaemon, regions: Mapping[str, str]) -> Iterator[RoomSeen | RoomLooked]:
    """Yield what polls tell of rooms that Twilio has told of."""
    at_ms = round(daemon.now_s * 1000)
    for room in [room for room in daemon.live.rooms.values() if room.created_at_ms is not None]:
        region = regions.get(room.key)
        yield RoomSeen(at_ms, Source.POLL, room.key, RoomStatus.IN_PROGRESS, media_region=region)
        if not room.participants and room.empty_since_ms is None:
            yield RoomLooked(at_ms, Source.POLL, room.key, ACCOUNT)


async def live_through(daemon: VirtualDaemon, watched: Watched, seconds: int) -> None:
    """Have a daemon watch a world for some time."""
    for number in range(seconds):
        for at_s, events in watched.second(number):
            await daemon.at(at_s, events)
        if number % CHORES_EVERY_S == 0:
            await _a_minute_is_over(daemon, BEGAN_S + number, watched.regions())
    await daemon.at(BEGAN_S + seconds, [])


async def live_through_story(daemon: VirtualDaemon, story: Iterable[tuple[float, Event]], seconds: int) -> None:
    """Have a daemon hear of events, which are in the order of time."""
    told = deque(story)
    for end_s in range(CHORES_EVERY_S, seconds + 1, CHORES_EVERY_S):
        while told and told[0][0] < BEGAN_S + end_s:
            at_s, event = told.popleft()
            await daemon.at(at_s, [event])
        await _a_minute_is_over(daemon, BEGAN_S + end_s, {})


async def _a_minute_is_over(daemon: VirtualDaemon, at_s: float, regions: Mapping[str, str]) -> None:
    await daemon.at(at_s, [])
    await daemon.poll(regions)
    await daemon.do_chores()
    await daemon.at(at_s, [])

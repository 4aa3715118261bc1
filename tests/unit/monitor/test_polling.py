"""When a source is asked again, and what of its answer is news."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from collectors.base import CollectError
from collectors.events import Event, RoomLooked, Source
from monitor.agenda import Agenda
from monitor.folding import Fold
from monitor.live import Live
from monitor.metrics import Metrics
from monitor.pipeline import Pipeline
from monitor.polling import HANDED_ON_FOR_MS, Poll
from monitor.store.memory import MemoryStore
from tests.builders import ACCOUNT, NOW_MS, room


class Usage:
    """A source that is asked once an hour, and may be out of order."""

    resource = "usage"

    def __init__(self) -> None:
        self.asked = 0
        self.broken = False

    async def collect(self, *_: Any) -> AsyncGenerator[list[Any], None]:
        self.asked += 1
        if self.broken:
            raise CollectError("network", "usage: expected an answer, got none")
        yield []


class Watch:
    def __init__(self) -> None:
        self.now_ms, self.source, live = NOW_MS, Usage(), Live()
        pipeline = Pipeline(
            MemoryStore().log,
            Fold(live, lambda _: None),
            Metrics(),
            capacity_events=9,
            now_ms=lambda: self.now_ms,
        )
        self.poll = Poll("main", self.source, Agenda(live, 1), pipeline, lambda: self.now_ms, lambda: 3600.0)

    async def minutes_later(self, minutes: int) -> int:
        """Wake the poll every minute, and return how often its source was asked meanwhile."""
        before = self.source.asked
        for _ in range(minutes):
            self.now_ms += 60_000
            await self.poll.wake()
        return self.source.asked - before


async def test_what_is_due_once_an_hour_is_asked_for_once_an_hour() -> None:
    watch = Watch()
    assert await watch.minutes_later(1) == 1
    assert await watch.minutes_later(40) == 0
    assert await watch.minutes_later(20) == 1


async def test_what_failed_is_asked_for_again_a_minute_later() -> None:
    watch = Watch()
    watch.source.broken = True
    assert await watch.minutes_later(3) == 3
    watch.source.broken = False
    assert await watch.minutes_later(10) == 1


async def test_how_often_nothing_could_be_read_is_counted_from_the_last_time_that_something_was() -> None:
    watch = Watch()
    watch.source.broken = True
    await watch.minutes_later(3)
    assert watch.poll.unread_in_a_row == 3
    watch.source.broken = False
    await watch.minutes_later(1)
    assert watch.poll.unread_in_a_row == 0


async def test_an_interval_that_becomes_shorter_counts_at_once() -> None:
    watch = Watch()
    await watch.minutes_later(1)
    watch.poll.interval_s = lambda: 60.0
    assert await watch.minutes_later(3) == 3
    assert watch.poll.wake_every_s() == 10


async def test_what_is_asked_for_seldom_is_old_only_after_long() -> None:
    assert Watch().poll.stale_after_s == 3 * 3600


class Rooms:
    """A source that shows the rooms that it is told to."""

    resource = "rooms"

    def __init__(self) -> None:
        self.shown: list[Event] = []

    async def collect(self, *_: Any) -> AsyncGenerator[list[Event], None]:
        yield self.shown


class Listened:
    """A poll, and the log that hears of what is news."""

    def __init__(self) -> None:
        self.now_ms, self.source, self.store, live = NOW_MS, Rooms(), MemoryStore(), Live()
        self.pipeline = Pipeline(
            self.store.log,
            Fold(live, lambda _: None),
            Metrics(),
            capacity_events=9_999,
            now_ms=lambda: self.now_ms,
        )
        self.poll = Poll("main", self.source, Agenda(live, 1), self.pipeline, lambda: self.now_ms)

    async def show(self, *hours: list[Event]) -> list[int]:
        """Have the source show something every hour, and return how much of it was news."""
        storing, news = asyncio.create_task(self.pipeline.run()), []
        for shown in hours:
            before = len(await self.store.log.since(0, 9_999))
            self.source.shown = shown
            self.now_ms += 3_600_000
            await self.poll.poll()
            news.append(len(await self.store.log.since(0, 9_999)) - before)
        self.pipeline.close()
        await storing
        return news


async def test_what_stands_as_it_stood_is_handed_on_once_however_long_it_is_shown() -> None:
    days = [[room(at_ms=NOW_MS + hour)] for hour in range(48)]
    assert await Listened().show(*days) == [1] + [0] * 47
    assert await Listened().show([room()], [room(room_name="acme")], [room(room_name="acme")]) == [1, 1, 0]


async def test_what_is_not_shown_for_half_a_day_is_forgotten() -> None:
    hours, listened = 100, Listened()
    await listened.show(*([room(sid=f"RM{hour:032x}")] for hour in range(hours)))
    assert len(listened.poll._handed_on) <= 2 * HANDED_ON_FOR_MS / 3_600_000 + 1


async def test_what_tells_of_our_own_asking_is_not_remembered() -> None:
    listened = Listened()
    assert await listened.show([RoomLooked(NOW_MS, Source.POLL, "RM" + "a" * 32, ACCOUNT)]) == [0]
    assert len(listened.poll._handed_on) == 0

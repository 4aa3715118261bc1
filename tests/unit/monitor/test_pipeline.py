import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from monitor.folding import Fold
from monitor.live import Live
from monitor.metrics import Metrics
from monitor.pipeline import ENOUGH_EVENTS, Fate, Pipeline
from monitor.store.memory import MemoryStore
from monitor.store.ports import Entry
from tests.builders import ACCOUNT, NOW_MS, batch, level

GUARD_S = 30.0


class Queue:
    """A pipeline into memory, and what became of what was put into it."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        live = Live([ACCOUNT], NOW_MS)
        self.pipeline = Pipeline(
            MemoryStore().log,
            Fold(live, lambda _: None),
            self.metrics,
            capacity_events=1_000,
            now_ms=lambda: NOW_MS,
        )
        self.fates: list[Fate] = []
        self.submitted = 0

    def submit(self, posts: int = 1) -> None:
        for _ in range(posts):
            self.submitted += 1
            post = batch(level(3), session="s", seq=self.submitted)
            self.pipeline.submit(Entry(post), self.fates.append)

    def submit_in_turns(self, turns: Sequence[int]) -> None:
        """Put so many posts into it in this turn of the loop, so many in the next, and so on."""
        if turns:
            self.submit(turns[0])
            asyncio.get_running_loop().call_soon(self.submit_in_turns, turns[1:])

    async def settled(self) -> None:
        async with asyncio.timeout(GUARD_S):
            while len(self.fates) < self.submitted:
                await asyncio.sleep(0)

    @property
    def commits(self) -> float:
        return self.metrics.total("roomwatch_pipeline_commits_total")


@pytest.fixture
async def queue() -> AsyncIterator[Queue]:
    queue = Queue()
    storing = asyncio.create_task(queue.pipeline.run())
    await asyncio.sleep(0)
    yield queue
    queue.pipeline.close()
    await storing


async def test_what_one_turn_of_the_loop_after_the_other_brings_is_one_commit(queue: Queue) -> None:
    queue.submit_in_turns([1] * 10)
    await asyncio.sleep(0)
    await queue.settled()
    assert queue.fates == [Fate.NEWS] * 10
    assert queue.commits == 1


async def test_a_turn_that_brings_nothing_closes_the_group(queue: Queue) -> None:
    queue.submit_in_turns([3, 0, 0, 0, 0, 2])
    await asyncio.sleep(0)
    async with asyncio.timeout(GUARD_S):
        while not queue.fates:
            await asyncio.sleep(0)
    assert len(queue.fates) == 3
    for _ in range(10):
        await asyncio.sleep(0)
    await queue.settled()
    assert queue.commits == 2


async def test_who_never_stops_sending_does_not_keep_others_waiting(queue: Queue) -> None:
    queue.submit_in_turns([1] * (ENOUGH_EVENTS * 3))
    await asyncio.sleep(0)
    async with asyncio.timeout(GUARD_S):
        while not queue.fates:
            await asyncio.sleep(0)
    assert ENOUGH_EVENTS <= len(queue.fates) < ENOUGH_EVENTS * 2


async def test_posts_are_answered_in_the_order_in_which_they_came_each_once(queue: Queue) -> None:
    answered: list[int] = []
    for number in range(5):
        post = batch(level(3), session="s", seq=number)
        queue.pipeline.submit(Entry(post), lambda _, number=number: answered.append(number))
    async with asyncio.timeout(GUARD_S):
        while len(answered) < 5:
            await asyncio.sleep(0)
    assert answered == [0, 1, 2, 3, 4]


async def test_what_waits_when_the_pipeline_is_closed_is_still_stored(queue: Queue) -> None:
    queue.submit(3)
    queue.pipeline.close()
    await queue.settled()
    assert queue.fates == [Fate.NEWS] * 3

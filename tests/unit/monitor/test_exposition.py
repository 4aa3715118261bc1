"""What a scrape shows, and how much of it there is."""

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from collectors.base import CollectError
from monitor.exposition import House, exposition
from monitor.live import Live
from monitor.metrics import Metrics
from monitor.pipeline import Pipeline
from monitor.polling import Poll
from monitor.store.memory import MemoryStore
from monitor.store.ports import OutboxCounts, Size
from tests.builders import NOW_MS

Labels = frozenset[tuple[str, str]]


class Rooms:
    """A source that has nothing new, or cannot be read."""

    resource = "rooms"

    def __init__(self) -> None:
        self.broken = False

    async def collect(self, *_: Any) -> list[Any]:
        if self.broken:
            raise CollectError("network", "rooms: expected an answer, got none")
        return []


def house(*polls: Poll) -> House:
    return House([], OutboxCounts(0, 0, None), list(polls), 0, 10, 1.0, Size(0, 0))


def samples(metrics: Metrics, live: Live, *polls: Poll) -> dict[tuple[str, Labels], float]:
    page, _ = exposition(metrics, live, house(*polls), "text/plain")
    families = text_string_to_metric_families(page.decode())
    return {(each.name, frozenset(each.labels.items())): each.value for family in families for each in family.samples}


class Watch:
    """Two accounts, each with a source of its own and a clock that the test moves."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS
        self.metrics, self.live = Metrics(), Live()
        pipeline = Pipeline(
            MemoryStore().log, self.live, self.metrics, lambda _: None, capacity_events=9, now_ms=lambda: NOW_MS
        )
        self.sources = [Rooms(), Rooms()]
        self.polls = [
            Poll(sid, self.sources[i], self.live, pipeline, lambda: self.now_ms) for i, sid in enumerate("AB")
        ]

    async def poll(self, *which: int) -> None:
        for index in which:
            await self.polls[index].poll()

    def up(self) -> float:
        return self._of("roomwatch_twilio_up")

    def last_success_s(self) -> float:
        return self._of("roomwatch_twilio_last_success_timestamp_seconds")

    def _of(self, name: str) -> float:
        return samples(self.metrics, self.live, *self.polls)[(name, frozenset({("resource", "rooms")}))]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_one_account_that_cannot_be_read_is_not_hidden_by_another_that_can(order):
    watch = Watch()
    await watch.poll(0, 1)
    assert (watch.up(), watch.last_success_s()) == (1, NOW_MS / 1000)
    watch.sources[0].broken = True
    watch.now_ms += 60_000
    await watch.poll(*order)
    assert (watch.up(), watch.last_success_s()) == (0, NOW_MS / 1000)


async def test_an_account_that_was_never_read_counts_as_one_that_cannot_be():
    watch = Watch()
    await watch.poll(0)
    assert (watch.up(), watch.last_success_s()) == (0, 0)


def test_where_no_account_is_polled_nothing_says_that_polling_fails():
    assert not [name for name, _ in samples(Metrics(), Live()) if name.startswith("roomwatch_twilio_up")]

"""What a scrape shows, and how much of it there is."""

import re
from typing import Any

import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from collectors.base import CollectError
from collectors.events import CompositionSeen, CompositionStatus, Direction, MediaStats, Source
from monitor.exposition import House, exposition
from monitor.live import Live
from monitor.metrics import FAMILIES, Metrics
from monitor.pipeline import Pipeline
from monitor.polling import Poll
from monitor.store.memory import MemoryStore
from monitor.store.ports import OutboxCounts, Size
from tests.builders import NOW_MS, batch, connection, level, room

FORMATS = ("text/plain; version=0.0.4", "application/openmetrics-text; version=1.0.0")
STATS = MediaStats(
    at_ms=NOW_MS, rtt_ms=61.0, up=Direction(loss_ratio=0.2, jitter_ms=4.0), down=Direction(jitter_ms=8.0)
)

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


def busy(rooms: int) -> tuple[Metrics, Live]:
    """Return what a daemon knows that has seen this many rooms: two people in each, one of them in trouble."""
    metrics, live = Metrics(), Live()
    for number in range(rooms):
        sid = f"RM{number:032x}"
        for event in (
            room(sid=sid, room_name=f"acme:class:{number}"),
            batch(level(number % 6), STATS, room_sid=sid, reporter=f"PA{number:032x}", identity=f"alice-{number}"),
            batch(connection("reconnecting"), room_sid=sid, reporter=f"PB{number:032x}", identity=f"bob-{number}"),
            CompositionSeen(NOW_MS, Source.CALLBACK, f"CJ{number:032x}", CompositionStatus.PROCESSING, room_sid=sid),
        ):
            live.apply(event)
            metrics.count_event(event)
    return metrics, live


def page(rooms: int, accept: str) -> list[str]:
    return exposition(*busy(rooms), house(), accept)[0].decode().splitlines()


@pytest.mark.parametrize("accept", FORMATS)
def test_two_thousand_rooms_have_as_many_series_as_ten(accept):
    few, many = page(10, accept), page(2_000, accept)
    assert "roomwatch_live_rooms 2000.0" in many
    assert [line.rpartition(" ")[0] for line in few] == [line.rpartition(" ")[0] for line in many]


@pytest.mark.parametrize("accept", FORMATS)
def test_no_series_names_a_room_or_a_person(accept):
    written = "\n".join(page(50, accept))
    assert not re.search(r"\b[A-Z]{2}[0-9a-f]{32}\b", written)
    assert not re.search(r"acme|alice|bob", written)


@pytest.mark.parametrize("accept", FORMATS)
def test_what_is_written_can_be_read_in_the_format_that_was_asked_for(accept):
    body, content_type = exposition(*busy(3), house(), accept)
    wants_open = "openmetrics" in accept
    assert content_type.startswith("application/openmetrics-text" if wants_open else "text/plain")
    read = openmetrics.text_string_to_metric_families if wants_open else text_string_to_metric_families
    families = {family.name: family for family in read(body.decode())}
    for name, family in FAMILIES.items():
        assert families[name.removesuffix("_total")].documentation == family.help

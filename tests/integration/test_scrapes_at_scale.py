"""What a scrape costs Prometheus does not grow with the calls: ten rooms have as many series as ten thousand."""

import asyncio
import time
from collections.abc import Iterator, Mapping

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from collectors.events import Event
from collectors.observations import Direction, MediaStats
from collectors.registry import SOURCES
from tests.builders import ACCOUNT, batch, level, room
from tests.conftest import Running, Start

MOST_SERIES = 1_100  # of one account, one receiver and the rules, objectives and lists that this daemon has
REGIONS = ("us1", "ie1", "de1")
FLOWS = Direction(loss_ratio=0.0, jitter_ms=4.0, bitrate_bps=1e6)

Series = Mapping[tuple[str, ...], float]


def call(number: int) -> Iterator[Event]:
    """Return a room with three people; in one of a hundred, two of them fare badly."""
    now_ms, sid = int(time.time() * 1000), f"RM{number:032x}"
    yield room(
        sid=sid,
        room_name=f"tenant-{number}:class:{number}",
        media_region=REGIONS[number % 3],
        account_sid=ACCOUNT,
        created_at_ms=now_ms,
        at_ms=now_ms,
    )
    for person in range(3):
        value = 1 if person < 2 and number % 100 == 0 else 3 + person
        told = (level(value, at_ms=now_ms), MediaStats(now_ms, 10_000, 40.0 * (person + 1), FLOWS, FLOWS))
        yield batch(
            *told, room_sid=sid, reporter=f"PA{number:016x}{person:016x}", identity=f"{number}/{person}", at_ms=now_ms
        )


async def begin(running: Running, rooms: range) -> None:
    """Let so many calls begin, through the daemon's own pipeline."""
    pipeline = running.daemon.pipeline
    for first in range(rooms.start, rooms.stop, 500):
        events = [event for number in range(first, min(first + 500, rooms.stop)) for event in call(number)]
        await asyncio.gather(*[pipeline.offer(event) for event in events])


async def scraped(running: Running) -> Series:
    headers = {"Accept": "application/openmetrics-text; version=1.0.0"}
    async with running.http.get(f"{running.private}/metrics", headers=headers) as answer:
        page = await answer.text()
    samples = [each for family in text_string_to_metric_families(page) for each in family.samples]
    return {
        (each.name, *sorted(f"{key}={value}" for key, value in each.labels.items())): each.value for each in samples
    }


async def until_asked(running: Running) -> None:
    """Wait until Twilio, which cannot be reached, was asked: of each answer there is a series."""
    async with asyncio.timeout(60):
        while not running.daemon.metrics.total("roomwatch_twilio_requests_total"):
            await asyncio.sleep(0.02)


@pytest.fixture
async def watching(start: Start) -> Running:
    """A daemon that shows whatever can be shown: tenants, kinds, regions, somebody to tell."""
    return await start(
        names={"tenants": ["acme", "globex"], "kinds": ["class"]},
        metrics={"regions": ["us1", "ie1"]},
        receivers={"log": {"kind": "log"}},
        polling={"skip": [source for source in SOURCES if source != "rooms"]},  # what Twilio answers is up to Twilio
    )


async def test_ten_rooms_have_the_same_series_as_ten_thousand(watching: Running) -> None:
    await begin(watching, range(10))
    await until_asked(watching)
    few = await scraped(watching)
    await begin(watching, range(10, 10_000))
    many = await scraped(watching)
    assert (few["roomwatch_live_rooms",], many["roomwatch_live_rooms",]) == (10, 10_000)
    assert many["roomwatch_degraded_rooms",] == 100
    assert many["roomwatch_region_live_rooms", "media_region=other"] == 3_333
    assert sum(many["roomwatch_live_participants", f"level={value}"] for value in ("1", "3", "4", "5")) == 30_000
    assert many["roomwatch_worst_room_degraded_participants", "rank=10"] == 2
    assert few.keys() == many.keys()
    assert len(many) <= MOST_SERIES

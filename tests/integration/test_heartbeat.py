"""A real daemon, and somebody outside who counts its heartbeats."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from alerts.heartbeat import lane
from alerts.model import Judgement, Owed
from monitor.app import Daemon
from monitor.config import ProblemsFound, build
from monitor.store.memory import MemoryStore
from monitor.store.memory_alerts import MemoryAlerts
from monitor.store.ports import StoreFailed
from tests.alert_builders import make_notification
from tests.conftest import settings

EVERY_S = 0.1


class Outside:
    """Who expects heartbeats at an address that is a secret."""

    def __init__(self) -> None:
        self.url = ""
        self.beats = 0
        self.reasons: list[str] = []
        self.hangs = asyncio.Event()

    async def take(self, _: web.Request) -> web.Response:
        self.beats += 1
        return web.Response(text="OK")

    async def fail(self, request: web.Request) -> web.Response:
        self.reasons.append(await request.text())
        return web.Response(text="OK")

    async def hang(self, _: web.Request) -> web.Response:
        await self.hangs.wait()
        return web.Response()

    async def comes(self, more: int = 2) -> None:
        """Wait until so many more beats have come."""
        wanted = self.beats + more
        async with asyncio.timeout(60):
            while self.beats < wanted:
                await asyncio.sleep(0.01)

    async def is_silent(self) -> None:
        """Wait until what was under way has come, and see that nothing follows."""
        await asyncio.sleep(4 * EVERY_S)
        before = self.beats
        await asyncio.sleep(6 * EVERY_S)
        assert self.beats == before


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    outside, app = Outside(), web.Application()
    app.router.add_route("*", "/s3cret", outside.take)
    app.router.add_post("/s3cret/fail", outside.fail)
    app.router.add_post("/hang", outside.hang)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    outside.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield outside
    await runner.cleanup()


class SickAlerts(MemoryAlerts):
    """An outbox that may refuse what is to be written, or leave the dispatcher waiting."""

    def __init__(self, incidents: Any = None) -> None:
        super().__init__(incidents)
        self.refuses = False
        self.answers = asyncio.Event()
        self.answers.set()

    async def record(self, judgement: Judgement) -> None:
        if self.refuses:
            raise StoreFailed("no room on the disk")
        await super().record(judgement)

    async def due(self, now: float, limit: int, skip: Collection[str] = ()) -> Sequence[Owed]:
        if limit > 1:  # the dispatcher takes several at a time, whoever audits it only looks whether there is one
            await self.answers.wait()
        return await super().due(now, limit, skip)


@asynccontextmanager
async def living(outside: Outside, **given: Any) -> AsyncIterator[tuple[Daemon, SickAlerts]]:
    heartbeat = {"url": f"{outside.url}/s3cret", "every_s": EVERY_S, "outbox_late_s": 0.3, **given.pop("heartbeat", {})}
    config, store = build(settings(heartbeat=heartbeat, **{"accounts": [], **given})), MemoryStore()
    alerts = store.alerts = SickAlerts(store.incidents)
    daemon, stop = Daemon(config, store), asyncio.Event()
    life = asyncio.create_task(daemon.run(stop))
    try:
        yield daemon, alerts
    finally:
        alerts.refuses = False
        alerts.answers.set()
        outside.hangs.set()
        stop.set()
        await life


@pytest.mark.promise("P34")
async def test_it_beats_for_as_long_as_all_is_well(outside: Outside) -> None:
    async with living(outside) as (daemon, _):
        await outside.comes(3)
        exposition, _ = await daemon.showing.exposition("")
    assert b"roomwatch_heartbeat_last_success_timestamp_seconds 1." in exposition
    assert b'roomwatch_heartbeat_failures_total{reason="audit"} 0.0' in exposition
    assert outside.reasons == []


@pytest.mark.promise("P34")
async def test_it_stops_while_the_dispatcher_is_stuck_and_says_nothing_of_the_past_afterwards(outside: Outside) -> None:
    async with living(outside) as (_, alerts):
        await outside.comes()
        alerts.answers.clear()
        await outside.is_silent()
        waiting = [row for row in alerts.outbox.values() if row.waits]
        before = outside.beats
        alerts.answers.set()
        await outside.comes()
        assert len(waiting) > 1
        assert outside.beats - before < 1 + len(waiting)


@pytest.mark.promise("P34")
async def test_it_stops_while_nothing_can_be_stored(outside: Outside, caplog: pytest.LogCaptureFixture) -> None:
    async with living(outside) as (_, alerts):
        await outside.comes()
        alerts.refuses = True
        await outside.is_silent()
        alerts.refuses = False
        await outside.comes()
    assert "no heartbeat: nothing can be stored: no room on the disk" in caplog.text
    assert "s3cret" not in caplog.text


@pytest.mark.promise("P34")
async def test_it_stops_while_twilio_answers_no_poll_of_any_account(outside: Outside) -> None:
    accounts = settings()["accounts"]
    async with living(outside, accounts=accounts, heartbeat={"polling_silent_s": 60}) as (daemon, _):
        await outside.comes()
        for poll in daemon.polls:
            poll.last_success_ms = daemon.clock.now_ms() - 3_600_000
        await outside.is_silent()
        rooms = next(poll for poll in daemon.polls if poll.resource == "rooms")
        rooms.last_success_ms = daemon.clock.now_ms()
        await outside.comes()


@pytest.mark.promise("P34")
async def test_polls_do_not_matter_where_they_are_said_not_to(outside: Outside) -> None:
    accounts = settings()["accounts"]
    async with living(outside, accounts=accounts, heartbeat={"polling_silent_s": 0}) as (daemon, _):
        for poll in daemon.polls:
            poll.last_success_ms = daemon.clock.now_ms() - 3_600_000
        await outside.comes(3)


@pytest.mark.promise("P34")
async def test_a_receiver_that_hangs_does_not_count(outside: Outside) -> None:
    receivers = {"desk": {"kind": "webhook", "url": f"{outside.url}/hang"}}
    async with living(outside, receivers=receivers) as (daemon, alerts):
        words = [
            make_notification(entity=f"PA{number}", receiver="desk", at=daemon.clock.now_s()) for number in range(40)
        ]
        await alerts.record(Judgement(notifications=tuple(words)))
        daemon.alerting.dispatcher.wake()
        await asyncio.sleep(0.6)
        await outside.comes(3)
        assert sum(row.waits and row.notification.receiver == "desk" for row in alerts.outbox.values()) == 40


async def test_whoever_wants_to_is_told_why_it_stops(outside: Outside) -> None:
    async with living(outside, heartbeat={"report_failures": True}) as (_, alerts):
        await outside.comes()
        alerts.refuses = True
        while not outside.reasons:
            await asyncio.sleep(0.01)
    assert outside.reasons[0] == "nothing can be stored: no room on the disk"


async def test_beats_that_nobody_takes_are_counted_and_told(outside: Outside) -> None:
    async with living(outside, heartbeat={"report_failures": True, "outbox_late_s": 60}) as (daemon, alerts):
        await outside.comes()
        alerts.answers.clear()
        while not outside.reasons:
            await asyncio.sleep(0.01)
        exposition, _ = await daemon.showing.exposition("")
    assert b'roomwatch_heartbeat_failures_total{reason="delivery"} 0.0' not in exposition
    assert outside.reasons[0].startswith("no heartbeat has been taken for ")


async def test_what_is_due_and_not_said_is_told_of(outside: Outside) -> None:
    async with living(outside, heartbeat={"report_failures": True}) as (_, alerts):
        await outside.comes()
        alerts.answers.clear()
        while not any(each.startswith("nobody tells heartbeat what has been due") for each in outside.reasons):
            await asyncio.sleep(0.01)


async def test_it_may_be_a_get(outside: Outside) -> None:
    async with living(outside, heartbeat={"method": "GET"}):
        await outside.comes()


async def test_what_was_said_long_ago_is_not_kept(outside: Outside) -> None:
    async with living(outside) as (daemon, alerts):
        await outside.comes()
        assert await alerts.drop_said(lane(daemon.config.alerts.instance), daemon.clock.now_s() + 1) >= 1
        await outside.comes()


async def test_nobody_else_is_called_heartbeat() -> None:
    with pytest.raises(ProblemsFound, match=r"receivers\.heartbeat: expected another name"):
        build(settings(receivers={"heartbeat": {"kind": "log"}}))


async def test_an_address_that_leads_nowhere_is_refused_without_being_shown() -> None:
    with pytest.raises(ProblemsFound, match=r"heartbeat\.url: url: expected http") as refused:
        build(settings(heartbeat={"url": "ftp://s3cret"}))
    assert "s3cret" not in str(refused.value)

"""What is done when nobody can tell what is behind an incident."""

import asyncio

import pytest

from alerts.model import Group, Judgement
from monitor.inquiry import Inquiry
from monitor.live import Live
from monitor.store.memory import MemoryStore
from monitor.store.scopes import SCOPES
from monitor.suspicion import Suspicion
from tests.alert_builders import START, make_plan
from tests.stored import as_told


class Broken:
    """An archive in which something is that nobody thought of."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def call(self, room: str) -> None:
        self.asked.append(room)
        raise ZeroDivisionError(room)


async def test_a_verdict_that_fails_costs_nobody_a_page(caplog: pytest.LogCaptureFixture) -> None:
    store, live, archive = MemoryStore(SCOPES), Live(), Broken()
    inquiry = Inquiry(store, live, as_told)
    suspicion = Suspicion(archive, live, inquiry, lambda: START, on_found=lambda _: None)
    plan = make_plan(group_wait_s=0.0)
    groups = [Group(f"g1-{room}", {"room": room}, plan, waiting_since=START) for room in ("RM1", "RM2")]
    running = asyncio.create_task(suspicion.run())
    suspicion.notice(Judgement(groups=tuple(groups)))
    async with asyncio.timeout(30):
        while len(archive.asked) < 2:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0)
    assert not running.done()
    assert [suspicion.of(group.key) for group in groups] == ["", ""]
    assert "ZeroDivisionError" in caplog.text
    running.cancel()

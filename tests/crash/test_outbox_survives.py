"""Is what was decided told, whenever the lights go out, and however often the daemon is asked to stop?"""

import asyncio
import random
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from alerts.dispatcher import Dispatcher
from alerts.model import Judgement, NotificationKind, State, Transition
from alerts.notifiers.webhook import Webhook, WebhookConfig
from alerts.transport import Transport
from monitor.store.sqlite import SqliteStore
from tests.alert_builders import START, make_notification
from tests.dispatching import served

pytestmark = pytest.mark.crash

COPIES = 25
STOPS = 100
PAGES = 400


async def hear(request: web.Request) -> web.Response:
    await request.read()
    return web.Response()


@pytest.fixture
async def url() -> str:
    app = web.Application()
    app.router.add_post("/", hear)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


def copied(database: Path, folder: Path) -> Path:
    folder.mkdir()
    for file in database.parent.glob("roomwatch.db*"):
        if not file.name.endswith(".lock"):
            shutil.copy(file, folder)
    return folder / database.name


def assert_whole(copy: Path) -> int:
    """See that a copy is sound, and that each transition in it has its notification; return how many those are."""
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        recorded = [
            msgspec.json.decode(body, type=Transition) for (body,) in connection.execute("SELECT body FROM transitions")
        ]
        owed = set(connection.execute("SELECT incident, kind FROM outbox"))
        told = set(connection.execute("SELECT outbox_seq FROM attempts WHERE outcome = 'delivered'"))
        delivered = set(connection.execute("SELECT seq FROM outbox WHERE state = 'delivered'"))
    kinds = {each.episode: NotificationKind.TRIGGER for each in recorded if each.after is State.FIRING}
    assert {(each.episode, "trigger" if each.after is State.FIRING else "resolve") for each in recorded} == owed
    assert delivered == told
    return len(kinds)


@pytest.mark.promise("P1", "P9")
async def test_whenever_the_lights_go_out_the_file_is_sound_and_owes_what_was_decided(tmp_path: Path, url: str) -> None:
    (tmp_path / "living").mkdir()
    database, chance = tmp_path / "living" / "roomwatch.db", random.Random(9)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.crash.recorder", str(database), url, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    counts = []
    try:
        await asyncio.wait_for(process.stdout.readline(), 60)
        for number in range(COPIES):
            await asyncio.sleep(chance.uniform(0.0, 0.15))
            process.send_signal(signal.SIGSTOP)  # in the midst of whatever it writes
            copy = copied(database, tmp_path / f"copy-{number}")
            process.send_signal(signal.SIGCONT)
            counts.append(await asyncio.to_thread(assert_whole, copy))
    finally:
        process.kill()
        await process.wait()
    assert counts == sorted(counts)
    assert counts[-1] > COPIES


@pytest.mark.promise("P8")
async def test_a_hundred_stops_in_a_storm_lose_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    store, chance = await SqliteStore.open(tmp_path / "roomwatch.db"), random.Random(8)
    pages = [make_notification(entity=f"PA{number}") for number in range(PAGES)]
    async with served("ops") as receivers, Transport(timeout_s=30) as transport:
        notifier = Webhook(WebhookConfig(str(receivers["ops"].server.make_url("/"))))
        for number in range(STOPS):
            await store.alerts.record(Judgement(notifications=tuple(pages[number::STOPS])))
            dispatcher = Dispatcher(store.alerts, {"ops": notifier}, transport, lambda: START + 1, hands_per_receiver=2)
            running = asyncio.create_task(dispatcher.run())
            await asyncio.sleep(chance.uniform(0.0, 0.01))
            await dispatcher.drain(30)
            await running
        assert sorted(receivers["ops"].ids) == sorted(each.id for each in pages)
    counts = await store.alerts.outbox_counts()
    await store.close()
    assert (counts.waiting, counts.dead) == (0, 0)


@pytest.mark.promise("P8")
async def test_stops_that_cannot_wait_leave_what_they_cut_short_to_the_next_life(tmp_path: Path) -> None:
    store, chance = await SqliteStore.open(tmp_path / "roomwatch.db"), random.Random(80)
    pages = [make_notification(entity=f"PA{number}") for number in range(PAGES)]
    await store.alerts.record(Judgement(notifications=tuple(pages)))
    async with served("ops") as receivers, Transport(timeout_s=5) as transport:
        notifier = Webhook(WebhookConfig(str(receivers["ops"].server.make_url("/"))))
        while (await store.alerts.outbox_counts()).waiting:
            dispatcher = Dispatcher(store.alerts, {"ops": notifier}, transport, lambda: START + 1, hands_per_receiver=4)
            running = asyncio.create_task(dispatcher.run())
            await asyncio.sleep(chance.uniform(0.0, 0.05))
            await dispatcher.drain(0.0)
            await running
        heard = receivers["ops"].ids
    entries = [await store.alerts.notification(each.id) for each in pages]
    await store.close()
    assert set(heard) == {each.id for each in pages}
    assert {entry.state for entry in entries if entry} == {"delivered"}
    repeated = {each for each in heard if heard.count(each) > 1}
    assert repeated <= {entry.notification.id for entry in entries if entry and entry.maybe_heard}, "and it was known"

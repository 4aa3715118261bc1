"""A call of which everything is on record, in a database of its own, with a name in every place that has one."""

import asyncio
from pathlib import Path
from typing import Any

from msgspec import Raw
from msgspec.structs import replace

from alerts.model import Judgement, Reason, State, Transition
from collectors.events import Event, Source, TrackSeen
from collectors.observations import ClientInfo, Direction, Feedback, MediaStats, NetworkQuality, Preflight, SdkInfo
from monitor.cli import main
from monitor.live import Live
from monitor.on_record import recollected
from monitor.places import resolve
from monitor.store.ports import Entry, Place, Resolved
from monitor.store.sqlite import SqliteStore
from tests.alert_builders import make_alert
from tests.builders import (
    ACCOUNT,
    ALICE,
    BOB,
    ROOM,
    batch,
    composition,
    connection,
    level,
    participant,
    recording,
    room,
)
from tests.conftest import settings
from tests.daemon_process import write_config

TOKEN = "an-access-token-of-tests"
BEGAN_MS = 1_795_251_600_000  # in November 2026
MINUTE_MS = 60_000
ENDED_MS = BEGAN_MS + 60 * MINUTE_MS
NAME = "acme:class:zoë"
ALICE_S, BOB_S, DAVE_S = "alice@example.com", "bob", "dave d'Arcy"
ADDRESS = "203.0.113.0/24"
NAMES = (NAME, ALICE_S, "dave d", ADDRESS, "198.51.100.7", "Aunt Agatha")


def configured(folder: Path, **given: Any) -> Path:
    """Return a configuration of a daemon on a database in this folder."""
    folder.mkdir(exist_ok=True)
    storage = {"path": str(folder / "roomwatch.db"), "reserve_bytes": 0, "raw_days": 9_000, "history_days": 9_000}
    private = {"port": 0, "access_token": TOKEN}
    return write_config(
        folder / "config.toml", settings(**{"storage": storage, "private": private, "accounts": [], **given})
    )


def database_of(config: Path) -> Path:
    return config.with_name("roomwatch.db")


def media(at_ms: int, rtt_ms: float) -> MediaStats:
    up = Direction(0.0123, 4.5, 812_300.0, 24.5, 640, 360, limited_by="cpu")
    return MediaStats(at_ms, 10_000, rtt_ms, up, Direction(freezes=1, limited_by=""))


def posts_of(minute: int) -> list[Event]:
    """Return what three people post each minute; dave is never known by SID."""
    at_ms = BEGAN_MS + minute * MINUTE_MS
    about: dict[str, Any] = {"at_ms": at_ms, "session": "s", "room_name": NAME}
    seen = media(at_ms, 50.0 + minute)
    quality = NetworkQuality(at_ms, 4, stats=Raw(b'{"level":\n 4, "audio": null}'))
    client, sdk = ClientInfo(browser="Chrome 156", network="wifi"), SdkInfo("twilio-video.js", "2.36.0")
    alice = batch(seen, quality, level(2, at_ms=at_ms, of=BOB), seq=3 * minute, identity=ALICE_S, **about)
    bob = batch(seen, reporter=BOB, seq=3 * minute + 1, identity=BOB_S, **about)
    dave = batch(level(3, at_ms=at_ms), reporter=None, seq=3 * minute + 2, identity=DAVE_S, **about)
    return [replace(alice, client=client, sdk=sdk, address=ADDRESS), bob, dave]


def said() -> list[Event]:
    """Return what is no sample: what people wrote, reports with addresses in them, tracks, callbacks."""
    report = Raw(b'{"candidate":\r\n "198.51.100.7",\n "jitter": 0.004}')
    written = [
        Feedback(BEGAN_MS + 9, 2, "Aunt Agatha froze"),
        Preflight(BEGAN_MS + 3, report),
        connection("reconnecting", at_ms=BEGAN_MS + 5),
    ]
    told = batch(*written, at_ms=BEGAN_MS + 9, session="t", seq=1, identity=ALICE_S, room_name=NAME)
    track = TrackSeen(
        BEGAN_MS + 8,
        Source.CALLBACK,
        ROOM,
        "added",
        participant_sid=ALICE,
        identity=ALICE_S,
        room_name=NAME,
        dedup_key="c:alice",
        cause="track-added",
    )
    outside: dict[str, Any] = {"room_sid": None, "room_name": NAME, "reporter": None, "identity": "erin"}
    lost = connection("disconnected", at_ms=BEGAN_MS + 7, code=53000)
    return [told, track, batch(lost, at_ms=BEGAN_MS + 7, session="u", seq=1, **outside)]


def begin() -> list[Event]:
    about: dict[str, Any] = {"room_name": NAME, "account_sid": ACCOUNT}
    come: dict[str, Any] = {"joined_at_ms": BEGAN_MS, "at_ms": BEGAN_MS, **about}
    return [
        room(at_ms=BEGAN_MS, created_at_ms=BEGAN_MS, **about),
        participant(ALICE, identity=ALICE_S, **come),
        participant(BOB, identity=BOB_S, **come),
        recording(at_ms=BEGAN_MS, participant_sid=ALICE, identity=ALICE_S, room_name=NAME),
        composition(at_ms=BEGAN_MS, error_message=f"cannot compose {ALICE_S}"),
    ]


def end() -> list[Event]:
    about: dict[str, Any] = {"room_name": NAME, "account_sid": ACCOUNT}
    return [
        participant(BOB, "disconnected", identity=BOB_S, at_ms=ENDED_MS, left_at_ms=ENDED_MS, **about),
        recording("completed", at_ms=ENDED_MS, size_bytes=5_000),
        composition("completed", at_ms=ENDED_MS, completed_at_ms=ENDED_MS, size_bytes=9_000),
        room("completed", at_ms=ENDED_MS, ended_at_ms=ENDED_MS, **about),
    ]


async def _store(file: Path, events: list[Event], *, is_settled: bool) -> None:
    store = await SqliteStore.open(file)
    live = Live()
    try:
        for event in events:
            (log_id,) = await store.log.append([Entry(event)], BEGAN_MS)
            live.apply(event)
        await store.picture.save(live.take_dirty(), log_id or 0)
        if is_settled:
            await tidy(store)
        await _page(store)
    finally:
        await store.close()


async def _page(store: SqliteStore) -> None:
    for entity, who in ((f"{ROOM}/identity:{DAVE_S}", DAVE_S), (f"{ROOM}/{ALICE}", ALICE_S)):
        fired = Transition(
            entity, "Bad", entity, State.PENDING, State.FIRING, BEGAN_MS / 1000, Reason.HELD, f"{who} is bad"
        )
        alert = make_alert(
            state=State.INACTIVE,
            entity=entity,
            fingerprint=entity,
            labels={"room_name": NAME},
            annotations={"summary": who},
        )
        await store.alerts.record(Judgement((alert,), (fired,)))


async def tidy(store: SqliteStore) -> None:
    """Settle and merge whatever there is, as the daemon does."""
    live = await recollected(store)

    def known(place: Place, at_ms: int) -> Resolved:
        return resolve(live, place, at_ms)

    await store.samples.settle(ENDED_MS + 10 * MINUTE_MS, 0, known)
    await store.samples.merge(ENDED_MS + 10 * MINUTE_MS)


def recorded(folder: Path, *, is_settled: bool = True, is_over: bool = True) -> Path:
    """Make a database with the call in it; return the configuration."""
    config = configured(folder)
    events = [
        *begin(),
        *said(),
        *(post for minute in range(60) for post in posts_of(minute)),
        *(end() if is_over else ()),
    ]
    asyncio.run(_store(database_of(config), events, is_settled=is_settled))
    return config


def settled(config: Path) -> None:
    """Settle and merge what is in a database."""

    async def work() -> None:
        store = await SqliteStore.open(database_of(config))
        try:
            await tidy(store)
        finally:
            await store.close()

    asyncio.run(work())


def ran(*arguments: object) -> int:
    """Run a command."""
    return main([str(each) for each in arguments])

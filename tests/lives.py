"""Calls with several people in all stages: over and settled, over and not, going on, and not even saved yet."""

from collections.abc import Iterable, Iterator
from itertools import count

import msgspec
from msgspec.structs import replace

from alerts.default_rules import DEFAULT_RULES
from alerts.delivery import Fate, Settled, Settlement
from alerts.model import Judgement, Kind, Reading
from collectors.events import Event, Source, TrackSeen
from collectors.observations import (
    Connection,
    ConnectionState,
    Direction,
    Feedback,
    MediaStats,
    NetworkQuality,
    NetworkQualitySeries,
    Speaker,
    TelemetryBatch,
)
from monitor.live import Live
from monitor.store.ports import Entry, Search, Store
from tests.builders import ACCOUNT, ALICE, BOB, CAROL, NOW_MS, ROOM, batch, participant, recording, room
from tests.judging import Judge
from tests.stored import as_told, lines

HER_NAME, HIS_NAME, BY_NAME_ONLY = "alice.liddell@example.com", "bob.carroll", "dr.dodgson@example.com"
HER_LATER_STAY, HER_PRESENT_STAY = "PA" + "d" * 32, "PA" + "e" * 32
LATER_ROOM, PRESENT_ROOM = "RM" + "b" * 32, "RM" + "c" * 32
ADDRESS = "203.0.113.0/24"
HOUR_MS = 3_600_000
_numbers = count(1)


def said(who: str | None, name: str | None, at_ms: int, *seen: object, room_sid: str = ROOM) -> TelemetryBatch:
    """Return a post of somebody, by SID, by name, or by both."""
    media = MediaStats(at_ms, 10_000, 61.5, up=Direction(loss_ratio=0.1, limited_by="cpu"))
    return batch(
        media,
        *seen,
        reporter=who,
        identity=name,
        at_ms=at_ms,
        room_sid=room_sid,
        session=f"session-of-{(name or who or '')[:3]}",
        seq=next(_numbers),
        address=ADDRESS,
        account_sid=ACCOUNT,
    )


def told(event: Event, at_ms: int) -> Event:
    """Return a sighting as callbacks tell it, with a key of its own."""
    return replace(event, source=Source.CALLBACK, dedup_key=f"c:{next(_numbers)}", seen_at_ms=at_ms)


def captured(status: str, sid: str, who: str, name: str) -> Event:
    """Return a recording of somebody in a room."""
    named = {"participant_sid": who, "identity": name, "account_sid": ACCOUNT}
    return recording(status, sid=f"RT{who[2]}{sid[2:33]}", room_sid=sid, size_bytes=1_000, **named)


def call(sid: str, her_sid: str, at_ms: int) -> Iterator[Event]:
    """Return an hour of a call: she is in it, he sees her, somebody is known by name only; nobody has left yet."""
    yield told(room(sid=sid, room_name="acme:class", created_at_ms=at_ms, account_sid=ACCOUNT), at_ms)
    for who, name in ((her_sid, HER_NAME), (BOB, HIS_NAME)):
        yield told(participant(who, identity=name, room_sid=sid, joined_at_ms=at_ms), at_ms)
        yield TrackSeen(at_ms, Source.CALLBACK, sid, "added", "MT1", "audio", ACCOUNT, None, who, name, f"c:{who}{sid}")
        yield told(captured("processing", sid, who, name), at_ms)
    lost = Connection(at_ms + 1, ConnectionState.RECONNECTING, 53405)
    yield said(her_sid, HER_NAME, at_ms, NetworkQuality(at_ms, 1), lost, Feedback(at_ms, 1, "so bad"), room_sid=sid)
    yield said(her_sid, None, at_ms + 2, NetworkQuality(at_ms + 2, 2, BOB), room_sid=sid)
    seen = NetworkQualitySeries((at_ms + 3, at_ms + 4, at_ms + 5), (3, 1, 4), (None, her_sid, CAROL))
    yield said(BOB, HIS_NAME, at_ms, NetworkQuality(at_ms, 1, her_sid), seen, Speaker(at_ms, her_sid), room_sid=sid)
    yield said(BOB, HIS_NAME, at_ms + 6, NetworkQuality(at_ms + 6, 5), Speaker(at_ms + 6), room_sid=sid)
    yield said(None, BY_NAME_ONLY, at_ms, NetworkQuality(at_ms, 3), lost, room_sid=sid)


def ending(sid: str, her_sid: str, at_ms: int) -> Iterator[Event]:
    """Return how she leaves and the call ends."""
    for who, name in ((her_sid, HER_NAME), (BOB, HIS_NAME)):
        yield told(captured("completed", sid, who, name), at_ms)
    yield told(participant(her_sid, "disconnected", identity=HER_NAME, room_sid=sid, left_at_ms=at_ms), at_ms)
    yield told(room("completed", sid=sid, room_name="acme:class", ended_at_ms=at_ms, account_sid=ACCOUNT), at_ms)


async def append(store: Store, live: Live, events: Iterable[Event], at_ms: int) -> int:
    """Have events logged together and seen; return the number of the last."""
    some = list(events)
    ids = await store.log.append([Entry(event) for event in some], at_ms)
    for event in some:
        live.apply(event)
    return max(log_id for log_id in ids if log_id is not None)


async def alarm(store: Store, her_key: str, name: str, at_s: float, *, ends: bool) -> None:
    """Fire an alert about somebody, tell of it, and let it end."""
    judge = Judge(DEFAULT_RULES)
    details = {"identity": name, "participant_sid": her_key.partition("/")[2], "room_name": "acme:class"}

    async def look(reading: Reading, now_s: float) -> Judgement:
        made = judge.look(reading, at=now_s)
        await store.alerts.record(made)
        return made

    for now_s in (at_s, at_s + 10):
        made = await look(Reading(Kind.PARTICIPANT, her_key, {"level": 1}, {}, details), now_s)
    if ends:
        owed = (
            *made.notifications,
            *(await look(Reading(Kind.PARTICIPANT, her_key, gone="left"), at_s + 20)).notifications,
        )
        for each in owed:
            await store.alerts.settle([Settled(each.id, Settlement(Fate.DELIVERED, 1, at_s + 20))])


async def lived(store: Store) -> None:
    """Fill a store with one call of each stage."""
    live = Live([ACCOUNT])
    for sid, her_sid, at_ms in ((ROOM, ALICE, NOW_MS), (LATER_ROOM, HER_LATER_STAY, NOW_MS + 2 * HOUR_MS)):
        await append(store, live, call(sid, her_sid, at_ms), at_ms)
        reached = await append(store, live, ending(sid, her_sid, at_ms + HOUR_MS), at_ms + HOUR_MS)
        await store.picture.save(live.take_dirty(), reached)
        await alarm(store, f"{sid}/{her_sid}", HER_NAME, at_ms / 1000, ends=True)
        await alarm(store, f"{sid}/{BOB}", HIS_NAME, at_ms / 1000, ends=True)
        if sid == ROOM:
            live.calls.seal(lambda _: True)
            await store.samples.settle(at_ms + HOUR_MS, 0, as_told)
            await store.samples.merge(at_ms + 2 * HOUR_MS)


async def live_on(store: Store) -> None:
    """Go on with a call that does not end, of which something is settled, something saved, and something neither."""
    live, at_ms = Live([ACCOUNT]), NOW_MS + 4 * HOUR_MS
    reached = await append(store, live, call(PRESENT_ROOM, HER_PRESENT_STAY, at_ms), at_ms)
    failed = Connection(at_ms, ConnectionState.DISCONNECTED, 53405)
    reached = await append(
        store, live, [batch(failed, reporter=None, identity=HER_NAME, room_sid="RM" + "f" * 32)], at_ms
    )
    await store.picture.save(live.take_dirty(), reached)
    await store.samples.settle(at_ms, 0, as_told)
    for later_ms in (at_ms + 60_000, at_ms + 120_000):
        reached = await append(store, live, call(PRESENT_ROOM, HER_PRESENT_STAY, later_ms), later_ms)
        if later_ms == at_ms + 60_000:
            await store.picture.save(live.take_dirty(), reached - 3)  # in the midst of a row of the log
    await alarm(store, f"{PRESENT_ROOM}/{HER_PRESENT_STAY}", HER_NAME, at_ms / 1000, ends=False)
    await alarm(store, f"{PRESENT_ROOM}/{BOB}", HIS_NAME, at_ms / 1000, ends=False)


async def everything(store: Store, rooms: Iterable[str] = (ROOM, LATER_ROOM, PRESENT_ROOM)) -> dict[str, object]:
    """Return all that a store can be asked for, as plain values."""
    there: dict[str, object] = {
        "log": [event for _, event in await store.log.since(0, 10_000)],
        "alerts": sorted(await store.alerts.load_alerts(), key=lambda each: each.fingerprint),
        "ended": await store.alerts.ended(0, 100),
        "owed": await store.alerts.due(1e12, 100),
        "found": [await store.archive.search(Search(name)) for name in ("", HIS_NAME, HER_NAME, BY_NAME_ONLY)],
    }
    for sid in rooms:
        there[f"samples of {sid}"] = [
            (line.series, list(line.samples.observations())) for line in await lines(store, sid)
        ]
        happened = await store.log.happenings(sid, 0, 2**62, 1_000)
        there[f"happenings of {sid}"] = [
            {**each._asdict(), "body": msgspec.json.decode(each.body)} for each in happened
        ]
        there[f"call of {sid}"] = await store.archive.call(sid)
    return msgspec.json.decode(msgspec.json.encode(there))

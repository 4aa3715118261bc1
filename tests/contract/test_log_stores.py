"""One suite, every store: what was accepted is there, each once, and in order."""

from collections.abc import Sequence

from msgspec.structs import replace

from collectors.events import Event, Source
from collectors.observations import Direction, MediaStats, Speaker
from collectors.telemetry import decode, kept
from monitor.store.ports import Entry, Store
from tests.builders import (
    ACCOUNT,
    ALICE,
    BOB,
    NOW_MS,
    ROOM,
    batch,
    composition,
    connection,
    level,
    media_series,
    packed,
    participant,
    post,
    quality,
    room,
)

ON_POSTGRES = True


async def append(store: Store, events: Sequence[Event], at_ms: int) -> Sequence[int | None]:
    return await store.log.append([Entry(event) for event in events], at_ms)


async def test_events_come_back_as_they_went_in_and_in_order(store: Store) -> None:
    stats = MediaStats(at_ms=NOW_MS, rtt_ms=61.5, up=Direction(loss_ratio=0.5, limited_by="cpu"))
    events = [batch(level(3), stats), room(room_name="acme:class:1"), participant(ALICE), composition()]
    first, *_, last = await append(store, events, NOW_MS)
    assert [event for _, event in await store.log.since(0, 100)] == events
    assert first is not None
    assert last is not None
    assert [event for _, event in await store.log.since(first, 2)] == events[1:3]
    assert await store.log.since(last, 100) == []


async def test_a_post_that_is_kept_as_it_came_comes_back_as_it_was_completed_at_the_door(store: Store) -> None:
    body = packed(post(quality(3), media_series([NOW_MS, NOW_MS + 1], rtt_ms=[61.5, None]), session="s", seq=1))
    decoded = decode(body, NOW_MS)
    taken = replace(decoded.batch, account_sid=ACCOUNT, identity="alice")
    await store.log.append([Entry(taken, kept(taken, decoded, body))], NOW_MS)
    assert await store.log.since(0, 10) == [(1, taken)]


async def test_the_newest_of_what_is_there_is_known_by_its_time(store: Store) -> None:
    assert await store.log.newest_at_ms() is None
    await append(store, [batch(level(3), session="s", seq=1)], NOW_MS + 5_000)
    assert await store.log.newest_at_ms() == NOW_MS + 5_000
    await append(store, [participant(ALICE)], NOW_MS + 9_000)
    assert await store.log.newest_at_ms() == NOW_MS + 9_000


async def test_a_trial_of_writing_changes_nothing(store: Store) -> None:
    await append(store, [batch(level(3), session="s", seq=1)], NOW_MS)
    await store.try_writing()
    await store.try_disk_again()
    assert store.refusal == ""
    assert len(await store.log.since(0, 10)) == 1


async def test_a_post_is_stored_once_however_often_it_comes(store: Store) -> None:
    one, other = batch(level(1), session="s", seq=1), batch(level(2), session="s", seq=2)
    first = await append(store, [one, one, other], NOW_MS)
    assert [log_id is not None for log_id in first] == [True, False, True]
    assert await append(store, [other, one], NOW_MS) == [None, None]
    assert len(await store.log.since(0, 100)) == 2


async def test_posts_without_a_number_are_never_taken_for_repeats(store: Store) -> None:
    assert None not in await append(store, [batch(level(1)), batch(level(1))], NOW_MS)


async def test_a_thousand_posts_fit_in_one_append(store: Store) -> None:
    ids = await append(store, [batch(level(1), session="s", seq=n) for n in range(1000)], NOW_MS)
    assert len({log_id for log_id in ids if log_id}) == 1000


async def test_what_happened_is_kept_beside_what_was_measured(store: Store) -> None:
    events = [
        batch(level(1), connection("reconnecting", at_ms=NOW_MS + 2, code=53405), Speaker(at_ms=NOW_MS + 3)),
        participant(BOB, at_ms=NOW_MS + 1, source=Source.CALLBACK, cause="participant-connected"),
        room("completed", at_ms=NOW_MS + 4),
    ]
    await append(store, events, NOW_MS)
    happened = await store.log.happenings(ROOM, NOW_MS, NOW_MS + 10, 10)
    assert [(each.kind, each.source, each.participant) for each in happened] == [
        ("participant-connected", "callback", BOB),
        ("connection", "telemetry", ALICE),
        ("speaker", "telemetry", ALICE),
        ("room-completed", "poll", ""),
    ]
    assert b"53405" in happened[1].body
    some = await store.log.happenings(ROOM, NOW_MS, NOW_MS + 10, 10, kinds=("speaker", "room-completed"))
    assert some == [happened[2], happened[3]]

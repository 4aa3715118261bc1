"""One suite, every store: whatever holds for SQLite holds for the one in memory."""

from collections.abc import Sequence

from msgspec.structs import replace

from alerts.model import State
from collectors.events import AccountTrouble, Event, Source, Trouble
from collectors.observations import Direction, MediaStats, Speaker
from collectors.telemetry import decode, kept
from monitor.live import Live
from monitor.store.keeping import Keeping
from monitor.store.ports import Entry, Store
from tests.builders import (
    ACCOUNT,
    ALICE,
    BOB,
    CAROL,
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
    recording,
    room,
)
from tests.judging import fired

DAY_MS = 86_400_000


async def append(store: Store, events: Sequence[Event], at_ms: int) -> Sequence[int | None]:
    return await store.log.append([Entry(event) for event in events], at_ms)


# --- the log ---


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


# --- the picture ---


async def test_a_restored_picture_is_the_picture_that_was_saved(store: Store) -> None:
    before = Live([ACCOUNT])
    for event in (
        batch(level(1), connection("reconnecting", code=53001), identity="alice"),
        participant(BOB, identity="bob"),
        batch(level(4, of=BOB)),
        composition(created_at_ms=NOW_MS, room_sid="RM" + "e" * 32),
        room(sid="RM" + "f" * 32, room_name="old"),
        participant(CAROL, identity="carol", room_sid="RM" + "f" * 32),
        room("completed", sid="RM" + "f" * 32, room_name="old", ended_at_ms=NOW_MS),
        participant(BOB, "disconnected", identity="bob", left_at_ms=NOW_MS + 5),
        recording(),
        recording("failed", sid="RT" + "b" * 32, failed_operation="RecordingUpload"),
        AccountTrouble(NOW_MS, Source.SELF, ACCOUNT, Trouble.THROTTLED, is_on=True),
    ):
        before.apply(event)
    await store.picture.save(before.take_dirty(), through=41)
    picture = await store.picture.load()
    after = Live([ACCOUNT])
    after.restore(picture.rooms, picture.ended, picture.media, picture.accounts)
    assert picture.through == 41
    assert (after.rooms, after.compositions, after.recordings) == (before.rooms, before.compositions, before.recordings)
    assert (after.calls.ended, after.accounts) == (before.calls.ended, before.accounts)
    assert not after.apply(room(sid="RM" + "f" * 32, at_ms=NOW_MS + 1)), "an ended room came back after the restart"


async def test_what_is_over_when_saved_is_not_in_the_picture(store: Store) -> None:
    live = Live()
    live.apply(batch(level(1)))
    live.apply(composition())
    await store.picture.save(live.take_dirty(), 1)
    live.apply(room("completed"))
    live.apply(composition("completed", at_ms=NOW_MS + 1))
    await store.picture.save(live.take_dirty(), 2)
    picture = await store.picture.load()
    assert (list(picture.rooms), [thing.is_live for thing in picture.media]) == ([], [False])
    assert [ended.sid for ended in picture.ended] == [ROOM]


async def test_a_saved_picture_does_not_change_with_the_living_one(store: Store) -> None:
    live = Live()
    live.apply(batch(level(1)))
    await store.picture.save(live.take_dirty(), 1)
    live.apply(batch(level(4, at_ms=NOW_MS + 1)))
    (saved,) = (await store.picture.load()).rooms
    assert saved.participants[ALICE].level == 1


# --- retention ---


async def test_what_is_too_old_goes_and_what_is_live_or_owed_stays(store: Store) -> None:
    live = Live()
    old = [batch(level(1), session="s", seq=1), composition("failed")]
    for event in old:
        live.apply(event)
    await append(store, old, NOW_MS)
    await store.picture.save(live.take_dirty(), through=2)
    made, _ = fired(at=NOW_MS / 1000)
    await store.alerts.record(made)
    later = NOW_MS + 40 * DAY_MS
    await append(store, [batch(level(2), at_ms=later)], later)
    assert sum((await store.retain(later, Keeping(raw_days=30, history_days=30))).values()) > 0
    assert [event.received_at_ms for _, event in await store.log.since(0, 10)] == [later]
    assert len((await store.picture.load()).rooms) == 1
    assert [alert.state for alert in await store.alerts.load_alerts()] == [State.FIRING]
    assert len(await store.alerts.due(1e12, 10)) == 1


async def test_nothing_goes_that_the_saved_picture_has_not_reached(store: Store) -> None:
    await append(store, [batch(level(1))], NOW_MS)
    await store.retain(NOW_MS + 400 * DAY_MS, Keeping(raw_days=1, history_days=1))
    assert len(await store.log.since(0, 10)) == 1


async def test_history_that_is_over_goes_in_its_time(store: Store) -> None:
    live = Live()
    for event in (batch(level(1)), room("completed", ended_at_ms=NOW_MS)):
        live.apply(event)
    await store.picture.save(live.take_dirty(), 0)
    await store.retain(NOW_MS + 29 * DAY_MS, Keeping(history_days=30))
    assert len((await store.picture.load()).ended) == 1
    await store.retain(NOW_MS + 31 * DAY_MS, Keeping(history_days=30))
    assert len((await store.picture.load()).ended) == 0

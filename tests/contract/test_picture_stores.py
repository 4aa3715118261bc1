"""One suite, every store: the live picture comes back as it was saved."""

from collectors.events import AccountTrouble, Source, Trouble
from monitor.live import Live
from monitor.store.ports import Store
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
    participant,
    recording,
    room,
)

ON_POSTGRES = True


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

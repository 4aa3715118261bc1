"""One suite, every store: the live picture comes back as it was saved."""

import asyncio
from collections.abc import Iterable, Iterator

import msgspec
import pytest

from collectors.events import AccountTrouble, Source, Trouble
from monitor.entities import Entity, Room
from monitor.live import Live
from monitor.store.picture_rows import PEOPLE_A_SLICE
from monitor.store.ports import Store
from monitor.unsaved import Withdrawn
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
PEOPLE = 4 * PEOPLE_A_SLICE


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


def _many_people() -> Live:
    live = Live([ACCOUNT])
    for number in range(PEOPLE):
        who = f"PA{number:032x}"
        live.apply(batch(level(5), reporter=who, room_sid=_room_of(number), identity=f"somebody {number}"))
    return live


def _room_of(number: int) -> str:
    return f"RM{number * 7919 % (PEOPLE // 10):032x}"


def _as_one(rooms: Iterable[Room]) -> dict[str, bytes]:
    return {room.key: msgspec.json.encode(room, order="sorted") for room in rooms}


async def test_a_large_picture_is_saved_as_it_was_when_that_began(store: Store) -> None:
    live = _many_people()
    then = _as_one(live.rooms.values())
    with live.being_saved() as entities:
        saving = asyncio.create_task(store.picture.save(entities, 1))
        at_ms = NOW_MS
        while not saving.done():
            at_ms += 1
            for number in range(0, PEOPLE, 97):
                reporter = f"PA{(number + at_ms) % PEOPLE:032x}"
                live.apply(batch(level(1, at_ms=at_ms), reporter=reporter, at_ms=at_ms, room_sid=_room_of(number)))
            await asyncio.sleep(0)
        await saving
    assert _as_one((await store.picture.load()).rooms) == then
    with live.being_saved() as entities:
        await store.picture.save(entities, 2)
    assert _as_one((await store.picture.load()).rooms) == _as_one(live.rooms.values())


async def test_of_a_picture_that_was_broken_off_nothing_is_saved(store: Store) -> None:
    live = _many_people()
    await store.picture.save(live.take_dirty(), 1)
    saved = _as_one((await store.picture.load()).rooms)
    for number in range(PEOPLE):
        live.apply(batch(level(2, at_ms=NOW_MS + 1), reporter=f"PA{number:032x}", room_sid=_room_of(number)))

    def broken_off() -> Iterator[Entity]:
        yield from list(live.rooms.values())[: PEOPLE // 10 - 1]
        raise Withdrawn

    with pytest.raises(Withdrawn):
        await store.picture.save(broken_off(), 2)
    picture = await store.picture.load()
    assert (picture.through, _as_one(picture.rooms)) == (1, saved)

"""One suite, every store: a link is good until it ends, and it ends with whoever or whatever it shows."""

from pathlib import Path
from typing import Any

from monitor.entities import Participant, Room
from monitor.store.keeping import DAY_MS, Keeping
from monitor.store.ports import Entry, Share, Store
from monitor.store.sqlite import SqliteStore
from tests.builders import ALICE, BOB, NOW_MS, ROOM, batch, level

ON_POSTGRES = True

OTHER = "RM" + "b" * 32


def share(number: int = 1, **given: Any) -> Share:
    given = {"from_ms": None, "to_ms": None, "created_at_ms": NOW_MS, "expires_at_ms": NOW_MS + number, **given}
    return Share(f"s{number}", f"hash {number}", given.pop("room_sid", ROOM), **given)


async def test_a_link_is_found_by_the_hash_of_its_token_until_it_expires(store: Store) -> None:
    await store.shares.add_share(share(5))
    assert await store.shares.share("hash 5", NOW_MS + 4) == share(5)
    assert await store.shares.share("hash 5", NOW_MS + 5) is None
    assert await store.shares.share("hash 6", NOW_MS) is None


async def test_links_are_listed_by_room_those_that_last_longest_first(store: Store) -> None:
    for each in (share(1), share(2), share(3, room_sid=OTHER)):
        await store.shares.add_share(each)
    assert [each.id for each in await store.shares.shares(NOW_MS)] == ["s3", "s2", "s1"]
    assert [each.id for each in await store.shares.shares(NOW_MS, ROOM)] == ["s2", "s1"]
    assert [each.id for each in await store.shares.shares(NOW_MS + 2)] == ["s3"]


async def test_a_link_that_was_ended_is_none(store: Store) -> None:
    await store.shares.add_share(share())
    assert await store.shares.end_share("s1")
    assert not await store.shares.end_share("s1")
    assert await store.shares.share("hash 1", NOW_MS) is None


async def test_a_link_ends_when_its_call_is_dropped(store: Store) -> None:
    over = Room(ROOM, sid=ROOM, is_live=False, ended_at_ms=NOW_MS - 3 * DAY_MS)
    live = Room(OTHER, sid=OTHER, heard_at_ms=NOW_MS)
    await store.picture.save([over, live], 0)
    for each in (share(1), share(2, room_sid=OTHER)):
        await store.shares.add_share(each)
    await store.retain(NOW_MS, Keeping(history_days=2))
    assert [each.id for each in await store.shares.shares(NOW_MS)] == ["s2"]


async def test_a_link_ends_when_somebody_is_erased_who_was_in_the_call(store: Store) -> None:
    alice = Participant(ALICE, ROOM, sid=ALICE, identity="alice")
    await store.picture.save([Room(ROOM, sid=ROOM, participants={ALICE: alice})], 0)
    for each in (share(1), share(2, room_sid=OTHER)):
        await store.shares.add_share(each)
    await store.erase(["alice"])
    assert [each.id for each in await store.shares.shares(NOW_MS)] == ["s2"]


async def test_a_link_ends_too_when_only_telemetry_tells_that_somebody_was_in_the_call(store: Store) -> None:
    post = batch(level(3), reporter=BOB, identity="bob", room_sid=OTHER)
    await store.log.append([Entry(post)], NOW_MS)
    for each in (share(1), share(2, room_sid=OTHER)):
        await store.shares.add_share(each)
    await store.erase(["bob"])
    assert [each.id for each in await store.shares.shares(NOW_MS)] == ["s1"]


async def test_a_link_outlives_the_process(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "roomwatch.db")
    await store.shares.add_share(share())
    await store.close()
    again = await SqliteStore.open(tmp_path / "roomwatch.db")
    assert await again.shares.share("hash 1", NOW_MS) == share()
    await again.close()

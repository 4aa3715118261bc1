"""Two replicas on one PostgreSQL: neither trusts what it remembers."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from collectors.events import Event
from monitor.store.keeping import DAY_MS, Keeping
from monitor.store.ports import AuditEntry, Entry, StoreFailed
from monitor.store.postgres.connection import Connection
from monitor.store.postgres.database import Database
from monitor.store.postgres.store import PostgresStore
from tests.builders import ALICE, BOB, NOW_MS, batch, connection, level, participant
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.cluster

Replicas = tuple[PostgresStore, PostgresStore]


@pytest.fixture
async def address(postgres_server: PostgresServer) -> AsyncIterator[str]:
    async with postgres_server.database() as address:
        yield address


@pytest.fixture
async def replicas(address: str) -> AsyncIterator[Replicas]:
    opened = await PostgresStore.open(address), await PostgresStore.open(address)
    yield opened
    for each in opened:
        await each.close()


async def append(store: PostgresStore, *events: Event) -> list[int | None]:
    return list(await store.log.append([Entry(event) for event in events], NOW_MS))


async def numbers_in(store: PostgresStore) -> list[int]:
    found: list[int] = []
    while some := await store.log.since(found[-1] if found else 0, 1_000):
        found += [number for number, _ in some]
    return found


async def test_replicas_that_append_at_once_give_each_number_once_and_none_is_missing(replicas: Replicas) -> None:
    given = await asyncio.gather(
        *(
            append(replica, *(batch(level(1), session=f"{which}-{number}", seq=seq) for seq in range(number % 4 + 1)))
            for number in range(40)
            for which, replica in enumerate(replicas)
        )
    )
    numbers = [number for ids in given for number in ids if number is not None]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    for replica in replicas:
        assert await numbers_in(replica) == sorted(numbers)


async def test_of_a_post_that_reaches_two_replicas_at_once_one_is_stored(replicas: Replicas) -> None:
    posts = [batch(level(1), session=f"s{number % 3}", seq=number) for number in range(30)]
    given = await asyncio.gather(
        *(append(replica, *some) for replica in replicas for some in (posts, posts[::-1], *([post] for post in posts)))
    )
    assert sum(number is not None for ids in given for number in ids) == len(posts)
    assert len(await numbers_in(replicas[0])) == len(posts)


async def test_of_a_callback_that_reaches_two_replicas_at_once_one_is_stored(replicas: Replicas) -> None:
    told = [participant(BOB, dedup_key=f"c:{number}") for number in range(10)]
    given = await asyncio.gather(*(append(replica, *some) for replica in replicas for some in (told, told[::-1])))
    assert sum(number is not None for ids in given for number in ids) == len(told)


async def test_no_number_can_be_seen_before_those_below_it(address: str, replicas: Replicas) -> None:
    """A reader goes on from the highest number that it saw, so what came later with a lower one would be lost."""
    slow = await Database.open(address)
    has_number, may_commit = asyncio.Event(), asyncio.Event()

    async def append_slowly(connection: Connection) -> None:
        await connection.execute("UPDATE log_head SET last_id = last_id + 1")
        has_number.set()
        await may_commit.wait()
        await connection.execute(
            "INSERT INTO ingest_log (id, events, received_at_ms, body) SELECT last_id, 1, 0, '[]' FROM log_head"
        )

    first = asyncio.create_task(slow.write(append_slowly))
    await has_number.wait()
    second = asyncio.create_task(append(replicas[0], batch(level(1))))
    done, _ = await asyncio.wait({second}, timeout=0.3)
    assert not done
    assert await replicas[1].log.since(0, 10) == []
    may_commit.set()
    await first
    assert await second == [2]
    await slow.close()


async def test_who_is_told_that_a_post_is_a_repeat_can_rely_on_the_standby_having_it(
    postgres_server: PostgresServer, address: str
) -> None:
    """The first replica was cut off from its wait; the row can be seen already, here, and on no standby."""
    name = address.partition("@/")[2].partition("?")[0]
    replica = await PostgresStore.open(address)
    (number,) = await append(replica, batch(level(1), session="s", seq=1))
    await replica.close()
    await postgres_server.execute(f"ALTER DATABASE {name} SET synchronous_commit = on")
    replica = await PostgresStore.open(address)
    for events in ((batch(level(1), session="s", seq=1),), (participant(BOB, dedup_key="c:1"),)):
        told = asyncio.create_task(append(replica, *events))
        while True:
            waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
            if rows := await replica._database.read(waiting):
                break
            assert not told.done()
            await asyncio.sleep(0.01)
        await replica._database.read("SELECT pg_terminate_backend($1)", rows[0][0])
        with pytest.raises(StoreFailed, match="expected a transaction"):
            await told
    assert number == 1
    await replica.close()


async def test_a_zero_character_in_a_name_is_no_reason_to_refuse_a_post(replicas: Replicas) -> None:
    first, second = replicas
    for number, name in enumerate(("a\0b", "a\ue000b", "\0\ue000\ue0000", "a")):
        told = batch(
            connection("reconnecting", at_ms=NOW_MS), session=name, seq=1, identity=name, room_sid=None, room_name=name
        )
        assert await append(first, told, participant(BOB, dedup_key=name)) == [2 * number + 1, 2 * number + 2]
        assert await append(second, told, participant(BOB, dedup_key=name)) == [None, None]
        (happened,) = await second.log.happenings(f"name:{name}", 0, 2**53, 10)
        assert happened.participant == ALICE


@pytest.mark.parametrize("change", ["did = 'nothing'", "status = 200", "at_ms = 1"])
async def test_not_even_sql_rewrites_an_entry_of_the_audit_log(
    replicas: Replicas, address: str, postgres_server: PostgresServer, change: str
) -> None:
    await replicas[0].audit.add(AuditEntry(NOW_MS, "ann", "operator", "token", "", "POST /", 403))
    name = address.partition("@/")[2].partition("?")[0]
    with pytest.raises(asyncpg.RaiseError, match="is not changed"):
        await postgres_server.execute(f"UPDATE audit SET {change}", on=name)


async def test_of_replicas_that_drop_what_is_old_at_once_each_row_is_dropped_by_one(replicas: Replicas) -> None:
    told = [participant(BOB, dedup_key=f"c:{number}", at_ms=NOW_MS + number) for number in range(3_000)]
    await append(replicas[0], *told)
    await replicas[0].picture.save([], 3_000)
    counts = await asyncio.gather(*(each.retain(NOW_MS + 400 * DAY_MS, Keeping()) for each in replicas))
    assert sum(count["events"] for count in counts) == 3_000
    assert await replicas[1].log.since(0, 10) == []


async def test_of_two_secrets_made_up_at_once_one_is_everybodys(replicas: Replicas) -> None:
    made = await asyncio.gather(*(each.secrets.secret("links", fresh) for each in replicas for fresh in (b"a", b"b")))
    assert len(set(made)) == 1


async def test_the_size_is_that_of_the_database(replicas: Replicas) -> None:
    size = await replicas[0].size()
    assert (size.database_bytes > 1_000_000, size.is_full, size.disk_free_bytes) == (True, False, None)

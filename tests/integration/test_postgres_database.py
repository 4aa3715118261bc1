"""A real PostgreSQL, several replicas on it, and what goes wrong between them."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from monitor.store.ports import StoreFailed
from monitor.store.postgres.connection import Connection, count_of
from monitor.store.postgres.database import Database, where_of
from monitor.store.postgres.schema import newest
from monitor.store.postgres.store import PostgresStore
from monitor.store.schema import SchemaTooNew
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.cluster


@pytest.fixture
async def address(postgres_server: PostgresServer) -> AsyncIterator[str]:
    async with postgres_server.database() as address:
        yield address


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    opened = await Database.open(address)
    yield opened
    await opened.close()


async def names(database: Database) -> list[str]:
    return [name for (name,) in await database.read("SELECT name FROM receivers ORDER BY name")]


async def put(connection: Connection, name: str, target: str = "") -> None:
    await connection.execute("INSERT INTO receivers (name, target) VALUES ($1, $2)", name, target)


async def test_a_transaction_is_whole_or_leaves_no_trace(database: Database) -> None:
    async def fail(connection: Connection) -> None:
        await put(connection, "a")
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(fail)
    with pytest.raises(StoreFailed, match=r"expected a transaction to be kept, got duplicate key .* \(23505\)$"):
        await database.write(lambda connection: twice(connection, "secret"))
    assert await names(database) == []
    await database.write(lambda connection: put(connection, "a"))
    assert await names(database) == ["a"]


async def twice(connection: Connection, name: str) -> None:
    await put(connection, name)
    await put(connection, name)


async def test_an_error_quotes_nothing_that_was_to_be_written(database: Database) -> None:
    for wrong in (lambda connection: twice(connection, "hunter2"), lambda connection: put(connection, "a", b"hunter2")):
        with pytest.raises(StoreFailed) as caught:
            await database.write(wrong)
        assert "hunter2" not in str(caught.value)


async def test_a_refusal_that_was_swallowed_is_still_a_refusal(database: Database) -> None:
    async def swallow(connection: Connection) -> None:
        try:
            await twice(connection, "a")
        except Exception:  # noqa: BLE001  # as careless code would
            return

    with pytest.raises(StoreFailed, match="expected a transaction to be committed where it is to be, got ROLLBACK"):
        await database.write(swallow)


async def test_of_two_in_a_deadlock_both_go_well(address: str, database: Database) -> None:
    other = await Database.open(address)
    both_have_one = asyncio.Barrier(2)
    attempts = 0

    async def cross(connection: Connection, first: str, second: str) -> None:
        nonlocal attempts
        attempts += 1
        await connection.execute("UPDATE receivers SET target = target || 'x' WHERE name = $1", first)
        if attempts <= 2:
            await both_have_one.wait()
        await connection.execute("UPDATE receivers SET target = target || 'x' WHERE name = $1", second)

    async def prepare(connection: Connection) -> None:
        await put(connection, "a")
        await put(connection, "b")

    await database.write(prepare)
    await asyncio.gather(
        database.write(lambda connection: cross(connection, "a", "b")),
        other.write(lambda connection: cross(connection, "b", "a")),
    )
    assert attempts == 3
    assert [tuple(row) for row in await database.read("SELECT target FROM receivers")] == [("xx",), ("xx",)]
    await other.close()


async def test_who_stops_waiting_does_not_stop_a_transaction(database: Database) -> None:
    begun = asyncio.Event()

    async def slow(connection: Connection) -> None:
        begun.set()
        await connection.execute("SELECT pg_sleep(0.1)")
        await put(connection, "a")

    waiting = asyncio.create_task(database.write(slow))
    await begun.wait()
    assert database.writing.waiting == 0
    assert database.writing.began_s is not None
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    while await names(database) != ["a"]:
        await asyncio.sleep(0.01)
    assert database.writing.began_s is None


async def test_connections_that_died_are_replaced(
    postgres_server: PostgresServer, address: str, database: Database
) -> None:
    await asyncio.gather(*(database.read("SELECT pg_sleep(0.05)") for _ in range(8)))  # all that there may be
    kill = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{address_name(address)}'"
    await postgres_server.execute(kill)
    await database.write(lambda connection: put(connection, "a"))
    await postgres_server.execute(kill)
    assert await names(database) == ["a"]
    await postgres_server.execute(kill)
    async with database.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM receivers") == 1


async def test_what_is_read_together_is_of_one_moment(database: Database) -> None:
    async with database.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM receivers") == 0
        await database.write(lambda connection: put(connection, "a"))
        assert await connection.fetchval("SELECT count(*) FROM receivers") == 0
    assert await names(database) == ["a"]


async def test_a_schema_that_changed_meanwhile_is_no_reason_to_fail(
    postgres_server: PostgresServer, address: str
) -> None:
    database = await Database.open(address, connections=1)

    async def look(connection: Connection) -> list[tuple[object, ...]]:
        return [tuple(row) for row in await connection.fetch("SELECT * FROM receivers")]

    await database.write(lambda connection: put(connection, "a"))
    assert await database.write(look) == [("a", "")]
    await postgres_server.execute("ALTER TABLE receivers ADD COLUMN more integer", on=address_name(address))
    assert await database.write(look) == [("a", "", None)]
    await database.close()


def address_name(address: str) -> str:
    return address.partition("@/")[2].partition("?")[0]


async def test_a_transaction_whose_connection_dies_before_its_commit_is_begun_again(
    postgres_server: PostgresServer, database: Database
) -> None:
    attempts = []

    async def die_once(connection: Connection) -> None:
        pid = await connection.fetchval("SELECT pg_backend_pid()")
        attempts.append(pid)
        await put(connection, "a")
        if len(attempts) == 1:
            await postgres_server.execute(f"SELECT pg_terminate_backend({pid}, 30000)")

    await database.write(die_once)
    assert len(attempts) == 2
    assert await names(database) == ["a"]


async def test_why_nothing_is_taken_is_known_until_it_is_taken_again(
    postgres_server: PostgresServer, address: str
) -> None:
    store, name = await PostgresStore.open(address), address_name(address)
    kill = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    await postgres_server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false", kill)
    with pytest.raises(StoreFailed) as failed:
        await store.try_writing()
    await store.try_disk_again()
    assert store.refusal
    assert "55000" in str(failed.value)
    await postgres_server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    await store.try_disk_again()
    assert store.refusal == ""
    await store.close()


async def test_a_statement_that_is_wrong_is_no_refusal_of_all_others(database: Database) -> None:
    with pytest.raises(StoreFailed):
        await database.write(lambda connection: connection.execute("SELECT 1 / 0"))
    assert database.refusal == ""


async def test_what_takes_too_long_has_failed(address: str) -> None:
    database = await Database.open(address, timeout_s=0.5)
    with pytest.raises(StoreFailed, match=r"expected a query to be answered within 0\.5 s"):
        await database.read("SELECT pg_sleep(300)")
    assert await names(database) == []
    await database.close()


WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = current_database()"


async def test_a_wait_for_the_standby_that_was_cut_short_is_no_success(
    postgres_server: PostgresServer, address: str
) -> None:
    """PostgreSQL reports the commit as done, with a warning that the standby may not have it."""
    await postgres_server.execute(f"ALTER DATABASE {address_name(address)} SET synchronous_commit = on")
    database = await Database.open(address)
    writing = asyncio.create_task(database.write(lambda connection: put(connection, "a")))
    while not (waiting := await database.read(WAITING)):
        await asyncio.sleep(0.01)
    await database.read("SELECT pg_cancel_backend($1)", waiting[0][0])
    with pytest.raises(StoreFailed, match="got COMMIT with a warning: canceling wait for synchronous replication"):
        await writing
    await database.close()


async def test_nobody_asks_the_server_to_stop_waiting_for_the_standby(
    postgres_server: PostgresServer, address: str
) -> None:
    await postgres_server.execute(f"ALTER DATABASE {address_name(address)} SET synchronous_commit = on")
    database = await Database.open(address, timeout_s=1.0)
    with pytest.raises(StoreFailed, match="expected a transaction to be kept within 1 s"):
        await database.write(lambda connection: put(connection, "a"))
    assert len(await database.read(WAITING)) == 1
    assert await names(database) == []
    await database.close()


async def test_replicas_that_start_at_once_migrate_once(postgres_server: PostgresServer) -> None:
    async with postgres_server.empty_database() as address:
        opened = await asyncio.gather(*(Database.open(address) for _ in range(4)))
        for database in opened:
            ((version,),) = await database.read("SELECT version FROM schema_version")
            assert version == newest()
            await database.close()


async def test_a_newer_schema_is_left_alone(postgres_server: PostgresServer, address: str) -> None:
    await postgres_server.execute("UPDATE schema_version SET version = 999", on=address_name(address))
    with pytest.raises(SchemaTooNew, match=f"expected schema {newest()} or older, got 999; upgrade Roomwatch"):
        await Database.open(address)


async def test_a_database_of_something_else_is_left_alone(postgres_server: PostgresServer) -> None:
    async with postgres_server.empty_database() as address:
        await postgres_server.execute("CREATE TABLE songs ()", on=address_name(address))
        with pytest.raises(StoreFailed, match="expected a Roomwatch database or an empty one, got one of something"):
            await Database.open(address)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ann:hunter2@127.0.0.1:9/roomwatch",
        "postgresql://ann:hunter2@127.0.0.1:9,127.0.0.1:10/roomwatch",
        "postgresql://127.0.0.1:9/roomwatch?user=ann&password=hunter2",
        "postgresql://127.0.0.1:9/roomwatch?user=ann&password=hun@ter2",
        "postgresql://ann:pass/hunter2@127.0.0.1:9/roomwatch",
        "mysql://ann:hunter2@127.0.0.1:9/roomwatch",
    ],
)
async def test_an_error_names_the_place_and_never_the_password(address: str) -> None:
    with pytest.raises(StoreFailed, match=r"^PostgreSQL.*: expected a PostgreSQL primary at ") as caught:
        await Database.open(address, timeout_s=30.0)
    assert "ter2" not in str(caught.value)


def test_a_place_is_told_without_who_goes_there() -> None:
    assert where_of("postgresql://ann:pw@a:5432,b/roomwatch?ssl=require") == "PostgreSQL at a:5432,b/roomwatch"
    assert where_of("postgresql://ann:p@w@a/roomwatch") == "PostgreSQL"


def test_a_command_tag_says_how_many_rows_it_was_about() -> None:
    assert [count_of(tag) for tag in ("INSERT 0 3", "UPDATE 2", "DELETE 0")] == [3, 2, 0]

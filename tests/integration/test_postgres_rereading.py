"""What is read again and again is what was written, and what nobody wrote is not read."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("asyncpg")

from alerts.model import Judgement
from monitor.store.postgres.alerts import PostgresAlerts
from monitor.store.postgres.database import Database
from monitor.store.postgres.rereading import ALL_ANEW_S, Rereading
from tests.judging import fired

if TYPE_CHECKING:
    from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.cluster


class Told:
    """What was decoded, and what time it is."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.now_s = 0.0

    def decode(self, body: bytes) -> str:
        self.bodies.append(body)
        return body.decode()


@pytest.fixture
async def database(postgres_server: "PostgresServer") -> AsyncIterator[Database]:
    async with postgres_server.emptied_database() as address:
        opened = await Database.open(address)
        yield opened
        await opened.close()


async def put(database: Database, key: str, body: str) -> None:
    await database.read(
        "INSERT INTO groups (key, body) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET body = excluded.body",
        key,
        body.encode(),
    )


def groups(database: Database, told: Told) -> Rereading[str]:
    return Rereading(database, "groups", "key", told.decode, lambda: told.now_s)


async def test_only_what_was_written_since_is_read(database: Database) -> None:
    told = Told()
    reading = groups(database, told)
    assert await reading.all() == ()
    for key in ("a", "b", "c"):
        await put(database, key, key)
    assert sorted(await reading.all()) == ["a", "b", "c"]
    await put(database, "b", "b2")
    await put(database, "d", "d")
    told.bodies.clear()
    assert sorted(await reading.all()) == ["a", "b2", "c", "d"]
    assert sorted(told.bodies) == [b"b2", b"d"]


async def test_what_is_gone_is_gone_and_what_came_in_its_place_is_there(database: Database) -> None:
    reading = groups(database, Told())
    await put(database, "a", "a")
    await put(database, "b", "b")
    await reading.all()
    await database.read("DELETE FROM groups WHERE key = $1", "a")
    await put(database, "c", "c")
    assert sorted(await reading.all()) == ["b", "c"]


async def test_as_long_as_nothing_is_written_the_same_object_is_told(database: Database) -> None:
    reading = groups(database, Told())
    await put(database, "a", "a")
    first = await reading.all()
    assert await reading.all() is first
    await put(database, "a", "a")
    assert await reading.all() is not first


async def test_everything_is_read_anew_once_in_a_while(database: Database) -> None:
    told = Told()
    reading = groups(database, told)
    await put(database, "a", "a")
    await reading.all()
    told.now_s = ALL_ANEW_S
    await reading.all()
    assert told.bodies == [b"a", b"a"]


async def test_a_transaction_that_began_first_and_commits_last_is_not_missed(
    database: Database, postgres_server: "PostgresServer"
) -> None:
    reading = groups(database, Told())
    async with database._pool.acquire() as slow:
        await slow.execute("BEGIN")
        await slow.execute("INSERT INTO groups (key, body) VALUES ('slow', 'slow')")
        await put(database, "quick", "quick")
        assert await reading.all() == ("quick",)
        await slow.execute("COMMIT")
    assert sorted(await reading.all()) == ["quick", "slow"]


@pytest.mark.parametrize("count", [200])
async def test_alerts_of_another_replica_are_followed_as_they_change(database: Database, count: int) -> None:
    writes, follows = PostgresAlerts(database, "one"), PostgresAlerts(database, "other")
    judgement, _ = fired(at=1.0)
    (alert,) = judgement.alerts
    alerts = [replace(alert, fingerprint=f"{number:064x}") for number in range(count)]
    await writes.record(Judgement(tuple(alerts)))
    assert {each.fingerprint for each in await follows.load_alerts()} == {each.fingerprint for each in alerts}
    await writes.record(Judgement((replace(alerts[7], value=0.5),)))
    found: dict[str, Any] = {each.fingerprint: each for each in await follows.load_alerts()}
    assert found[alerts[7].fingerprint].value == 0.5
    assert len(found) == count

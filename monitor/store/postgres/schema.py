"""Which schema has a PostgreSQL database, and how is it brought up to date?

One numbered file a transaction, forward only, and one replica at a time: the others wait, and find it done.
"""

from collections.abc import Awaitable, Callable
from importlib import resources
from logging import getLogger
from typing import Any

from monitor.store.ports import StoreFailed
from monitor.store.postgres.connection import Connection
from monitor.store.schema import SchemaTooNew

_log = getLogger(__name__)

_TURN = 0x726F6F6D77617463  # the lock of whoever migrates; any number would do that nobody else in the database uses

Write = Callable[[Callable[[Connection], Awaitable[Any]]], Awaitable[Any]]


def newest() -> int:
    """Return the schema that this version writes."""
    return len(_scripts())


async def migrate(write: Write, where: str) -> None:
    """Bring the schema up to date.

    Raises:
        SchemaTooNew: it is ahead of this version.
        StoreFailed: the database is one of something else, or a migration was refused; then it is as it was before it.
    """
    scripts = _scripts()

    async def take_a_step(connection: Connection) -> bool:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _TURN)
        version = await _version(connection, where)
        if version > len(scripts):
            raise SchemaTooNew(f"{where}: expected schema {len(scripts)} or older, got {version}; upgrade Roomwatch")
        if version == len(scripts):
            return False
        await connection.execute(scripts[version])
        await connection.execute("UPDATE schema_version SET version = $1", version + 1)
        _log.info("%s: schema %d becomes %d", where, version, version + 1)
        return True

    while await write(take_a_step):
        pass


async def _version(connection: Connection, where: str) -> int:
    """Return the schema there is, and make one where a database is empty."""
    version = await version_of(connection, where)
    if version is not None:
        return version
    await connection.execute("CREATE TABLE schema_version (version integer NOT NULL)")
    await connection.execute("INSERT INTO schema_version VALUES (0)")
    return 0


async def version_of(connection: Connection, where: str) -> int | None:
    """Return the schema there is, None in a database that is empty.

    Raises:
        StoreFailed: the database is one of something else.
    """
    tables = {
        name
        for (name,) in await connection.fetch(
            "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema()"
        )
    }
    if "schema_version" in tables:
        return int(await connection.fetchval("SELECT version FROM schema_version"))
    if tables:
        raise StoreFailed(f"{where}: expected a Roomwatch database or an empty one, got one of something else")
    return None


def names() -> list[str]:
    """Return what the migrations are called, in their order."""
    return [name for name, _ in _files()]


def _scripts() -> list[str]:
    return [script for _, script in _files()]


def _files() -> list[tuple[str, str]]:
    folder = resources.files("monitor.store.postgres") / "migrations"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [(file.name, file.read_text(encoding="utf-8")) for file in files]

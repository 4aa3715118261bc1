"""How is PostgreSQL written and read, and what becomes of what it or the network does not do?

A piece of writing is an async function of a connection.  It runs inside a transaction, and from the beginning where
that was in the way of another one, so it must do nothing but write.  Nothing else is serialized here: other replicas
write at the same time, and only the rows that a transaction locks are its own.

Whether a commit happened that was never heard of cannot be known.  So what is written must bear to be written again;
and no wait for a commit is given up by asking the server to stop: a server that waits for its standby takes that for
permission to report what the standby may not have.  The connection is dropped instead.
"""

import asyncio
import random
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Any, Self, TypeVar

import asyncpg

from monitor.store.ports import NotThere, StoreFailed, StoreFull, Writing
from monitor.store.postgres import texts
from monitor.store.postgres.connection import Connection
from monitor.store.postgres.errors import FAILURES, failed, is_connection_lost, is_to_be_repeated
from monitor.store.postgres.schema import migrate

T = TypeVar("T")
Work = Callable[[Connection], Awaitable[T]]

CONNECTIONS = 8
TIMEOUT_S = 30.0
_ATTEMPTS = 5
_PAUSE_S = 0.02  # before the second attempt, and twice as long before each that follows
_IDLE_S = 3.0
# A process that is stopped in the midst of a transaction holds what others wait for, until the server throws it out.
_BEGIN = f"BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL idle_in_transaction_session_timeout = '{_IDLE_S:g}s'"
_BEGIN_UNBOUNDED = "BEGIN ISOLATION LEVEL READ COMMITTED"
_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_A_PRIMARY = "a PostgreSQL primary at postgresql://USER:PASSWORD@HOST/NAME"
_ADDRESS = re.compile(r"postgres(?:ql)?://(?:[^@/?]*@)?([^@?]*)(?:\?[^@]*)?")


class Database:
    """Connections to the one server that may be written to: `write()` to change it, `read()` to query it."""

    def __init__(self, pool: Any, where: str, timeout_s: float, fence: Work[None] | None = None) -> None:
        self._fence = fence
        self._pool = pool
        self._where = where
        self._timeout_s = timeout_s
        self._state = _State()

    @classmethod
    async def open(cls, address: str, *, connections: int = CONNECTIONS, timeout_s: float = TIMEOUT_S) -> Self:
        """Connect to the primary among the hosts of `postgresql://USER:PASSWORD@HOST,HOST/NAME`, and migrate it.

        Nothing takes longer than `timeout_s`: what does has failed, and its connection is dropped.

        Raises:
            SchemaTooNew: the database has a schema that this version does not know.
            StoreFailed: no primary can be reached, or the database is not one of Roomwatch.
        """
        database = await cls.connect(address, connections=connections, timeout_s=timeout_s)
        try:
            await database.migrate()
        except BaseException:
            await database.close()
            raise
        return database

    @classmethod
    async def connect(cls, address: str, *, connections: int = CONNECTIONS, timeout_s: float = TIMEOUT_S) -> Self:
        """Connect to the primary, whatever schema it has.

        Raises:
            NotThere: no primary can be reached.
            StoreFailed: one can, and does not let us in.
        """
        where = where_of(address)
        try:
            pool = await asyncpg.create_pool(
                address,
                min_size=0,
                max_size=connections,
                init=_prepare,
                reset=_keep,
                timeout=timeout_s,
                target_session_attrs="primary",
                server_settings={"application_name": "roomwatch", "timezone": "UTC", "jit": "off"},
            )
        except (*FAILURES, ValueError) as error:
            raise failed(where, _A_PRIMARY, error) from error
        database = cls(pool, where, timeout_s)
        try:
            async with database._connected(_A_PRIMARY):
                pass
        except StoreFailed as error:
            await database.close()
            if error.__cause__ is not None and is_connection_lost(error.__cause__):
                raise NotThere(str(error)) from error.__cause__
            raise
        except BaseException:
            await database.close()
            raise
        return database

    async def migrate(self) -> None:
        """Bring the schema up to date.

        Raises:
            SchemaTooNew: the database has a schema that this version does not know.
            StoreFailed: the database is not one of Roomwatch, or a migration was refused.
        """
        await migrate(partial(self.write, is_bounded=False), self.where)

    def fenced(self, fence: Work[None]) -> "Database":
        """Return this database, on which nothing is committed unless the fence lets it, as the last thing before that.

        It need not be closed.
        """
        database = Database(self._pool, self._where, self._timeout_s, fence)
        database._state = self._state
        return database

    @property
    def where(self) -> str:
        """Return which database this is, without a secret."""
        return self._where

    @property
    def is_full(self) -> bool:
        """Whether the last transaction found no room on the server's disk."""
        return self._state.is_full

    @property
    def refusal(self) -> str:
        """Return why nothing is taken that is written, in a few words; empty as long as it is."""
        return self._state.refusal

    @property
    def writing(self) -> Writing:
        """Return since when the oldest of the transactions under way runs, and how many wait for a connection."""
        state = self._state
        return Writing(len(state.writes) - len(state.began_s), min(state.began_s.values(), default=None))

    async def write(self, work: Work[T], *, is_bounded: bool = True) -> T:
        """Do `work` inside a transaction and return what it returns; it is done whole or leaves no trace.

        It is done again from the beginning where that can go well.  Whoever stops waiting does not stop it.  Unless it
        `is_bounded`, it may take as long as it takes.

        Raises:
            StoreFailed: nothing was kept; or the connection was lost during the commit, and nobody knows.
            StoreFull: there was no room on the server's disk.
        """
        task = asyncio.create_task(self._write(work, is_bounded=is_bounded))
        self._state.writes.add(task)
        task.add_done_callback(self._state.is_done)
        return await asyncio.shield(task)

    async def _write(self, work: Work[T], *, is_bounded: bool) -> T:
        for attempt in range(_ATTEMPTS):
            try:
                return await self._transact(work, is_bounded=is_bounded)
            except _Again:
                await asyncio.sleep(_PAUSE_S * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311
        try:
            return await self._transact(work, is_bounded=is_bounded)
        except _Again as again:
            raise failed(self._where, f"a transaction to go well within {_ATTEMPTS + 1} attempts", again.why) from again

    async def _transact(self, work: Work[T], *, is_bounded: bool) -> T:
        attempt = object()
        try:
            async with self._connected("a transaction to be kept", is_bounded=is_bounded) as connection:
                self._state.began_s[attempt] = time.monotonic()
                result = await self._committed(connection, work, is_bounded=is_bounded)
        except _Again as again:
            if is_connection_lost(again.why):
                self._state.refusal = str(failed(self._where, "a transaction to be kept", again.why))
            raise
        except StoreFailed as error:
            state, why = self._state, error.__cause__
            state.is_full = isinstance(error, StoreFull)
            if state.is_full or attempt not in state.began_s or why is None or is_connection_lost(why):
                state.refusal = str(error)
            raise
        finally:
            self._state.began_s.pop(attempt, None)
        self._state.is_full, self._state.refusal = False, ""
        return result

    async def _committed(self, connection: Any, work: Work[T], *, is_bounded: bool) -> T:
        warnings: list[str] = []

        def listen(_: Any, message: Any) -> None:
            if message.severity_en == "WARNING":
                warnings.append(str(message.message))

        try:
            await connection.execute(_BEGIN if is_bounded else _BEGIN_UNBOUNDED)
            result = await work(connection)
            if self._fence is not None:
                await self._fence(connection)
            connection.add_log_listener(listen)
        except FAILURES as error:
            if is_to_be_repeated(error) or is_connection_lost(error):
                raise _Again(error) from error  # nothing was committed, nor is it any more
            raise
        try:
            tag = await connection.execute("COMMIT")
        except asyncpg.PostgresError as error:
            if is_to_be_repeated(error):
                raise _Again(error) from error
            raise
        finally:
            with suppress(asyncpg.InterfaceError):  # a connection that is lost has gone back already
                connection.remove_log_listener(listen)
        if tag != "COMMIT" or warnings:
            # It may be committed here, and not on the standby that was to have it, too.
            got = f"{tag} with a warning: {warnings[0]}" if warnings else tag
            raise StoreFailed(f"{self._where}: expected a transaction to be committed where it is to be, got {got}")
        return result

    async def read(self, sql: str, *values: Any) -> Sequence[Any]:
        """Return the rows of one query.

        Raises:
            StoreFailed: it was refused, or the server could not be asked.
        """
        with suppress(_Again):
            async with self._connected("a query to be answered") as connection:
                try:
                    return list(await connection.fetch(sql, *values))
                except FAILURES as error:
                    if is_connection_lost(error):
                        raise _Again(error) from error
                    raise
        async with self._connected("a query to be answered") as connection:
            return list(await connection.fetch(sql, *values))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """Give a connection on which all queries are answered as of one moment.

        Raises:
            StoreFailed: one was refused, or the server could not be asked.
        """
        async with AsyncExitStack() as stack:
            connection: Connection | None = None
            with suppress(_Again):
                connection = await stack.enter_async_context(self._snapshot())
            try:
                if connection is None:
                    connection = await stack.enter_async_context(self._snapshot())
            except _Again as again:
                raise failed(self._where, "queries to be answered", again.why) from again
            yield connection

    @asynccontextmanager
    async def _snapshot(self) -> AsyncIterator[Connection]:
        async with self._connected("queries to be answered") as connection:
            try:
                await connection.execute(_BEGIN_READING)
            except FAILURES as error:
                if is_connection_lost(error):
                    raise _Again(error) from error
                raise
            yield connection
            await connection.execute("COMMIT")

    async def alone(self, sql: str) -> None:
        """Do what cannot be done inside a transaction, such as `VACUUM`; it may take as long as it takes.

        Raises:
            StoreFailed: it was refused.
        """
        async with self._connected("a command to be done", is_bounded=False) as connection:
            await connection.execute(sql)

    @asynccontextmanager
    async def _connected(self, expected: str, *, is_bounded: bool = True) -> AsyncIterator[Any]:
        try:
            connection = await self._pool.acquire(timeout=self._timeout_s)
        except (*FAILURES, ValueError) as error:
            raise failed(self._where, expected, error) from error
        watch = _Watch(connection, self._timeout_s)
        if not is_bounded:
            watch.cancel()
        try:
            yield connection
        except BaseException as error:
            await self._clean_up(connection, error)
            if watch.has_ended_it:
                raise StoreFailed(f"{self._where}: expected {expected} within {self._timeout_s:g} s") from error
            if isinstance(error, FAILURES):
                raise failed(self._where, expected, error) from error
            raise
        finally:
            watch.cancel()
            with suppress(*FAILURES):
                await self._pool.release(connection)

    async def _clean_up(self, connection: Any, error: BaseException) -> None:
        """Leave no transaction behind; where the server is lost, so are the other connections to it."""
        why = error.why if isinstance(error, _Again) else error
        if isinstance(why, FAILURES) and is_connection_lost(why):
            _drop(connection)
            await self._pool.expire_connections()
            return
        try:
            if connection.is_in_transaction():
                await connection.execute("ROLLBACK")
        except FAILURES:
            _drop(connection)
        except BaseException:
            _drop(connection)
            raise

    async def close(self) -> None:
        """Finish the transactions under way and let go of the server."""
        if self._state.writes:
            await asyncio.wait(set(self._state.writes))
        await self._pool.close()


class _State:
    """What is under way, and how the last of it ended."""

    def __init__(self) -> None:
        self.writes: set[asyncio.Task[Any]] = set()
        self.began_s: dict[object, float] = {}
        self.is_full = False
        self.refusal = ""

    def is_done(self, write: asyncio.Task[Any]) -> None:
        """Let a transaction go, also one that failed when nobody waited for it any more."""
        self.writes.discard(write)
        if not write.cancelled():
            write.exception()


class _Watch:
    """Drops a connection on which something takes too long, without a word to the server."""

    def __init__(self, connection: Any, timeout_s: float) -> None:
        self.has_ended_it = False
        self._connection = connection
        self._timer = asyncio.get_running_loop().call_later(timeout_s, self._end)

    def _end(self) -> None:
        self.has_ended_it = True
        _drop(self._connection)

    def cancel(self) -> None:
        """Let the connection be."""
        self._timer.cancel()


class _Again(Exception):
    """A transaction that left nothing behind and may go well when it is begun again."""

    def __init__(self, why: BaseException) -> None:
        super().__init__(str(why))
        self.why = why


def where_of(address: str) -> str:
    """Return what may be said of an address: the hosts and the name of the database."""
    told = _ADDRESS.fullmatch(address)
    return f"PostgreSQL at {told[1]}" if told and told[1].strip("/") else "PostgreSQL"


def _drop(connection: Any) -> None:
    with suppress(asyncpg.InterfaceError):  # one that is lost has gone back already
        connection.terminate()


async def _prepare(connection: Any) -> None:
    await connection.set_type_codec("text", schema="pg_catalog", encoder=texts.written, decoder=texts.read)


async def _keep(_: Any) -> None:
    """Leave a connection as it is when it goes back: nothing here sets anything that outlives a transaction."""

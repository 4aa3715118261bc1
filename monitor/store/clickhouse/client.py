"""How is ClickHouse spoken to?

In four calls: insert, query, command, ping.  The driver is imported here and nowhere else; what goes wrong is a
`StoreFailed` that says where.

A server that is away is tried again with each call.  One may also be there and be silent: its machine stands still, or
nothing comes through.  An answer may take long, but who works on one answers a ping; who does not is given up, and for
some seconds nobody else waits for it.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar
from uuid import uuid4

import aiohttp
from clickhouse_connect.driver import create_async_client
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.exceptions import ClickHouseError
from msgspec import Struct

from monitor.store.ports import StoreFailed

CONNECT_TIMEOUT_S = 5
ANSWER_TIMEOUT_S = 120
PATIENCE_S = 5.0  # without an answer, and then with a ping
CONNECTIONS = 100  # so that a ping need not wait for one

Columns = Sequence[Sequence[Any]]
T = TypeVar("T")

_ONE_BLOCK = 1 << 31
_INSERT: Mapping[str, Any] = {
    "async_insert": 0,  # what is answered is on disk
    "insert_deduplicate": 1,
    # A token is one block's: what comes in several may be put down in part, and not be recognised as a whole.
    "max_insert_block_size": _ONE_BLOCK,
    "min_insert_block_size_rows": _ONE_BLOCK,
    "min_insert_block_size_bytes": _ONE_BLOCK,
    "max_partitions_per_insert_block": 0,  # clocks that are wrong may name many days
}
_FAILURES = (ClickHouseError, aiohttp.ClientError, OSError, TimeoutError)


class Address(Struct, frozen=True):
    """Where a ClickHouse listens for HTTP, and as whom it is spoken to; the database must be there."""

    host: str
    port: int = 8123
    database: str = "default"
    username: str = "default"
    password: str = ""
    is_secure: bool = False

    def __str__(self) -> str:
        return f"ClickHouse at {self.host}:{self.port}, database {self.database}"

    def __repr__(self) -> str:
        return f"Address({self})"  # without the password


class Table(NamedTuple):
    """A table that rows are put into: its name, and the type of each column that is told."""

    name: str
    types: Mapping[str, str]


class Client:
    """A ClickHouse, which may be away, or silent.

    Args:
        address: where it is.
        patience_s: after how long without an answer it is asked whether it is there, and how long it has to say so.
    """

    def __init__(self, address: Address, patience_s: float = PATIENCE_S) -> None:
        self._address = address
        self._patience_s = patience_s
        self._silent_at_s: float | None = None  # when it was last found to be, by the loop's clock
        self._connecting = asyncio.Lock()
        self._connected: AsyncClient | None = None

    async def insert(self, table: Table, columns: Columns, token: str = "") -> None:
        """Put down rows, as columns in the order of the table's; the same token again puts down nothing.

        Without a token they are put down whatever was before: ClickHouse by itself takes equal rows for a repeat.

        Raises:
            StoreFailed: it is not known to be there; to say it again with the same token does no harm.
        """
        try:
            driver = await self._driver()
            put_down = driver.insert(
                table.name,
                columns,
                column_names=list(table.types),
                column_type_names=list(table.types.values()),
                column_oriented=True,
                settings={**_INSERT, "insert_deduplication_token": token or str(uuid4())},
            )
            await self._answered(put_down, driver)
        except _FAILURES as error:
            raise self._failed(f"to take rows of {table.name}", error) from error

    async def query(
        self, sql: str, values: Mapping[str, Any] | None = None, *, in_bytes: Sequence[str] = ()
    ) -> Columns:
        """Return the columns of a query's answer, or nothing at all; those named have text as bytes.

        Raises:
            StoreFailed: there is none.
        """
        try:
            driver = await self._driver()
            question = driver.query(
                sql, dict(values or {}), column_oriented=True, column_formats=dict.fromkeys(in_bytes, "bytes")
            )
            found = await self._answered(question, driver)
        except _FAILURES as error:
            raise self._failed("an answer", error) from error
        return found.result_columns if found.row_count else ()

    async def command(self, sql: str, values: Mapping[str, Any] | None = None) -> None:
        """Have something done.

        Raises:
            StoreFailed: it may not be done.
        """
        try:
            driver = await self._driver()
            await self._answered(driver.command(sql, dict(values or {})), driver)
        except _FAILURES as error:
            raise self._failed("to do as told", error) from error

    async def ping(self) -> bool:
        """Whether it answers."""
        try:
            return bool(await (await self._driver()).ping(self._patience_s))
        except _FAILURES:
            return False

    async def close(self) -> None:
        """Let go of the connections."""
        connected, self._connected = self._connected, None
        if connected is not None:
            await connected.close()

    async def _driver(self) -> AsyncClient:
        async with self._connecting:
            if self._silent_at_s is not None:
                await self._seek_life(self._silent_at_s)
            if self._connected is None:
                try:
                    async with asyncio.timeout(CONNECT_TIMEOUT_S + self._patience_s):
                        self._connected = await self._connect()
                except TimeoutError:
                    raise self._found_silent() from None
            return self._connected

    async def _connect(self) -> AsyncClient:
        return await create_async_client(
            host=self._address.host,
            port=self._address.port,
            interface="https" if self._address.is_secure else "http",
            username=self._address.username,
            password=self._address.password,
            database=self._address.database,
            connect_timeout=CONNECT_TIMEOUT_S,
            send_receive_timeout=ANSWER_TIMEOUT_S,
            connector_limit_per_host=CONNECTIONS,
            form_encode_query_params=True,  # a list of rooms is longer than an address may be
            autogenerate_session_id=False,
        )

    async def _answered(self, question: Coroutine[Any, Any, T], driver: AsyncClient) -> T:
        """Return an answer, for which one waits as long as ClickHouse says meanwhile that it is there."""
        waiting = asyncio.create_task(question)
        try:
            while not (await asyncio.wait((waiting,), timeout=self._patience_s))[0]:
                if not await driver.ping(self._patience_s) and not waiting.done():
                    raise self._found_silent()
            return waiting.result()
        finally:
            waiting.cancel()

    async def _seek_life(self, silent_at_s: float) -> None:
        """Let pass whom ClickHouse answers again; not everybody who asks waits for that."""
        if asyncio.get_running_loop().time() < silent_at_s + self._patience_s:
            raise self._silence()
        if self._connected is not None and not await self._connected.ping(self._patience_s):
            raise self._found_silent()
        self._silent_at_s = None

    def _found_silent(self) -> TimeoutError:
        self._silent_at_s = asyncio.get_running_loop().time()
        return self._silence()

    def _silence(self) -> TimeoutError:
        return TimeoutError(f"no sign of life within {self._patience_s:g} s")

    def _failed(self, expected: str, error: Exception) -> StoreFailed:
        return StoreFailed(f"{self._address}: expected {expected}, got {str(error) or type(error).__name__}")

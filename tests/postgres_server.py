"""A real PostgreSQL for tests: one server a process that runs tests, and a database of its own for each test."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path

import asyncpg

from monitor.store.postgres.database import Database
from monitor.store.postgres.store import PostgresStore
from tests.e2e.tools import missing
from tests.logged_samples import LoggedSamples

_TEMPLATE = "roomwatch_template"
_ONLY_HERE = {"listen_addresses": ""}
_UNSAFE_AND_QUICK = {  # nothing here outlives its test
    **_ONLY_HERE,
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",  # or it would wait for the standby, which only a test of that wants
    "synchronous_standby_names": "nobody",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "autovacuum": "off",
}


_LANGUAGE = ("--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en")  # in which "a" is before "B"


# What is in tables from the beginning is put beside them, and put back when they have been emptied.
_REMEMBER = """
DO $$
DECLARE name text;
BEGIN
    CREATE SCHEMA pristine;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('CREATE TABLE pristine.%I AS TABLE public.%I', name, name);
    END LOOP;
END $$
"""
_EMPTY = """
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('DELETE FROM public.%I', name);
        EXECUTE format('INSERT INTO public.%I SELECT * FROM pristine.%I', name, name);
    END LOOP;
    FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' LOOP
        EXECUTE format('ALTER SEQUENCE public.%I RESTART', name);
    END LOOP;
END $$
"""


class PostgresServer:
    """A server that runs, and databases on it."""

    def __init__(self, folder: Path, pid: int) -> None:
        self.pid = pid  # of its first process
        self._folder = folder
        self._numbers = count(1)
        self._has_template = False
        self._empty: list[str] = []

    def address(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self._folder}"

    async def execute(self, *statements: str, on: str = "postgres") -> None:
        connection = await asyncpg.connect(self.address(on))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    @asynccontextmanager
    async def empty_database(self) -> AsyncIterator[str]:
        """Give the address of a database without a table."""
        async with self._database("template0") as address:
            yield address

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """Give the address of a database that has our schema, and nothing in it; it is gone afterwards."""
        async with self._database(await self._template()) as address:
            yield address

    @asynccontextmanager
    async def store(self) -> AsyncIterator[PostgresStore]:
        """Give an empty store, whose samples stay in the log; whoever has it closes it."""
        async with self.emptied_database() as address:
            store = await PostgresStore.open(address)
            store.samples = LoggedSamples(store.log)
            yield store

    @asynccontextmanager
    async def emptied_database(self) -> AsyncIterator[str]:
        """Give the address of a database that has our schema, and nothing in it.

        It is used again: to empty one takes a thirtieth of the time of making one.
        """
        address = self._empty.pop() if self._empty else self.address(await self._new(await self._template()))
        yield address
        connection = await asyncpg.connect(address)
        try:
            await connection.execute(_EMPTY)
        finally:
            await connection.close()
        self._empty.append(address)

    @asynccontextmanager
    async def _database(self, template: str) -> AsyncIterator[str]:
        name = await self._new(template)
        try:
            yield self.address(name)
        finally:
            await self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    async def _new(self, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        await self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    async def _template(self) -> str:
        if not self._has_template:
            await self.execute(f"CREATE DATABASE {_TEMPLATE} TEMPLATE template0")
            await (await Database.open(self.address(_TEMPLATE))).close()
            await self.execute(_REMEMBER, on=_TEMPLATE)
            self._has_template = True
        return _TEMPLATE


def programs() -> Path:
    """Return where PostgreSQL's programs are, the newest there are."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        missing("PostgreSQL's initdb", "postgresql")
    return found[-1].parent if found else Path(str(on_path)).parent


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """Run a server in a folder of its own, which only its socket leads to."""
    with _server(_UNSAFE_AND_QUICK) as server:
        yield server


@contextmanager
def running_durable_server() -> Iterator[PostgresServer]:
    """Run a server with the settings that PostgreSQL has by itself: what it has committed survives a power cut."""
    with _server(_ONLY_HERE) as server:
        yield server


@contextmanager
def _server(settings: dict[str, str]) -> Iterator[PostgresServer]:
    with _folder() as folder:
        _initialize(folder)
        with _running(folder, settings) as process:
            yield PostgresServer(folder, process.pid)


class PrimaryAndStandby:
    """A server, and another one that has all that this one has before it says so."""

    def __init__(self, standby: Path, primary: Path, process: "subprocess.Popen[bytes]") -> None:
        self.address = f"postgresql://postgres@/postgres?host={standby},{primary}"
        self._standby = standby
        self._process = process

    def fail_over(self) -> None:
        """Kill the primary, and make the other one the primary."""
        self._process.kill()
        self._process.wait()
        _run("pg_ctl", "promote", "-D", self._standby / "data", "--no-wait", folder=self._standby)


@contextmanager
def running_pair() -> Iterator[PrimaryAndStandby]:
    """Run a primary that waits for its standby with every commit."""
    with _folder() as primary, _folder() as standby:
        _initialize(primary)
        careful = {**_UNSAFE_AND_QUICK, "synchronous_commit": "on", "synchronous_standby_names": "*"}
        with _running(primary, careful) as process:
            data = standby / "data"
            _run("pg_basebackup", "-h", primary, "-U", "postgres", "-D", data, "-R", "-c", "fast", "-N", folder=standby)
            with _running(standby, {**careful, "synchronous_standby_names": ""}):
                yield PrimaryAndStandby(standby, primary, process)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short: it is in the name of a socket
    try:
        if owner := _owner():
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owner() -> pwd.struct_passwd | None:
    """Return as whom to run it where we are root, which PostgreSQL refuses to be."""
    return pwd.getpwnam("postgres") if os.geteuid() == 0 else None


def _as_owner() -> dict[str, object]:
    owner = _owner()
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}


def _run(program: str, *arguments: str | Path, folder: Path) -> None:
    subprocess.run([programs() / program, *arguments], check=True, capture_output=True, cwd=folder, **_as_owner())


def _initialize(folder: Path) -> None:
    data = folder / "data"
    _run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", *_LANGUAGE, "-N", folder=folder)


@contextmanager
def _running(folder: Path, settings: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    told = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [programs() / "postgres", "-D", folder / "data", "-k", folder, *told],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,  # the interrupt key is for the tests: they end it
            **_as_owner(),
        )
    try:
        _wait_for(process, programs(), folder)
        yield process
    finally:
        process.send_signal(signal.SIGQUIT)  # at once: nobody needs what is in it
        process.wait(timeout=60)


def _wait_for(process: subprocess.Popen[bytes], bin_folder: Path, folder: Path) -> None:
    """Wait until it takes connections."""
    for _ in range(1_200):
        if process.poll() is not None:
            break
        if subprocess.run([bin_folder / "pg_isready", "-q", "-h", folder], check=False).returncode == 0:
            return
        time.sleep(0.05)
    raise RuntimeError((folder / "log").read_text(errors="replace"))

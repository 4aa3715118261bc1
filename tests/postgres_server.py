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
_UNSAFE_AND_QUICK = {  # nothing here outlives its test
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",  # or it would wait for the standby, which only a test of that wants
    "synchronous_standby_names": "nobody",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "listen_addresses": "",
    "autovacuum": "off",
}


_LANGUAGE = ("--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en")  # in which "a" is before "B"


class PostgresServer:
    """A server that runs, and databases on it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        self._has_template = False

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
        if not self._has_template:
            await self.execute(f"CREATE DATABASE {_TEMPLATE} TEMPLATE template0")
            await (await Database.open(self.address(_TEMPLATE))).close()
            self._has_template = True
        async with self._database(_TEMPLATE) as address:
            yield address

    @asynccontextmanager
    async def store(self) -> AsyncIterator[PostgresStore]:
        """Give a store on a database of its own, whose samples stay in the log; whoever has it closes it."""
        async with self.database() as address:
            store = await PostgresStore.open(address)
            store.samples = LoggedSamples(store.log)
            yield store

    @asynccontextmanager
    async def _database(self, template: str) -> AsyncIterator[str]:
        name = f"test_{next(self._numbers)}"
        await self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.address(name)
        finally:
            await self.execute(f"DROP DATABASE {name} WITH (FORCE)")


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
    bin_folder = programs()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short: it is in the name of a socket
    as_owner = _as_somebody_else(folder)
    data = folder / "data"
    try:
        subprocess.run(
            [bin_folder / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", *_LANGUAGE, "-N"],
            check=True,
            capture_output=True,
            cwd=folder,
            **as_owner,
        )
        settings = [part for name, value in _UNSAFE_AND_QUICK.items() for part in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [bin_folder / "postgres", "-D", data, "-k", folder, *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                start_new_session=True,  # the interrupt key is for the tests: they end it
                **as_owner,
            )
        try:
            _wait_for(process, bin_folder, folder)
            yield PostgresServer(folder)
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: nobody needs what is in it
            process.wait(timeout=60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_somebody_else(folder: Path) -> dict[str, object]:
    """Return how to run it where we are root, which PostgreSQL refuses to be."""
    if os.geteuid() != 0:
        return {}
    owner = pwd.getpwnam("postgres")
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def _wait_for(process: subprocess.Popen[bytes], bin_folder: Path, folder: Path) -> None:
    """Wait until it takes connections."""
    for _ in range(1_200):
        if process.poll() is not None:
            break
        if subprocess.run([bin_folder / "pg_isready", "-q", "-h", folder], check=False).returncode == 0:
            return
        time.sleep(0.05)
    raise RuntimeError((folder / "log").read_text(errors="replace"))

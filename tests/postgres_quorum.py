"""A PostgreSQL of three servers for tests: a primary, and two standbys one of which has all that it says it has.

Each is killed or stopped with all of its processes: those of a server that has lost its first one end by themselves,
but not at once, and the first one does not stop the others.  A primary that was killed comes back as a standby, from a
copy of the new one.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.postgres_server import _UNSAFE_AND_QUICK, _as_owner, _folder, _initialize, _run, _wait_for, programs

_NAMES = ("db0", "db1", "db2")
WITHIN_S = 120.0  # guards against hanging, no more


class Server:
    """One of them."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, settings: dict[str, str]) -> None:
        """Start it, and return when it takes connections."""
        told = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [programs() / "postgres", "-D", self.folder / "data", "-k", self.folder, *told],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                **_as_owner(),
            )
        _wait_for(self._process, programs(), self.folder)

    def kill(self) -> None:
        """Kill it in the middle of whatever it does."""
        if self._process is None:
            return
        processes = self._processes()
        self._signal(processes, signal.SIGKILL)
        self._process.wait()
        self._process = None
        _wait_until(lambda: not any(Path(f"/proc/{each}").exists() for each in processes), "its processes are gone")

    def freeze(self) -> None:
        """Let it do nothing."""
        self._signal(self._processes(), signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(self._processes(), signal.SIGCONT)

    def ask(self, statement: str) -> str:
        """Return what it answers to a statement, as text; empty while it does not."""
        command = [programs() / "psql", "-h", self.folder, "-U", "postgres", "-XAtc", statement]
        environment = {**os.environ, "PGCONNECT_TIMEOUT": "5"}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment).stdout.strip()

    def _processes(self) -> list[int]:
        assert self._process is not None
        first = self._process.pid
        return [first, *map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split())]

    def _signal(self, processes: list[int], number: signal.Signals) -> None:
        for each in processes:  # the first one first, which would start others in the place of those that die
            with suppress(ProcessLookupError):
                os.kill(each, number)


class PostgresQuorum:
    """A primary and its standbys; `address` has all of them."""

    def __init__(self, servers: list[Server]) -> None:
        hosts = ",".join(str(server.folder) for server in servers)
        self.address = f"postgresql://postgres@/postgres?host={hosts}"
        self.primary, *self.standbys = servers
        self._settings = {
            **_UNSAFE_AND_QUICK,
            "synchronous_commit": "on",
            "synchronous_standby_names": f"ANY 1 ({', '.join(_NAMES)})",
            "autovacuum": "on",  # somebody lives here for minutes
            "wal_keep_size": "512MB",
            "wal_retrieve_retry_interval": "200ms",
            "primary_conninfo": f"host={hosts} user=postgres target_session_attrs=read-write connect_timeout=3",
        }

    def begin(self) -> None:
        """Start all of them."""
        _initialize(self.primary.folder)
        without = {**self._settings, "synchronous_standby_names": ""}
        self.primary.start({**without, "cluster_name": self.primary.name})
        for standby in self.standbys:
            self._copy(standby)
        self.primary.kill()
        self.restart(self.primary)
        self.wait_for_standbys()

    def restart(self, server: Server) -> None:
        """Start a server again that was killed, as what it was."""
        server.start({**self._settings, "cluster_name": server.name})

    def wait_for_standbys(self) -> None:
        """Return when all standbys follow."""
        following = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND application_name LIKE 'db_'"
        _wait_until(lambda: self.primary.ask(following) == str(len(self.standbys)), "all standbys follow")

    def fail_over(self) -> Server:
        """Kill the primary, make the standby that has most the primary, and return who it was.

        Both have to be there: what was committed is on one of them, and nobody else knows on which.
        """
        former = self.primary
        former.kill()
        self.standbys.sort(key=_received, reverse=True)
        self.primary = self.standbys.pop(0)
        _run("pg_ctl", "promote", "-D", self.primary.folder / "data", "--no-wait", folder=self.primary.folder)
        _wait_until(lambda: self.primary.ask("SELECT pg_is_in_recovery()") == "f", "the standby is the primary")
        return former

    def take_back(self, former: Server) -> None:
        """Let who was the primary follow, from a copy; return when all standbys do."""
        self._copy(former)
        self.standbys.append(former)
        self.wait_for_standbys()

    def _copy(self, server: Server) -> None:
        data = server.folder / "data"
        shutil.rmtree(data, ignore_errors=True)
        source = ("-h", self.primary.folder, "-U", "postgres", "-D", data)
        _run("pg_basebackup", *source, "-R", "-c", "fast", "-N", folder=server.folder)
        self.restart(server)


def _received(server: Server) -> int:
    """Return how far a standby has what the primary wrote."""
    return int(server.ask("SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')::bigint"))


def _wait_until(holds: Callable[[], bool], what: str) -> None:
    ends_s = time.monotonic() + WITHIN_S
    while not holds():
        if time.monotonic() > ends_s:
            raise TimeoutError(f"expected within {WITHIN_S:g} s that {what}")
        time.sleep(0.05)


@contextmanager
def running_quorum() -> Iterator[PostgresQuorum]:
    """Run a primary that waits for one of its two standbys with every commit."""
    with ExitStack() as folders:
        servers = [Server(name, folders.enter_context(_folder())) for name in _NAMES]
        try:
            quorum = PostgresQuorum(servers)
            quorum.begin()
            yield quorum
        finally:
            for server in servers:
                server.kill()

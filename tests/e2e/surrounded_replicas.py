"""Replicas with everybody around them that a daemon has (`tests.crash.surroundings`)."""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from monitor.store.rows import decode_events
from tests.crash.surroundings import Surroundings
from tests.daemon_process import DaemonProcess
from tests.e2e.installation import Installation, replicated
from tests.e2e.servers import SERVERS


class SurroundedReplicas(Surroundings):
    """Two of them behind a balancer, which are started, killed and lied to together."""

    def __init__(self, *around: Any) -> None:
        super().__init__(*around)
        self._life = ExitStack()
        self._installation: Installation | None = None
        self._daemons: list[DaemonProcess] = []

    def config(self, **given: Any) -> Path:
        """Write a configuration for each."""
        told = self.configuration(**given)
        self._installation = self._life.enter_context(replicated(self._folder, told, SERVERS.databases()))
        return self._installation.processes[0].config

    async def start(self, config: Path, *, within: Sequence[str] = (), **environment: str) -> DaemonProcess:  # noqa: ARG002 (each has its own)
        """Begin a life of each."""
        assert self._installation is not None
        for each in self._installation.processes:
            self._daemons.append(await DaemonProcess.start(each.config, also=environment, within=within))
        return self._daemons[0]

    async def kill(self) -> None:
        """Kill all that were started."""
        for daemon in self._daemons:
            await daemon.kill()

    async def end(self) -> None:
        """Let go of everything."""
        await super().end()
        self._life.close()

    async def stored(self) -> Counter[str]:
        """Return how often each thing that was sent is in the log."""
        assert self._installation is not None
        events = [
            event
            for (body,) in self._installation.asked("SELECT body FROM ingest_log")
            for event in decode_events(body)
        ]
        return Counter(event.dedup_key for event in events if event.dedup_key)

"""The real daemon, in a process of its own that can be killed."""

import asyncio
import json
import os
import random
import signal
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Any, Self

STARTS_WITHIN_S = 180.0
ENDS_WITHIN_S = 180.0

#: Where the environment forbids bytecode beside the sources, each start would compile everything: seconds, not tenths.
_BYTECODE = Path(tempfile.gettempdir()) / f"roomwatch-bytecode-{os.getuid()}"


# Below the ports that connections get: a client that knocks while nobody listens must not be given the very port.  None
# is told twice before all were, and who tests side by side has others: nobody listens as yet at what was told just now.
_SIDE_BY_SIDE = 8
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _SIDE_BY_SIDE
_PORTS = range(20_000 + _WORKER, 32_000, _SIDE_BY_SIDE)
_ports = cycle(random.sample(_PORTS, len(_PORTS)))


def free_port() -> int:
    """Return a port that nobody listens on; unlike port 0 it stays the same from one start to the next."""
    for port in _ports:
        with suppress(OSError), socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("127.0.0.1", port))
            return port
    raise AssertionError  # it goes round and round


def toml(value: Any) -> str:
    """Return a value as TOML writes it on one line."""
    match value:
        case Mapping():
            return f"{{ {', '.join(f'{json.dumps(key)} = {toml(each)}' for key, each in value.items())} }}"
        case list() | tuple():
            return f"[{', '.join(toml(each) for each in value)}]"
        case _:
            return json.dumps(value)


def write_config(file: Path, settings: Mapping[str, Any]) -> Path:
    """Write the settings as a configuration file, which is nobody else's to read: there are keys in it."""
    file.touch(mode=0o600)
    file.write_text("".join(f"{name} = {toml(section)}\n" for name, section in settings.items()), encoding="utf-8")
    return file


class DaemonProcess:
    """`python -m monitor run`: its beginning, its end, and what it said."""

    def __init__(self, process: asyncio.subprocess.Process, stderr: Path) -> None:
        self._process = process
        self._stderr = stderr
        self.pid = process.pid

    @classmethod
    async def spawn(
        cls,
        config: Path,
        core: int | None = None,
        also: Mapping[str, str] | None = None,
        within: Sequence[str] = (),
    ) -> Self:
        """Start a process and do not wait until it serves.

        It may be kept on one core, have more in its environment, and be started by a command, such as `prlimit`.
        """
        stderr = config.with_suffix(".stderr")
        command = (sys.executable, "-m", "monitor", "run", "--config", str(config))
        with stderr.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                *within,
                *pinned(command, core),
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env={**environment(), **(also or {})},
            )
        return cls(process, stderr)

    @classmethod
    async def start(
        cls,
        config: Path,
        core: int | None = None,
        also: Mapping[str, str] | None = None,
        within: Sequence[str] = (),
    ) -> Self:
        """Start a process and wait until it says where it serves."""
        daemon = await cls.spawn(config, core, also, within)
        try:
            async with asyncio.timeout(STARTS_WITHIN_S):
                await daemon._serves()
        except BaseException:
            await daemon.kill()
            raise
        return daemon

    async def _serves(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            if line.startswith(b"Callbacks:"):  # the last of the addresses
                return
        raise AssertionError(f"the daemon ended before it served:\n{self.said}")

    @property
    def said(self) -> str:
        """What it wrote to stderr, the last of it."""
        return self._stderr.read_text(encoding="utf-8")[-4000:]

    def signal(self, number: int) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    async def kill(self) -> None:
        """End it in the middle of whatever it does."""
        with suppress(ProcessLookupError):
            self.signal(signal.SIGKILL)
        await self.ended()

    async def ended(self) -> int:
        """Wait for its end and return its exit code."""
        async with asyncio.timeout(ENDS_WITHIN_S):
            await self._process.communicate()
        assert self._process.returncode is not None
        return self._process.returncode


def pinned(command: Sequence[str], core: int | None) -> Sequence[str]:
    """Return the command as it is run on one core: its threads inherit that."""
    if core is None:
        return command
    pin = f"import os, sys; os.sched_setaffinity(0, {{{core}}}); os.execv(sys.argv[1], sys.argv[1:])"
    return (sys.executable, "-c", pin, *command)


def environment() -> dict[str, str]:
    """Return an environment in which nothing configures the daemon, and bytecode is kept."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("ROOMWATCH_", "TWILIO_"))}
    if mine.pop("PYTHONDONTWRITEBYTECODE", None):
        mine.setdefault("PYTHONPYCACHEPREFIX", str(_BYTECODE))
    return mine

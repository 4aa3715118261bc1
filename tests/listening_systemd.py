"""Whoever listens where systemd would."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Self


class Systemd:
    """A socket for `sd_notify`, and everything that came to it."""

    def __init__(self, sock: socket.socket, address: str) -> None:
        self._sock = sock
        self.address = address
        self.heard: list[dict[str, str]] = []

    @classmethod
    def listen(cls, address: str | Path) -> Self:
        """Listen at a file, or at a name that begins with `@` in the abstract namespace."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.bind(f"\0{str(address)[1:]}" if str(address).startswith("@") else str(address))
        return cls(sock, str(address))

    def close(self) -> None:
        """Listen no more."""
        self._sock.close()

    def listen_on(self) -> list[dict[str, str]]:
        """Take what has come since, and return all of it."""
        while True:
            try:
                said = self._sock.recv(65_536).decode()
            except BlockingIOError:
                return self.heard
            self.heard.append(dict(line.split("=", 1) for line in said.splitlines()))

    def values(self, key: str) -> list[str]:
        """Return what was said under one key, in order."""
        return [each[key] for each in self.listen_on() if key in each]

    def order(self) -> list[str]:
        """Return the keys in the order in which they came, but for those that come again and again."""
        again = {"STATUS", "WATCHDOG", "EXTEND_TIMEOUT_USEC"}
        return [key for each in self.listen_on() for key in each if key not in again]

    async def until(self, holds: Callable[["Systemd"], object], within_s: float = 60) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(within_s):
            while not holds(self):
                await asyncio.sleep(0.02)

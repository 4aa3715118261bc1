"""How is systemd told how it stands?

By datagrams of `KEY=VALUE` lines to the socket that `NOTIFY_SOCKET` names (`sd_notify(3)`): a file, or where it begins
with `@` a name in the abstract namespace, which is written with a zero byte in its place.  Nobody waits for an answer,
and nobody suffers where none listens: what cannot be sent at once is not sent.
"""

import socket
from collections.abc import Mapping
from logging import getLogger

_log = getLogger(__name__)


class NotifySocket:
    """Where lines for systemd go; without an address, nowhere."""

    def __init__(self, address: str = "") -> None:
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._is_heard = address.startswith(("@", "/"))
        self._has_failed = False

    @classmethod
    def named_by(cls, environment: Mapping[str, str]) -> "NotifySocket":
        """Return the socket that the environment names."""
        return cls(environment.get("NOTIFY_SOCKET", ""))

    @property
    def is_heard(self) -> bool:
        """Whether somebody wants to be told."""
        return self._is_heard

    def tell(self, **said: str) -> None:
        """Send one datagram; a line break in a value would begin another key, and becomes a space."""
        if not self._is_heard:
            return
        lines = "\n".join(f"{key}={' '.join(value.splitlines())}" for key, value in said.items())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
                sock.setblocking(False)
                sock.sendto(lines.encode(), self._address)
        except OSError as error:
            self._complain(error)

    def _complain(self, error: OSError) -> None:
        if not self._has_failed:
            _log.warning("systemd cannot be told how it stands: %s", error)
        self._has_failed = True

"""Which sockets did systemd open before this process began?

Sockets that are handed over stay open while the daemon is started anew: whoever connects meanwhile waits and is not
refused.  They come as file descriptors from 3 on (`sd_listen_fds(3)`), are told apart by `FileDescriptorName=public`
and `FileDescriptorName=private`, and where no name says which is which, the first is the public one.
"""

import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from pydantic import ValidationError

from monitor.config import Config, ConfigInvalid
from monitor.settings import Private

FIRST_DESCRIPTOR = 3
NAMES = ("public", "private")


class Sockets(NamedTuple):
    """The sockets that were handed over, each None where there was none."""

    public: socket.socket | None = None
    private: socket.socket | None = None

    def placed(self, config: Config) -> Config:
        """Return the configuration with the addresses that these listen on in place of its own.

        Raises:
            ConfigInvalid: the private one can be reached from elsewhere, and nobody would have to log in.
        """
        if self.public is not None:
            host, port = _address(self.public)
            config = replace(config, public=config.public.model_copy(update={"host": host, "port": port}))
        if self.private is not None:
            config = replace(config, private=_moved(config.private, *_address(self.private)))
        return config


def handed_over(environment: Mapping[str, str], pid: int) -> Sockets:
    """Take what systemd handed over to the process `pid`; what it handed to another is left alone.

    Raises:
        ConfigInvalid: these are not the sockets of this daemon.
    """
    if environment.get("LISTEN_PID") != str(pid):
        return Sockets()
    count = environment.get("LISTEN_FDS", "")
    if not (count.isascii() and count.isdigit()):
        raise _invalid("LISTEN_FDS", f"expected a number of sockets, got {count[:20]!r}")
    names = _names(int(count), environment.get("LISTEN_FDNAMES", ""))
    return Sockets(**{name: _taken(FIRST_DESCRIPTOR + place, name) for place, name in names})


def _names(count: int, text: str) -> Iterator[tuple[int, str]]:
    given = text.split(":") if text else []
    if count > len(NAMES):
        raise _invalid("LISTEN_FDS", f"expected at most {len(NAMES)} sockets, {' and '.join(NAMES)}, got {count}")
    if not set(given) & set(NAMES):  # systemd names a socket after its unit where nothing else was said
        return enumerate(NAMES[:count])
    if len(given) != count or sorted(given) != sorted(set(given) & set(NAMES)):
        expected = f"expected each of {count} sockets to be called {' or '.join(NAMES)}, each once"
        raise _invalid("LISTEN_FDNAMES", f"{expected}, got {', '.join(given)[:100]}")
    return enumerate(given)


def _taken(descriptor: int, name: str) -> socket.socket:
    place = f"LISTEN_FDS: {name}, descriptor {descriptor}"
    try:
        sock = socket.socket(fileno=descriptor)
    except OSError as error:
        raise _invalid(place, f"expected a socket, got {error.strerror}") from None
    fault = _fault(sock)
    if fault:
        sock.detach()  # whoever opened it may want it
        raise _invalid(place, fault)
    sock.set_inheritable(False)
    sock.setblocking(False)
    return sock


def _fault(sock: socket.socket) -> str:
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or sock.type != socket.SOCK_STREAM:
        return f"expected a TCP socket (ListenStream=HOST:PORT), got {sock.family.name} and {sock.type.name}"
    if not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        return "expected a socket that listens (Accept=no), got one that does not"
    return ""


def _address(sock: socket.socket) -> Sequence[object]:
    host, port = sock.getsockname()[:2]
    return host, port


def _moved(private: Private, host: object, port: object) -> Private:
    """Return the settings of the private listener at another address, where that is allowed."""
    given = {name: getattr(private, name) for name in private.model_fields_set}
    try:
        return Private.model_validate({**given, "host": host, "port": port})
    except ValidationError:
        expected = "expected a loopback address (ListenStream=127.0.0.1:PORT) or private.access_token, tokens or"
        raise _invalid("LISTEN_FDS: private", f"{expected} proxy_login, got {host} without any") from None


def _invalid(place: str, message: str) -> ConfigInvalid:
    return ConfigInvalid([f"environment: {place}: {message}"])

"""How does a command reach the daemon that has its database?

Only one process may change a database, so a command that wants something changed while a daemon runs has to ask the
daemon.  For that the daemon leaves, beside its database and for its owner only, where its private door is and a token
that opens it for as long as this daemon lives.  Whoever can read that file could read the database as well.

A daemon that died leaves the file behind.  It is not asked for then: nobody has the database.
"""

from contextlib import suppress
from logging import getLogger
from pathlib import Path

import msgspec
from msgspec import Struct

from monitor.store.lock import holder
from monitor.store.ports import StoreFailed
from monitor.store.private_files import hand_over, replacing

_log = getLogger(__name__)

_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}
_encode = msgspec.json.Encoder().encode


class LocalAccess(Struct, frozen=True):
    """Where the private door is, what opens it, and of which certificate it is, where it has one.

    `fingerprint` is the SHA-256 of that, in hexadecimal: the certificate is for a name by which others know this
    machine, and a command comes by an address.
    """

    url: str
    token: str
    fingerprint: str = ""

    def __repr__(self) -> str:
        """Return where, and not by what."""
        return f"LocalAccess({self.url!r})"


def grant(database: Path, access: LocalAccess) -> None:
    """Leave word of how this daemon is reached; where there is no room for it, the daemon does without."""
    try:
        with replacing(access_file(database)) as part:
            part.write_bytes(_encode(access))
            hand_over(part, database)
    except OSError as error:
        _log.warning("commands on this machine cannot ask this daemon for anything: %s", error)


def withdraw(database: Path) -> None:
    """Take it away again."""
    with suppress(OSError):
        access_file(database).unlink(missing_ok=True)


def granted(database: Path) -> LocalAccess | None:
    """Return how the daemon that has a database is reached, or None if nobody has it.

    Raises:
        StoreFailed: somebody has it and cannot be reached.
    """
    who = holder(database)
    if who is None:
        return None
    file = access_file(database)
    try:
        return msgspec.json.decode(file.read_bytes(), type=LocalAccess)
    except (OSError, msgspec.DecodeError) as error:
        raise StoreFailed(
            f"{database}: expected a daemon that can be asked, but {who} has it, and {file.name} cannot be read:"
            f" {error}"
        ) from None


def access_file(database: Path) -> Path:
    """Return the file with the word: one for each database, by whichever name it is opened."""
    real = database.resolve()
    return real.with_name(real.name + ".access")


def address_of(host: str, port: int, *, is_https: bool = False) -> str:
    """Return the address of a listener as it is reached from this machine."""
    host, scheme = _ANY_ADDRESS.get(host, host), "https" if is_https else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"

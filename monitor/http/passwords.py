"""Is this the password of that user?

Bcrypt takes a tenth of a second on purpose, so it is done on a thread of its own, one after the other, and a line that
grows is not joined.  Who was right is remembered for a minute, by a keyed hash that only this process can make, or each
scrape would cost as much as an attack.  A name that there is not takes as long as one that there is.
"""

import asyncio
import hmac
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import bcrypt

from monitor.recent import Recent

REMEMBERED_S = 60.0
REMEMBERED = 100  # the latest, and as many more
MOST_WAITING = 20
LONGEST_PASSWORD_BYTES = 72  # of which bcrypt takes notice; the library refuses more
_NOBODY = "$2b$10$Slg2OsK6msNrgpZQf2kebOmLNEqsRAsmc2tVxY1eby0P1ZOW6WwnW"


class TooManyWaiting(Exception):
    """So many passwords wait to be compared that a further one is not."""


class Passwords:
    """The passwords of users, known by their hashes only.

    Args:
        users: returns the hash of each, as they are at this moment.
        clock_s: a clock that never goes back.
    """

    def __init__(self, users: Callable[[], Mapping[str, str]], clock_s: Callable[[], float]) -> None:
        self._users = users
        self._clock_s = clock_s
        self._key = secrets.token_bytes(32)
        self._right: Recent[bytes, float] = Recent(REMEMBERED)
        self._waiting = 0
        self._thread = ThreadPoolExecutor(1, "passwords")

    @property
    def are_there(self) -> bool:
        """Whether there is anybody who could log in by one."""
        return bool(self._users())

    def is_remembered(self, user: str, password: str) -> bool:
        """Whether this was right a moment ago, of the hash that the user still has."""
        at_s = self._right.get(self._digest(user, password))
        return at_s is not None and self._clock_s() - at_s < REMEMBERED_S

    async def is_right(self, user: str, password: str) -> bool:
        """Whether this is the password of a user.

        Raises:
            TooManyWaiting: it was not compared.
        """
        if self._waiting >= MOST_WAITING:
            raise TooManyWaiting
        known = self._users().get(user)
        self._waiting += 1
        try:
            is_right = await asyncio.get_running_loop().run_in_executor(
                self._thread, _compare, password, known or _NOBODY
            )
        finally:
            self._waiting -= 1
        if is_right and known is not None:
            self._right.put(self._digest(user, password), self._clock_s())
        return is_right and known is not None

    def close(self) -> None:
        """Compare no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _digest(self, user: str, password: str) -> bytes:
        """Return what stands for a user, their hash and a password; whoever has another hash now is another."""
        parts = (user, self._users().get(user, ""), password)
        return hmac.digest(self._key, b"\0".join(part.encode("utf-8", "surrogatepass") for part in parts), "sha256")


def _compare(password: str, known: str) -> bool:
    secret = password.encode("utf-8", "surrogatepass")
    is_possible = len(secret) <= LONGEST_PASSWORD_BYTES and b"\0" not in secret
    # What nobody can have as a password takes as long as what somebody may.
    return bcrypt.checkpw(secret if is_possible else b"", known.encode()) and is_possible

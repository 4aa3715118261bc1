"""How does an admin log in where nothing in the configuration logs one in?

By an address that is printed at the start, and works once.  A daemon that is alone remembers what is in it for as long
as it lives.  Of several replicas any may be asked, since a balancer leads to all of them: they keep in their store, by
its hash, what each has printed, until it is used, its replica is stopped, or a login of then would be over.
"""

import hmac
import secrets
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from typing import Protocol

from monitor.http.tokens import ADMIN_NAME
from monitor.roles import Role
from monitor.store.ports import Session, SessionStore, StoreFailed

_NOBODYS = "works once"  # in the place of a proof, of which it is none: no cookie makes a session of it


class OneTime(Protocol):
    """Tokens that log in once."""

    async def offer(self) -> str:
        """Return a token that logs an admin in once, in the place of the one before."""

    async def use(self, token: str) -> bool:
        """Whether a token logs in; it is none any more by that."""

    async def withdraw(self) -> None:
        """Let the token that was offered here log nobody in any more."""


class Remembered:
    """One token, known to this process alone (`OneTime`)."""

    def __init__(self) -> None:
        self._hash = ""

    async def offer(self) -> str:
        """Return a token that logs an admin in once, in the place of the one before."""
        token = secrets.token_urlsafe(24)
        self._hash = _hashed(token)
        return token

    async def use(self, token: str) -> bool:
        """Whether a token logs in; it is none any more by that."""
        is_it = hmac.compare_digest(self._hash, _hashed(token))
        if is_it:
            self._hash = ""
        return is_it

    async def withdraw(self) -> None:
        """Let the token that was offered here log nobody in any more."""
        self._hash = ""


class Shared:
    """A token of each process that has this store, known to all of them (`OneTime`)."""

    def __init__(self, store: SessionStore, lifetime_s: float, now_s: Callable[[], float]) -> None:
        self._store = store
        self._lifetime_s = lifetime_s
        self._now_s = now_s
        self._offered = ""

    async def offer(self) -> str:
        """Return a token that logs an admin in once, in the place of the one before.

        Raises:
            StoreFailed: it could not be stored.
        """
        await self.withdraw()
        token = secrets.token_urlsafe(24)
        self._offered = _hashed(token)
        offered = Session(ADMIN_NAME, Role.ADMIN, _NOBODYS, self._now_s() + self._lifetime_s)
        await self._store.add_session(self._offered, offered)
        return token

    async def use(self, token: str) -> bool:
        """Whether a token logs in; it is none any more by that.

        Raises:
            StoreFailed: it is not known.
        """
        hashed = _hashed(token)
        known = await self._store.session(hashed, self._now_s())
        return known is not None and known.proof == _NOBODYS and await self._store.remove_session(hashed)

    async def withdraw(self) -> None:
        """Let the token that was offered here log nobody in any more."""
        offered, self._offered = self._offered, ""
        if offered:
            with suppress(StoreFailed):  # it ends by itself, too
                await self._store.remove_session(offered)


def _hashed(token: str) -> str:
    return sha256(b"once:" + token.encode("utf-8", "surrogatepass")).hexdigest()

"""How does somebody who has logged in stay so?

By a cookie that means nothing by itself: the store knows its hash, and with that who logged in and until when.  A
session lasts no longer than the token that it began with: whoever changes or takes away a token has ended its sessions,
and who is given another role has it in all of them.
"""

import secrets
from collections.abc import Callable
from hashlib import sha256

from aiohttp import web

from monitor.http.tokens import Held, Tokens
from monitor.http.visitors import Visitor, Way
from monitor.settings import Private
from monitor.store.ports import Session, SessionStore

COOKIE = "roomwatch_session"


class Sessions:
    """Begins, knows and ends sessions."""

    def __init__(
        self,
        settings: Private,
        tokens: Tokens,
        store: SessionStore,
        now_s: Callable[[], float],
        *,
        is_https: bool = False,
    ) -> None:
        self._lifetime_s = settings.session_hours * 3600
        self._is_secure = is_https or settings.url.startswith("https:")
        self._tokens = tokens
        self._store = store
        self._now_s = now_s

    async def begin(self, held: Held, response: web.Response, *, is_once: bool) -> Visitor:
        """Have an answer begin a session; `is_once` says that its token is used up by that."""
        cookie, expires_at_s = secrets.token_urlsafe(32), self._now_s() + self._lifetime_s
        session = Session(held.name, held.role, "" if is_once else held.proof(cookie), expires_at_s)
        await self._store.add_session(_hashed(cookie), session)
        # Lax, not strict: the link in a page at 3 a.m. comes from another site and must find the session.
        response.set_cookie(
            COOKIE, cookie, max_age=int(self._lifetime_s), httponly=True, samesite="Lax", secure=self._is_secure
        )
        return Visitor(held.name, held.role, Way.SESSION, expires_at_s)

    async def visitor(self, request: web.Request) -> Visitor | None:
        """Return whose session a request belongs to."""
        cookie = request.cookies.get(COOKIE)
        session = await self._store.session(_hashed(cookie), self._now_s()) if cookie else None
        if not cookie or session is None:
            return None
        if not session.proof:
            return Visitor(session.name, session.role, Way.SESSION, session.expires_at_s)
        held = self._tokens.proven(session.name, session.proof, cookie)
        return None if held is None else Visitor(held.name, held.role, Way.SESSION, session.expires_at_s)

    async def end(self, request: web.Request, response: web.Response) -> None:
        """Have an answer end the session that a request belongs to."""
        cookie = request.cookies.get(COOKIE)
        if cookie:
            await self._store.remove_session(_hashed(cookie))
            response.del_cookie(COOKIE, httponly=True, samesite="Lax", secure=self._is_secure)


def _hashed(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()

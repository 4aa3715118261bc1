"""Who may see the pages?

Whoever holds the configured access token, the token that the daemon leaves for commands on its own machine
(`monitor.local_access`), or a session.  A session begins with that token, or, where none is
configured, with the one-time address that the daemon prints when it starts.  There is no default password.
"""

import hmac
import re
import secrets
from base64 import b64encode
from collections.abc import Awaitable, Callable
from hashlib import sha256
from html import escape
from importlib.resources.abc import Traversable

from aiohttp import web

from monitor.settings import Private, is_loopback
from monitor.store.ports import SessionStore

COOKIE = "roomwatch_session"
_OPEN_ON_LOOPBACK = re.compile(r"/metrics|/-/[a-z]+")
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Login:
    """Guards the private listener."""

    def __init__(
        self, settings: Private, sessions: SessionStore, now_s: Callable[[], float], page: Traversable
    ) -> None:
        self._settings = settings
        self._sessions = sessions
        self._now_s = now_s
        self._page = page
        self._access_token = settings.access_token.get_secret_value() if settings.access_token else None
        self._bearers = [] if self._access_token is None else [self._access_token]
        self._one_time_token: str | None = None

    def new_one_time_token(self) -> str | None:
        """Return a token that logs in once, or None where an access token is configured."""
        if self._access_token is None:
            self._one_time_token = secrets.token_urlsafe(24)
        return self._one_time_token

    def new_local_token(self) -> str:
        """Return a token that lets scripts in for as long as this daemon lives."""
        token = secrets.token_urlsafe(32)
        self._bearers.append(token)
        return token

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request through if its sender is known, or if the path is open."""
        if request.path == "/login" or self._is_open(request) or await self._is_known(request):
            return await handler(request)
        return self.refuse(request)

    async def log_in(self, request: web.Request) -> web.StreamResponse:
        """Begin a session, if the token is right."""
        given = request.query.get("token") if request.method == "GET" else (await request.post()).get("token")
        if not isinstance(given, str) or not self._accepts(given):
            return self.refuse(request, "That token is not valid, or it has been used already." if given else "")
        cookie = secrets.token_urlsafe(32)
        lifetime_s = self._settings.session_hours * 3600
        await self._sessions.add_session(_hashed(cookie), self._now_s() + lifetime_s)
        response = web.Response(status=303, headers={"Location": "/"})
        # Lax, not strict: the link in a page at 3 a.m. comes from another site and must find the session.
        response.set_cookie(
            COOKIE,
            cookie,
            max_age=int(lifetime_s),
            httponly=True,
            samesite="Lax",
            secure=self._settings.url.startswith("https:"),
        )
        return response

    def refuse(self, request: web.Request, message: str = "") -> web.Response:
        """Answer 401: to a browser with the form to log in, to anything else in a word."""
        headers = {"WWW-Authenticate": 'Bearer realm="roomwatch"', "Cache-Control": "no-store"}
        if "text/html" not in request.headers.get("Accept", ""):
            return web.json_response({"error": "expected a session or a bearer token"}, status=401, headers=headers)
        shown = f'<p class="message" role="alert">{escape(message)}</p>' if message else ""
        page = self._page.read_text(encoding="utf-8").replace("<!--message-->", shown)
        return web.Response(text=page, status=401, content_type="text/html", headers=headers | _policy(page))

    def _accepts(self, token: str) -> bool:
        if self._access_token is not None:
            return _equal(token, self._access_token)
        if self._one_time_token is None or not _equal(token, self._one_time_token):
            return False
        self._one_time_token = None
        return True

    def _is_open(self, request: web.Request) -> bool:
        """Whether the path needs no login here: metrics and health, for neighbours on this machine."""
        is_local = is_loopback(self._settings.host) and "X-Forwarded-For" not in request.headers
        return is_local and _OPEN_ON_LOOPBACK.fullmatch(request.path) is not None

    async def _is_known(self, request: web.Request) -> bool:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._bearers:
            return any(_equal(token.strip(), each) for each in self._bearers)
        cookie = request.cookies.get(COOKIE)
        return bool(cookie) and await self._sessions.has_session(_hashed(cookie or ""), self._now_s())


def _policy(page: str) -> dict[str, str]:
    """Return the content policy of the login page, which may use its own style and nothing else."""
    hashes = [b64encode(sha256(style.encode()).digest()).decode() for style in _STYLE.findall(page)]
    styles = " ".join(f"'sha256-{each}'" for each in hashes)
    policy = f"default-src 'none'; style-src {styles}; img-src data:; form-action 'self'; frame-ancestors 'none'"
    return {"Content-Security-Policy": policy}


def _hashed(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))

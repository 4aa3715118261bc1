"""May whoever asks have what they ask for?

In this order: 401 or 429 for who nobody knows, 403 for a role that is not enough (`monitor.http.permissions`), 403 for
a change that a page on another site may have asked for in the name of whoever is logged in
(`monitor.http.same_origin`).  A bearer token is sent by nobody's browser by itself, so with one that is not asked.

Health needs no login from anywhere; metrics and the rest of `/-/…` none from this machine, as long as the listener is
on loopback and no proxy asks.
"""

import re
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from monitor.audit import Audit
from monitor.http.answer_headers import said_of
from monitor.http.identification import Identification, TooManyWrong
from monitor.http.login import Login
from monitor.http.permissions import is_open, needed_role
from monitor.http.problems import problem
from monitor.http.proxies import TrustedProxies
from monitor.http.proxy_login import NotBelieved, NotWelcome
from monitor.http.same_origin import came_from_us, is_declared
from monitor.http.visitors import Visitor, Way, note
from monitor.roles import Role
from monitor.settings import Private, is_loopback

_OPEN_ON_LOOPBACK = re.compile(r"/metrics(/fleet)?|/-/[a-z-]+")
_OF_PROXIES = (hdrs.X_FORWARDED_FOR, hdrs.X_FORWARDED_HOST, hdrs.FORWARDED, "X-Real-IP")
_READING = (hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS)
_NEIGHBOUR = Visitor("this machine", Role.ADMIN, Way.OPEN)
_ELSEWHERE = "expected a request of a page of ours, got one from another site; private.url says where ours are"
_UNSAID = (
    "expected Sec-Fetch-Site, Origin, X-Requested-With or a body that is declared as application/json, got none of"
    " them: a page on another site could have asked this"
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Guard:
    """Stands at the private door."""

    def __init__(self, settings: Private, who: Identification, login: Login, audit: Audit) -> None:
        self._audit = audit
        self._proxies = TrustedProxies(settings.trusted_proxies, settings.forwarded_by)
        self._url = settings.url
        self._is_on_loopback = is_loopback(settings.host)
        self._who = who
        self._login = login

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request through, or say why not."""
        route = _route_of(request)
        if is_open(request.method, route):
            return self._refused_from_elsewhere(request) or await handler(request)
        try:
            visitor = await self._visitor(request)
        except TooManyWrong as error:
            return self._login.pause(request, error)
        except NotBelieved as error:
            return self._login.turn_away(request, 401, str(error))
        except NotWelcome as error:
            return self._login.turn_away(request, 403, str(error))
        if visitor is None:
            return self._login.turn_away(request, 401, "")
        return await self._let_in(request, handler, visitor, route)

    async def _visitor(self, request: web.Request) -> Visitor | None:
        return _NEIGHBOUR if self._is_open_here(request) else await self._who.visitor(request)

    async def _let_in(self, request: web.Request, handler: Handler, visitor: Visitor, route: str) -> web.StreamResponse:
        # What no route answers is 404 or 405 for everybody who is logged in.
        needed = needed_role(request.method, route) if route else Role.VIEWER
        note(request, visitor, self._visitor)
        refused = self._refused(request, visitor, needed)
        if refused is not None:
            await self._audit.not_let(visitor, _deed(request), refused.status, self._who.place(request).kept)
            return refused
        return await (handler(request) if needed is Role.VIEWER else self._audited(request, handler, visitor))

    async def _audited(self, request: web.Request, handler: Handler, visitor: Visitor) -> web.StreamResponse:
        """Have a change made that is written down before and after."""
        did, place = _deed(request), self._who.place(request).kept
        number = await self._audit.begin(visitor, did, place)
        status = 500
        try:
            response = await handler(request)
            status = response.status
        except web.HTTPException as refusal:
            status = refusal.status
            raise
        finally:
            await self._audit.conclude(number, visitor, did, status, place)
        return response

    def _refused(self, request: web.Request, visitor: Visitor, needed: Role) -> web.Response | None:
        if not visitor.role.covers(needed):
            return problem(403, f"expected the role of {needed.value} for this, got {visitor.role.value}")
        if request.method in _READING or visitor.way.is_by_token:
            return None
        is_ours = self._came_from_us(request)
        if is_ours is False:
            return problem(403, _ELSEWHERE)
        if is_ours is None and visitor.way.is_by_browser and not is_declared(request.headers):
            return problem(403, _UNSAID)
        return None

    def _refused_from_elsewhere(self, request: web.Request) -> web.Response | None:
        """Let no page on another site log somebody in, as somebody else."""
        if request.method in _READING or self._came_from_us(request) is not False:
            return None
        return problem(403, _ELSEWHERE)

    def _came_from_us(self, request: web.Request) -> bool | None:
        shown_as = self._proxies.host(request.remote or "", said_of(request))
        return came_from_us(request.headers, self._url, shown_as)

    def _is_open_here(self, request: web.Request) -> bool:
        """Whether the path needs no login here: metrics and reloads, for neighbours on this machine."""
        is_local = self._is_on_loopback and not any(name in request.headers for name in _OF_PROXIES)
        return is_local and _OPEN_ON_LOOPBACK.fullmatch(request.path) is not None


def _deed(request: web.Request) -> str:
    return f"{request.method} {request.rel_url.raw_path}"


def _route_of(request: web.Request) -> str:
    """Return the route that answers, as it is written where it is made; empty if none does."""
    resource = request.match_info.route.resource
    return "" if resource is None else resource.canonical

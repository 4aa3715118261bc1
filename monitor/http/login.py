"""How does one log in to the pages, and out again?

    GET  /login?token=T   the one-time address that the daemon prints where nothing else logs an admin in
    POST /login           the form, with a token of the configuration
    POST /logout          ends the session
    GET  /api/v1/session  who is logged in, as what, and until when

After the form one lands where one wanted to go: the form remembers the address that it was shown instead of.  There is
no default password, and no token of the configuration is taken out of an address: those end up in histories and logs.
"""

from collections.abc import Mapping
from importlib.resources.abc import Traversable
from math import ceil
from urllib.parse import parse_qsl

from aiohttp import hdrs, web
from msgspec import Struct

from monitor.audit import Audit
from monitor.http import login_page
from monitor.http.body import Refused, read_body
from monitor.http.identification import Identification, TooManyWrong
from monitor.http.next_page import own_path
from monitor.http.one_time import OneTime
from monitor.http.operations import Operation, Operations, parameter
from monitor.http.problems import problem
from monitor.http.questions import answering
from monitor.http.sessions import Sessions
from monitor.http.tokens import Held, once
from monitor.http.visitors import Way, visitor_of

PATH = "/login"
MAX_FORM_BYTES = 16 * 1024
MAX_FIELDS = 10
_WRONG = "That token is not valid, or it has been used already."


class SessionView(Struct, frozen=True):
    """Who is logged in.

    `way` is how: by a session, a proxy or a token.  `expires_at_ms` is null where there is no session of ours.
    `logout_url` is where the proxy logs people out, and empty if none logged them in.
    """

    name: str
    role: str  # "viewer", "operator" or "admin"
    way: str
    expires_at_ms: int | None
    logout_url: str


class LoginForm(Struct, frozen=True):
    """What the form sends: a token, and where to go afterwards."""

    token: str = ""
    next: str | None = None


_WRONG_TOKEN = {401: "No such token, or one that has been used already."}

OPERATIONS: Operations = {
    "/login": Operation(
        "logInOnce",
        "Begin a session with the address that works once.",
        parameters=[parameter("token", "What the daemon printed."), parameter("next", "Where to go afterwards.")],
        refusals=_WRONG_TOKEN,
        status=303,
        is_open=True,
        is_api=False,
    ),
    "POST /login": Operation(
        "logIn",
        "Begin a session with a token of the configuration, as the form does.",
        refusals=_WRONG_TOKEN,
        body=LoginForm,
        body_media="application/x-www-form-urlencoded",
        status=303,
        is_open=True,
        is_api=False,
    ),
    "POST /logout": Operation(
        "logOut", "End the session; a browser is led on.", status=204, leads_on=True, is_api=False
    ),
    "/api/v1/session": Operation("session", "Who is logged in, as what, and until when.", SessionView),
}


class Login:
    """The routes about logging in, and the form for whoever has not."""

    def __init__(
        self,
        once: OneTime,
        sessions: Sessions,
        who: Identification,
        audit: Audit,
        page: Traversable,
        logout_url: str = "",
    ) -> None:
        self._audit = audit
        self._once = once
        self._sessions = sessions
        self._who = who
        self._page = page
        self._logout_url = logout_url

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get(PATH, self.log_in_once),
            web.post(PATH, self.log_in),
            web.post("/logout", self.log_out),
            web.get("/api/v1/session", answering(self.session)),
        ]

    async def log_in_once(self, request: web.Request) -> web.StreamResponse:
        """Begin a session by a one-time address."""
        token = request.query.get("token", "")
        if not await self._once.use(token):
            return self.turn_away(request, 401, _WRONG if token else "")
        return await self._begun(request, once(token), request.query.get("next"), is_once=True)

    async def log_in(self, request: web.Request) -> web.StreamResponse:
        """Begin a session by the form."""
        try:
            form = await _form(request)
            token = form.token.strip()
            is_once = await self._once.use(token)
            held = once(token) if is_once else (await self._who.held(token, request, "form") if token else None)
        except Refused as refused:
            return self.turn_away(request, refused.status, str(refused))
        except TooManyWrong as error:
            return self.pause(request, error, form.next)
        if held is None:
            return self.turn_away(request, 401, _WRONG, next_path=form.next)
        return await self._begun(request, held, form.next, is_once=is_once)

    async def log_out(self, request: web.Request) -> web.StreamResponse:
        """End the session; a browser lands at the form, or where the proxy logs people out."""
        visitor = visitor_of(request)
        leads_on = visitor.way is Way.PROXY and self._logout_url
        response = web.Response(status=204)
        if _shows_pages(request):
            response = web.Response(status=303, headers={"Location": self._logout_url if leads_on else PATH})
        await self._sessions.end(request, response)
        await self._audit.done(visitor, "log out", response.status, self._who.place(request).kept)
        return response

    async def session(self, request: web.Request) -> SessionView:
        """Answer with who is logged in."""
        visitor = visitor_of(request)
        expires_at_ms = None if visitor.expires_at_s is None else round(visitor.expires_at_s * 1000)
        logout_url = self._logout_url if visitor.way is Way.PROXY else ""
        return SessionView(visitor.name, visitor.role.value, visitor.way.value, expires_at_ms, logout_url)

    def pause(self, request: web.Request, error: TooManyWrong, next_path: str | None = None) -> web.Response:
        """Answer 429: wait a while."""
        return self.turn_away(
            request, 429, str(error), next_path=next_path, headers={"Retry-After": str(ceil(error.pause_s))}
        )

    def turn_away(
        self,
        request: web.Request,
        status: int,
        message: str,
        *,
        next_path: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> web.Response:
        """Answer whoever is not let in: a browser with the form, anything else in a word."""
        extra = {**(headers or {}), **({"WWW-Authenticate": self._who.challenges} if status == 401 else {})}
        if not _shows_pages(request):
            return problem(status, message or "expected a session or a bearer token", headers=extra)
        text = login_page.shown(self._page.read_text(encoding="utf-8"), message, _next_of(request, next_path))
        extra |= login_page.headers(text)
        return web.Response(text=text, status=status, content_type="text/html", headers=extra)

    async def _begun(self, request: web.Request, held: Held, next_path: str | None, *, is_once: bool) -> web.Response:
        response = web.Response(status=303, headers={"Location": own_path(next_path), "Cache-Control": "no-store"})
        visitor = await self._sessions.begin(held, response, is_once=is_once)
        await self._audit.done(visitor, "log in", response.status, self._who.place(request).kept)
        return response


def _shows_pages(request: web.Request) -> bool:
    return "text/html" in request.headers.get(hdrs.ACCEPT, "")


def _next_of(request: web.Request, next_path: str | None) -> str:
    """Return where to go afterwards: where the form said, or where this request wanted to."""
    if request.path == PATH:
        return own_path(request.query.get("next") if next_path is None else next_path)
    return own_path(str(request.rel_url) if request.method == hdrs.METH_GET else None)


async def _form(request: web.Request) -> LoginForm:
    body = await read_body(request, MAX_FORM_BYTES, MAX_FORM_BYTES)
    try:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:
        raise Refused(400, "That is not the form of this page.") from None
    return LoginForm(fields.get("token", ""), fields.get("next"))

"""Who asks at the private door?

Whoever sends a bearer token is who has that token, and whoever sends a name and a password is who has that name.
Otherwise it is who logged in with the session that the cookie names, whom a trusted proxy says that it asks for, or
whose certificate was shown in the handshake.

Tokens of the configuration and passwords are made up by people, and may be short: how many wrong ones are compared is
limited (`monitor.http.failures`).  Tokens that the daemon makes up are beyond guessing, and always let in: nobody can
lock commands on this machine out.
"""

import asyncio
import binascii
from base64 import b64decode
from collections.abc import Callable

from aiohttp import hdrs, web

from monitor.audit import Audit
from monitor.http.addresses import Addresses, Place
from monitor.http.answer_headers import said_of
from monitor.http.failures import Failures
from monitor.http.passwords import Passwords, TooManyWaiting
from monitor.http.proxies import TrustedProxies
from monitor.http.proxy_login import Map
from monitor.http.sessions import Sessions
from monitor.http.tls import names_of
from monitor.http.tokens import COMMAND_NAME, Held, Tokens
from monitor.http.visitors import Visitor, Way
from monitor.metrics import Metrics
from monitor.roles import Role, highest
from monitor.settings import Private, ProxyLogin

TYPED_BY = "X-Roomwatch-User"  # who typed a command, as the command says
LONGEST_NAME = 100
WAITING_PAUSE_S = 1.0


class TooManyWrong(Exception):
    """So much that is wrong came from an address, or waits to be compared, that nothing is compared now."""

    def __init__(self, pause_s: float) -> None:
        super().__init__("expected fewer wrong tokens from this address; wait a moment, and try again")
        self.pause_s = pause_s


class Identification:
    """Finds out who asks."""

    def __init__(
        self,
        settings: Private,
        tokens: Tokens,
        sessions: Sessions,
        passwords: Passwords,
        addresses: Addresses,
        audit: Audit,
        metrics: Metrics,
        now_s: Callable[[], float],
    ) -> None:
        self._basic_roles = settings.basic_auth_roles
        self._certificate_roles = settings.certificate_roles
        self._passwords = passwords
        self._audit = audit
        self._metrics = metrics
        self._tokens = tokens
        self._sessions = sessions
        self._addresses = addresses
        self._now_s = now_s
        self._proxies = TrustedProxies(settings.trusted_proxies, settings.forwarded_by)
        self._proxy_login = None if settings.proxy_login is None else _map(settings.proxy_login)
        self._failures = Failures()

    @property
    def challenges(self) -> str:
        """Return what `WWW-Authenticate` says to whoever nobody knows."""
        basic = ', Basic realm="roomwatch", charset="UTF-8"' if self._passwords.are_there else ""
        return f'Bearer realm="roomwatch"{basic}'

    async def visitor(self, request: web.Request) -> Visitor | None:
        """Return who asks, or None if nobody says.

        Raises:
            TooManyWrong: a token or a password came that is not even compared.
            NotBelieved: what is no trusted proxy says who asks.
            NotWelcome: a trusted proxy names somebody without a role.
        """
        scheme, _, given = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        match scheme.lower():
            case "bearer":
                return await self._by_token(given.strip(), request)
            case "basic" if self._passwords.are_there:
                return await self._by_password(given.strip(), request)
        return await self._sessions.visitor(request) or self._by_proxy(request) or self._by_certificate(request)

    async def held(self, token: str, request: web.Request, way: str) -> Held | None:
        """Return whose token this is; a wrong one counts against the address that it comes from.

        Raises:
            TooManyWrong: it was not compared.
        """
        held = self._tokens.made_up(token)
        if held is not None:
            return held
        await self._wait(request)
        held = self._tokens.configured(token)
        await self._note(request, way, "a wrong token", is_right=held is not None)
        return held

    def place(self, request: web.Request) -> Place:
        """Return where somebody asks from."""
        return self._addresses.place(self._proxies.client_of(request.remote or "", said_of(request)))

    async def _by_token(self, token: str, request: web.Request) -> Visitor | None:
        held = await self.held(token, request, "bearer")
        if held is None:
            return None
        if held.name == COMMAND_NAME and self._tokens.made_up(token) is not None:
            return Visitor(_shown(request.headers.get(TYPED_BY, "")) or COMMAND_NAME, held.role, Way.COMMAND)
        return Visitor(held.name, held.role, Way.TOKEN)

    async def _by_password(self, given: str, request: web.Request) -> Visitor | None:
        name, password = _credentials(given)
        visitor = Visitor(name, self._basic_roles.get(name, Role.VIEWER), Way.BASIC)
        if self._passwords.is_remembered(name, password):
            return visitor
        await self._wait(request)
        try:
            is_right = await self._passwords.is_right(name, password)
        except TooManyWaiting:
            self._metrics.add("roomwatch_http_credentials_not_compared_total")
            raise TooManyWrong(WAITING_PAUSE_S) from None
        await self._note(request, "basic", "a wrong password", is_right=is_right)
        return visitor if is_right else None

    async def _wait(self, request: web.Request) -> None:
        """Wait for the turn of a comparison.

        Raises:
            TooManyWrong: there will be none.
        """
        address, now_s = self.place(request).counted_as, self._now_s()
        pause_s = self._failures.pause_s(address, now_s)
        if pause_s:
            self._metrics.add("roomwatch_http_credentials_not_compared_total")
            raise TooManyWrong(pause_s)
        delay_s = self._failures.delay_s(address, now_s)
        if delay_s:
            await asyncio.sleep(delay_s)

    async def _note(self, request: web.Request, way: str, what: str, *, is_right: bool) -> None:
        place = self.place(request)
        if is_right:
            self._failures.right(place.counted_as, self._now_s())
            return
        self._failures.wrong(place.counted_as, self._now_s())
        self._metrics.add("roomwatch_http_wrong_credentials_total", way)
        await self._audit.refused(what, place.kept)

    def _by_certificate(self, request: web.Request) -> Visitor | None:
        """Return whose certificate it is: the highest role of its names, by the name that has it."""
        names = names_of(request.get_extra_info("peercert")) if self._certificate_roles else ()
        known = [(name, self._certificate_roles[name]) for name in names if name in self._certificate_roles]
        role = highest(role for _, role in known)
        return next((Visitor(_shown(name), own, Way.CERTIFICATE) for name, own in known if own is role), None)

    def _by_proxy(self, request: web.Request) -> Visitor | None:
        if self._proxy_login is None:
            return None
        is_trusted = self._proxies.has(request.remote or "")
        known = self._proxy_login.known(lambda name: request.headers.getall(name, ()), is_trusted=is_trusted)
        return None if known is None else Visitor(known.name, known.role, Way.PROXY)


def _map(settings: ProxyLogin) -> Map:
    return Map(
        settings.user_header,
        settings.email_header,
        settings.groups_header,
        settings.default_role,
        settings.users,
        settings.groups,
    )


def _credentials(given: str) -> tuple[str, str]:
    """Return the name and the password of an `Authorization: Basic` header; what is none is nobody's."""
    try:
        name, _, password = b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return name[:LONGEST_NAME], password


def _shown(name: str) -> str:
    return "".join(each for each in name if each.isprintable())[:LONGEST_NAME]

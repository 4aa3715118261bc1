"""Who is at the private door, and what may they do?

The guard (`monitor.http.guard`) finds out and notes it with the request; routes that write down who did something ask
`visitor_of`, and those that go on answering for long ask now and then `is_still_let_in`.
"""

from collections.abc import Awaitable, Callable
from enum import StrEnum

from aiohttp import web
from msgspec import Struct

from monitor.roles import Role


class Way(StrEnum):
    """How somebody was let in."""

    TOKEN = "token"  # noqa: S105 - a way in, not what opens it
    SESSION = "session"
    PROXY = "proxy"
    BASIC = "basic"  # a name and a password
    CERTIFICATE = "certificate"
    COMMAND = "command"  # of this machine, asked by somebody who may read the database anyway
    WORD = "word"  # an answer to what they were told: a link, a text message, a button in a chat
    OPEN = "open"  # from this machine, where what needs no login was asked for

    @property
    def is_by_browser(self) -> bool:
        """Whether browsers send it along with whatever any page makes them ask."""
        return self in (Way.SESSION, Way.PROXY, Way.BASIC, Way.CERTIFICATE)

    @property
    def is_by_token(self) -> bool:
        """Whether it takes a token in a header, which no browser sends by itself."""
        return self in (Way.TOKEN, Way.COMMAND)


class Visitor(Struct, frozen=True):
    """Somebody who was let in; `expires_at_s` is the end of a session."""

    name: str
    role: Role
    way: Way
    expires_at_s: float | None = None


Find = Callable[[web.Request], Awaitable[Visitor | None]]

_KEY = web.RequestKey("visitor", Visitor)
_FIND: web.RequestKey[Find] = web.RequestKey("find_visitor", Callable)  # type: ignore[arg-type]  # a name, for repr


def note(request: web.Request, visitor: Visitor, find: Find) -> None:
    """Note who asks, and what finds that out anew.

    That must not know the request: the two would hold each other, and stay in memory until circles are looked for.
    """
    request[_KEY] = visitor
    request[_FIND] = find


def visitor_if_known(request: web.Request) -> Visitor | None:
    """Return who asks, or None where nobody needs to be known."""
    return request.get(_KEY)


def visitor_of(request: web.Request) -> Visitor:
    """Return who asks; every request that gets past the guard has somebody."""
    return request[_KEY]


async def is_still_let_in(request: web.Request) -> bool:
    """Whether who was let in would be so again: a session may have ended meanwhile, or a password changed."""
    visitor, now = visitor_of(request), await request[_FIND](request)
    return now is not None and now.name == visitor.name and now.role.covers(visitor.role)

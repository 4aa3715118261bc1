"""How does a request get its id, and whoever asked get to know it?

A proxy of ours may have given it one already, as `X-Request-Id`; anybody else's word is not taken, or they could have
their lines in the log look like somebody else's.
"""

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from monitor.http.proxies import TrustedProxies
from monitor.request_ids import HEADER, answering, kept_or_new

_ID = web.RequestKey("request_id", str)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def marking(proxies: TrustedProxies) -> Middleware:
    """Return the middleware, the outermost of a listener, that gives each request its id."""

    @web.middleware
    async def mark(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get(HEADER, "")
        request[_ID] = request_id = kept_or_new(given if given and proxies.has(request.remote or "") else "")
        with answering(request_id):
            return await handler(request)

    return mark


async def tell_mark(request: web.Request, response: web.StreamResponse) -> None:
    """Give the id back with the answer; what is no request of HTTP has none."""
    if _ID in request:
        response.headers[HEADER] = request[_ID]

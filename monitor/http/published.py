"""How is a file handed out that anybody may have?

From memory, to any page of any origin: there is nothing in it that is not public.  A browser asks again after an hour,
and a day-old copy may serve while it asks; whoever has the present one is not sent it again.
"""

from collections.abc import Awaitable, Callable
from hashlib import sha256

from aiohttp import web

HEADERS = {
    "Access-Control-Allow-Origin": "*",  # modules are fetched by CORS, and so is a script with `integrity`
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "public, max-age=3600, stale-while-revalidate=86400",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}


def sender(body: bytes, content_type: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return what answers a request for `body`, which is text in UTF-8."""
    tag = sha256(body).hexdigest()[:16]

    async def send(request: web.Request) -> web.Response:
        headers = HEADERS | {"ETag": f'"{tag}"'}
        if any(known.value in (tag, "*") for known in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        response = web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)
        response.enable_compression()
        return response

    return send

"""Where does a web application get the browser SDK from?  From the daemon that it reports to, so that the two agree.

The files are those that were built from `collectors/browser/`, read once.  Anybody may fetch them from any page: there
is nothing in them that is not public.  A browser asks again after an hour, and a day-old copy may serve while it asks.
"""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable

from aiohttp import web

CONTENT_TYPES = {
    "roomwatch.js": "text/javascript",
    "roomwatch.mjs": "text/javascript",
    "roomwatch.d.mts": "text/plain",
}
HEADERS = {
    "Access-Control-Allow-Origin": "*",  # modules are fetched by CORS, and so is a script with `integrity`
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "public, max-age=3600, stale-while-revalidate=86400",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}


def built_files() -> Traversable:
    """Return the folder that the SDK was built into."""
    return resources.files("collectors") / "browser" / "dist"


def routes(folder: Traversable) -> list[web.RouteDef]:
    """Return one route for each file that a browser or a compiler may want.

    Raises:
        FileNotFoundError: the SDK was not built.
    """
    for name in CONTENT_TYPES:
        if not (folder / name).is_file():
            raise FileNotFoundError(f"{folder / name}: expected the built browser SDK, got nothing; run `make build`")
    return [web.get(f"/sdk/{name}", _sender(folder / name)) for name in CONTENT_TYPES]


def _sender(file: Traversable) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    body = file.read_bytes()
    content_type, tag = CONTENT_TYPES[file.name], sha256(body).hexdigest()[:16]

    async def send(request: web.Request) -> web.Response:
        headers = HEADERS | {"ETag": f'"{tag}"'}
        if any(known.value in (tag, "*") for known in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        response = web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)
        response.enable_compression()
        return response

    return send

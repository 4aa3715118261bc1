"""Where do the pages come from?  From the front end's build, read once, sent with a policy that allows nothing else."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable

from aiohttp import web

CONTENT_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
LOGIN_PAGE = "login.html"


def built_files() -> Traversable:
    """Return the folder that the front end was built into."""
    return resources.files("dashboards") / "web" / "dist"


def routes(folder: Traversable) -> list[web.RouteDef]:
    """Return one route for each built file; `/` is the first page.

    Raises:
        FileNotFoundError: the front end was not built.
    """
    if not (folder / "index.html").is_file():
        raise FileNotFoundError(f"{folder}: expected the built front end, got nothing; run `make build`")
    files = [file for file in folder.iterdir() if file.name != LOGIN_PAGE and _suffix(file.name) in CONTENT_TYPES]
    return [web.get("/" if file.name == "index.html" else f"/{file.name}", _sender(file)) for file in files]


def _sender(file: Traversable) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    body = file.read_bytes()
    content_type, tag = CONTENT_TYPES[_suffix(file.name)], sha256(body).hexdigest()[:16]

    async def send(request: web.Request) -> web.Response:
        headers = HEADERS | {"ETag": f'"{tag}"'}
        if any(known.value == tag for known in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)

    return send


def _suffix(name: str) -> str:
    return "." + name.rpartition(".")[2]

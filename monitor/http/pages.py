"""Where do the pages come from?  From the front end's build, read once, sent with a policy that allows nothing else."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable

from aiohttp import web

from monitor.http.shared_routes import NOT_TOLD, OPEN_FOLDER
from monitor.http.shared_routes import PAGE as SHARED

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
NOTHING_MORE: Mapping[str, str] = {}
LOGIN_PAGE = "login.html"
NO_FILES = {LOGIN_PAGE, "index.html"}
PAGES = (
    "/",
    "/rooms",
    "/rooms/{room}",
    "/media",
    "/incidents",
    "/incidents/{incident}",
    "/silences",
    "/explain",
    "/notifications",
    "/sources",
    "/blind-spots",
    "/settings",
    SHARED,
)
"""Where a page is; the script that is sent for all of them has the same list (`src/frame/pages.tsx`)."""


def built_files() -> Traversable:
    """Return the folder that the front end was built into."""
    return resources.files("dashboards") / "web" / "dist"


def routes(folder: Traversable) -> list[web.RouteDef]:
    """Return one route for each built file, and one for each page, which all begin with the same document.

    Raises:
        FileNotFoundError: the front end was not built.
    """
    if not (folder / "index.html").is_file():
        raise FileNotFoundError(f"{folder}: expected the built front end, got nothing; run `make build`")
    files = [file for file in folder.iterdir() if file.name not in NO_FILES and _suffix(file.name) in CONTENT_TYPES]
    document = (folder / "index.html").read_bytes()
    built = {file.name: _sender(file.read_bytes(), file.name) for file in files}
    return [
        *(web.get(path, _sender(document, "index.html")) for path in PAGES if path != SHARED),
        *(web.get(f"/{name}", send) for name, send in built.items()),
        *(web.get(f"{OPEN_FOLDER}/{name}", send) for name, send in built.items()),
        web.get(SHARED, _sender(_built_of_open_files(document, built), "index.html", NOT_TOLD)),
    ]


def _built_of_open_files(document: bytes, names: Iterable[str]) -> bytes:
    """Return the document for whoever has no login: what it is built of has to be open to them, too."""
    for name in names:
        document = document.replace(f'"/{name}"'.encode(), f'"{OPEN_FOLDER}/{name}"'.encode())
    return document


def _sender(
    body: bytes, name: str, also: Mapping[str, str] = NOTHING_MORE
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    content_type, tag = CONTENT_TYPES[_suffix(name)], sha256(body).hexdigest()[:16]

    async def send(request: web.Request) -> web.Response:
        headers = {**HEADERS, "ETag": f'"{tag}"', **also}
        if any(known.value == tag for known in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)

    return send


def _suffix(name: str) -> str:
    return "." + name.rpartition(".")[2]

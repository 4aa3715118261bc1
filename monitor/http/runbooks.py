"""Where does a link to a runbook lead?

    GET /runbooks                       which there are
    GET /runbooks/NAME                  one of them, as a page
    GET /docs/runbooks/NAME.md          the same: what alerts call it, with our address put in front

They are the pages of `docs/runbooks`, which an installed Roomwatch brings along.
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from aiohttp import web

from monitor.http.problems import problem

INSTALLED = "runbooks"  # below this package, where the build puts them
SOURCES = Path("docs", "runbooks")


def shipped() -> Traversable:
    """Return the folder with the runbooks: of an installed Roomwatch, or of one that runs from its sources."""
    package = resources.files("monitor")
    installed = package / INSTALLED
    return installed if installed.is_dir() else Path(str(package)).parent / SOURCES


@cache
def texts() -> Mapping[str, str]:
    """Return the runbooks by name, in their order."""
    folder = shipped()
    files = folder.iterdir() if folder.is_dir() else ()
    found = {file.name.removesuffix(".md"): file for file in files if file.name.endswith(".md")}
    return {name: found[name].read_text(encoding="utf-8") for name in sorted(found)}


async def send_index(_: web.Request) -> web.Response:
    """Answer which runbooks there are."""
    from monitor.http.runbook_page import HEADERS, index  # noqa: PLC0415 - as below

    return web.Response(text=index(texts()), content_type="text/html", headers=HEADERS)


async def send_page(request: web.Request) -> web.Response:
    """Answer with one runbook."""
    name = request.match_info["name"]
    if (text := texts().get(name)) is None:
        return problem(404, f"name: expected one of those at /runbooks, got {name!r}")
    from monitor.http.runbook_page import HEADERS, page  # noqa: PLC0415 - what reads Markdown waits until it is needed

    return web.Response(text=page(name, text), content_type="text/html", headers=HEADERS)


def routes() -> list[web.RouteDef]:
    """Return the routes to runbooks."""
    return [
        web.get("/runbooks", send_index),
        web.get("/runbooks/{name}", send_page),
        web.get("/docs/runbooks/{name}.md", send_page),
    ]

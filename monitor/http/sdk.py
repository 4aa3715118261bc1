"""Where does a web application get the browser SDK from?  From the daemon that it reports to, so that the two agree.

The files are those that were built from `collectors/browser/`, read once.  Anybody may fetch them from any page: there
is nothing in them that is not public.  A browser asks again after an hour, and a day-old copy may serve while it asks.
"""

from importlib import resources
from importlib.resources.abc import Traversable

from aiohttp import web

from monitor.http.published import sender

CONTENT_TYPES = {
    "roomwatch.js": "text/javascript",
    "roomwatch.mjs": "text/javascript",
    "roomwatch.d.mts": "text/plain",
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
    return [web.get(f"/sdk/{name}", sender((folder / name).read_bytes(), kind)) for name, kind in CONTENT_TYPES.items()]

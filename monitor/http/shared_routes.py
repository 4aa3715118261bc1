"""Which routes are open to whoever holds the token of a shared call?

The one place that says so, in the words of a table of routes: `METHOD route`.  The token is in the address, and whoever
answers asks for it; so no session is asked for.  The page is built of files that have nothing in them but the page.
"""

import re

PAGE = "/shared/{token}"
OPEN_FOLDER = "/shared"  # of the files that the page is built of; no token has a dot in it
CALL = "/api/v1/shared/{token}"
PARTS = ("lanes", "story", "verdict")

OPEN_BY_TOKEN = frozenset({f"GET {PAGE}", f"GET {CALL}", *(f"GET {CALL}/{part}" for part in PARTS)})

NOT_TOLD = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "Cache-Control": "no-store"}
"""Headers of whatever has such a token in its address: it is in nobody's log but the reader's own."""

_BUILT = re.compile(rf"GET {OPEN_FOLDER}/[\w.-]+\.(?:js|css|svg)")


def is_open_by_token(method: str, route: str) -> bool:
    """Whether a route asks for a token in its address, and for no login, or the page is built of what it sends."""
    key = f"{'GET' if method == 'HEAD' else method} {route}"
    return key in OPEN_BY_TOKEN or _BUILT.fullmatch(key) is not None

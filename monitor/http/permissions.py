"""Which role does each route of the private door need?

All of it is in `NEEDED`, by method and route; HEAD counts as GET.  A route that is not in it needs an admin: whoever
adds one and forgets this table has locked a door, not opened one.  `OPEN` are those that ask for no login at all.
"""

import re

from monitor.http.shared_routes import is_open_by_token
from monitor.roles import Role

VIEWER, OPERATOR, ADMIN = Role.VIEWER, Role.OPERATOR, Role.ADMIN

OPEN = frozenset({"GET /login", "POST /login", "GET /-/healthy", "GET /-/ready"})
"""Beside what a link to a call shows, for which its token is asked (`monitor.http.shared_routes`).

Health is asked by what knows no token: a kubelet, a balancer.  It hears one word.
"""

NEEDED = {
    # --- pages ---
    "GET /": VIEWER,
    "GET /rooms": VIEWER,
    "GET /rooms/{room}": VIEWER,
    "GET /media": VIEWER,
    "GET /incidents": VIEWER,
    "GET /incidents/{incident}": VIEWER,
    "GET /silences": VIEWER,
    "GET /explain": VIEWER,
    "GET /notifications": VIEWER,
    "GET /sources": VIEWER,
    "GET /blind-spots": VIEWER,
    "GET /settings": VIEWER,
    "GET /runbooks": VIEWER,
    "GET /runbooks/{name}": VIEWER,
    "GET /docs/runbooks/{name}.md": VIEWER,
    # --- who asks ---
    "GET /api/v1/session": VIEWER,
    "POST /logout": VIEWER,
    # --- calls ---
    "GET /api/v1/live": VIEWER,
    "GET /api/v1/live/samples": VIEWER,
    "GET /api/v1/rooms": VIEWER,
    "GET /api/v1/rooms/{room}": VIEWER,
    "GET /api/v1/rooms/{room}/samples": VIEWER,
    "GET /api/v1/rooms/{room}/tens": VIEWER,
    "GET /api/v1/rooms/{room}/lanes": VIEWER,
    "GET /api/v1/rooms/{room}/story": VIEWER,
    "GET /api/v1/rooms/{room}/verdict": VIEWER,
    "GET /api/v1/rooms/{room}/stream": VIEWER,
    "GET /api/v1/rooms/{room}/bundle": OPERATOR,  # a call, with its people, on somebody's disk
    "POST /api/v1/rooms/{room}/shares": OPERATOR,
    "GET /api/v1/shares": VIEWER,
    "DELETE /api/v1/shares/{id}": OPERATOR,
    "GET /api/v1/media": VIEWER,
    "GET /api/v1/percentiles": VIEWER,
    "GET /api/v1/worst-rooms": VIEWER,
    "GET /api/v1/coverage": VIEWER,
    "GET /api/v1/minutes": VIEWER,
    # --- alerts, and who is told ---
    "GET /api/v1/explain": VIEWER,
    "GET /api/v1/rules": VIEWER,
    "GET /api/v1/incidents": VIEWER,
    "GET /api/v1/incidents/{id}": VIEWER,
    "POST /api/v1/incidents/{id}/acknowledge": OPERATOR,
    "POST /api/v1/incidents/{id}/unacknowledge": OPERATOR,
    "GET /api/v1/silences": VIEWER,
    "POST /api/v1/silences": OPERATOR,
    "POST /api/v1/silences/preview": VIEWER,  # changes nothing; it only has too much to say for an address
    "GET /api/v1/silences/{id}": VIEWER,
    "DELETE /api/v1/silences/{id}": OPERATOR,
    "GET /api/v1/notifications": VIEWER,
    "GET /api/v1/notifications/{id}": VIEWER,
    "GET /api/v1/dead-letters": VIEWER,
    "POST /api/v1/dead-letters/replay": OPERATOR,
    "GET /api/v1/receivers": VIEWER,
    "POST /api/v1/receivers/{name}/test": OPERATOR,
    # --- the daemon ---
    "GET /api/v1/sources": VIEWER,
    "GET /api/v1/blind-spots": VIEWER,
    "GET /api/v1/settings": VIEWER,
    "GET /api/v1/audit": ADMIN,
    "GET /api/v1/openapi.json": VIEWER,
    "GET /metrics": VIEWER,
    "GET /metrics/fleet": VIEWER,
    "POST /-/reload": ADMIN,
    "PUT /-/reload": ADMIN,
    "GET /-/log-level": VIEWER,
    "PUT /-/log-level": ADMIN,
}

#: What the front end was built into: its pieces may have other names after every build, and there is nothing in them.
_BUILT = re.compile(r"GET /[\w.-]+\.(js|css|svg|json)")


def is_listed(method: str, route: str) -> bool:
    """Whether somebody has thought about who may ask for a route."""
    key = _key(method, route)
    return key in NEEDED or is_open(method, route) or _BUILT.fullmatch(key) is not None


def is_open(method: str, route: str) -> bool:
    """Whether a route asks for no login."""
    return _key(method, route) in OPEN or is_open_by_token(method, route)


def needed_role(method: str, route: str) -> Role:
    """Return the role that a route needs."""
    key = _key(method, route)
    return NEEDED.get(key, VIEWER if _BUILT.fullmatch(key) else ADMIN)


def _key(method: str, route: str) -> str:
    return f"{'GET' if method == 'HEAD' else method} {route}"

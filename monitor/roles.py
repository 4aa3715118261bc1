"""What may somebody do here?

A viewer reads everything.  An operator also does what whoever is on call has to: silences, acknowledges, has words said
again, tries receivers out, shares a call and takes it away as a file.  An admin also changes how the daemon works.
Each may do what the one before may; which role a route needs is in `monitor.http.permissions`.
"""

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """What somebody may do."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        """Whether this is enough for what needs another."""
        return _ORDER.index(self) >= _ORDER.index(needed)


_ORDER = tuple(Role)


def highest(roles: Iterable[Role]) -> Role | None:
    """Return the role that covers all others, or None where there is none."""
    return max(roles, key=_ORDER.index, default=None)

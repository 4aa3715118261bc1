"""How long is what kept?

What is stored is of seven classes, each with a time of its own.  Five are dropped as rows: what was measured, what
happened, what is on record of things that are over, what samples add up to, and who changed what.  Of two only a part
of a row goes, and the rest stays until its own time: who it was, and from which address.
"""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import asdict

DAY_MS = 86_400_000


class Keeping(Struct, frozen=True):
    """For how many days each class is kept."""

    raw_days: float = 30.0
    events_days: float = 180.0
    history_days: float = 180.0
    rollups_days: float = 400.0
    identities_days: float = 180.0
    addresses_days: float = 180.0
    audit_days: float = 400.0

    def bounds_ms(self, now_ms: int) -> Mapping[str, int]:
        """Return of each class before which moment it is too old."""
        return {name.removesuffix("_days"): int(now_ms - days * DAY_MS) for name, days in asdict(self).items()}


CLASSES = tuple(Keeping().bounds_ms(0))

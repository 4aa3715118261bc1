"""How many people are there, at which level, and where?

Counted for a scrape, in one pass over everybody: thirty thousand people have to be counted while everything else waits,
so each may cost a fraction of a microsecond, and what the rooms of one sort have in common is worked out once for each.
What changes seldom is not counted here but follows the picture (`monitor.crowds`).  Pure.

What is not known is not zero: who has no level is `unknown`, and with level 5 and nothing that flows, `idle`.
"""

from collections.abc import Collection, Iterable, Mapping

from monitor.entities import BEST_LEVEL, Participant, Room
from monitor.naming import OTHER, UNKNOWN, Naming

LEVELS = ("0", "1", "2", "3", "4", "5", "idle", "unknown")
_IDLE, _UNKNOWN = 6, 7  # their places among these
HEARD_WITHIN_MS = 60_000  # a browser that says nothing for longer is not heard


_Place = tuple[str | None, ...]  # what the rooms of one sort have in common, by these; None: nothing is counted by it
_LABELS = ("tenant", "resource_kind", "media_region")


class Tally:
    """The rooms of one sort, and the people in them by level."""

    __slots__ = ("levels", "rooms")

    def __init__(self) -> None:
        self.rooms = 0
        self.levels = [0] * len(LEVELS)

    def add(self, other: "Tally") -> None:
        """Count another sort, too."""
        self.rooms += other.rooms
        self.levels = [mine + theirs for mine, theirs in zip(self.levels, other.levels, strict=True)]


class Headcount:
    """Everybody in live rooms, counted once.

    Args:
        rooms: the live rooms.
        naming: what the names of rooms tell.
        regions: the media regions to count by.
        now_ms: the time.
    """

    def __init__(self, rooms: Iterable[Room], naming: Naming, regions: Collection[str], now_ms: float) -> None:
        self._naming = naming
        self._regions = frozenset(regions)
        self._has_places = bool(naming.values or regions)
        self._nowhere = Tally()
        self._places: dict[_Place, Tally] = {(None, None, None): self._nowhere}
        self.heard = 0
        self.reconnecting = 0
        self._count(rooms, now_ms - HEARD_WITHIN_MS)

    def _count(self, rooms: Iterable[Room], heard_since_ms: float) -> None:
        heard = reconnecting = 0
        for room in rooms:
            tally = self._tally_of(room)
            tally.rooms += 1
            levels = tally.levels
            for participant in room.participants.values():
                level = participant.own_level
                if level is None or (level == BEST_LEVEL and not participant.bitrate_up_bps):  # a call for few of them
                    level = _index(participant)
                levels[level] += 1
                if participant.reconnecting:
                    reconnecting += 1
                if (participant.heard_at_ms or 0) >= heard_since_ms:
                    heard += 1
        self.heard, self.reconnecting = heard, reconnecting

    def _tally_of(self, room: Room) -> Tally:
        if not self._has_places:
            return self._nowhere
        labels = self._naming.labels(room.name)
        place = (labels.get("tenant"), labels.get("resource_kind"), self._region_of(room.media_region))
        tally = self._places.get(place)
        if tally is None:
            tally = self._places[place] = Tally()
        return tally

    def _region_of(self, region: str | None) -> str | None:
        if not self._regions:
            return None
        if region is None:
            return UNKNOWN
        return region if region in self._regions else OTHER

    # --- what was counted ---------------------------------------------------------------------------------

    @property
    def everybody(self) -> Tally:
        """Return all rooms and everybody in them."""
        total = Tally()
        for tally in self._places.values():
            total.add(tally)
        return total

    def by(self, label: str) -> Mapping[str, Tally]:
        """Return them by `tenant`, `resource_kind` or `media_region`."""
        which, found = _LABELS.index(label), dict[str, Tally]()
        for place, tally in self._places.items():
            if (value := place[which]) is not None:
                found.setdefault(value, Tally()).add(tally)
        return found


def _index(participant: Participant) -> int:
    level = participant.own_level if participant.reports else participant.level
    if level is None:
        return _UNKNOWN
    return _IDLE if level == BEST_LEVEL and participant.is_idle else level

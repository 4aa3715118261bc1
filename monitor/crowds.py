"""How do the people of one media region, or of one tenant, fare together?

Counts that follow the picture change by change: a room in which somebody came, went, or got another level is taken
out of the crowds that it belongs to and put in again as it is now, so that asking costs nothing and nobody ever counts
a whole crowd.  A room belongs to the crowd of its media region once Twilio has told it, and to that of its tenant if
that is one of those listed in `[names]`.

There are few crowds: as many as there are tenants on the list, and media regions at Twilio.
"""

from collections.abc import Sequence
from heapq import nlargest
from typing import NamedTuple

from msgspec import Struct

from monitor.entities import Change, Ref, Room
from monitor.naming import OTHER, UNKNOWN, Naming

DEGRADED_LEVEL = 1  # Twilio's word for level 1 is "bad", for 0 "broken"
MOST_REGIONS = 64  # Twilio has ten or so; rooms of a further one are in no region
NOBODY_LEFT = "no_rooms_left"


class Share(NamedTuple):
    """What one room adds to a crowd: itself, and the people in it."""

    participants: int = 0
    known: int = 0
    degraded: int = 0

    @property
    def degraded_ratio(self) -> float:
        """Return the share of those whose level is known; there must be one."""
        return self.degraded / self.known

    @staticmethod
    def of(levels: Sequence[int | None]) -> "Share":
        """Return the share of a room whose people have these levels."""
        known = [level for level in levels if level is not None]
        return Share(len(levels), len(known), sum(level <= DEGRADED_LEVEL for level in known))


class Crowd(Struct):
    """Rooms that have something in common, and the people in them; a level that nobody told is not known."""

    rooms: int = 0
    known_rooms: int = 0  # in which the level of somebody is known
    degraded_rooms: int = 0  # in which somebody is degraded
    participants: int = 0
    known: int = 0
    degraded: int = 0

    def count(self, share: Share, times: int) -> None:
        """Put a room into the crowd (1), or take it out (-1)."""
        self.rooms += times
        self.participants += times * share.participants
        self.known += times * share.known
        self.degraded += times * share.degraded
        self.known_rooms += times * (share.known > 0)
        self.degraded_rooms += times * (share.degraded > 0)


class _Counted(NamedTuple):
    """A room as it was counted last: what tells where it belongs, where that is, and what it added there."""

    region: str | None
    name: str | None
    refs: tuple[Ref, ...]
    share: Share


class Crowds:
    """The crowds there are, by region and by tenant, and all people together.

    Args:
        naming: how rooms are named, which tells their tenant.
    """

    def __init__(self, naming: Naming | None = None) -> None:
        self._naming = naming or Naming()
        self._rooms: dict[str, _Counted] = {}
        self._degraded: dict[str, Share] = {}  # the rooms in which somebody is
        self._crowds: dict[Ref, Crowd] = {}
        self._regions = 0
        self.changed: dict[Ref, None] = {}  # those of which there are changes to take
        self.everybody = Crowd()

    # --- what is known ------------------------------------------------------------------------------------

    def of(self, ref: Ref) -> Crowd | None:
        """Return a crowd by its name, or None where no room belongs to it."""
        return self._crowds.get(ref)

    def refs(self) -> Sequence[Ref]:
        """Return the names of the crowds there are."""
        return list(self._crowds)

    def tenant_of(self, room_name: str | None) -> str | None:
        """Return the tenant that the name of a room tells, if it is on the list."""
        tenant = self._naming.labels(room_name).get("tenant")
        return None if tenant in (OTHER, UNKNOWN) else tenant

    def take_changes(self) -> Sequence[Change]:
        """Return the crowds that have changed since the last call; those that no room belongs to any more are gone."""
        changed, self.changed = self.changed, {}
        return [Change(ref, None if ref in self._crowds else NOBODY_LEFT) for ref in changed]

    def worst_rooms(self, most: int) -> Sequence[Share]:
        """Return the rooms in which the largest share of those whose level is known is degraded, the worst first."""
        return nlargest(most, self._degraded.values(), key=lambda share: (share.degraded_ratio, share.degraded))

    # --- what happened ------------------------------------------------------------------------------------

    def see_room(self, room: Room) -> None:
        """Take note of how a room and the people in it are now."""
        before = self._rooms.get(room.key)
        share = Share.of([participant.level for participant in room.participants.values()])
        is_placed = before is not None and before.region == room.media_region and before.name == room.name
        if before is not None and is_placed and before.share == share:
            return
        if before is not None:
            self._take_out(before)
        refs = before.refs if before is not None and is_placed else self._refs_of(room)
        after = self._rooms[room.key] = _Counted(room.media_region, room.name, refs, share)
        self._put_in(after)
        if share.degraded:
            self._degraded[room.key] = share
        else:
            self._degraded.pop(room.key, None)

    def lose_room(self, key: str) -> None:
        """Take note that a room is over, and everybody in it gone."""
        before = self._rooms.pop(key, None)
        self._degraded.pop(key, None)
        if before is not None:
            self._take_out(before)

    # --- counting -----------------------------------------------------------------------------------------

    def _refs_of(self, room: Room) -> tuple[Ref, ...]:
        tenant, refs = self.tenant_of(room.name), []
        if room.media_region is not None:
            refs.append(Ref("region", room.media_region))
        if tenant is not None:
            refs.append(Ref("tenant", tenant))
        return tuple(ref for ref in refs if ref in self._crowds or self._has_place_for(ref))

    def _has_place_for(self, ref: Ref) -> bool:
        return ref.kind != "region" or self._regions < MOST_REGIONS

    def _put_in(self, counted: _Counted) -> None:
        for ref in counted.refs:
            crowd = self._crowds.get(ref)
            if crowd is None:
                crowd = self._crowds[ref] = Crowd()
                self._regions += ref.kind == "region"
            crowd.count(counted.share, 1)
            self.changed[ref] = None
        self.everybody.count(counted.share, 1)

    def _take_out(self, counted: _Counted) -> None:
        for ref in counted.refs:
            crowd = self._crowds[ref]
            crowd.count(counted.share, -1)
            if not crowd.rooms:
                del self._crowds[ref]
                self._regions -= ref.kind == "region"
            self.changed[ref] = None
        self.everybody.count(counted.share, -1)

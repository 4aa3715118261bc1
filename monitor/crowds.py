"""How do the people of one media region, or of one tenant, fare together?

Counts that follow the picture change by change: whoever comes, goes, or gets a better or a worse level moves one number
in each crowd they belong to, so that asking costs nothing and nobody ever counts a whole crowd.  A room belongs to the
crowd of its media region once Twilio has told it, and to that of its tenant if that is one of those listed in
`[names]`; when either becomes known later, the room moves with everybody in it.

There are few crowds: as many as there are tenants on the list, and media regions at Twilio.
"""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct, field

from monitor.entities import Change, Participant, Ref, Room
from monitor.naming import OTHER, UNKNOWN, Naming

DEGRADED_LEVEL = 1  # Twilio's word for level 1 is "bad", for 0 "broken"
MOST_REGIONS = 64  # Twilio has ten or so; rooms of a further one are in no region
NOBODY_LEFT = "no_rooms_left"


class Share(NamedTuple):
    """What one room adds to a crowd: itself, and the people in it."""

    participants: int = 0
    known: int = 0
    degraded: int = 0

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
        """Add what a room is to the crowd once, or take it out (-1)."""
        self.participants += times * share.participants
        self.known += times * share.known
        self.degraded += times * share.degraded
        self.known_rooms += times * (share.known > 0)
        self.degraded_rooms += times * (share.degraded > 0)


class _Counted(Struct):
    """A room as it was counted last: what it was told by, where it belongs, and who was in it with which level."""

    region: str | None
    name: str | None
    refs: tuple[Ref, ...]
    levels: dict[str, int | None] = field(default_factory=dict)
    share: Share = Share()


class Crowds:
    """The crowds there are, by region and by tenant, and all people together.

    Args:
        naming: how rooms are named, which tells their tenant.
    """

    def __init__(self, naming: Naming | None = None) -> None:
        self._naming = naming or Naming()
        self._rooms: dict[str, _Counted] = {}
        self._crowds: dict[Ref, Crowd] = {}
        self._regions = 0
        self._changed: dict[Ref, None] = {}
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
        """Return the crowds that have changed since the last call; those that nobody belongs to any more are gone."""
        if not self._changed:
            return ()
        changed, self._changed = self._changed, {}
        return [Change(ref, None if ref in self._crowds else NOBODY_LEFT) for ref in changed]

    # --- what happened ------------------------------------------------------------------------------------

    def see(self, room: Room, participant: Participant) -> None:
        """Take note of how somebody is who is in a room."""
        counted = self._rooms.get(room.key)
        if counted is None or counted.name != room.name or counted.region != room.media_region:
            counted = self._place(room)
        level, key = participant.level, participant.key
        if key in counted.levels and counted.levels[key] == level:
            return  # as nearly always
        counted.levels[key] = level
        self._recount(counted)

    def lose(self, key: str) -> None:
        """Take note that somebody is gone, by the key of their `Ref`."""
        room_key, _, participant_key = key.rpartition("/")
        counted = self._rooms.get(room_key)
        if counted is not None and participant_key in counted.levels:
            del counted.levels[participant_key]
            self._recount(counted)

    def see_room(self, room: Room) -> None:
        """Take note of a room, and of where it belongs."""
        counted = self._rooms.get(room.key)
        if counted is None or counted.name != room.name or counted.region != room.media_region:
            self._place(room)

    def lose_room(self, key: str) -> None:
        """Take note that a room is over, and everybody in it gone."""
        counted = self._rooms.pop(key, None)
        if counted is not None:
            self._leave(counted)

    # --- counting -----------------------------------------------------------------------------------------

    def _place(self, room: Room) -> _Counted:
        """Count a room where it belongs now, with everybody who was counted in it."""
        before = self._rooms.get(room.key)
        if before is not None:
            self._leave(before)
        counted = _Counted(room.media_region, room.name, tuple(self._refs_of(room)))
        if before is not None:
            counted.levels, counted.share = before.levels, before.share
        self._rooms[room.key] = counted
        self._enter(counted)
        return counted

    def _refs_of(self, room: Room) -> list[Ref]:
        refs = []
        if room.media_region is not None:
            refs.append(Ref("region", room.media_region))
        if (tenant := self.tenant_of(room.name)) is not None:
            refs.append(Ref("tenant", tenant))
        return [ref for ref in refs if ref in self._crowds or self._has_place_for(ref)]

    def _has_place_for(self, ref: Ref) -> bool:
        return ref.kind != "region" or self._regions < MOST_REGIONS

    def _recount(self, counted: _Counted) -> None:
        """Let the crowds follow a change within a room."""
        share = Share.of(list(counted.levels.values()))
        if share == counted.share:
            return
        for crowd in (self.everybody, *(self._crowds[ref] for ref in counted.refs)):
            crowd.count(counted.share, -1)
            crowd.count(share, 1)
        counted.share = share
        self._changed.update(dict.fromkeys(counted.refs))

    def _enter(self, counted: _Counted) -> None:
        for ref in counted.refs:
            if ref not in self._crowds:
                self._crowds[ref] = Crowd()
                self._regions += ref.kind == "region"
            self._join(self._crowds[ref], counted, 1)
        self._join(self.everybody, counted, 1)
        self._changed.update(dict.fromkeys(counted.refs))

    def _leave(self, counted: _Counted) -> None:
        for ref in counted.refs:
            crowd = self._crowds[ref]
            self._join(crowd, counted, -1)
            if not crowd.rooms:
                del self._crowds[ref]
                self._regions -= ref.kind == "region"
        self._join(self.everybody, counted, -1)
        self._changed.update(dict.fromkeys(counted.refs))

    @staticmethod
    def _join(crowd: Crowd, counted: _Counted, times: int) -> None:
        crowd.rooms += times
        crowd.count(counted.share, times)

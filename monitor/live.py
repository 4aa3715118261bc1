"""How do the rooms stand now?

`Live` is a reducer: events go in one by one, the picture changes, and the names of what changed come out.  It reads no
clock and waits for nothing, so the picture after a restart is the picture that was saved plus the events since.

It is made of three: `monitor.calls` (rooms and the people in them, changed by what browsers say in `monitor.hearing`
and by what Twilio says in `monitor.seeing`), `monitor.media` (recordings and compositions) and `monitor.accounts`.
Here they are introduced to each other, and to those who only count: `monitor.crowds`, and `monitor.outcomes` with
`monitor.live_minutes`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import chain
from typing import Any

from collectors.events import (
    AccountTrouble,
    CanarySeen,
    CompositionSeen,
    CompositionsListed,
    Event,
    HookFailed,
    HookSeen,
    HooksListed,
    ParticipantSeen,
    ParticipantSummarySeen,
    RecordingSeen,
    RecordingsListed,
    RoomLooked,
    RoomSeen,
    RoomStatus,
    RoomSummarySeen,
    StaysListed,
    SummariesListed,
    TrackSeen,
    UsageSeen,
)
from collectors.observations import TelemetryBatch
from monitor.accounts import Accounts
from monitor.calls import Calls
from monitor.crowds import Crowds
from monitor.entities import Account, Change, Composition, Entity, Failure, Participant, Recording, Ref, Room
from monitor.hearing import Hearing
from monitor.limits import CompositionLimits
from monitor.live_minutes import LiveMinutes
from monitor.media import Media
from monitor.naming import Naming
from monitor.outcomes import Outcome, Outcomes
from monitor.rings import Rings
from monitor.seeing import Seeing
from monitor.unsaved import Unsaved


class Live:
    """The picture of what is going on now.

    Args:
        accounts: the SIDs of the accounts that are watched.
        since_ms: from when on callbacks could reach us.
        naming: how rooms are named, which tells their tenants.
        limits: how long a composition may take.
        on_outcome: hears of each minute, join and composition, once it is decided whether it was well; of minutes at
            `judge_minutes` at the latest.
    """

    def __init__(
        self,
        accounts: Sequence[str] = (),
        since_ms: int = 0,
        *,
        naming: Naming | None = None,
        limits: CompositionLimits | None = None,
        on_outcome: Callable[[Outcome], None] = lambda _: None,
    ) -> None:
        self._unsaved = Unsaved()
        self._mark = self._unsaved.mark
        self._failed: list[Change] = []
        self.account_book = Accounts(accounts, since_ms, self._mark)
        self.media = Media(self._mark)
        self.crowds = Crowds(naming)
        self._outcomes = outcomes = Outcomes(
            self.account_book, self.crowds, self.room, limits or CompositionLimits(), on_outcome, self._mark
        )
        self.calls = Calls(self._mark, outcomes.joined, self.crowds.see_room)
        self.rings = Rings()
        self._minutes = LiveMinutes(outcomes.minutes)
        self._seeing = seeing = Seeing(self.calls)
        hearing = Hearing(self.calls, self.rings, self._minutes, outcomes, self._fail)
        self._reducers: dict[type[Event], Callable[[Any], Sequence[Change]]] = {
            TelemetryBatch: hearing.hear,
            RoomSeen: self._see_room,
            ParticipantSeen: seeing.see_participant,
            TrackSeen: seeing.see_track,
            RoomLooked: seeing.look,
            RoomSummarySeen: seeing.summarise,
            ParticipantSummarySeen: seeing.see_stay,
            StaysListed: seeing.list_stays,
            RecordingSeen: lambda seen: self.media.see_recording(seen, self.room(seen.room_sid)),
            RecordingsListed: self._list_recordings,
            CompositionsListed: self.media.list_compositions,
            CompositionSeen: lambda seen: self.media.see_composition(seen, self.room(seen.room_sid)),
            HookFailed: lambda failed: self.media.fail_hook(failed, self.room(failed.room_sid)),
            HookSeen: self.account_book.see_hook,
            HooksListed: self.account_book.list_hooks,
            SummariesListed: self.account_book.list_summaries,
            UsageSeen: self.account_book.see_usage,
            AccountTrouble: self.account_book.see_trouble,
            CanarySeen: self.account_book.see_canary,
        }

    # --- what happened ------------------------------------------------------------------------------------

    def apply(self, event: Event) -> Sequence[Change]:
        """Change the picture by one event and return what changed."""
        changes = self._reducers[type(event)](event)
        self._follow(changes)
        if self._failed or self.crowds.changed:
            return (*changes, *self._take_failed(), *self.crowds.take_changes())
        return changes

    def _see_room(self, seen: RoomSeen) -> Sequence[Change]:
        self.account_book.hear_room(seen)
        rooms, has_ended = len(self.rooms), seen.room_sid in self.calls.ended
        changes = [*self._seeing.see_room(seen)]
        if not has_ended and seen.status is not RoomStatus.IN_PROGRESS:
            changes += self._end_room(self.calls.ended[seen.room_sid])
        if len(self.rooms) != rooms:  # one more, or one less, of what the account may have at once
            changes += self.account_book.change(seen.account_sid)
        return changes

    def _end_room(self, room: Room) -> Sequence[Change]:
        return (*self._owed(room), *self.media.end_room(room))

    def _hook_of(self, room: Room) -> str | None:
        """Return the SID of a hook that is to compose the room, which takes something that was recorded."""
        account = self.account_book.of(room.account_sid)
        is_recorded = room.sid is not None and any(True for _ in self.media.recordings_of(room.sid))
        if account is None or not is_recorded:
            return None
        return next((sid for sid, is_enabled in account.hooks.items() if is_enabled), None)

    def _owed(self, room: Room) -> Sequence[Change]:
        hook_sid = self._hook_of(room)
        return () if hook_sid is None else self.media.expect(room, hook_sid)

    def _list_recordings(self, listed: RecordingsListed) -> Sequence[Change]:
        room = self.calls.ended.get(listed.room_sid)
        if room is not None:
            self._mark(room)
            room.recordings_asked, room.recordings_asked_ms = room.recordings_asked + 1, listed.seen_at_ms
            room.are_recordings_certain = not listed.open
        changes = self.media.list_recordings(listed.room_sid, listed.recordings)
        return changes if room is None else (*changes, *self._owed(room))

    def _fail(self, account_sid: str | None, what: str, failure: Failure) -> None:
        self._failed += self.account_book.fail(account_sid, what, failure)

    def _take_failed(self) -> Sequence[Change]:
        failed, self._failed = self._failed, []
        return failed[-1:]

    def judge_minutes(self) -> None:
        """Tell of the minutes that went by until now: samples wait to be judged together."""
        self._minutes.settle()

    def expire(self, now_ms: int, forget_after_ms: int) -> Sequence[Change]:
        """Forget rooms that nothing has mentioned for `forget_after_ms`, and what came to nothing as long ago."""
        for composition in self.compositions.values():
            self._outcomes.composition(composition, now_ms)
        changes = [*self.calls.expire(now_ms, forget_after_ms), *self.media.expire(now_ms, forget_after_ms)]
        self._follow(changes)
        self.account_book.forget_failures(now_ms)
        return (*changes, *self.crowds.take_changes())

    def forget_room(self, room: Room, why: str) -> Sequence[Change]:
        """Forget one room, and everybody in it."""
        changes = self.calls.forget(room, why)
        self._follow(changes)
        return (*changes, *self.crowds.take_changes())

    def _follow(self, changes: Iterable[Change]) -> None:
        """Let those who only count follow what has changed; where somebody's level has, so has their room."""
        for ref, gone in changes:
            if ref.kind == "participant":
                if gone is not None and (ring := self.rings.forget(ref.key)) is not None:
                    self._minutes.end(ring)
            elif ref.kind == "room":
                self._follow_room(ref.key)
            elif ref.kind == "composition" and (composition := self.media.composition(ref.key)) is not None:
                self._outcomes.composition(composition, composition.seen_at_ms)

    def _follow_room(self, key: str) -> None:
        room = self.rooms.get(key)
        if room is None:
            self.crowds.lose_room(key)
        else:
            self.crowds.see_room(room)

    # --- what is known ------------------------------------------------------------------------------------

    @property
    def rooms(self) -> dict[str, Room]:
        """The rooms in progress, by their key."""
        return self.calls.rooms

    @property
    def compositions(self) -> dict[str, Composition]:
        """The compositions that somebody waits for, or that came to nothing not long ago, by SID."""
        return self.media.compositions

    @property
    def recordings(self) -> dict[str, Recording]:
        """The recordings that are being captured, or that came to nothing not long ago, by SID."""
        return self.media.recordings

    @property
    def accounts(self) -> dict[str, Account]:
        """The accounts, by SID."""
        return self.account_book.by_sid

    def participants(self) -> Iterator[Participant]:
        """Return every participant of every live room."""
        return self.calls.participants()

    def refs(self) -> Iterator[Ref]:
        """Return the name of everything in the picture."""
        things: Iterator[Entity] = chain(
            self.rooms.values(),
            self.participants(),
            self.compositions.values(),
            self.recordings.values(),
            self.accounts.values(),
        )
        return chain((thing.ref for thing in things), self.crowds.refs())

    def room(self, room_sid: str | None) -> Room | None:
        """Return the room with this SID, live or ended not long ago."""
        return self.calls.of_sid(room_sid) or self.calls.ended.get(room_sid or "")

    def room_name(self, room_sid: str | None) -> str | None:
        """Return the name of a live room."""
        room = self.calls.of_sid(room_sid)
        return room.name if room else None

    def room_sid(self, room_name: str | None) -> str | None:
        """Return the SID of the live room with this name."""
        room = self.calls.of_name(room_name)
        return room.sid if room else None

    def find_participant(self, key: str) -> tuple[Room, Participant] | None:
        """Return a participant by the key of its `Ref`, with its room."""
        return self.calls.find_participant(key)

    def connected(self, account_sid: str) -> tuple[int, int]:
        """Return how many rooms and how many participants of an account are live."""
        rooms = [room for room in self.rooms.values() if room.account_sid == account_sid]
        return len(rooms), sum(len(room.participants) for room in rooms)

    # --- being saved and restored ---------------------------------------------------------------------------

    @property
    def is_unsaved(self) -> bool:
        """Whether anything has changed since it was last taken to be saved."""
        return self._unsaved.is_any

    def being_saved(self) -> AbstractContextManager[Iterator[Entity]]:
        """Give what changed since the last time, as it is now, to be saved; what is over is among it."""
        return self._unsaved.being_saved()

    def take_dirty(self) -> Sequence[Entity]:
        """Return what changed since the last call, as it goes on changing; what is over is among it."""
        return self._unsaved.take()

    def mark_dirty(self, entities: Iterable[Entity]) -> None:
        """Take back what was not saved; what has changed again since is newer and stays."""
        self._unsaved.take_back(entities)

    def restore(
        self,
        rooms: Iterable[Room],
        ended: Iterable[Room] = (),
        media: Iterable[Composition | Recording] = (),
        accounts: Iterable[Account] = (),
    ) -> None:
        """Take up a saved picture: rooms with their people, live and ended lately, and what became of their media."""
        self.calls.restore(rooms, ended)
        for room in self.rooms.values():
            self.crowds.see_room(room)
        self.crowds.take_changes()  # whoever restores looks at everything
        self.media.restore(media)
        self.account_book.restore(accounts)

"""What should Twilio be asked about next?

Only what is missing.  A live room is looked into when something hints that somebody came or went of whom nobody told: a
browser that does not say who it is to Twilio or that sees a stranger, a number missing among the callbacks, a room of
which only a sweep has told.  Everything else is looked into in turn, slowly.  A room that is over is looked at once
more, unless its callbacks or its people told everything, and its recordings until the last one is finished; then its
summary is fetched before Twilio forgets it.

Pure: it looks at the picture, and the time is an argument.  It is what collectors know (`collectors.base.Known`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import nsmallest
from itertools import chain, islice

from collectors.base import Summaries, Unsettled
from collectors.events import CompositionStatus
from monitor.cadence import RECONCILED_AT_ONCE
from monitor.entities import Composition, Room
from monitor.live import Live
from monitor.media import EXPECTED

ROOMS_AT_ONCE = 10  # then the question is put anew: what is most urgent may have changed
HINT_AGE_MS = 3_000  # several people often arrive together
TRUSTED_HINT_AGE_MS = 30_000  # a callback will tell, if late
VAIN_LOOK_MS = 30_000  # telemetry of somebody whom Twilio does not know: asked again, ever more seldom
LONGEST_VAIN_MS = 15 * 60_000
STRANGER_AGE_MS = 30_000  # whoever is seen by others will soon speak up, or be told of by a callback
TRUSTED_RECONCILE_MS = 15 * 60_000
SETTLE_AFTER_MS = 5_000
TRUSTED_SETTLE_AFTER_MS = 30_000  # the last callbacks of a room come after its end
RECORDINGS_AFTER_MS = 15_000
RECORDINGS_AGAIN_MS = 30_000  # doubled each time
RECORDINGS_ASKED_MOST = 10
OWED_AFTER_MS = 120_000  # doubled each time
SUMMARY_AFTER_MS = 5 * 60_000  # most appear within ten minutes, all within thirty
SUMMARY_GIVEN_UP_MS = 3 * 3_600_000
SUMMARIES_KEPT_MS = 7 * 24 * 3_600_000 - 3_600_000  # by Twilio, with an hour to spare
UNSEEN_MS = 3_600_000  # so far back also for rooms too short to be seen, whose callbacks were lost
BACKFILL_AFTER_MS = 3_600_000
LONGEST_ROOM_MS = 24 * 3_600_000
SEAL_AFTER_MS = 10 * 60_000


class Agenda:
    """What is missing in the picture.

    Args:
        live: the picture.
        reconcile_every_ms: how often each live room is looked into though nothing hints at a change, while callbacks
            cannot be trusted.
    """

    def __init__(self, live: Live, reconcile_every_ms: int) -> None:
        self._live = live
        self._reconcile_every_ms = reconcile_every_ms

    # --- rooms in progress --------------------------------------------------------------------------------

    def live_rooms(self, account_sid: str) -> Mapping[str, int | None]:
        """Return the SIDs of the account's rooms, and of those whose account nobody has told, with their creation."""
        return {room.sid: room.created_at_ms for room in self._rooms(account_sid) if room.sid}

    def rooms_in_doubt(self, account_sid: str) -> Sequence[str]:
        """Return the SIDs of rooms, not live, whose beginning or end nobody has told."""
        ended = {
            room.sid
            for room in self._ended(account_sid)
            if room.sid and (room.created_at_ms is None or not room.is_end_told)
        }
        awaited = {
            c.room_sid
            for c in self._live.compositions.values()
            if c.status.is_open and c.room_ended_at_ms is None and c.account_sid in (None, account_sid)
        }
        return sorted(ended | {sid for sid in awaited if sid and self._live.room(sid) is None})

    def rooms_to_look_at(self, account_sid: str, now_ms: int) -> Sequence[str]:
        """Return the SIDs of live rooms in which something hints at a change that nobody told."""
        is_trusted = self.trusts_callbacks(account_sid)
        return _first(self._hinted(account_sid), lambda room: _hint_due_ms(room, is_trusted=is_trusted), now_ms)

    def rooms_to_reconcile(self, account_sid: str, now_ms: int) -> Sequence[str]:
        """Return the SIDs of live rooms that nobody has looked into for long, though nothing hints at a change."""
        every_ms = TRUSTED_RECONCILE_MS if self.trusts_callbacks(account_sid) else self._reconcile_every_ms
        due = _first(self._rooms(account_sid), lambda room: _last_certain_ms(room) + every_ms, now_ms)
        return due[:RECONCILED_AT_ONCE]

    def connected_participants(self, room_sid: str) -> Sequence[str]:
        """Return the SIDs of the participants in the room."""
        room = self._live.calls.of_sid(room_sid)
        return [p.sid for p in room.participants.values() if p.sid] if room else ()

    def trusts_callbacks(self, account_sid: str) -> bool:
        """Whether the account's callbacks have told nearly everything lately."""
        health = self._live.account_book.callbacks.get(account_sid)
        return health is not None and health.is_trusted

    def _rooms(self, account_sid: str) -> Iterator[Room]:
        return (room for room in self._live.rooms.values() if room.account_sid in (None, account_sid))

    def _hinted(self, account_sid: str) -> Iterable[Room]:
        """Return the account's rooms in which something hints at a change: few of all, who are asked every second."""
        return [
            room
            for room in self._live.rooms.values()  # in one expression, as ten thousand calls take ten times as long
            if (
                room.look_wanted_ms is not None
                or room.gap_since_ms is not None
                or room.strangers
                or (room.last_sequence < 0 and not room.participants and _unheard_since_ms(room) is not None)
            )
            and room.account_sid in (None, account_sid)
        ]

    # --- rooms that are over ------------------------------------------------------------------------------

    def rooms_to_settle(self, account_sid: str, now_ms: int) -> Sequence[Unsettled]:
        """Return the rooms that are over but not yet known in full, those that ended first at the front."""
        unsettled = (self._unsettled(room, now_ms) for room in self._ended(account_sid))
        wanted = (each for each in unsettled if each.participants or each.recordings)
        return list(islice(wanted, ROOMS_AT_ONCE))

    def unsettled_rooms(self, account_sid: str, now_ms: int) -> int:
        """Return how many rooms are over and not yet known in full."""
        unsettled = (self._unsettled(room, now_ms) for room in self._ended(account_sid))
        return sum(each.participants or each.recordings for each in unsettled)

    def compositions_in_doubt(self, account_sid: str) -> Mapping[str, int | None]:
        """Return the SIDs of the compositions that somebody waits for, or whose beginning nobody has told."""
        return {
            c.sid: c.created_at_ms
            for c in self._live.media.all_compositions()
            if (c.status.is_open or c.created_at_ms is None)
            and c.status is not CompositionStatus.DELETED
            and not c.sid.startswith(EXPECTED)
            and c.account_sid in (None, account_sid)
        }

    def rooms_owed_a_composition(self, account_sid: str, now_ms: int) -> Sequence[str]:
        """Return the SIDs of ended rooms that a hook should have composed, and of which no composition was seen."""
        owed = (
            c.room_sid
            for c in self._live.compositions.values()
            if c.is_expected and c.room_sid and c.account_sid in (None, account_sid) and _may_have_been_made(c, now_ms)
        )
        return list(islice(owed, ROOMS_AT_ONCE))

    def waits_for_media(self, account_sid: str) -> bool:
        """Whether a composition is waited for, or may soon be: of a room that is or was recorded."""
        open_ones = any(
            c.account_sid in (None, account_sid) and not c.is_troubled for c in self._live.compositions.values()
        )
        rooms = chain(self._rooms(account_sid), self._ended(account_sid))
        return open_ones or any(room.is_recorded for room in rooms)

    def rooms_to_summarise(self, account_sid: str, now_ms: int) -> Summaries | None:
        """Return since when rooms lack their summary, or None while there is none to fetch."""
        account = self._live.accounts.get(account_sid)
        if account is None:
            return None
        kept_ms = now_ms - SUMMARIES_KEPT_MS
        if now_ms - account.summarised_at_ms > BACKFILL_AFTER_MS:  # we were not there: it may know rooms we never saw
            return Summaries(max(kept_ms, account.summarised_at_ms - LONGEST_ROOM_MS), now_ms)
        lacking = [room for room in self._ended(account_sid) if _lacks_summary(room, now_ms)]
        if not lacking:
            return None
        created_ms = min(room.created_at_ms or room.ended_at_ms or now_ms for room in lacking)
        return Summaries(max(kept_ms, min(created_ms, now_ms - UNSEEN_MS)), now_ms)

    def stays_to_summarise(self, account_sid: str, now_ms: int) -> Sequence[str]:
        """Return the SIDs of ended rooms whose stays only the Log Analyzer can still tell of."""
        lacking = (r.sid for r in self._ended(account_sid) if r.sid and self._lacks_stays(r, now_ms))
        return list(islice(lacking, ROOMS_AT_ONCE))

    def is_over(self, room: Room, now_ms: int) -> bool:
        """Whether nothing more is expected of an ended room, so that its participants can be let go."""
        ended_ms = now_ms - (room.ended_at_ms or 0)
        if ended_ms < SEAL_AFTER_MS:
            return False
        unsettled = self._unsettled(room, now_ms)
        is_lacking = unsettled.participants or unsettled.recordings or _lacks_summary(room, now_ms)
        return ended_ms > SUMMARY_GIVEN_UP_MS or not (is_lacking or self._lacks_stays(room, now_ms))

    def _ended(self, account_sid: str) -> Iterator[Room]:
        return (room for room in self._live.calls.unsealed.values() if room.account_sid in (None, account_sid))

    def _unsettled(self, room: Room, now_ms: int) -> Unsettled:
        ended_ms = now_ms - (room.ended_at_ms or 0)
        is_recent = ended_ms < SUMMARY_GIVEN_UP_MS
        is_trusted = self.trusts_callbacks(room.account_sid or "")
        after_ms = TRUSTED_SETTLE_AFTER_MS if is_trusted else SETTLE_AFTER_MS
        participants = ended_ms >= after_ms and is_recent and not _is_everybody_certain(room)
        return Unsettled(room.sid or "", participants, is_recent and self._lacks_recordings(room, now_ms, ended_ms))

    def _lacks_recordings(self, room: Room, now_ms: int, ended_ms: int) -> bool:
        if room.are_recordings_certain or room.recordings_asked >= RECORDINGS_ASKED_MOST:
            return False
        known = list(self._live.media.recordings_of(room.sid or ""))
        if not (known or room.is_recorded):
            return False
        if (
            known
            and not any(known)
            and _have_all_callbacks_come(room)
            and self.trusts_callbacks(room.account_sid or "")
        ):
            return False
        wait_ms = RECORDINGS_AGAIN_MS * 2**room.recordings_asked
        return ended_ms >= RECORDINGS_AFTER_MS and now_ms >= (room.recordings_asked_ms or -wait_ms) + wait_ms

    def _lacks_stays(self, room: Room, now_ms: int) -> bool:
        if not room.is_summarised or room.are_stays_asked:
            return False
        is_kept = now_ms - (room.ended_at_ms or 0) < SUMMARIES_KEPT_MS
        return is_kept and (room.stays or 0) > len(room.left)


def _first(rooms: Iterable[Room], due_ms: Callable[[Room], int | None], now_ms: int) -> Sequence[str]:
    """Return the SIDs of the rooms that have been due for longest."""
    due = [(at_ms, room.sid) for room in rooms if room.sid and (at_ms := due_ms(room))]
    return [sid for at_ms, sid in nsmallest(ROOMS_AT_ONCE, due) if at_ms <= now_ms]


def _hint_due_ms(room: Room, *, is_trusted: bool) -> int | None:
    """Return when the hints of a change are old enough to be followed, or None where there are none."""
    age_ms = TRUSTED_HINT_AGE_MS if is_trusted else HINT_AGE_MS
    hints_ms = [at_ms + age_ms for at_ms in (room.look_wanted_ms, room.gap_since_ms, _unheard_since_ms(room)) if at_ms]
    hints_ms += [since_ms + STRANGER_AGE_MS for since_ms in room.strangers.values()]
    if not hints_ms:
        return None
    vain_ms = min(VAIN_LOOK_MS * 2 ** min(room.vain_looks - 1, 10), LONGEST_VAIN_MS) if room.vain_looks else 0
    return max(min(hints_ms), (room.looked_at_ms or 0) + vain_ms)


def _may_have_been_made(expected: Composition, now_ms: int) -> bool:
    """Whether to ask for a composition that sweeps did not show: it was made between two of them, or never."""
    asked_ms = expected.asked_at_ms or expected.created_at_ms or 0
    return now_ms >= asked_ms + (OWED_AFTER_MS << expected.asked)


def _unheard_since_ms(room: Room) -> int | None:
    """Return since when a room has been there of which nothing but a sweep has told."""
    has_told = room.last_sequence >= 0 or room.looked_at_ms is not None or room.participants or room.left
    return None if has_told else room.created_at_ms


def _last_certain_ms(room: Room) -> int:
    return room.looked_at_ms or room.created_at_ms or room.heard_at_ms


def _is_everybody_certain(room: Room) -> bool:
    if room.are_participants_certain:
        return True
    left = room.left.values()
    if room.last_sequence >= 0:
        return _have_all_callbacks_come(room) and all(each.is_departure_told for each in left)
    # Without callbacks, those who spoke for themselves will do; that somebody was silent the summary's count will show.
    return bool(left) and all(each.sid is not None and each.heard_at_ms is not None for each in left)


def _have_all_callbacks_come(room: Room) -> bool:
    return room.end_sequence is not None and room.end_sequence >= room.last_sequence and not room.missing


def _lacks_summary(room: Room, now_ms: int) -> bool:
    ended_ms = now_ms - (room.ended_at_ms or 0)
    return not room.is_summarised and SUMMARY_AFTER_MS <= ended_ms < SUMMARY_GIVEN_UP_MS

"""Which posts of which sessions have been stored?

A client numbers its posts one after the other, so little needs to be remembered of a session: the ranges of numbers
that came, which is one range unless some were lost.  Ranges are kept as a flat list of bounds, `[from, up to before,
from, up to before, ...]`, in order; a number is in one of them if an odd number of bounds is not above it.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from monitor.store.rows import encode

SESSIONS_KEPT = 250_000
MAX_BOUNDS = 1_000  # past that many gaps the oldest gap counts as stored: nobody who is honest has so many


Row = tuple[str, str, int]  # the session, its bounds as JSON, and when it was heard last


class Numbers(Struct, gc=False):
    """What is remembered of one session."""

    bounds: list[int]
    heard_at_ms: int = 0

    def has(self, seq: int) -> bool:
        """Whether the post with this number was stored."""
        return bisect_right(self.bounds, seq) % 2 == 1

    def add(self, seq: int) -> None:
        """Remember a number."""
        bounds = self.bounds
        at = bisect_right(bounds, seq)
        if at % 2:
            return
        follows, precedes = at > 0 and bounds[at - 1] == seq, at < len(bounds) and bounds[at] == seq + 1
        if follows and precedes:
            del bounds[at - 1 : at + 1]
        elif follows:
            bounds[at - 1] = seq + 1
        elif precedes:
            bounds[at] = seq
        else:
            bounds[at:at] = (seq, seq + 1)
            if len(bounds) > MAX_BOUNDS:
                del bounds[1:3]


class Numbering:
    """The sessions heard lately.  Of others only the store knows; `learn` what it says before asking about them."""

    def __init__(self, capacity: int = SESSIONS_KEPT) -> None:
        self._capacity = capacity
        self._sessions: OrderedDict[str, Numbers] = OrderedDict()
        self._dirty: dict[str, Numbers] = {}

    def unknown(self, sessions: Iterable[str]) -> set[str]:
        """Return those of the sessions that nothing is known of here."""
        return {session for session in sessions if session not in self._sessions}

    def learn(self, sessions: Mapping[str, Numbers]) -> None:
        """Take up what the store knows of sessions."""
        for session, numbers in sessions.items():
            self._sessions[session] = numbers
            self._forget_one()

    def has(self, session: str, seq: int) -> bool:
        """Whether the post was stored."""
        numbers = self._sessions.get(session)
        return numbers is not None and numbers.has(seq)

    def add(self, session: str, seq: int, at_ms: int) -> None:
        """Remember that a post is stored."""
        numbers = self._sessions.get(session)
        if numbers is None:
            numbers = self._sessions[session] = Numbers([])
            self._forget_one()
        else:
            self._sessions.move_to_end(session)
        numbers.add(seq)
        numbers.heard_at_ms = at_ms
        self._dirty[session] = numbers

    def take_dirty(self) -> Sequence[Row]:
        """Return what is to be saved, as it is now."""
        dirty, self._dirty = self._dirty, {}
        return [(session, encode(each.bounds).decode(), each.heard_at_ms) for session, each in dirty.items()]

    def mark_dirty(self, rows: Iterable[Row]) -> None:
        """Take back what could not be saved."""
        self._dirty |= {session: self._sessions[session] for session, *_ in rows if session in self._sessions}

    def _forget_one(self) -> None:
        """Make room: the session unheard for longest goes, unless it is still to be saved."""
        if len(self._sessions) > self._capacity:
            oldest = next(iter(self._sessions))
            if oldest in self._dirty:
                self._sessions.move_to_end(oldest)
            else:
                del self._sessions[oldest]

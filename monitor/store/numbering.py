"""Which posts of which sessions have been stored?

A client numbers its posts one after the other, so little needs to be remembered of a session: the ranges of numbers
that came, which is one range unless some were lost.  Ranges are kept as a flat list of bounds, `[from, up to before,
from, up to before, ...]`, in order; a number is in one of them if an odd number of bounds is not above it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Self

from msgspec import Struct

from monitor.recent import Recent
from monitor.store.rows import encode

SESSIONS_KEPT = 125_000  # the latest, and as many more
KEPT_FOR_MS = 900_000  # at least, of those: by then the store, which is asked about all others, has long been told
MAX_BOUNDS = 1_000  # past that many gaps the oldest gap counts as stored: nobody who is honest has so many

Row = tuple[str, str, int]  # the session, its bounds as JSON, and when it was heard last


class Numbers(Struct, gc=False):
    """What is remembered of one session.

    The last range stands apart: as nearly always it is the only one, and the next number makes it longer.  So a session
    takes a third of the memory of a list, and a number that grows is a small one for long, which takes none.
    """

    since: int = 0
    count: int = 0
    before: tuple[int, ...] = ()  # the bounds of earlier ranges
    heard_at_ms: int = 0
    session: str = ""  # as it is known here: each post brings a text of its own that says the same

    @classmethod
    def of(cls, bounds: Sequence[int], heard_at_ms: int = 0) -> Self:
        """Return what is remembered as bounds."""
        *before, since, until = bounds or (0, 0)
        return cls(since, until - since, tuple(before), heard_at_ms)

    @property
    def bounds(self) -> list[int]:
        """Return the bounds of all ranges."""
        return [*self.before, self.since, self.since + self.count] if self.count else []

    def has(self, seq: int) -> bool:
        """Whether the post with this number was stored."""
        return 0 <= seq - self.since < self.count or bisect_right(self.before, seq) % 2 == 1

    def add(self, seq: int) -> None:
        """Remember a number."""
        if seq == self.since + self.count:
            self.count += 1
        elif not self.has(seq):
            self._insert(seq)

    def _insert(self, seq: int) -> None:
        bounds = self.bounds
        at = bisect_right(bounds, seq)
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
        *before, self.since, until = bounds
        self.count, self.before = until - self.since, tuple(before)


class Numbering:
    """The sessions heard lately.  Of others only the store knows; `learn` what it says before asking about them."""

    def __init__(self, capacity: int = SESSIONS_KEPT) -> None:
        self._sessions: Recent[str, Numbers] = Recent(capacity, KEPT_FOR_MS)
        # What is still to be saved, and what is on its way, is known, too, however long ago it was heard.
        self._dirty: dict[str, Numbers] = {}
        self._taken: dict[str, Numbers] = {}

    def unknown(self, sessions: Iterable[str]) -> set[str]:
        """Return those of the sessions that nothing is known of here."""
        return {session for session in sessions if self._of(session) is None}

    def learn(self, sessions: Mapping[str, Numbers]) -> None:
        """Take up what the store knows of sessions."""
        for session, numbers in sessions.items():
            numbers.session = session
            self._sessions.put(session, numbers)

    def has(self, session: str, seq: int) -> bool:
        """Whether the post was stored."""
        numbers = self._of(session)
        return numbers is not None and numbers.has(seq)

    def add(self, session: str, seq: int, at_ms: int) -> None:
        """Remember that a post is stored."""
        numbers = self._of(session)
        if numbers is None:
            numbers = Numbers(session=session)
            self._sessions.put(session, numbers, at_ms)
        numbers.add(seq)
        numbers.heard_at_ms = at_ms
        self._dirty[numbers.session] = numbers

    def take_dirty(self) -> Iterator[Row]:
        """Return what is to be saved, each as it is when it is read, until the store has it or it is taken back."""
        taken = self._taken = self._dirty
        self._dirty = {}
        return ((session, encode(each.bounds).decode(), each.heard_at_ms) for session, each in taken.items())

    def is_saved(self) -> None:
        """Let go of what was taken last: the store has it."""
        self._taken = {}

    def take_back(self) -> None:
        """Take back what was taken last, and could not be saved."""
        self._dirty = self._taken | self._dirty
        self._taken = {}

    def _of(self, session: str) -> Numbers | None:
        numbers = self._sessions.get(session)
        if numbers is None and (numbers := self._dirty.get(session) or self._taken.get(session)) is not None:
            self._sessions.put(numbers.session, numbers)  # whoever has asked will ask again, when the store may have it
        return numbers

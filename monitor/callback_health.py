"""Do the callbacks of an account arrive?

A room that begins or ends is told twice, by a callback and by a poll.  What only the poll told, though the callback has
had time to arrive, was missed.  Only what happened while the daemon was there to listen counts.

An account whose callbacks are *trusted* need not be asked so often; one whose callbacks are *silent* has none
configured, or sends them to somebody else.
"""

from collections import OrderedDict, deque

from collectors.events import RoomSeen, RoomStatus, Source

GRACE_MS = 60_000  # Twilio tries again for a while, and our own polls may be quicker than its callbacks
OUTCOMES_KEPT = 100
CHANGES_KEPT = 50_000
NEWS_FOR_MS = 600_000  # a poll that finds something older is late itself, or finds what it has found before
TRUSTED_AFTER = 5
TRUSTED_MISSES_RATIO = 0.02
SILENT_AFTER = 3

_TOLD, _MISSED = -1, -2  # what became of a change; anything else is when a poll told it first

_Key = tuple[str, bool]


class CallbackHealth:
    """Compares what callbacks told with what polls found, for one account."""

    def __init__(self, since_ms: int = 0) -> None:
        self._since_ms = since_ms
        self._changes: OrderedDict[_Key, int] = OrderedDict()
        self._outcomes: deque[bool] = deque(maxlen=OUTCOMES_KEPT)  # True: a callback told
        self.missed = 0

    def hear(self, seen: RoomSeen) -> None:
        """Take note of a room that began or ended, and of who told."""
        key = (seen.room_sid, seen.status is not RoomStatus.IN_PROGRESS)
        if seen.source is Source.CALLBACK:
            self._told(key)
        elif key not in self._changes and self._is_news(seen):
            self._remember(key, seen.seen_at_ms)

    def judge(self, now_ms: int) -> None:
        """Count as missed what no callback has told in time."""
        late = [key for key, at_ms in self._changes.items() if 0 <= at_ms < now_ms - GRACE_MS]
        for key in late:
            self._changes[key] = _MISSED
            self._outcomes.append(False)
            self.missed += 1

    @property
    def judged(self) -> int:
        """Return of how many of the latest changes it is known whether a callback told."""
        return len(self._outcomes)

    @property
    def missed_in_a_row(self) -> int:
        """Return how many of the latest changes no callback told."""
        latest = list(self._outcomes)[::-1]
        return latest.index(True) if True in latest else len(latest)

    @property
    def missed_ratio(self) -> float | None:
        """Return which part of the latest changes no callback told, or None while nothing is known."""
        return self._outcomes.count(False) / len(self._outcomes) if self._outcomes else None

    @property
    def is_trusted(self) -> bool:
        """Whether callbacks have told nearly everything lately."""
        ratio = self.missed_ratio
        return ratio is not None and len(self._outcomes) >= TRUSTED_AFTER and ratio <= TRUSTED_MISSES_RATIO

    @property
    def is_silent(self) -> bool:
        """Whether rooms begin and end and no callback tells."""
        latest = list(self._outcomes)[-SILENT_AFTER:]
        return len(latest) == SILENT_AFTER and not any(latest)

    def _told(self, key: _Key) -> None:
        if self._changes.get(key) != _TOLD:
            self._outcomes.append(True)
        self._remember(key, _TOLD)

    def _remember(self, key: _Key, what: int) -> None:
        self._changes[key] = what
        if len(self._changes) > CHANGES_KEPT:
            self._changes.popitem(last=False)

    def _is_news(self, seen: RoomSeen) -> bool:
        happened_at_ms = seen.ended_at_ms if seen.status is not RoomStatus.IN_PROGRESS else seen.created_at_ms
        if happened_at_ms is None:
            return False
        return happened_at_ms >= max(self._since_ms, seen.seen_at_ms - NEWS_FOR_MS)

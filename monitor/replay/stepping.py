"""How does a past go by again, thousands of times as fast?

From one moment at which something happened to the next, and to each at which a timer of some rule runs out; whatever
happens at the same millisecond is looked at together.  Nothing waits, and nothing is looked at in between: the engine
itself says when it wants to be asked again, as it does to the daemon.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from monitor.entities import Change
from monitor.live import Live
from monitor.replay.judging import Found, Judge
from monitor.replay.retelling import Forgotten, Step

CHORES_EVERY_MS = 60_000

_at_ms = attrgetter("at_ms")


class Stepping:
    """The time of a replay.

    Args:
        live: the picture, which what happens changes.
        judge: looks at what changed.
        from_ms: where it begins.
        forget_after_ms: how long what came to nothing stays in the picture.
    """

    def __init__(self, live: Live, judge: Judge, from_ms: int, forget_after_ms: int) -> None:
        self._live = live
        self._judge = judge
        self._forget_after_ms = forget_after_ms
        self._chores_at_ms = from_ms

    def recall(self, step: Step) -> None:
        """Have something in the picture that happened before; nobody looks at it now."""
        self._take(step)

    def through(self, steps: Iterable[Step], to_ms: int) -> Iterator[Found]:
        """Live through steps, which are in order, and what falls due before `to_ms`; yield what looks have found."""
        for at_ms, together in groupby(steps, key=_at_ms):
            yield from self._until(at_ms)
            changes = [change for step in together for change in self._take(step)]
            yield from self._look(changes, at_ms / 1000)
        yield from self._until(to_ms)

    def _until(self, at_ms: int) -> Iterator[Found]:
        """Do what is due before a moment."""
        while True:
            due_s = self._judge.next_at_s()
            if due_s is not None and due_s < min(at_ms, self._chores_at_ms) / 1000:
                yield from self._look((), due_s)
            elif self._chores_at_ms < at_ms:
                if changes := self._chores():
                    yield from self._look(changes, self._chores_at_ms / 1000)
                self._chores_at_ms += CHORES_EVERY_MS
            else:
                return

    def _look(self, changes: Iterable[Change], at_s: float) -> Iterator[Found]:
        found = self._judge.look(changes, at_s)
        if found.transitions or found.said:  # which is seldom
            yield found

    def _take(self, step: Step) -> Sequence[Change]:
        if isinstance(step.what, Forgotten):
            return self._forget(step.what)
        return self._live.apply(step.what)

    def _forget(self, forgotten: Forgotten) -> Sequence[Change]:
        calls = self._live.calls
        room = calls.rooms.get(forgotten.key) or calls.of_sid(forgotten.sid) or calls.of_name(forgotten.name)
        return () if room is None else self._live.forget_room(room, "no_word_of_room")

    def _chores(self) -> Sequence[Change]:
        """Forget what the daemon would have; of rooms the record says when that was."""
        changes = self._live.media.expire(self._chores_at_ms, self._forget_after_ms)
        self._live.account_book.forget_failures(self._chores_at_ms)
        self._live.take_dirty()  # nothing is saved here
        return changes

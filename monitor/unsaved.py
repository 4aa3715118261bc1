"""What of the picture has changed since it was saved?

To save a large picture takes a while, in which it goes on changing, and what is saved has to be of one moment: of the
log id that is saved with it.  So whatever is about to change is marked first, and if it waits to be read by whoever
saves, it is copied as it still is.  Of a hundred thousand people few change between two slices, and a copy is gone as
soon as it is read: nobody has to hold everything, twice over or packed, at once.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from monitor.entities import Entity, Ref, Room

_Name = str | Ref
_Changed = dict[_Name, Entity]


class Withdrawn(Exception):
    """Nobody waits any more for what was to be saved: it was read after its time."""


class Unsaved:
    """What has changed, each thing once: of two records of one name, one is of before and over."""

    def __init__(self) -> None:
        self._changed: _Changed = {}
        self._taken: _Changed = {}  # to be saved just now
        self._unread: _Changed = {}  # of that
        self._copies: list[Entity] = []  # of what was unread when it changed

    def mark(self, entity: Entity) -> None:
        """Take note of what is about to change."""
        name = _name_of(entity)
        self._changed[name] = entity
        if self._unread and self._unread.get(name) is entity:
            del self._unread[name]
            self._copies.append(entity.copied())

    @property
    def is_any(self) -> bool:
        """Whether anything has changed."""
        return bool(self._changed)

    def take(self) -> Sequence[Entity]:
        """Return what has changed since the last time; it goes on changing."""
        changed, self._changed = list(self._changed.values()), {}
        return changed

    def take_back(self, entities: Iterable[Entity]) -> None:
        """Take back what was not saved; what has changed again since is newer and stays."""
        self._changed = {_name_of(entity): entity for entity in entities} | self._changed

    @contextmanager
    def being_saved(self) -> Iterator[Iterator[Entity]]:
        """Give what has changed since the last time, each as it is at this moment, however much later it is read.

        What is read is to be encoded before anything else happens.  If it is not saved, all of it has still changed.
        """
        self._taken, self._changed = self._changed, {}
        self._unread = dict(self._taken)
        try:
            yield self._read(self._taken)
        except BaseException:
            self._changed = self._taken | self._changed
            raise
        finally:
            self._taken, self._unread, self._copies = {}, {}, []

    def _read(self, taken: object) -> Iterator[Entity]:
        while taken is self._taken:
            if self._copies:
                yield self._copies.pop()
            elif self._unread:
                yield self._unread.popitem()[1]
            else:
                return
        raise Withdrawn


def _name_of(entity: Entity) -> _Name:
    """Return the name of a record; of rooms, which change with every post, one that need not be built."""
    return entity.key if type(entity) is Room else entity.ref

"""How does a replica read again and again what others write, without reading it all each time?

Each row tells which transaction wrote it last (`xmin`).  All of these together make one number, which is asked for
first; where it is the same nothing is read, and the answer is the very one of before.  Else keys and transactions are
read, and of what is new or was written since, the bodies.  What a row was written by says nothing of an order, so it
does not matter in which order transactions commit.

Once in a while everything is read anew, so that whatever this should miss is not missed for long.
"""

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Generic, NamedTuple, TypeVar

from monitor.store.postgres.database import Database

T = TypeVar("T")

ALL_ANEW_S = 300.0


class _Read(NamedTuple, Generic[T]):
    """What was read: by key, by whom it was written, and what it was; `mark` is of all that there was."""

    mark: tuple[int, int]
    rows: dict[str, tuple[str, T]]
    values: Sequence[T]
    anew_at_s: float


class Rereading(Generic[T]):
    """The bodies of a small table that is asked for often.

    Args:
        database: where it is.
        table: its name; it has a key and a `body`.
        key: the name of the column that is its key.
        decode: what becomes of a body; it must be something that nobody changes.
        now_s: a clock that is never set.
    """

    def __init__(
        self,
        database: Database,
        table: str,
        key: str,
        decode: Callable[[bytes], T],
        now_s: Callable[[], float] = monotonic,
    ) -> None:
        self._database = database
        self._decode = decode
        self._now_s = now_s
        self._read: _Read[T] | None = None
        marks = f"count(*), coalesce(bit_xor(hashtextextended({key} || ' ' || xmin::text, 0)), 0)"
        self._mark = f"SELECT {marks} FROM {table}"  # noqa: S608  # of constants, as are the others
        self._keys = f"SELECT {key}, xmin::text FROM {table}"  # noqa: S608
        self._some = f"SELECT {key}, xmin::text, body FROM {table} WHERE {key} = ANY($1::text[])"  # noqa: S608

    async def all(self) -> Sequence[T]:
        """Return all that there is; where nothing has changed, the same object as before.

        Raises:
            StoreFailed: it cannot be read.
        """
        before = self._read
        ((count, mark),) = await self._database.read(self._mark)
        is_due = before is None or self._now_s() >= before.anew_at_s
        if before is not None and not is_due and before.mark == (count, mark):
            return before.values
        known = {} if before is None or is_due else before.rows
        written = dict(map(tuple, await self._database.read(self._keys)))
        rows = {key: row for key, row in known.items() if written.get(key) == row[0]}
        if changed := [key for key in written if key not in rows]:
            found = await self._database.read(self._some, changed)
            rows |= {key: (by, self._decode(body)) for key, by, body in found}
        anew_at_s = self._now_s() + ALL_ANEW_S if before is None or is_due else before.anew_at_s
        self._read = _Read((count, mark), rows, tuple(value for _, value in rows.values()), anew_at_s)
        return self._read.values

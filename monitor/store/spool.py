"""How do the rows of a large picture wait to be written together?

They become rows slice by slice, between other things, and are written in one transaction, in the order of their keys,
so that each page of a table is written once.  Until then they wait in a file that has no name, in runs that are each in
order, and are merged as they are written: a picture of a hundred thousand people is twenty megabytes even when packed.
A few rows wait in memory, and so do those that the disk does not take.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from heapq import merge
from itertools import chain
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Self

import msgspec

from monitor.store.ports import StoreFailed

Row = Sequence[Any]  # its key first
_Extent = tuple[int, int]  # where a block begins in the file, and how many bytes it has

IN_MEMORY_BYTES = 1_000_000
_ROWS_A_BLOCK = 16  # of each run, one block is in memory while runs are merged

_encode = msgspec.msgpack.encode
_decode = msgspec.msgpack.decode


class Spool:
    """Rows that wait, by table.

    It is filled by one thread, and then read by another one.  Whoever gives up leaves it, and nobody reads on.

    Args:
        folder: where the file is to be; None leaves that to the system.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._lock = threading.Lock()  # the file is not to be closed while somebody reads it
        self._is_over = False
        self._reach = 0  # of the file, in bytes
        self._held_bytes = 0
        self._runs: defaultdict[str, list[list[bytes | _Extent]]] = defaultdict(list)

    def add(self, rows: Mapping[str, Sequence[Row]]) -> None:
        """Have rows wait, one run for each table."""
        for table, run in rows.items():
            in_order = sorted(run, key=itemgetter(0))
            blocks = (in_order[at : at + _ROWS_A_BLOCK] for at in range(0, len(in_order), _ROWS_A_BLOCK))
            self._runs[table].append([self._kept(_encode(block)) for block in blocks])

    def _kept(self, block: bytes) -> bytes | _Extent:
        if self._held_bytes + len(block) > IN_MEMORY_BYTES:
            with suppress(OSError), self._lock:
                return self._written(block)
        self._held_bytes += len(block)
        return block

    def _written(self, block: bytes) -> _Extent:
        if self._is_over:
            raise OSError
        if self._file is None:
            self._file = TemporaryFile(buffering=0, dir=self._folder)  # noqa: SIM115 - `close` does
        self._file.seek(self._reach)
        if self._file.write(block) < len(block):
            raise OSError
        extent = (self._reach, len(block))
        self._reach += len(block)
        return extent

    def tables(self) -> Iterator[tuple[str, int, Iterator[Row]]]:
        """Yield each table, always in one order, with how many columns its rows have, and the rows by their keys.

        Raises:
            StoreFailed: the file cannot be read.
        """
        for table, runs in sorted(self._runs.items()):
            rows = merge(*map(self._rows, runs), key=itemgetter(0))
            first = next(rows, None)
            if first is not None:
                yield table, len(first), chain((first,), rows)

    def _rows(self, run: Sequence[bytes | _Extent]) -> Iterator[Row]:
        for block in run:
            yield from _decode(block if isinstance(block, bytes) else self._read(block))

    def _read(self, extent: _Extent) -> bytes:
        at, length = extent
        with self._lock:
            if self._file is None:
                raise StoreFailed("expected rows that wait to be written, got the end of waiting")
            try:
                self._file.seek(at)
                block = self._file.read(length)
            except OSError as error:
                raise StoreFailed(f"expected to read again what waits to be written, got {error}") from error
        if len(block) < length:
            raise StoreFailed(f"expected {length} bytes of what waits to be written, got {len(block)}")
        return block

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the file."""
        with self._lock:
            self._is_over = True
            if self._file is not None:
                self._file.close()
                self._file = None

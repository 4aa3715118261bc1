"""Do the rows that wait come back, all of them, in order, and is nothing left of them?"""

import random
from pathlib import Path

import pytest

from monitor.store.ports import StoreFailed
from monitor.store.spool import IN_MEMORY_BYTES, Row, Spool

BODY = b"\0" * 10_000
MANY = 4 * IN_MEMORY_BYTES // len(BODY)


def filled(spool: Spool, rows: list[Row]) -> Spool:
    for at in range(0, len(rows), 30):
        spool.add({"rooms": rows[at : at + 30]})
    return spool


def rows_of(spool: Spool) -> dict[str, list[tuple[object, ...]]]:
    return {table: [tuple(row) for row in rows] for table, _, rows in spool.tables()}


def shuffled(count: int) -> list[Row]:
    rows = [(f"RM{number:06}", None, True, BODY) for number in range(count)]
    random.Random(count).shuffle(rows)
    return rows


@pytest.mark.parametrize("count", [1, 17, MANY])
def test_rows_come_in_the_order_of_their_keys_however_many_there_are(tmp_path: Path, count: int) -> None:
    rows = shuffled(count)
    with filled(Spool(tmp_path), rows) as spool:
        assert rows_of(spool) == {"rooms": sorted(rows)}
        assert rows_of(spool) == {"rooms": sorted(rows)}, "what is begun anew does not find them again"
        assert not [*tmp_path.iterdir()], "somebody else can open the file"


def test_what_the_disk_does_not_take_waits_in_memory(tmp_path: Path) -> None:
    rows = shuffled(MANY)
    with filled(Spool(tmp_path / "nowhere"), rows) as spool:
        assert rows_of(spool) == {"rooms": sorted(rows)}


def test_tables_come_always_in_one_order_and_one_without_rows_not_at_all(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        spool.add({"rooms": [("a", 1)], "accounts": [("b",)]})
        spool.add({"accounts": [("a",)], "participants": []})
        assert [(table, columns, [*rows]) for table, columns, rows in spool.tables()] == [
            ("accounts", 1, [["a"], ["b"]]),
            ("rooms", 2, [["a", 1]]),
        ]


def test_who_still_reads_when_somebody_gave_up_is_told(tmp_path: Path) -> None:
    with filled(Spool(tmp_path), shuffled(MANY)) as spool:
        ((_, _, rows),) = spool.tables()
    with pytest.raises(StoreFailed, match="end of waiting"):
        list(rows)

"""One suite, every store: what was written down of who changed what stays so, until it is old."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from monitor.store.keeping import DAY_MS, Keeping
from monitor.store.ports import ERASED, AuditEntry, AuditSearch, Store
from monitor.store.sqlite import SqliteStore
from tests.builders import NOW_MS

ON_POSTGRES = True


def entry(number: int = 1, **given: Any) -> AuditEntry:
    said = {"who": "ann", "role": "operator", "way": "session", "place": "", "did": f"POST /{number}", "status": 200}
    return AuditEntry(**{"at_ms": NOW_MS + number, **said, **given})


async def found(store: Store, **wanted: Any) -> list[AuditEntry]:
    return [each for _, each in await store.audit.find(AuditSearch(**wanted))]


async def test_what_is_written_down_is_found_the_latest_first(store: Store) -> None:
    for number in (1, 2, 3):
        await store.audit.add(entry(number))
    assert await found(store) == [entry(3), entry(2), entry(1)]
    assert await found(store, limit=1) == [entry(3)]


async def test_a_page_goes_on_before_the_last_entry_of_the_one_before(store: Store) -> None:
    for number in range(5):
        await store.audit.add(entry(number))
    first = await store.audit.find(AuditSearch(limit=2))
    assert await found(store, limit=2, before=first[-1][0]) == [entry(2), entry(1)]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({"who": "bob"}, [2]),
        ({"way": "token"}, [3]),
        ({"did": "/3"}, [3]),
        ({"did": "%"}, []),
        ({"is_failed_only": True}, [4, 2]),
        ({"from_ms": NOW_MS + 2, "to_ms": NOW_MS + 4}, [3, 2]),
    ],
)
async def test_entries_are_found_by_what_is_in_them(store: Store, wanted: dict[str, Any], numbers: list[int]) -> None:
    given = [entry(1), entry(2, who="bob", status=403), entry(3, way="token"), entry(4, status=None)]
    for each in given:
        await store.audit.add(each)
    assert await found(store, **wanted) == [given[number - 1] for number in numbers]


async def test_what_came_of_it_is_added_once(store: Store) -> None:
    number = await store.audit.add(entry(status=None))
    await store.audit.conclude(number, 201)
    await store.audit.conclude(number, 500)
    assert await found(store) == [entry(status=201)]


async def test_entries_are_dropped_when_they_are_old(store: Store) -> None:
    for each in (entry(at_ms=NOW_MS - 3 * DAY_MS), entry()):
        await store.audit.add(each)
    assert (await store.retain(NOW_MS, Keeping(audit_days=2)))["audit"] == 1
    assert await found(store) == [entry()]


async def test_of_somebody_who_is_erased_the_deeds_stay_and_the_name_goes(store: Store) -> None:
    for who in ("alice", "ann"):
        await store.audit.add(entry(who=who))
    assert (await store.erase(["alice"])).rows == {"audit log": 1}
    assert [each.who for each in await found(store)] == ["ann", ERASED]


@pytest.mark.parametrize("change", ["did = 'nothing'", "status = 200", "at_ms = 1"])
async def test_not_even_sql_rewrites_an_entry(tmp_path: Path, change: str) -> None:
    store = await SqliteStore.open(tmp_path / "roomwatch.db")
    await store.audit.add(entry(status=403))
    await store.close()
    connection = sqlite3.connect(tmp_path / "roomwatch.db")
    with pytest.raises(sqlite3.IntegrityError, match="is not changed"):
        connection.execute(f"UPDATE audit SET {change}")
    connection.close()


async def test_entries_outlive_the_process(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "roomwatch.db")
    await store.audit.add(entry())
    await store.close()
    again = await SqliteStore.open(tmp_path / "roomwatch.db")
    assert await found(again) == [entry()]
    await again.close()

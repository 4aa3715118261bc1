"""How is a person erased from ClickHouse?

What they measured goes, and what others measured of them.  Rows that say under which names somebody was there go last,
as long as the names lead to them: an erasure that is broken off is begun again with the names.  What rollups count
stays, as in SQLite: of people they have hashes.

Rows are gone when a mutation has written their parts anew; ClickHouse deletes the old ones from the disk some minutes
later.
"""

from collections.abc import Collection, Mapping
from typing import Any

from monitor.store.clickhouse.client import Client
from monitor.store.clickhouse.columns import LEVELS, MEDIA
from monitor.store.clickhouse.series import SERIES
from monitor.store.forgotten import IDENTITY
from monitor.store.person import Person

_NAMED = "tupleElement(identity, 2) IN {names:Array(String)}"
_THEIRS = "participant IN {keys:Array(String)}"
_OF_THEM = "subject IN {sids:Array(String)}"


async def sids_of(clickhouse: Client, names: Collection[str]) -> set[str]:
    """Return the participant SIDs under which somebody of these names measured something."""
    found = await clickhouse.query(f"SELECT DISTINCT participant FROM {SERIES.name} WHERE {_NAMED}", _names(names))
    return {each for each in (found[0] if found else ()) if not each.startswith(IDENTITY)}


async def rooms_of(clickhouse: Client, person: Person) -> set[str]:
    """Return the rooms in which a person measured something."""
    found = await clickhouse.query(
        f"SELECT DISTINCT room FROM {SERIES.name} WHERE {_NAMED} OR {_THEIRS}", _values(person)
    )
    return set(found[0]) if found else set()


async def count(clickhouse: Client, person: Person) -> dict[str, int]:
    """Return how many rows of each kind are about a person."""
    values = _values(person)
    questions = {
        "series": f"SELECT uniqExact(room, participant) FROM {SERIES.name} WHERE {_NAMED} OR {_THEIRS}",
        "samples": f"SELECT (SELECT count() FROM {MEDIA.name} FINAL WHERE {_THEIRS})"
        f" + (SELECT count() FROM {LEVELS.name} FINAL WHERE {_THEIRS})",
        "levels seen by others": f"SELECT count() FROM {LEVELS.name} FINAL WHERE {_OF_THEM} AND NOT {_THEIRS}",
    }
    found = {}
    for kind, question in questions.items():
        ((rows,),) = await clickhouse.query(question, values)
        found[kind] = int(rows)
    return {kind: rows for kind, rows in found.items() if rows}


async def erase_samples(clickhouse: Client, person: Person) -> None:
    """Erase all about a person but the rows that their names lead to.

    Raises:
        StoreFailed: not all of it is gone; to do it again does no harm.
    """
    values = _values(person)
    await _delete(clickhouse, MEDIA.name, _THEIRS, values)
    await _delete(clickhouse, LEVELS.name, f"{_THEIRS} OR {_OF_THEM}", values)
    await _delete(clickhouse, SERIES.name, f"{_THEIRS} AND NOT ({_NAMED})", values)


async def erase_names(clickhouse: Client, person: Person) -> None:
    """Erase who they were, when nothing else is left that only this leads to.

    Raises:
        StoreFailed: not all of it is gone; to do it again does no harm.
    """
    await _delete(clickhouse, SERIES.name, f"{_THEIRS} OR {_NAMED}", _values(person))


async def _delete(clickhouse: Client, table: str, where: str, values: Mapping[str, Any]) -> None:
    await clickhouse.command(f"ALTER TABLE {table} DELETE WHERE {where} SETTINGS mutations_sync = 2", values)


def _names(names: Collection[str]) -> dict[str, Any]:
    return {"names": sorted(names)}


def _values(person: Person) -> dict[str, Any]:
    keys = sorted({*person.sids, *(f"{IDENTITY}{name}" for name in person.names)})
    return {**_names(person.names), "keys": keys, "sids": sorted(person.sids)}

"""Who measured something, in ClickHouse?

A row for each participant and day, put together from what every segment told of them: of each name the one that the
highest segment told counts, in whatever order they came.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from msgspec.structs import astuple

from monitor.store.clickhouse.client import Client as ClickHouse
from monitor.store.clickhouse.client import Columns, Table
from monitor.store.clickhouse.columns import DAY_MS
from monitor.store.ports import Client, Line, Place, Series, Wanted

_NAMES = ("room_name", "identity", "account_sid", *Client.__struct_fields__)
_TOLD = "Tuple(UInt64, String)"
SERIES = Table(
    "series",
    {
        "day": "Int32",
        "room": "String",
        "participant": "String",
        "from_ms": "Int64",
        "to_ms": "Int64",
        **dict.fromkeys(_NAMES, _TOLD),
    },
)
_SELECT = f"SELECT room, participant, {', '.join(f'tupleElement(max({each}), 2)' for each in _NAMES)} FROM series"
_GROUPED = "GROUP BY room, participant"


def rows_of(lines: Iterable[Line], segment: int) -> Columns:
    """Return who measured the samples of a segment, as the columns of `SERIES`; every line has samples."""
    rows: list[Sequence[Any]] = []
    for series, samples in lines:
        names = (series.room_name, series.identity, series.account_sid, *astuple(series.client))
        told = [(segment, each) if each else (0, "") for each in names]
        first_ms, last_ms = samples.span_ms
        for day in range(first_ms // DAY_MS, last_ms // DAY_MS + 1):
            on_day = samples.within(day * DAY_MS, (day + 1) * DAY_MS)
            if on_day.count:
                rows.append((day, series.room, series.participant, *on_day.span_ms, *told))
    return list(zip(*rows, strict=True))


async def who_are(clickhouse: ClickHouse, places: Collection[Place]) -> dict[Place, Series]:
    """Return all that is known of participants, as far as anything is."""
    if not places:
        return {}
    found = await clickhouse.query(
        f"{_SELECT} WHERE (room, participant) IN {{places:Array(Tuple(String, String))}} {_GROUPED}",
        {"places": [tuple(place) for place in places]},
    )
    return _series_in(found)


async def in_rooms(clickhouse: ClickHouse, rooms: Collection[str]) -> dict[Place, Series]:
    """Return all that is known of everybody in rooms."""
    found = await clickhouse.query(
        f"{_SELECT} WHERE room IN {{rooms:Array(String)}} {_GROUPED}", {"rooms": list(rooms)}
    )
    return _series_in(found)


async def page(clickhouse: ClickHouse, wanted: Wanted, after: Place, limit: int) -> dict[Place, Series]:
    """Return the next participants of whom samples may be wanted, in the order of places."""
    condition, values = _is_about(wanted)
    found = await clickhouse.query(
        f"{_SELECT} WHERE (room, participant) > ({{after_room:String}}, {{after_participant:String}})"
        f" {_GROUPED} HAVING {condition} ORDER BY room, participant LIMIT {{limit:UInt32}}",
        {**values, "after_room": after.room, "after_participant": after.participant, "limit": limit},
    )
    return _series_in(found)


def about(wanted: Wanted) -> tuple[str, dict[str, Any]]:
    """Return a query for the room and the participant of everybody whose samples are wanted, and its values."""
    condition, values = _is_about(wanted)
    return f"SELECT room, participant FROM series {_GROUPED} HAVING {condition}", values


def _is_about(wanted: Wanted) -> tuple[str, dict[str, Any]]:
    """Return `Wanted.is_about` as a condition on what is known of a series, and those whose time it is."""
    conditions = ["min(from_ms) < {to_ms:Int64}", "max(to_ms) >= {from_ms:Int64}"]
    values: dict[str, Any] = {"from_ms": wanted.from_ms, "to_ms": wanted.to_ms}
    if wanted.room:
        conditions.append(
            "{room:String} IN (room, tupleElement(max(room_name), 2), replaceRegexpOne(room, '^name:', ''))"
        )
        values["room"] = wanted.room
    if wanted.identity:
        conditions.append(
            "{identity:String} IN (tupleElement(max(identity), 2), replaceRegexpOne(participant, '^identity:', ''))"
        )
        values["identity"] = wanted.identity
    if wanted.any_of:
        conditions.append(
            "(has({any_of:Array(String)}, room)"
            " OR has({any_of:Array(String)}, concat('name:', tupleElement(max(room_name), 2))))"
        )
        values["any_of"] = sorted(wanted.any_of)
    return " AND ".join(conditions), values


def _series_in(columns: Columns) -> dict[Place, Series]:
    found = {}
    for room, participant, *names in zip(*columns, strict=True):
        room_name, identity, account_sid, *client = (name or None for name in names)
        told = Series(room, participant, room_name, identity, account_sid, Client(*client))
        found[Place(room, participant)] = told
    return found

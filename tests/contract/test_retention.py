"""One suite, every store: each class of what is stored goes at its time, and nothing else with it."""

from collections.abc import Iterator
from typing import Any

import pytest

from monitor.store.keeping import CLASSES, DAY_MS, Keeping
from monitor.store.ports import Store
from tests.builders import ALICE, BOB, NOW_MS, ROOM
from tests.lives import ADDRESS, BY_NAME_ONLY, HER_NAME, HIS_NAME, LATER_ROOM, everything, lived
from tests.stored import as_told

ON_POSTGRES = True

SHOWN = [name for name in CLASSES if name not in ("rollups", "audit")]  # which are in tests of their own
NAMES = (HER_NAME, HIS_NAME, BY_NAME_ONLY)


@pytest.fixture
async def past(store: Store) -> Store:
    """Two calls that are over, the first of them packed."""
    await lived(store)
    await store.samples.settle(NOW_MS + DAY_MS, 0, as_told)
    return store


def keeping(short: str) -> Keeping:
    """Keep one class for ten days, and the others for a year."""
    return Keeping(**{f"{name}_days": 10 if name == short else 365 for name in CLASSES})


def blanked(told: Any) -> Any:
    """Return plain values without names, addresses, and keys that are made of names."""
    if isinstance(told, dict):
        hidden = ("identity", "address", "network_address", "dedup_key", "annotations", "participant_sid")
        return {blanked(key): blanked(value) for key, value in told.items() if key not in hidden}
    if isinstance(told, list | tuple):
        return [blanked(each) for each in told]
    is_key = isinstance(told, str) and (told.startswith(("identity:", "forgotten:")) or told in NAMES)
    return "somebody" if is_key else told


async def by_class(store: Store) -> dict[str, object]:
    """Return what is there of each class."""
    there = await everything(store, (ROOM, LATER_ROOM))
    text = repr(there)
    there.pop("log")  # of what is packed the log has no more
    there.pop("found")
    history = ("call", "ended")
    return {
        "raw": blanked([value for key, value in there.items() if key.startswith("samples")]),
        "events": blanked([value for key, value in there.items() if key.startswith("happenings")]),
        "history": blanked([value for key, value in there.items() if key.startswith(history)]),
        "identities": [name in text for name in NAMES],
        "addresses": ADDRESS in text,
    }


def values(told: Any) -> Iterator[Any]:
    if isinstance(told, dict | list):
        for each in told.values() if isinstance(told, dict) else told:
            yield from values(each)
    else:
        yield told


@pytest.mark.parametrize("name", SHOWN)
async def test_each_class_goes_at_its_time_and_nothing_else_with_it(past: Store, name: str) -> None:
    before = await by_class(past)
    assert all(before.values())
    assert not any((await past.retain(NOW_MS + 10 * DAY_MS - 1, keeping(name))).values())
    assert await by_class(past) == before, "something went too early"
    dropped = await past.retain(NOW_MS + 11 * DAY_MS, keeping(name))
    assert [each for each, rows in dropped.items() if rows] == [name]
    after = await by_class(past)
    assert not any(values(after.pop(name))) or name == "history"
    assert after == {each: value for each, value in before.items() if each != name}


@pytest.mark.parametrize("name", SHOWN)
async def test_what_went_once_does_not_go_again(past: Store, name: str) -> None:
    await past.retain(NOW_MS + 11 * DAY_MS, keeping(name))
    there = await everything(past)
    assert not any((await past.retain(NOW_MS + 12 * DAY_MS, keeping(name))).values())
    assert await everything(past) == there


async def test_history_that_went_leaves_what_has_its_own_time(past: Store) -> None:
    await past.retain(NOW_MS + 11 * DAY_MS, keeping("history"))
    assert await past.archive.call(ROOM) is None
    assert list(await past.alerts.ended(0, 10)) == []
    lines = await past.samples.timeline(ROOM, 0, 2**62, as_told)
    assert {line.series.identity for line in lines} == set(NAMES)


async def test_who_is_forgotten_is_still_one_person_everywhere(past: Store) -> None:
    await past.retain(NOW_MS + 11 * DAY_MS, keeping("identities"))
    call = await past.archive.call(ROOM)
    assert call is not None
    people = {person.sid or person.key for person in call.room.people()}
    lines = await past.samples.timeline(ROOM, 0, 2**62, as_told)
    happened = await past.log.happenings(ROOM, 0, 2**62, 1_000)
    (made_up,) = people - {ALICE, BOB}
    assert made_up.startswith("forgotten:")
    assert {line.series.participant for line in lines} == people
    assert {each.participant for each in happened} - {""} == people


async def test_what_alerts_said_of_somebody_says_it_of_nobody(past: Store) -> None:
    await past.retain(NOW_MS + 11 * DAY_MS, keeping("identities"))
    episodes = await past.alerts.ended(0, 10)
    assert {each.alert.details["identity"] for each in episodes} == {None}
    assert {each.alert.annotations["summary"] for each in episodes} == {"somebody has a bad connection in acme:class."}


async def test_who_measured_something_is_known_for_as_long_as_what_they_measured(past: Store) -> None:
    await past.retain(NOW_MS + 20 * DAY_MS, Keeping(raw_days=30, history_days=10, events_days=10))
    assert len(await past.samples.timeline(ROOM, 0, 2**62, as_told)) == 3
    await past.retain(NOW_MS + 31 * DAY_MS, Keeping(raw_days=30, history_days=10, events_days=10))
    assert list(await past.samples.timeline(ROOM, 0, 2**62, as_told)) == []

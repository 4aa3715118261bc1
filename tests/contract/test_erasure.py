"""One suite, every store: of who is erased nothing is left, and all that is of others is as it was."""

from itertools import compress
from typing import Any

import pytest

from collectors.events import RecordingSeen
from collectors.observations import TelemetryBatch
from monitor.live import Live
from monitor.store.ports import Erased, Search, Store
from tests.builders import ACCOUNT, ALICE, BOB
from tests.lives import (
    BY_NAME_ONLY,
    HER_LATER_STAY,
    HER_NAME,
    HER_PRESENT_STAY,
    HIS_NAME,
    everything,
    live_on,
    lived,
)

ON_POSTGRES = True

HER_SIDS = (ALICE, HER_LATER_STAY, HER_PRESENT_STAY)
HERS = (HER_NAME, *HER_SIDS)


@pytest.fixture
async def full(store: Store) -> Store:
    """A store with calls in all stages."""
    await lived(store)
    await live_on(store)
    return store


# --- what there should be: the same, but for what is about her ---


def less_her(told: Any) -> Any:
    """Return plain values without what is about her, and without what is empty then."""
    if isinstance(told, dict):
        kept = {key: less_her(each) for key, each in less_of(told).items() if key not in HERS and not is_hers(each)}
        return {key: each for key, each in kept.items() if each != {}}
    return [less_her(each) for each in told if not is_hers(each)] if isinstance(told, list) else told


def less_of(told: dict[str, Any]) -> dict[str, Any]:
    """Return a recording of nobody, and of a series the rows that are about others."""
    if is_recording(told.get("body")) and told["participant"] in HERS:
        return {**told, "participant": ""}
    if is_recording(told) and {told.get("identity"), told.get("participant_sid")} & set(HERS):
        return {key: each for key, each in told.items() if key not in ("identity", "participant_sid", "dedup_key")}
    if told.get("type") == "network_quality_series":
        kept = [subject not in HERS for subject in told["subject"]]
        return {key: each if key == "type" else list(compress(each, kept)) for key, each in told.items()}
    return told


def is_recording(told: Any) -> bool:
    return isinstance(told, dict) and ("recording_sid" in told or str(told.get("sid")).startswith("RT"))


def is_hers(told: Any) -> bool:
    if isinstance(told, list):  # what somebody measured, and an episode, is a pair that begins with whose it is
        is_pair = len(told) == 2 and isinstance(told[0], dict)
        return is_pair and (isinstance(told[1], list) or "annotations" in told[1]) and is_hers(told[0])
    if not isinstance(told, dict) or is_recording(told) or is_recording(told.get("body")):
        return False
    if "firing" in told:  # an incident is hers if there is nothing else in it
        return all(is_hers(each) for each in (*told["firing"], *told["resolved"]))
    names = [told.get(name) for name in ("identity", "participant_sid", "sid", "subject", "participant")]
    is_named = any(name in HERS for name in names) or str(told.get("entity")).endswith(HER_SIDS)
    return is_named or any(is_hers(told.get(name)) for name in ("body", "alert", "notification", "incident"))


# --- the tests ---


async def test_nobody_can_ask_the_store_for_anything_of_her(full: Store) -> None:
    await full.erase([HER_NAME])
    there = repr(await everything(full))
    assert [name for name in HERS if name in there] == []
    assert "so bad" not in there, "what she wrote is hers"
    assert list(await full.archive.search(Search(HER_NAME))) == list(await full.archive.search(Search(ALICE))) == []


async def test_all_that_is_of_others_is_as_it_was(full: Store) -> None:
    before = await everything(full)
    assert repr(before).count(HER_NAME) > 40
    await full.erase([HER_NAME])
    after = await everything(full)
    (found, after_found) = (there.pop("found") for there in (before, after))
    assert less_her(after) == less_her(before)
    assert [after_found[0], after_found[1], after_found[3]] == [found[0], found[1], found[3]]


async def test_who_has_no_sid_is_erased_by_name(full: Store) -> None:
    await full.erase([BY_NAME_ONLY])
    there = repr(await everything(full))
    assert BY_NAME_ONLY not in there
    assert HER_NAME in there


async def test_what_is_left_of_the_log_keeps_its_numbers(full: Store) -> None:
    before = dict(await full.log.since(0, 10_000))
    await full.erase([HER_NAME])
    after = dict(await full.log.since(0, 10_000))
    assert set(after) < set(before)
    for log_id, event in after.items():
        is_changed = isinstance(event, RecordingSeen | TelemetryBatch)
        assert is_changed or event == before[log_id]
        assert type(event) is type(before[log_id])


async def test_a_restart_does_not_bring_her_back(full: Store) -> None:
    await full.erase([HER_NAME])
    live, picture = Live([ACCOUNT]), await full.picture.load()
    live.restore(picture.rooms, picture.ended, picture.media, picture.accounts)
    for _, event in await full.log.since(picture.through, 10_000):
        live.apply(event)
    rooms = [*live.rooms.values(), *live.calls.ended.values()]
    known = {each.sid or each.key for room in rooms for each in room.people()}
    assert known == {BOB, f"identity:{BY_NAME_ONLY}"}
    assert not any(HERS[3] in repr(each) for each in rooms)
    assert live.account_book.by_sid[ACCOUNT].join_failures == []


async def test_a_dry_run_counts_the_same_and_changes_nothing(full: Store) -> None:
    before = await everything(full)
    counted = await full.erase([HER_NAME], is_dry_run=True)
    assert await everything(full) == before
    assert counted.stays == len(HER_SIDS)
    assert await full.erase([HER_NAME]) == counted
    assert await full.erase([HER_NAME]) == Erased(0, {})


async def test_of_somebody_unknown_nothing_is_erased(full: Store) -> None:
    before = await everything(full)
    assert await full.erase(["alice"]) == Erased(0, {}), "a part of a name is another name"
    assert await everything(full) == before


async def test_several_names_of_one_person_are_erased_together(full: Store) -> None:
    await full.erase([HER_NAME, HIS_NAME])
    live = (await full.picture.load()).rooms
    assert [each.identity for room in live for each in room.people()] == [BY_NAME_ONLY]

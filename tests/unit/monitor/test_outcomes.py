"""What counts as an attempt to join, and as a composition that was made well and in time?"""

from typing import Any

import pytest

from collectors.events import Event
from monitor.entities import Composition
from monitor.limits import CompositionLimits
from monitor.live import Live
from monitor.naming import Naming
from monitor.outcomes import Outcome, Over, is_composed_in_time
from tests.builders import (
    ACCOUNT,
    ALICE,
    BOB,
    COMPOSITION,
    NOW_MS,
    ROOM,
    batch,
    composition,
    connection,
    level,
    participant,
    room,
)

LIMITS = CompositionLimits(floor_s=600)
MINUTE_MS = 60_000


def told_of(*events: Event, over: Over, expire_at_ms: int | None = None) -> list[Outcome]:
    told: list[Outcome] = []
    live = Live([ACCOUNT], naming=Naming(tenants=["acme"]), limits=LIMITS, on_outcome=told.append)
    for event in events:
        live.apply(event)
    if expire_at_ms is not None:
        live.expire(expire_at_ms, 10**9)
        live.expire(expire_at_ms, 10**9)
    return [outcome for outcome in told if outcome.over is over]


def counts(outcomes: list[Outcome]) -> tuple[int, int]:
    return sum(each.good for each in outcomes), sum(each.bad for each in outcomes)


# --- joins -----------------------------------------------------------------------------------------------

REFUSED = batch(connection("disconnected", code=53105), reporter=None, identity="carol", room_name="acme:class:1")


def test_everybody_who_comes_into_a_room_has_joined_it_once() -> None:
    events = [participant(ALICE), batch(level(4)), batch(level(5), reporter=BOB), participant(BOB)]
    assert counts(told_of(*events, over=Over.JOINS)) == (2, 0)


def test_whoever_could_not_join_failed_to_and_belongs_to_the_only_account() -> None:
    (failed,) = told_of(room(media_region="de1"), REFUSED, over=Over.JOINS)
    assert (failed.bad, failed.account_sid, failed.region, failed.tenant) == (1, ACCOUNT, "de1", "acme")


def test_of_a_room_that_nobody_has_mentioned_the_name_still_tells_the_tenant() -> None:
    (failed,) = told_of(REFUSED, over=Over.JOINS)
    assert (failed.tenant, failed.region) == ("acme", None)


def test_whoever_loses_the_connection_has_joined_all_the_same() -> None:
    events = [batch(level(4)), batch(connection("disconnected", code=53405, at_ms=NOW_MS + 1))]
    assert counts(told_of(*events, over=Over.JOINS)) == (1, 0)


# --- compositions ----------------------------------------------------------------------------------------


def ended() -> Event:
    return room("completed", ended_at_ms=NOW_MS, duration_s=60, media_region="de1")


def composed(after_ms: int, status: str = "completed", **given: Any) -> Event:
    at_ms = NOW_MS + after_ms
    given = {"completed_at_ms": at_ms, "size_bytes": 1_000, **given}
    return composition(status, at_ms=at_ms, created_at_ms=NOW_MS, **given)


@pytest.mark.parametrize(
    ("event", "good_bad"),
    [
        (composed(9 * MINUTE_MS), (1, 0)),
        (composed(11 * MINUTE_MS), (0, 1)),
        (composed(MINUTE_MS, size_bytes=0), (0, 1)),
        (composed(MINUTE_MS, "failed"), (0, 1)),
        (composed(MINUTE_MS, "processing", completed_at_ms=None), (0, 0)),
        (composed(MINUTE_MS, "deleted"), (0, 0)),
    ],
)
def test_a_composition_is_well_if_something_is_made_in_time(event: Event, good_bad: tuple[int, int]) -> None:
    assert counts(told_of(ended(), composition(), event, event, over=Over.COMPOSITIONS)) == good_bad


def test_one_that_is_late_counts_once_though_it_is_completed_later() -> None:
    late_ms = NOW_MS + 11 * MINUTE_MS
    assert counts(told_of(ended(), composition(), over=Over.COMPOSITIONS, expire_at_ms=late_ms)) == (0, 1)
    told: list[Outcome] = []
    live = Live([ACCOUNT], limits=LIMITS, on_outcome=told.append)
    for event in (ended(), composition()):
        live.apply(event)
    live.expire(late_ms, 10**9)
    live.apply(composed(12 * MINUTE_MS))
    assert counts(told) == (0, 1)


def test_what_was_finished_long_ago_is_history() -> None:
    old = composition("failed", at_ms=NOW_MS, completed_at_ms=NOW_MS - 2 * 3_600_000)
    assert told_of(old, over=Over.COMPOSITIONS) == []


def test_a_composition_belongs_to_the_region_of_its_room() -> None:
    (told,) = told_of(ended(), composition(), composed(MINUTE_MS), over=Over.COMPOSITIONS)
    assert (told.region, told.account_sid) == ("de1", ACCOUNT)


def test_that_it_was_counted_is_saved_with_the_composition() -> None:
    live = Live([ACCOUNT], limits=LIMITS)
    for event in (ended(), composition(), composed(MINUTE_MS, "failed")):
        live.apply(event)
    (saved,) = [each for each in live.take_dirty() if isinstance(each, Composition)]
    assert saved.is_judged


def test_without_the_end_of_its_room_nobody_knows_whether_one_is_late() -> None:
    assert is_composed_in_time(Composition(COMPOSITION, room_sid=ROOM), LIMITS, NOW_MS) is None

"""What can have happened when it says, and what is long past."""

from typing import Any

import pytest

from collectors.moments import PRESENT_MS, Bounds, is_history, last_ms, span_of, within
from collectors.observations import MediaStatsSeries, NetworkQuality
from collectors.telemetry import Decoded, decode
from tests.builders import NOW_MS, batch, level, media_series, packed, post, quality

DAY_MS, MINUTE_MS = 86_400_000, 60_000
BOUNDS = Bounds(DAY_MS, MINUTE_MS)


def checked(*events: dict[str, Any]) -> Decoded:
    return within(decode(packed(post(*events)), NOW_MS), NOW_MS, BOUNDS)


@pytest.mark.parametrize(
    ("at_ms", "fault"),
    [
        (NOW_MS - DAY_MS, None),
        (NOW_MS - DAY_MS - 1500, "events[1].at: expected at most 86400 s ago, got 86401.5"),
        (NOW_MS + MINUTE_MS, None),
        (NOW_MS + MINUTE_MS + 1, "events[1].at: expected at most 60 s ahead, got 60.001"),
    ],
)
def test_what_is_too_old_or_yet_to_come_is_refused_and_its_neighbours_are_taken(at_ms: int, fault: str | None) -> None:
    found = checked(quality(4, at=NOW_MS), quality(3, at=at_ms), quality(2, at=NOW_MS))
    assert [refusal.error for refusal in found.refusals] == ([fault] if fault else [])
    assert found.count == (2 if fault else 3)


def test_an_event_goes_by_its_place_in_the_post_whatever_was_left_out_before_it() -> None:
    news, bad, old = {"type": "teleport", "at": NOW_MS}, quality(9, at=NOW_MS), quality(1, at=NOW_MS - 2 * DAY_MS)
    found = checked(news, quality(4, at=NOW_MS), old, bad)
    assert [refusal.index for refusal in found.refusals] == [2, 3]
    assert found.refusals[0].error.startswith("events[2].at: expected at most 86400 s ago")
    assert found.ignored == {"teleport": 1}


def test_a_series_is_refused_by_the_moment_that_cannot_be() -> None:
    (refusal,) = checked(media_series([NOW_MS, NOW_MS + DAY_MS]), quality(4, at=NOW_MS)).refusals
    assert refusal.error == "events[0].at[1]: expected at most 60 s ahead, got 86400"


def test_a_post_of_which_something_was_left_out_is_not_kept_as_it_came() -> None:
    assert not checked(quality(4, at=NOW_MS), quality(1, at=NOW_MS - 2 * DAY_MS)).is_exact


@pytest.mark.parametrize(
    ("observations", "span"),
    [
        ((), (7, 7)),
        ((MediaStatsSeries(at_ms=()),), (7, 7)),
        ((NetworkQuality(at_ms=5), NetworkQuality(at_ms=3)), (3, 5)),
        ((MediaStatsSeries(at_ms=(4, 2)),), (2, 4)),
        ((NetworkQuality(at_ms=3), MediaStatsSeries(at_ms=(4, 2))), (2, 4)),
    ],
)
def test_a_span_reaches_from_the_first_to_the_last_moment(observations: Any, span: tuple[int, int]) -> None:
    assert span_of(observations, otherwise_ms=7) == span


def test_a_batch_is_history_if_all_of_it_is_long_past_by_our_clock() -> None:
    old, recent = level(1, at_ms=NOW_MS - PRESENT_MS - 1), level(1, at_ms=NOW_MS - PRESENT_MS)
    assert is_history(batch(old))
    assert not is_history(batch(recent))
    assert not is_history(batch(recent, old))
    assert not is_history(batch())
    assert not is_history(batch(old, clock_offset_ms=-1))
    assert is_history(batch(recent, clock_offset_ms=1))


def test_the_last_moment_is_by_our_clock() -> None:
    assert last_ms(batch(level(1, at_ms=NOW_MS), clock_offset_ms=600_000)) == NOW_MS - 600_000
    assert last_ms(batch(at_ms=NOW_MS, clock_offset_ms=600_000)) == NOW_MS

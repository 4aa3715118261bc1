"""Which rooms are a canary's, and which of them were left behind."""

import pytest

from monitor.canary_steps import FIRST_STEP, LAST_STEP, PREFIX, STEPS, is_left_over
from tests.builders import NOW_MS

MINUTE_MS = 60_000


@pytest.mark.parametrize(
    ("name", "age_min", "is_one"),
    [
        (f"{PREFIX}0a1b2c3d", 11, True),
        (f"{PREFIX}0a1b2c3d", 10, False),
        ("acme:class:1", 600, False),
        (f"not-{PREFIX}0a1b2c3d", 600, False),
        (None, 600, False),
    ],
)
def test_only_a_canarys_own_room_older_than_ten_minutes_was_left(name: str | None, age_min: int, is_one: bool) -> None:
    assert is_left_over(name, NOW_MS - age_min * MINUTE_MS, NOW_MS) is is_one


def test_a_room_of_unknown_age_is_let_be() -> None:
    assert not is_left_over(f"{PREFIX}0a1b2c3d", None, NOW_MS)


def test_a_run_begins_with_the_first_step_and_ends_with_the_last() -> None:
    assert (STEPS[0], STEPS[-1]) == (FIRST_STEP, LAST_STEP)

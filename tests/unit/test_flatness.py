"""Is what grows told from what does not?"""

import random

import pytest

from tests.benchmarks.flatness import Bound, Point, course

HOUR = range(0, 3600, 10)
LEVEL = Bound(times=1.05, plus=2.0, per_h=6.0)


def points(per_h: float, noise: float = 3.0, began: float = 100.0) -> list[Point]:
    chance = random.Random(1)
    return [(float(at_s), began + per_h * at_s / 3600 + chance.uniform(-noise, noise)) for at_s in HOUR]


def test_what_only_wavers_is_flat() -> None:
    assert course(points(0.0), LEVEL).is_flat


def test_a_leak_that_the_thirds_do_not_show_is_seen_by_its_slope() -> None:
    found = course(points(9.0), LEVEL)
    assert found.last <= found.first * LEVEL.times + LEVEL.plus
    assert found.per_h == pytest.approx(9.0, abs=1.5)
    assert not found.is_flat


def test_what_is_not_bounded_by_the_hour_may_not_stand_higher_in_the_end_either() -> None:
    assert not course(points(40.0), Bound(times=1.05, plus=2.0)).is_flat
    assert course(points(9.0), Bound(times=1.05, plus=2.0)).is_flat


def test_one_bad_moment_decides_nothing() -> None:
    found = points(0.0)
    found[-5:] = [(at_s, 100_000.0) for at_s, _ in found[-5:]]
    assert course(found, LEVEL).is_flat


def test_of_a_minute_no_hour_is_judged() -> None:
    assert course([(at_s / 60, value) for at_s, value in points(9.0)], LEVEL).is_flat


def test_a_few_points_are_not_enough() -> None:
    with pytest.raises(ValueError, match="at least 6"):
        course(points(0.0)[:5], LEVEL)

"""What a month is said to cost by its end."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.forecast import day_totals, days_left, month_forecast


def days(first: str, *costs: float) -> dict[str, float]:
    start = date.fromisoformat(first)
    return {(start + timedelta(days=index)).isoformat(): cost for index, cost in enumerate(costs)}


def test_a_day_costs_what_its_categories_cost() -> None:
    assert day_totals({"2026-11-01": {"rooms": 1.5, "recordings": 0.5}, "2026-11-02": {}}) == {
        "2026-11-01": 2.0,
        "2026-11-02": 0,
    }


def test_before_one_day_is_complete_there_is_no_forecast() -> None:
    assert month_forecast({}, "2026-11-01") is None
    assert month_forecast({"2026-11-01": 5.0}, "2026-11-01") is None


def test_one_complete_day_stands_for_all_that_are_left() -> None:
    assert month_forecast(days("2026-11-01", 2.0), "2026-11-02") == 2 + 2 * 29


def test_the_unfinished_day_neither_counts_nor_lowers_the_mean() -> None:
    complete = days("2026-11-01", 4.0, 4.0)
    assert month_forecast({**complete, "2026-11-03": 0.1}, "2026-11-03") == month_forecast(complete, "2026-11-03")


def test_only_the_last_seven_days_say_how_it_goes_on() -> None:
    before, lately = [100.0] * 3, [1.0] * 7
    assert month_forecast(days("2026-11-01", *before, *lately), "2026-11-11") == 307 + 20


def test_on_the_first_the_last_month_says_how_it_goes_on_but_costs_nothing_more() -> None:
    assert month_forecast(days("2026-10-25", *[3.0] * 7), "2026-11-01") == 3 * 30


@pytest.mark.parametrize(("today", "left"), [("2026-11-01", 30), ("2026-11-30", 1), ("2028-02-28", 2)])
def test_today_is_one_of_the_days_that_are_left(today: str, left: int) -> None:
    assert days_left(today) == left


@given(cost=st.floats(0, 1e6), today=st.dates(date(2020, 1, 2), date(2040, 1, 1)))
def test_if_every_day_costs_the_same_the_forecast_is_the_month_of_it(cost: float, today: date) -> None:
    same = days((today - timedelta(days=40)).isoformat(), *[cost] * 40)
    in_month = today.day - 1 + days_left(today.isoformat())
    assert month_forecast(same, today.isoformat()) == pytest.approx(cost * in_month)


def test_the_parts_of_a_category_that_is_told_do_not_count_again() -> None:
    day = {"group-rooms": 5.0, "group-rooms-media-recorded": 2.0, "pv-composition-minutes": 1.0, "pv-rooms": 0.5}
    assert day_totals({"2025-11-21": day}) == {"2025-11-21": 6.5}


def test_a_whole_that_costs_less_than_its_parts_does_not_contain_them() -> None:
    day = {"group-rooms": 0.0, "group-rooms-media": 2.0, "group-rooms-media-recorded": 2.0, "group-rooms-minutes": 1.0}
    assert day_totals({"2025-11-21": day}) == {"2025-11-21": 3.0}

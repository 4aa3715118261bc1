"""A clock that is behind what it has seen already."""

from monitor.clock_check import DAY_MS, clock_behind


def test_a_database_from_the_day_after_tomorrow_is_told_of() -> None:
    assert "2.0 days ahead" in clock_behind(5 * DAY_MS, 3 * DAY_MS)


def test_a_day_or_nothing_at_all_is_nothing_to_talk_about() -> None:
    assert clock_behind(DAY_MS, 0) == ""
    assert clock_behind(None, 0) == ""

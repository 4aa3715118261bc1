"""Which time is meant by `from`, `to` or `at`."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.http.time_ranges import LATEST_MS, PATTERN, Unclear, moment_of

NOW_MS = 1_795_299_245_500  # 2026-11-21T22:14:05.5Z
HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1763690000123", 1_763_690_000_123),
        ("0", 0),
        ("now", NOW_MS),
        ("-1h", NOW_MS - HOUR_MS),
        ("-1h30m", NOW_MS - HOUR_MS * 3 // 2),
        ("-7d", NOW_MS - 7 * 24 * HOUR_MS),
        ("-0s", NOW_MS),
        ("2026-11-21T22:14:05.5Z", NOW_MS),
        ("2026-11-21T23:14:05.5+01:00", NOW_MS),
        ("2026-11-21T23:14:05.5 01:00", NOW_MS),
        ("2026-11-21T22:14:05.5", NOW_MS),
        ("1970-01-02", 24 * HOUR_MS),
    ],
)
def test_a_time_may_be_said_in_several_ways(text: str, meant: int) -> None:
    assert moment_of(text, NOW_MS) == meant


@pytest.mark.parametrize(
    "text",
    [
        *("", "-", "yesterday", "1h", "+1h", "-1w", "-1m1h", "-1", "1e9", "9" * 16, "9" * 5000, "٣", "now\0", "\udcff"),
        *("2026-02-31", "2026-11-21T25:00", "2026-11-21T22:14+99:00"),
        *("1969-12-31", "-99999d", "0001-01-01T00:00+14:00"),
    ],
)
def test_what_is_no_time_is_not_guessed(text: str) -> None:
    with pytest.raises(Unclear, match="expected "):
        moment_of(text, NOW_MS)


@given(st.from_regex(PATTERN, fullmatch=True) | st.text())
def test_a_time_is_within_bounds_or_none_and_the_published_pattern_knows_it(text: str) -> None:
    try:
        assert 0 <= moment_of(text, NOW_MS) <= LATEST_MS
    except Unclear:
        return
    assert re.search(PATTERN, text.replace(" ", "+"), re.ASCII)

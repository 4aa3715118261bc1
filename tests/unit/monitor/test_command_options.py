"""What a moment may be called where a command looks back."""

import argparse
import time

import pytest

from monitor.commands.options import moment_or_ago


@pytest.mark.parametrize(
    ("text", "ago_s"), [("now", 0), ("90m", 5400), ("-90m", 5400), ("1h30m", 5400), ("7d", 604_800)]
)
def test_a_moment_may_be_told_by_how_long_ago_it_was(text: str, ago_s: int) -> None:
    before_ms, told_ms, after_ms = round(time.time() * 1000), moment_or_ago(text), round(time.time() * 1000)
    assert before_ms <= told_ms + ago_s * 1000 <= after_ms


def test_a_moment_may_be_told_as_a_date() -> None:
    assert moment_or_ago("2025-11-21") == 1_763_683_200_000


@pytest.mark.parametrize("text", ["", "yesterday", "--1h", "1 h", "3x", "99999d"])
def test_what_is_neither_a_moment_nor_how_long_ago_it_was_is_told(text: str) -> None:
    with pytest.raises(
        argparse.ArgumentTypeError, match=r"expected a date such as .* \(or how long ago, such as 90m\)"
    ):
        moment_or_ago(text)

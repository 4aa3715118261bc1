"""What Hypothesis would try, as a list: one daemon then meets all of it, where @given would start one for each."""

from typing import TypeVar

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

T = TypeVar("T")


def examples(strategy: st.SearchStrategy[T], count: int) -> list[T]:
    """Return so many examples, or fewer where there are no more."""
    found: list[T] = []

    @given(strategy)
    @settings(max_examples=count, phases=[Phase.generate], database=None, deadline=None)
    def collect(value: T) -> None:
        found.append(value)

    collect()
    return found

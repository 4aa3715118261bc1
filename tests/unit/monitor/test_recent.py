"""The latest are remembered, and not many more."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.recent import Recent

LEAST = 4


@given(st.lists(st.integers(0, 20)))
def test_the_latest_are_always_there_and_twice_as_many_at_most(heard: list[int]) -> None:
    recent: Recent[int, str] = Recent(LEAST)
    latest: list[int] = []
    for number in heard:
        if recent.get(number) is None:
            recent.put(number, str(number))
        latest = [each for each in latest if each != number] + [number]
        assert len(recent) <= 2 * LEAST
        assert all(recent.get(each) == str(each) for each in latest[-LEAST + 1 :])


def test_what_is_said_of_somebody_again_counts() -> None:
    recent: Recent[str, int] = Recent(LEAST)
    recent.put("a", 1)
    recent.put("a", 2)
    assert (recent.get("a"), len(recent)) == (2, 1)


def test_who_was_not_heard_for_long_is_forgotten() -> None:
    recent: Recent[int, int] = Recent(LEAST)
    for number in range(3 * LEAST):
        recent.put(number, number)
    assert recent.get(0) is None

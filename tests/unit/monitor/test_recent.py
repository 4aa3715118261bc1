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


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 9))), st.integers(1, 15))
def test_whoever_was_heard_within_the_time_is_remembered_unless_there_are_too_many(
    heard: list[tuple[int, int]], lasts: int
) -> None:
    recent: Recent[int, str] = Recent(100, lasts)
    heard_at: dict[int, int] = {}
    now = 0
    for number, later in heard:
        now += later
        if recent.get(number) is None:
            assert now - heard_at.get(number, -99) >= lasts
            recent.put(number, "", now)
        heard_at[number] = now


def test_who_was_not_heard_for_twice_the_time_is_forgotten_as_soon_as_others_come() -> None:
    recent: Recent[int, str] = Recent(1_000_000, 10.0)
    for number in range(1_000):
        recent.put(number, "", float(number))
        assert len(recent) <= 2 * 10 + 1


def test_a_generation_that_is_full_does_not_shorten_the_time_of_the_next() -> None:
    recent: Recent[str, int] = Recent(2, 10.0)
    for name, at in (("a", 0.0), ("b", 9.0), ("c", 10.0)):
        recent.put(name, 1, at)
    assert recent.get("b") == 1


def test_a_clock_that_is_set_back_makes_nobody_forgotten() -> None:
    recent: Recent[str, int] = Recent(10, 10.0)
    for name, at in (("a", 100.0), ("b", 0.0), ("c", 5.0)):
        recent.put(name, 1, at)
    assert [recent.get(name) for name in "abc"] == [1, 1, 1]

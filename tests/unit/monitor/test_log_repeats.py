"""Which lines of many are written."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.log_repeats import EVENTS_KNOWN, Held, Repeats


def repeats() -> Repeats[str]:
    return Repeats(first=2, interval_s=60)


def test_the_first_few_pass_and_the_rest_are_held_back() -> None:
    some = repeats()
    assert [some.passes("a", now_s) for now_s in range(4)] == [True, True, False, False]
    assert some.passes("b", 4)


def test_at_the_end_of_an_interval_it_is_told_how_many_were_held_back() -> None:
    some = repeats()
    for now_s in range(10):
        some.passes("a", now_s)
    assert some.over(59) == []
    assert some.over(60) == [Held("a", 8, 60)]


def test_what_goes_on_is_told_of_once_an_interval_and_nothing_of_it_passes() -> None:
    some = repeats()
    for now_s in range(60):
        some.passes("a", now_s)
    some.over(60)
    assert not some.passes("a", 61)
    assert some.over(120) == [Held("a", 1, 60)]


def test_what_pauses_for_an_interval_begins_anew() -> None:
    some = repeats()
    for now_s in range(10):
        some.passes("a", now_s)
    assert some.over(60)
    assert some.over(120) == []
    assert some.passes("a", 121)


def test_what_is_said_now_and_then_is_never_held_back() -> None:
    some = repeats()
    for now_s in range(0, 600, 40):
        assert some.over(now_s) == []
        assert some.passes("a", now_s)


def test_more_events_than_are_known_at_a_time_pass() -> None:
    some = repeats()
    assert all(some.passes(str(n), 0) for n in range(EVENTS_KNOWN))
    assert all(some.passes("one more", 0) for _ in range(9))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 50)), max_size=60))
def test_every_line_is_either_written_or_counted(steps: list[tuple[str, float]]) -> None:
    some, now_s, written, told = repeats(), 0.0, 0, 0
    for event, pause_s in steps:
        now_s += pause_s
        told += sum(held.lines for held in some.over(now_s))
        written += some.passes(event, now_s)
    told += sum(held.lines for held in some.over(now_s + 61))
    assert written + told == len(steps)

"""How far a clock is off, though all that is seen of it comes late."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.clock_offset import SET_BACK_MS, WINDOW_MS, ClockOffsets
from tests.builders import NOW_MS

TOLERANCE_MS = 2_000
TEN_MINUTES = 600_000


def clocks() -> ClockOffsets:
    return ClockOffsets(TOLERANCE_MS)


def heard(offsets: ClockOffsets, ahead_ms: int | None, *, at_ms: int = NOW_MS, session: str | None = "s") -> int | None:
    """Hear a post whose clock seems so far ahead, and return what is thought of it."""
    return offsets.offset_ms(session, None if ahead_ms is None else at_ms + ahead_ms, at_ms)


def test_the_quickest_post_of_a_session_tells_the_most() -> None:
    offsets = clocks()
    assert heard(offsets, TEN_MINUTES - 9_000) == TEN_MINUTES - 9_000
    assert heard(offsets, TEN_MINUTES - 40) == TEN_MINUTES - 40
    assert heard(offsets, TEN_MINUTES - 20_000) == TEN_MINUTES - 40


def test_what_may_be_delay_alone_is_not_corrected() -> None:
    assert heard(clocks(), -TOLERANCE_MS) is None
    assert heard(clocks(), -TOLERANCE_MS - 1) == -TOLERANCE_MS - 1
    assert heard(clocks(), 60) is None


def test_a_post_that_does_not_say_when_it_was_sent_goes_by_those_before() -> None:
    offsets = clocks()
    assert heard(offsets, None) is None
    heard(offsets, TEN_MINUTES)
    assert heard(offsets, None) == TEN_MINUTES
    assert heard(offsets, None, session="another") is None


def test_without_a_session_a_post_stands_by_itself() -> None:
    offsets = clocks()
    assert heard(offsets, TEN_MINUTES, session=None) == TEN_MINUTES
    assert heard(offsets, None, session=None) is None


def test_a_clock_that_was_set_is_measured_anew() -> None:
    offsets = clocks()
    heard(offsets, TEN_MINUTES)
    assert heard(offsets, -40, at_ms=NOW_MS + 1) is None
    assert heard(offsets, TEN_MINUTES, at_ms=NOW_MS + 2) == TEN_MINUTES


def test_an_estimate_lasts_for_two_windows_and_no_longer() -> None:
    offsets = clocks()
    heard(offsets, 10_000)
    assert heard(offsets, 5_000, at_ms=NOW_MS + WINDOW_MS + 1) == 10_000
    assert heard(offsets, 5_000, at_ms=NOW_MS + 2 * WINDOW_MS + 2) == 5_000


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(0, SET_BACK_MS), min_size=1, max_size=20))
def test_the_estimate_is_off_by_the_least_delay_and_only_ever_behind(truth_ms: int, delays_ms: list[int]) -> None:
    offsets = ClockOffsets(0)
    estimate_ms = [heard(offsets, truth_ms - delay_ms) or 0 for delay_ms in delays_ms][-1]
    assert estimate_ms == truth_ms - min(delays_ms)


def test_a_session_that_was_not_heard_for_long_is_forgotten() -> None:
    offsets = clocks()
    heard(offsets, TEN_MINUTES)
    assert heard(offsets, None, at_ms=NOW_MS + 2 * WINDOW_MS) == TEN_MINUTES
    assert heard(offsets, None, at_ms=NOW_MS + 2 * WINDOW_MS + 1) is None


def test_of_too_many_sessions_those_are_forgotten_that_were_measured_first() -> None:
    offsets = ClockOffsets(TOLERANCE_MS, sets=1)
    for number in range(6):
        heard(offsets, TEN_MINUTES, at_ms=NOW_MS + number, session=f"s{number}")
    assert [heard(offsets, None, at_ms=NOW_MS + 6, session=f"s{number}") for number in (5, 4, 3)] == [TEN_MINUTES] * 3
    assert heard(offsets, None, at_ms=NOW_MS + 6, session="s0") is None

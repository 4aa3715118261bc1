"""When the watchdog is told that this process is alive."""

import pytest

from monitor.supervision.liveness import Judgement, Watchdog, judge, watchdog_of

WATCHDOG = Watchdog(60.0)


def judged(now_s: float, last_beat_s: float = 0.0, **signs: float) -> Judgement:
    return judge(signs, last_beat_s, now_s, WATCHDOG)


def test_it_beats_at_half_of_the_limit_and_not_before() -> None:
    assert not judged(29.9, writer=20, dispatcher=20).beats
    assert judged(30, writer=20, dispatcher=20).beats


def test_a_part_without_a_sign_since_the_last_beat_withholds_the_next() -> None:
    assert judged(130, 100, writer=99, dispatcher=110) == Judgement(beats=False, silent=("writer",))
    assert judged(130, 100, writer=99, dispatcher=100).silent == ("writer", "dispatcher")


def test_a_beat_that_was_withheld_goes_out_as_soon_as_the_sign_comes() -> None:
    assert judged(141, 100, writer=140, dispatcher=110).beats


def test_nobody_is_silent_before_a_beat_is_due() -> None:
    assert judged(120, 100, writer=50, dispatcher=50) == Judgement(beats=False)


def test_what_the_watchdog_expects_of_another_process_is_not_ours() -> None:
    assert watchdog_of({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 8) is None
    assert watchdog_of({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, 8) == Watchdog(30.0)
    assert watchdog_of({"WATCHDOG_USEC": "30000000"}, 8) == Watchdog(30.0)


@pytest.mark.parametrize("micros", ["", "0", "soon", "-5", "٣"])
def test_without_a_limit_there_is_no_watchdog(micros: str) -> None:
    assert watchdog_of({"WATCHDOG_USEC": micros}, 8) is None

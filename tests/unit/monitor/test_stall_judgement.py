"""Who was it that kept the event loop?"""

import pytest

from monitor.stalls.judgement import Cause, cause_of, unwatched_s


@pytest.mark.parametrize(
    ("late_s", "unwatched", "cpu_s", "is_idle", "cause"),
    [
        (1.0, 0.0, 0.01, False, Cause.BLOCKED),  # it sleeps or waits for a disk
        (1.0, 0.0, 0.99, False, Cause.BLOCKED),  # it reckons, and lets others look
        (1.0, 0.9, 0.99, False, Cause.NATIVE),  # it reckons, and lets nobody
        (60.0, 59.8, 0.01, False, Cause.FROZEN),  # stopped, and the stack that was found after it is innocent
        (0.5, 0.0, 0.01, True, Cause.FROZEN),  # there was nothing to do, and it was not woken
    ],
)
def test_a_cause_is_told_by_who_else_was_late(
    late_s: float, unwatched: float, cpu_s: float, is_idle: bool, cause: Cause
) -> None:
    assert cause_of(late_s, unwatched, cpu_s, is_idle=is_idle) is cause


def test_a_watcher_that_is_a_little_late_has_watched_all_the_same() -> None:
    assert unwatched_s(0.08, 0.05) == 0
    assert unwatched_s(3.05, 0.05) == pytest.approx(3.0)

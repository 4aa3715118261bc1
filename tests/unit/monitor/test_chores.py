"""Chores: when each was last done, and which should have been."""

from monitor.chore_times import Chores
from monitor.chores import OVERDUE_FACTOR, OVERDUE_GRACE_S, Chore

HOUR_S = 3600.0
ALLOWED_S = OVERDUE_FACTOR * HOUR_S + OVERDUE_GRACE_S


def test_a_chore_that_was_never_done_is_overdue_from_the_start_on() -> None:
    chore = Chore(HOUR_S, now_s=0.0)
    assert not chore.is_overdue(ALLOWED_S)
    assert chore.is_overdue(ALLOWED_S + 1)


async def test_a_chore_that_fails_grows_overdue_and_one_that_is_done_does_not() -> None:
    now_s = 0.0
    chores = Chores(lambda: now_s)

    async def succeed() -> None:
        """Be done."""

    async def fail() -> bool:
        return False

    done, failed = chores.timed("settling", HOUR_S, succeed), chores.timed("retention", HOUR_S, fail)
    now_s = ALLOWED_S
    await done()
    await failed()
    now_s += 1
    assert chores.overdue() == ("retention",)
    found = dict(chores)
    assert (found["retention"].failures, found["retention"].done_at_s) == (1, None)
    assert (found["settling"].failures, found["settling"].done_at_s) == (0, ALLOWED_S)


async def test_a_chore_that_hangs_is_overdue() -> None:
    now_s = 0.0
    chores = Chores(lambda: now_s)

    async def hang() -> None:
        raise AssertionError("it is never even begun")

    chores.timed("sight", 2.0, hang)
    now_s = 300.0
    assert chores.overdue() == ("sight",)

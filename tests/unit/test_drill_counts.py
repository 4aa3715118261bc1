"""What is counted of a drill: who asked by turns, how much beyond a rate, and how long a duty rested."""

from collections.abc import Sequence

from tests.crash.drilled_replicas import BURST_REQUESTS, REQUESTS_PER_S, Asked, beyond_rate, hands, worst_second
from tests.crash.duty_watch import LONGEST_LOOK_S, DutyWatch


def by(names: str, account: str = "a") -> list[Asked]:
    return [Asked(float(second), name, account) for second, name in enumerate(names)]


def test_two_who_ask_by_turns_change_hands_each_time() -> None:
    assert [each.replica for each in hands(by("xxxyyx"), "a")] == ["x", "y", "x"]
    assert hands(by("xy", account="b"), "a") == []


def test_a_burst_is_as_much_beyond_the_rate_as_it_has_requests_however_long_nobody_asked_before() -> None:
    burst = [Asked(100.0, "x", "a")] * BURST_REQUESTS
    assert beyond_rate([Asked(0.0, "x", "a"), *burst]) == BURST_REQUESTS
    steady = [Asked(number / REQUESTS_PER_S, "x", "a") for number in range(100)]
    assert round(beyond_rate(steady), 6) == 1


def test_the_worst_second_is_that_of_one_account() -> None:
    both = [Asked(at_s, "x", account) for at_s in (0.0, 0.5, 0.9, 1.2) for account in ("a", "b")]
    assert worst_second(both) == 3


class Watched:
    """A watch that is told what there is to see, ten times a second."""

    def __init__(self) -> None:
        self.able = {"x", "y"}
        self.is_there = True
        self.watch = DutyWatch("", lambda: self.able, lambda: self.is_there)
        self._now_s = 0.0

    def see(self, *holders: str, since_s: float = 0.1) -> float:
        for holder in holders:
            self._now_s += since_s
            self.watch._look({"alerts": holder} if holder else {}, self._now_s, since_s)
        return round(self.watch.longest_s["alerts"], 3)


def seen(holders: Sequence[str]) -> DutyWatch:
    watched = Watched()
    watched.see(*holders)
    return watched.watch


def test_a_duty_whose_holder_is_dead_rests_until_somebody_else_has_it() -> None:
    watched = Watched()
    assert watched.see("x", "x") == 0
    watched.able = {"y"}
    assert watched.see("x", "x", "", "y", "y") == 0.3


def test_a_duty_that_nobody_could_have_does_not_rest() -> None:
    watched = Watched()
    watched.see("x")
    watched.able = set()
    assert watched.see("", "") == 0
    watched.able, watched.is_there = {"y"}, False
    assert watched.see("", "") == 0
    watched.is_there = True
    assert watched.see("", "y") == 0.1


def test_a_look_that_took_long_says_little_of_a_duty() -> None:
    watched = Watched()
    watched.see("x")
    watched.able = {"y"}
    assert watched.see("x", since_s=10.0) == LONGEST_LOOK_S


def test_a_duty_changes_when_another_has_it_and_not_when_the_same_takes_it_again() -> None:
    assert seen(["x", "", "x", "y", "x"]).changes("alerts") == 2


def test_a_duty_is_anothers_only_where_nobody_saw_it_with_this_one() -> None:
    watch = seen(["x", "y", "y"])
    assert watch.is_anothers("alerts", "x", 0.15, 0.3)
    assert not watch.is_anothers("alerts", "x", 0.05, 0.3)
    assert not watch.is_anothers("alerts", "x", 5.0, 6.0), "nobody looked"

import pytest

from alerts.breaker import FAILURES, Circuit
from alerts.delivery import Delivered, Rejected, TryAgain
from alerts.gates import Gates
from alerts.notifiers.base import PAGER_PATIENCE_S, Budget
from alerts.receivers import Door

SILENCE = TryAgain("could not connect")


class Service:
    """A notifier of which only the limits matter."""

    give_up_after_s = PAGER_PATIENCE_S

    def __init__(self, budget=None):
        self.budget = budget

    def render(self, _notification, _attempt):
        return None

    def judge(self, _status, _headers, _body):
        return Delivered()


def ask(gates, door, outcome, now=0.0, *, was_asked=True):
    was_probe = gates.begin(door)
    gates.end(door, outcome, now, was_probe=was_probe, was_asked=was_asked)


OPS = Door("ops", Service())
SHARED = Budget(120, 60.0, "pagerduty:1234")


def test_a_hand_is_busy_until_it_is_had_back():
    gates = Gates(hands=2)
    gates.begin(OPS)
    gates.begin(OPS)
    assert not gates.is_open(OPS, 0, is_urgent=True)
    gates.end(OPS, Delivered(), 0, was_probe=False, was_asked=True)
    assert gates.is_open(OPS, 0, is_urgent=True)


@pytest.mark.promise("P11")
def test_a_pause_holds_for_all_who_share_what_the_service_counts_by():
    gates = Gates(2)
    pager, backup = Door("pager", Service(SHARED)), Door("backup", Service(SHARED))
    ask(gates, pager, TryAgain("answered 429", after_s=7))
    for door in (pager, backup):
        assert gates.opens_at(door, 1, is_urgent=True) == 7
    assert gates.is_open(OPS, 1, is_urgent=True)


def test_who_asks_for_a_pause_or_says_no_is_there():
    gates = Gates(2)
    for outcome in (SILENCE, SILENCE, SILENCE, SILENCE, TryAgain("answered 429", after_s=7), SILENCE, Rejected("no")):
        ask(gates, OPS, outcome)
    assert gates.circuits == {"ops": Circuit.CLOSED}


@pytest.mark.promise("P16")
def test_who_does_not_answer_is_asked_no_more_and_then_once():
    gates = Gates(8)
    for _ in range(FAILURES):
        ask(gates, OPS, SILENCE)
    assert gates.opens_at(OPS, 0, is_urgent=True) == 2
    assert gates.is_away(OPS)
    assert gates.begin(OPS)
    assert gates.opens_at(OPS, 2, is_urgent=True) == float("inf")


def test_what_failed_before_it_was_sent_says_nothing_of_the_receiver():
    gates = Gates(2)
    for _ in range(FAILURES - 1):
        ask(gates, OPS, SILENCE)
    ask(gates, OPS, Rejected("the notifier failed"), was_asked=False)
    ask(gates, OPS, SILENCE)
    assert gates.circuits["ops"] is Circuit.OPEN


def test_the_next_opening_is_the_next_moment_at_which_more_may_be_said():
    gates = Gates(200)
    pager = Door("pager", Service(Budget(10, 60.0, "key")))
    assert gates.next_opening([OPS, pager], 0) == float("inf")
    for _ in range(8):
        ask(gates, pager, Delivered(), now=1)
    assert gates.next_opening([OPS, pager], 2) == 61, "what is not urgent may go then"
    ask(gates, OPS, TryAgain("later", after_s=30))
    assert gates.next_opening([OPS, pager], 2) == 30

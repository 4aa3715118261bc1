from dataclasses import replace
from itertools import pairwise

import pytest

from alerts.delivery import Delivered, Fate, Rejected, Settlement, TryAgain, backoff_s, give_up, in_a_word, settle
from alerts.model import Owed
from alerts.notifiers.base import PAGER_PATIENCE_S
from tests.alert_builders import START, make_notification

OWED = Owed(make_notification(), attempts=2)
FAILED = TryAgain("answered 500")


def test_a_delivered_row_is_done():
    assert settle(OWED, Delivered(), START, PAGER_PATIENCE_S) == Settlement(Fate.DELIVERED, attempts=3, at=START)


def test_a_rejected_row_is_dead_and_says_why():
    settled = settle(OWED, Rejected("answered 404"), START, PAGER_PATIENCE_S)
    assert (settled.fate, settled.last_error, settled.next_at) == (Fate.DEAD, "answered 404", None)


def test_a_failed_row_is_tried_again_later():
    settled = settle(OWED, FAILED, START, PAGER_PATIENCE_S)
    assert (settled.fate, settled.attempts, settled.last_error) == (Fate.RETRY, 3, "answered 500")
    assert START <= settled.next_at < START + 4


def test_a_receiver_is_not_asked_sooner_than_it_wishes():
    assert settle(OWED, TryAgain("answered 429", after_s=600), START, PAGER_PATIENCE_S).next_at == START + 600


def test_a_receiver_may_be_asked_later_than_it_wishes():
    owed = Owed(OWED.notification, attempts=20)
    assert settle(owed, TryAgain("answered 429", after_s=0), START, PAGER_PATIENCE_S).next_at == START + backoff_s(
        OWED.notification.id, 21
    )


@pytest.mark.promise("P10")
def test_pauses_grow_to_five_minutes_and_no_further():
    ids = [f"n{number}" for number in range(300)]
    longest = [max(backoff_s(each, attempt) for each in ids) for attempt in (1, 2, 3, 8, 9, 10, 5000)]
    assert [round(each, -1 if each > 30 else 0) for each in longest] == [1, 2, 4, 130, 260, 300, 300]


@pytest.mark.promise("P10")
def test_pauses_are_spread_over_the_whole_range():
    pauses = [backoff_s(f"n{number}", 9) for number in range(1000)]
    assert min(pauses) < 10
    assert 118 < sum(pauses) / len(pauses) < 138


@pytest.mark.promise("P10")
def test_the_schedule_of_a_notification_is_always_the_same():
    assert backoff_s("n1", 4) == backoff_s("n1", 4)
    assert len({backoff_s("n1", attempt) for attempt in range(9, 30)}) == 21


@pytest.mark.promise("P10")
def test_after_a_day_a_notification_is_given_up():
    day = START + PAGER_PATIENCE_S
    assert settle(OWED, FAILED, day - 1, PAGER_PATIENCE_S).fate is Fate.RETRY
    settled = settle(OWED, FAILED, day, PAGER_PATIENCE_S)
    assert (settled.fate, settled.last_error) == (Fate.DEAD, "given up after 24 h: answered 500")


def test_a_long_pause_does_not_cost_the_last_chance():
    day = START + PAGER_PATIENCE_S
    assert settle(OWED, TryAgain("answered 503", after_s=3600), day - 60, PAGER_PATIENCE_S).next_at == day


@pytest.mark.promise("P10")
def test_a_day_of_failures_is_some_hundred_attempts_and_then_rest():
    owed, now, moments = Owed(make_notification()), START, []
    while True:
        moments.append(now)
        settled = settle(owed, FAILED, now, PAGER_PATIENCE_S)
        if settled.fate is Fate.DEAD:
            break
        owed, now = Owed(owed.notification, settled.attempts, settled.next_at), settled.next_at
    assert 400 < len(moments) < 800
    assert all(0 <= later - earlier <= 300 for earlier, later in pairwise(moments))


@pytest.mark.promise("P11")
def test_a_pause_that_was_asked_for_counts_as_no_attempt():
    settled = settle(OWED, TryAgain("answered 429", after_s=7), START, PAGER_PATIENCE_S)
    assert (settled.attempts, settled.next_at) == (OWED.attempts, START + 7)


def test_a_receiver_that_wants_to_be_asked_again_at_once_is_not():
    settled = settle(OWED, TryAgain("answered 429", after_s=0), START, PAGER_PATIENCE_S)
    assert (settled.attempts, settled.next_at) == (3, START + backoff_s(OWED.notification.id, 3))


@pytest.mark.promise("P16")
def test_a_row_is_at_hand_when_its_receiver_is_probed():
    owed = replace(OWED, attempts=30)
    assert settle(owed, FAILED, START, PAGER_PATIENCE_S, probe_at=START + 0.5).next_at == START + 0.5
    assert settle(OWED, FAILED, START, PAGER_PATIENCE_S, probe_at=START + 120).next_at < START + 4
    asked = settle(OWED, TryAgain("answered 429", after_s=600), START, PAGER_PATIENCE_S, probe_at=START + 1)
    assert asked.next_at == START + 600, "who said when is not asked before"


@pytest.mark.promise("P13")
def test_the_time_of_what_was_replayed_runs_anew():
    later = START + 2 * PAGER_PATIENCE_S
    assert settle(replace(OWED, since=later), FAILED, later, PAGER_PATIENCE_S).fate is Fate.RETRY


def test_what_was_never_tried_is_given_up_with_a_reason():
    settled = give_up(replace(OWED, attempts=0), START, 7200)
    assert (settled.fate, settled.attempts) == (Fate.DEAD, 0)
    assert settled.last_error == "given up after 2 h: the receiver could not be reached"


@pytest.mark.promise("P39")
def test_an_outcome_that_nobody_knows_has_a_word_of_its_own():
    outcomes = (Delivered(), Rejected("no"), FAILED, TryAgain("no answer", ambiguous=True))
    assert [in_a_word(each) for each in outcomes] == ["delivered", "rejected", "unavailable", "unknown"]

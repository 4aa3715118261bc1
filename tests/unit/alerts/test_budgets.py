import heapq
import random

import pytest

from alerts.budgets import Window
from alerts.notifiers.base import Budget

pytestmark = pytest.mark.promise("P14")


def make_window(requests=10, per_s=60.0):
    return Window(Budget(requests, per_s, "key"))


def spent(window, times, at=0.0):
    for _ in range(times):
        window.begin()
        window.end(at, was_asked=True)
    return window


def test_as_many_go_at_once_as_the_service_takes():
    window = make_window()
    for _ in range(10):
        assert window.opens_at(0, is_urgent=True) == 0
        window.begin()
    assert window.opens_at(0, is_urgent=True) == float("inf")


def test_the_next_goes_when_the_first_answer_is_a_window_old():
    window = spent(make_window(), 10, at=5)
    assert window.opens_at(6, is_urgent=True) == 65
    assert window.opens_at(65, is_urgent=True) == 0


def test_a_fifth_is_kept_for_what_is_urgent():
    window = spent(make_window(), 8)
    assert window.opens_at(1, is_urgent=False) == 60
    assert window.opens_at(1, is_urgent=True) == 0


def test_of_one_request_a_second_nothing_can_be_kept():
    assert make_window(1, 1.0).opens_at(0, is_urgent=False) == 0


def test_what_never_departed_does_not_count():
    window = make_window(1)
    window.begin()
    window.end(0, was_asked=False)
    assert window.opens_at(0, is_urgent=False) == 0


def test_what_was_asked_before_a_restart_counts():
    window = make_window(2)
    for at in (100, 130):
        window.remember(at)
    assert window.opens_at(140, is_urgent=True) == 160


class Vendor:
    """Counts requests as they arrive, in a window that slides."""

    def __init__(self, requests, per_s):
        self.requests, self.per_s = requests, per_s
        self.arrived, self.refused = [], 0

    def take(self, at):
        self.arrived = [each for each in self.arrived if each > at - self.per_s]
        self.arrived.append(at)
        self.refused += len(self.arrived) > self.requests


@pytest.mark.parametrize(("requests", "per_s"), [(120, 60.0), (1, 1.0), (30, 1.0)])
def test_a_storm_never_meets_a_limit_whatever_the_network_does(requests, per_s):
    chance, vendor, window = random.Random(14), Vendor(requests, per_s), make_window(requests, per_s)
    now, left, under_way = 0.0, 5000, []  # under way: the moment of the next event, which event, of which arrival
    while left or under_way:
        while left and window.opens_at(now, is_urgent=bool(left % 2)) <= now:
            window.begin()
            left -= 1
            heapq.heappush(under_way, (now + chance.expovariate(2.0), "arrives"))
        moments = [window.opens_at(now, is_urgent=bool(left % 2))] if left else []
        now = min([*moments, *(at for at, _ in under_way[:1])])
        while under_way and under_way[0][0] <= now:
            at, event = heapq.heappop(under_way)
            if event == "arrives":
                vendor.take(at)
                heapq.heappush(under_way, (at + chance.expovariate(2.0), "answered"))
            else:
                window.end(at, was_asked=True)
    assert vendor.refused == 0
    assert now < 5000 / (0.8 * requests) * (per_s + 8), "what is allowed is made use of"

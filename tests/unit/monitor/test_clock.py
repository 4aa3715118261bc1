"""A clock that nobody can set."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from alerts.engine import Engine
from alerts.model import Reason
from monitor.clock import SteadyClock, SteadyZone
from tests.alert_builders import START, make_reading, make_rule

HOUR_S = 3600.0


class Machine:
    """A wall clock that somebody sets, and the time since the machine was started."""

    def __init__(self) -> None:
        self.wall_s, self.up_s = START, 500.0

    def passes(self, seconds: float) -> None:
        self.wall_s += seconds
        self.up_s += seconds

    def clock(self) -> SteadyClock:
        return SteadyClock(lambda: self.wall_s, lambda: self.up_s)


@pytest.mark.promise("P37")
@pytest.mark.parametrize("step_s", [-HOUR_S, HOUR_S])
def test_a_step_of_the_wall_clock_fires_and_resolves_nothing(step_s):
    machine, engine = Machine(), Engine([make_rule(hold_for="10m", clear_for="10m")])
    clock, reasons = machine.clock(), []

    def look(level: int) -> None:
        found = engine.judge([make_reading(level=level)], clock.now_s())
        engine.adopt(found.alerts, found.deadlines)
        reasons.extend(each.reason for each in found.transitions)

    look(1)
    machine.wall_s += step_s
    machine.passes(300)
    look(1)
    assert reasons == [Reason.RAISED]
    machine.passes(300)
    look(1)
    assert reasons == [Reason.RAISED, Reason.HELD]
    look(5)
    machine.wall_s += step_s
    machine.passes(300)
    look(5)
    assert reasons == [Reason.RAISED, Reason.HELD]
    machine.passes(300)
    look(5)
    assert reasons == [Reason.RAISED, Reason.HELD, Reason.CLEARED]


def test_the_clock_begins_by_the_wall():
    machine = Machine()
    assert machine.clock().now_s() == START
    assert machine.clock().now_ms() == START * 1000


@pytest.mark.parametrize("step_s", [-HOUR_S, HOUR_S, -50 * 365 * 24 * HOUR_S])
def test_between_two_moments_of_the_steady_zone_lies_what_passed_whatever_the_wall_shows(step_s):
    machine = Machine()
    zone = SteadyZone(machine.clock(), lambda: machine.wall_s)
    before = datetime.fromtimestamp(machine.wall_s, zone)
    machine.wall_s += step_s
    machine.passes(2)
    after = datetime.fromtimestamp(machine.wall_s, zone)
    assert after - before == timedelta(seconds=2)
    assert before == datetime.fromtimestamp(START, UTC)


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="the system does not count the sleep of the machine")
def test_the_sleep_of_the_machine_counts():
    clock = SteadyClock()
    began_s = time.clock_gettime(time.CLOCK_BOOTTIME)
    first = clock.now_s()
    assert first - time.time() == pytest.approx(0, abs=1)
    assert clock._monotonic_s() >= began_s

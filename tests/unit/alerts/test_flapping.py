"""What goes to and fro is told once, and what is over is told once."""

from collections.abc import Iterator

import pytest

from alerts.default_rules import DEFAULT_RULES
from alerts.engine import Engine
from alerts.flapping import MINUTES, calm_at, change_ratio, flipped
from alerts.model import Reason, Rule, State, Transition
from tests.alert_builders import START, make_reading, make_rule

MINUTE_S, HOUR_S = 60.0, 3600.0
SHIPPED = next(rule for rule in DEFAULT_RULES if rule.name == "ParticipantQualityDegraded")
NERVOUS = make_rule(hold_for="0s", clear_for="0s", bounce_window="0s")  # with nothing but flap damping to calm it

PERIODS_S = [
    20,
    21,
    30,
    45,
    60,
    90,
    120,
    200,
    299,
    300,
    301,
    450,
    599,
    600,
    720,
    1199,
    1201,
    1260,
    1500,
    1680,
    1799,
    1800,
]


def square(period_s: float, until_s: float, bad_ratio: float = 0.5) -> Iterator[tuple[float, int]]:
    """Bad for a part of each period, beginning with that, and well for the rest; bad no more after `until_s`."""
    at_s = 0.0
    while at_s < until_s:
        yield at_s, 1
        yield at_s + period_s * bad_ratio, 5
        at_s += period_s


def live_through(rule: Rule, levels: Iterator[tuple[float, int]], until_s: float) -> list[Transition]:
    """Show every change to an engine when it happens, and look again whenever the engine asks to."""
    engine, told, level = Engine([rule]), [], 5

    def look(at: float) -> None:
        found = engine.judge([make_reading(level=level)], at)
        engine.adopt(found.alerts, found.deadlines)
        told.extend(found.transitions)

    for after_s, next_level in [*levels, (until_s, 5)]:
        while (at := engine.next_deadline()) is not None and at < START + after_s:
            look(at)
        level = next_level
        look(START + after_s)
    return told


def begun(told: list[Transition]) -> list[float]:
    """Return after how many seconds episodes began."""
    return [each.at - START for each in told if each.after is State.FIRING and each.before is not State.FIRING]


def within(moments: list[float], from_s: float) -> int:
    return sum(from_s <= moment < from_s + HOUR_S for moment in moments)


# --- what a flapping participant costs ---------------------------------------------------------------------


@pytest.mark.promise("P24")
@pytest.mark.parametrize("bad_ratio", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("period_s", PERIODS_S)
def test_somebody_whose_connection_comes_and_goes_is_paged_at_most_twice_and_then_no_more(period_s, bad_ratio):
    pages = begun(live_through(SHIPPED, square(period_s, 3 * HOUR_S, bad_ratio), 4 * HOUR_S))
    assert within(pages, 0) <= 2
    assert all(within(pages, page) <= 1 for page in pages if page >= HOUR_S)
    if period_s <= 5 * MINUTE_S:
        assert len(pages) <= 1


@pytest.mark.promise("P24")
@pytest.mark.parametrize("period_s", PERIODS_S)
def test_and_is_resolved_once_well_for_good(period_s):
    told = live_through(SHIPPED, square(period_s, 1.5 * HOUR_S), 3 * HOUR_S)
    assert not told or told[-1].after is State.INACTIVE


def test_somebody_who_was_in_trouble_once_is_resolved_after_five_minutes():
    told = live_through(SHIPPED, iter([(0, 1), (60, 5)]), HOUR_S)
    assert [(each.at - START, each.reason) for each in told] == [
        (0, Reason.RAISED),
        (10, Reason.HELD),
        (60 + 300, Reason.CLEARED),
    ]


# --- flapping ----------------------------------------------------------------------------------------------


@pytest.mark.promise("P24")
@pytest.mark.parametrize("period_s", [20, 60, 120, 300])
def test_flapping_is_said_once_and_nothing_more_while_it_lasts(period_s):
    told = live_through(NERVOUS, square(period_s, 3 * HOUR_S), 4 * HOUR_S)
    (said,) = [number for number, each in enumerate(told) if each.reason is Reason.FLAPPING]
    assert (told[said].before, told[said].after) == (State.FIRING, State.FIRING)
    assert said <= 2 * (MINUTES + 1)
    after = told[said + 1 :]
    assert [(each.before, each.after, each.reason) for each in after] == [
        (State.FIRING, State.INACTIVE, Reason.CLEARED),
    ]
    assert after[0].at > START + 3 * HOUR_S - period_s


def test_what_is_said_to_flap_is_told_in_the_words_of_its_trouble():
    engine = Engine([make_rule(hold_for="0s", clear_for="1h", bounce_window="0s")])
    for seconds, level in square(90, HOUR_S, bad_ratio=0.25):
        look = engine.judge([make_reading(level=level)], START + seconds)
        engine.adopt(look.alerts, look.deadlines)
        if any(each.reason is Reason.FLAPPING for each in look.transitions):
            break
    (alert,) = look.alerts
    assert (alert.is_well, level) == (True, 5)
    assert alert.annotations["summary"] == "alice has level 1 in class."


@pytest.mark.parametrize("period_s", [600, 1200])
def test_what_changes_every_five_minutes_and_more_does_not_flap(period_s):
    told = live_through(NERVOUS, square(period_s, 3 * HOUR_S), 4 * HOUR_S)
    assert Reason.FLAPPING not in {each.reason for each in told}


@pytest.mark.promise("P24")
def test_what_flapped_and_stays_bad_goes_on_firing():
    told = live_through(NERVOUS, iter([*square(60, HOUR_S), (HOUR_S, 1)]), HOUR_S + 40 * MINUTE_S)
    assert told[-2].reason is Reason.FLAPPING
    assert told[-1].at == START + HOUR_S + 40 * MINUTE_S  # only when it is well in the end


@pytest.mark.promise("P24")
def test_what_flapped_and_is_well_ends_a_quarter_of_an_hour_later():
    told = live_through(NERVOUS, square(60, HOUR_S), 2 * HOUR_S)
    assert 14 * MINUTE_S <= told[-1].at - (START + HOUR_S) <= 18 * MINUTE_S


def test_a_rule_may_do_without():
    told = live_through(
        make_rule(hold_for="0s", clear_for="0s", bounce_window="0s", flap_damping=False), square(60, HOUR_S), HOUR_S
    )
    assert len(begun(told)) == 60


def test_an_entity_that_is_gone_ends_though_it_flaps():
    engine = Engine([NERVOUS])
    for second in range(0, 900, 30):
        found = engine.judge([make_reading(level=1 if second % 60 else 5)], START + second)
        engine.adopt(found.alerts, found.deadlines)
    assert engine.alerts[0].flapping_since is not None
    (ended,) = engine.judge([make_reading(gone="room_ended")], START + 901).transitions
    assert (ended.reason, ended.detail) == (Reason.GONE, "room_ended")


def test_later_changes_count_for_more_and_all_of_them_come_to_one():
    flips = 0
    for minute in range(MINUTES):
        flips = flipped(flips, START + (minute - 1) * MINUTE_S, START + minute * MINUTE_S)
    now = START + (MINUTES - 1) * MINUTE_S
    assert change_ratio(flips, now, now) == pytest.approx(1)
    assert change_ratio(1, START, START) == pytest.approx(1.25 / 20)
    assert change_ratio(1, START, START + 19 * MINUTE_S) == pytest.approx(0.75 / 20)
    assert change_ratio(1, START, START + 20 * MINUTE_S) == 0


def test_it_is_known_when_it_will_have_come_to_rest():
    everything = (1 << MINUTES) - 1
    at = calm_at(everything, START)
    assert change_ratio(everything, START, at) < 0.2 <= change_ratio(everything, START, at - 1)


# --- coming back -------------------------------------------------------------------------------------------

BOUNCING = {"hold_for": "0s", "clear_for": "1m", "flap_damping": False}


def ends_after(*levels: tuple[float, int], **changes: str) -> list[float]:
    """Return for how long it had been well at each end."""
    told = live_through(make_rule(**{**BOUNCING, **changes}), iter(levels), 10 * HOUR_S)
    wells = [at for at, level in levels if level == 5]
    return [
        each.at - START - max(well for well in wells if well <= each.at - START)
        for each in told
        if each.after is State.INACTIVE
    ]


@pytest.mark.parametrize(
    ("levels", "delays_s"),
    [
        ([(0, 1), (10, 5), (80, 1), (90, 5)], [60, 140]),  # twice the seventy seconds that deceived
        ([(0, 1), (10, 5), (80, 1), (90, 5), (1200, 1), (1210, 5)], [60, 140, 2220]),
        ([(0, 1), (10, 5), (3000, 1), (3010, 5)], [60, 3600]),  # not for longer than clear_for_max
        ([(0, 1), (10, 5), (10 + 60 + 3601, 1), (4000, 5)], [60, 60]),  # more than an hour later it is another matter
    ],
)
@pytest.mark.promise("P24")
def test_what_comes_back_has_to_be_well_for_twice_as_long(levels, delays_s):
    assert ends_after(*levels) == delays_s


def test_without_a_window_every_end_is_like_the_first():
    assert ends_after((0, 1), (10, 5), (80, 1), (90, 5), bounce_window="0s") == [60, 60]


def test_a_flicker_does_not_make_an_alert_forget_that_it_was_there():
    levels = [(0, 1), (30, 5), (100, 1), (105, 5), (200, 1), (230, 5)]
    assert ends_after(*levels, hold_for="10s")[-1] == 2 * 170


def remembering() -> Engine:
    engine = Engine([make_rule(hold_for="0s", clear_for="0s")])
    for second, level in ((0, 1), (10, 5)):
        found = engine.judge([make_reading(level=level)], START + second)
        engine.adopt(found.alerts, found.deadlines)
    return engine


def test_what_is_remembered_is_no_alert_and_is_let_go_in_time():
    engine = remembering()
    assert (engine.alerts, len(engine.kept)) == ((), 1)
    assert engine.next_deadline() == START + 10 + HOUR_S
    found = engine.judge([make_reading(level=5)], START + 10 + HOUR_S)
    engine.adopt(found.alerts, found.deadlines)
    assert (found.transitions, engine.kept, engine.next_deadline()) == ((), (), None)


@pytest.mark.parametrize("end", [make_reading(gone="room_ended"), make_reading(level=None)])
def test_what_is_remembered_is_let_go_whatever_has_become_of_it(end):
    engine = remembering()
    found = engine.judge([end], START + 10 + HOUR_S)
    engine.adopt(found.alerts, found.deadlines)
    assert (found.transitions, engine.kept) == ((), ())


def test_nothing_is_told_of_what_is_remembered_when_its_rule_goes():
    engine = Engine([], remembering().kept)
    found = engine.removed_rules(START + 60)
    engine.adopt(found.alerts, found.deadlines)
    assert (found.transitions, engine.kept) == ((), ())


def test_who_is_gone_is_not_remembered():
    engine = Engine([make_rule(hold_for="0s")])
    for second, reading in ((0, make_reading(level=1)), (10, make_reading(gone="participant_left"))):
        found = engine.judge([reading], START + second)
        engine.adopt(found.alerts, found.deadlines)
    assert engine.kept == ()


@pytest.mark.parametrize("rule", [SHIPPED, NERVOUS])
@pytest.mark.parametrize("period_s", [20, 60, 90, 299])
def test_how_often_somebody_looks_makes_no_difference(rule: Rule, period_s: float) -> None:
    changes = list(square(period_s, HOUR_S))
    seen_again = [(at_s + after_s, level) for at_s, level in changes for after_s in (0, period_s * 0.1, period_s * 0.4)]
    assert live_through(rule, iter(seen_again), 2 * HOUR_S) == live_through(rule, iter(changes), 2 * HOUR_S)

from dataclasses import replace

import pytest

from alerts.engine import Engine
from alerts.model import Kind, Reason, State
from alerts.signals import Signal
from alerts.states import MOVES, Step, step
from tests.alert_builders import START, make_reading, make_rule

RULE = make_rule(hold_for="10s", clear_for="20s")
PA1 = (Kind.PARTICIPANT, "PA1")


def follow(*seen, rule=RULE):
    """Show readings at their times to one alert; return the last step."""
    taken = Step()
    for seconds, reading in seen:
        alert = taken.alert if taken.alert and taken.alert.state is not State.INACTIVE else None
        taken = step(rule, alert, reading, START + seconds)
    return taken


def level(value):
    return make_reading(level=value)


GONE = make_reading(gone="room_ended")
FIRING = ((0, level(1)), (10, level(1)))


# --- one alert -------------------------------------------------------------------------------------------


def test_nothing_comes_of_an_entity_that_is_well():
    assert follow((0, level(5))) == Step()


def test_trouble_makes_an_alert_pending_and_says_when_to_look_again():
    taken = follow((0, level(1)))
    assert (taken.alert.state, taken.alert.since, taken.look_again_at) == (State.PENDING, START, START + 10)
    assert (taken.transition.reason, taken.transition.detail) == (Reason.RAISED, "level <= 1")


def test_an_alert_fires_when_the_hold_has_passed_and_not_before():
    assert follow((0, level(1)), (9.999, level(1))).alert.state is State.PENDING
    taken = follow(*FIRING)
    assert (taken.transition.before, taken.transition.after) == (State.PENDING, State.FIRING)
    assert (taken.transition.reason, taken.transition.detail) == (Reason.HELD, "level <= 1 for 10 s")
    assert taken.alert.fired_at == taken.alert.since == START + 10


def test_a_flicker_shorter_than_the_hold_is_forgotten():
    taken = follow((0, level(1)), (5, level(2)))
    assert taken.alert.state is State.INACTIVE
    assert taken.transition.reason is Reason.FLICKERED
    assert taken.transition.episode == ""


def test_trouble_after_a_flicker_starts_a_hold_of_its_own():
    assert follow((0, level(1)), (5, level(3)), (6, level(1))).look_again_at == START + 16


def test_with_no_hold_an_alert_fires_at_once_and_one_transition_tells_of_it():
    taken = follow((0, level(0)), rule=make_rule(hold_for="0s"))
    assert (taken.transition.before, taken.transition.after) == (State.INACTIVE, State.FIRING)
    assert taken.transition.reason is Reason.RAISED
    assert taken.look_again_at is None


def test_between_the_thresholds_a_firing_alert_stays():
    assert follow(*FIRING, (100, level(2))).alert.state is State.FIRING


def test_a_firing_alert_ends_when_it_was_well_for_long_enough():
    waiting = follow(*FIRING, (30, level(3)))
    assert (waiting.alert.state, waiting.look_again_at) == (State.FIRING, START + 50)
    ended = follow(*FIRING, (30, level(3)), (50, level(4)))
    assert (ended.alert.state, ended.transition.reason) == (State.INACTIVE, Reason.CLEARED)
    assert ended.transition.detail == "level >= 3 for 20 s"


@pytest.mark.parametrize("interruption", [level(2), level(0), level(None)], ids=["between", "trouble", "unknown"])
def test_an_interruption_starts_the_clear_timer_again(interruption):
    taken = follow(*FIRING, (30, level(3)), (45, interruption), (46, level(3)), (60, level(3)))
    assert (taken.alert.state, taken.look_again_at) == (State.FIRING, START + 66)


def test_with_no_clear_time_an_alert_ends_at_once():
    assert follow(*FIRING, (11, level(3)), rule=make_rule(clear_for="0s")).transition.detail == "level >= 3"


def test_an_unknown_value_neither_fires_nor_forgets():
    taken = follow((0, level(1)), (60, level(None)))
    assert (taken.alert.state, taken.alert.since, taken.transition) == (State.PENDING, START, None)
    assert taken.look_again_at is None


def test_a_pending_alert_fires_when_its_trouble_is_seen_again():
    assert follow((0, level(1)), (5, level(None)), (60, level(1))).alert.state is State.FIRING


def test_an_unknown_value_ends_nothing():
    assert follow(*FIRING, (1000, level(None))).alert.state is State.FIRING


def test_a_pending_alert_whose_entity_is_gone_is_forgotten():
    taken = follow((0, level(1)), (5, GONE))
    assert (taken.alert.state, taken.transition.reason) == (State.INACTIVE, Reason.GONE)


def test_a_firing_alert_whose_entity_is_gone_ends_and_says_how():
    taken = follow(*FIRING, (11, GONE))
    assert (taken.alert.state, taken.transition.reason) == (State.INACTIVE, Reason.GONE)
    assert taken.transition.detail == "room_ended"


def test_an_alert_without_a_past_does_not_notice_that_its_entity_is_gone():
    assert follow((0, GONE)) == Step()


def test_the_words_are_those_of_the_moment_it_fired():
    assert follow((0, level(0)), (10, level(1))).alert.annotations["summary"] == "alice has level 1 in class."
    assert follow(*FIRING, (11, level(0))).alert.annotations["summary"] == "alice has level 1 in class."


def test_what_ends_says_what_was_wrong_and_shows_how_it_is_now():
    ended = follow(*FIRING, (11, level(4)), (31, level(4))).alert
    assert ended.state is State.INACTIVE
    assert ended.annotations["summary"] == "alice has level 1 in class."
    assert (ended.value, ended.details["level"]) == (4, 4)


def test_the_last_sight_of_an_entity_outlives_it():
    gone = make_reading(gone="room_ended", details={}, labels={})
    alert = follow(*FIRING, (11, gone)).alert
    assert alert.annotations["summary"] == "alice has level 1 in class."
    assert (alert.labels, alert.value) == ({"room_name": "class"}, 1)


def test_an_alert_carries_the_labels_of_its_rule_and_of_its_entity():
    alert = follow((0, level(1)), rule=make_rule(labels={"team": "video"})).alert
    assert alert.all_labels == {
        "room_name": "class",
        "team": "video",
        "alertname": "Bad",
        "severity": "warning",
        "kind": "participant",
    }


def test_each_stay_in_firing_is_an_episode_of_its_own():
    first = follow(*FIRING).alert
    again = follow(*FIRING, (11, level(5)), (31, level(5)), (40, level(1)), (50, level(1))).alert
    assert first.fingerprint == again.fingerprint
    assert first.episode != again.episode
    assert first.episode == follow(*FIRING).alert.episode


def test_an_alert_that_nothing_happened_to_comes_back_as_it_was():
    alert = follow(*FIRING).alert
    assert step(RULE, alert, level(1), START + 11).alert is alert


def test_a_hold_that_floats_cannot_hold_exactly_still_ends():
    rule = make_rule(hold_for="100ms")
    taken = step(rule, None, level(0), 0.2)
    assert step(rule, taken.alert, level(0), taken.look_again_at).alert.state is State.FIRING


def test_every_state_can_be_left():
    assert {state for state, _ in MOVES} == set(State)
    assert all(signal is not Signal.UNKNOWN for _, signal in MOVES)


# --- all alerts ------------------------------------------------------------------------------------------


def look(engine, now, *readings):
    found = engine.judge(readings, START + now)
    engine.adopt(found.alerts, found.deadlines)
    return [(each.entity, each.reason) for each in found.transitions]


def test_the_engine_remembers_between_looks():
    engine = Engine([RULE])
    assert look(engine, 0, level(1)) == [("PA1", Reason.RAISED)]
    assert look(engine, 10, level(1)) == [("PA1", Reason.HELD)]
    assert [alert.state for alert in engine.alerts] == [State.FIRING]
    assert look(engine, 11, GONE) == [("PA1", Reason.GONE)]
    assert engine.alerts == ()


def test_an_entity_is_due_until_a_look_at_it_is_adopted():
    engine = Engine([RULE])
    look(engine, 0, level(1))
    assert engine.next_deadline() == START + 10
    assert engine.due(START + 9) == []
    assert engine.due(START + 10) == engine.due(START + 10) == [PA1]
    look(engine, 10, level(1))
    assert (engine.due(START + 10), engine.next_deadline()) == ([], None)


def test_judging_changes_nothing():
    engine = Engine([RULE])
    look(engine, 0, level(1))
    before = (engine.alerts, engine.next_deadline())
    assert engine.judge([level(1)], START + 10) == engine.judge([level(1)], START + 10)
    assert (engine.alerts, engine.next_deadline()) == before


def test_a_value_that_will_change_by_itself_is_looked_at_then():
    engine = Engine([RULE])
    look(engine, 0, make_reading(level=5, changes_at=START + 3600))
    assert engine.next_deadline() == START + 3600


def test_the_earlier_of_timer_and_change_counts():
    engine = Engine([RULE])
    look(engine, 0, make_reading(level=1, changes_at=START + 3))
    assert engine.next_deadline() == START + 3


def test_a_change_that_should_have_happened_is_not_waited_for():
    engine = Engine([RULE])
    look(engine, 0, make_reading(level=5, changes_at=START))
    assert engine.next_deadline() is None


def test_nobody_waits_for_an_entity_that_is_gone():
    engine = Engine([RULE])
    look(engine, 0, make_reading(level=1))
    look(engine, 1, make_reading(gone="room_ended", changes_at=START + 5))
    assert engine.next_deadline() is None


def test_of_several_readings_of_one_entity_the_last_counts():
    assert look(Engine([RULE]), 0, level(1), level(5)) == []


def test_entities_do_not_disturb_each_other():
    engine = Engine([RULE])
    look(engine, 0, make_reading(1, entity="PA1"), make_reading(1, entity="PA2"))
    assert look(engine, 10, make_reading(1, entity="PA1"), make_reading(5, entity="PA2")) == [
        ("PA1", Reason.HELD),
        ("PA2", Reason.FLICKERED),
    ]


def test_a_rule_looks_only_at_its_kind():
    assert look(Engine([RULE]), 0, make_reading(1, kind=Kind.ROOM)) == []


def test_a_restored_engine_goes_on_where_it_was_and_looks_at_once():
    first = Engine([RULE])
    look(first, 0, level(1))
    second = Engine([RULE], first.alerts)
    assert second.due(START + 1) == [PA1]
    assert look(second, 1, level(1)) == []
    assert second.next_deadline() == START + 10


def test_the_alerts_of_a_rule_that_was_removed_end():
    first = Engine([RULE])
    look(first, 0, level(1), make_reading(1, entity="PA2"))
    look(first, 10, level(1))
    second = Engine([], first.alerts)
    ended = second.removed_rules(START + 60)
    assert [(each.entity, each.before, each.reason) for each in ended.transitions] == [
        ("PA1", State.FIRING, Reason.RULE_REMOVED),
        ("PA2", State.PENDING, Reason.RULE_REMOVED),
    ]
    second.adopt(ended.alerts, ended.deadlines)
    assert second.alerts == ()


def test_the_alerts_of_a_rule_that_is_still_there_stay():
    first = Engine([RULE])
    look(first, 0, level(1))
    assert Engine([RULE], first.alerts).removed_rules(START).alerts == ()


def test_a_rule_that_now_looks_at_something_else_is_another_rule():
    first = Engine([RULE])
    look(first, 0, level(1))
    over_rooms = replace(RULE, over=Kind.ROOM)
    assert len(Engine([over_rooms], first.alerts).removed_rules(START).alerts) == 1


def test_two_rules_of_one_name_are_refused():
    with pytest.raises(ValueError, match="got Bad twice"):
        Engine([RULE, make_rule(hold_for="5s")])


@pytest.mark.parametrize(("level", "is_quiet"), [(5, True), (2, True), (None, True), (1, False), (0, False)])
def test_only_somebody_for_whom_a_rule_would_be_raised_is_worth_a_look(level: int | None, is_quiet: bool) -> None:
    engine = Engine([make_rule()])
    assert engine.is_quiet(Kind.PARTICIPANT, "PA1", {"level": level}, None) is is_quiet


def test_somebody_with_an_alert_or_with_another_deadline_is_never_quiet() -> None:
    engine = Engine([make_rule()])
    look = engine.judge([make_reading(level=1)], START)
    engine.adopt(look.alerts, look.deadlines)
    assert not engine.is_quiet(Kind.PARTICIPANT, "PA1", {"level": 5}, None)
    assert engine.is_quiet(Kind.PARTICIPANT, "PA2", {"level": 5}, None)
    assert not engine.is_quiet(Kind.PARTICIPANT, "PA2", {"level": 5}, START + 1)


# --- after a time in which the process was not there ------------------------------------------------------


def test_a_hold_does_not_run_while_nobody_is_there():
    engine = Engine([RULE])
    found = engine.judge([level(1)], START)
    engine.adopt(found.alerts, found.deadlines)
    absent = engine.absent(30)
    engine.adopt(absent.alerts, absent.deadlines)
    assert list(engine.due(START + 30)) == [PA1]
    assert engine.judge([level(1)], START + 30).transitions == ()
    assert [each.reason for each in engine.judge([level(1)], START + 40).transitions] == [Reason.HELD]

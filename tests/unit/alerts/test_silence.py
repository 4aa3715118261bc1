"""What nobody tells: a value that is missing, a value that cannot be trusted, and a daemon that was not there."""

from dataclasses import replace

import msgspec
import pytest

from alerts.engine import Engine
from alerts.model import Alert, Kind, NoData, Reason, State
from tests.alert_builders import START, make_reading, make_rule

UNKNOWN = make_reading(level=None)


def policy(no_data: NoData, no_data_for="1m", **changes):
    return make_rule(no_data=no_data, no_data_for=no_data_for, **changes)


def look(engine: Engine, second: float, *readings):
    found = engine.judge(readings, START + second)
    engine.adopt(found.alerts, found.deadlines)
    return [(each.rule, each.after, each.reason) for each in found.transitions]


def level(value):
    return make_reading(level=value)


def restarted(engine: Engine, rule, *, unwatched_s: float = 0.0) -> Engine:
    """Return what a new process makes of what the old one left in the store."""
    kept = [msgspec.json.decode(msgspec.json.encode(alert), type=Alert) for alert in engine.kept]
    again = Engine([rule])
    taken = again.rested(kept, unwatched_s)
    again.adopt(taken.alerts, taken.deadlines)
    return again


# --- no data -----------------------------------------------------------------------------------------------


@pytest.mark.promise("P23")
def test_silence_changes_nothing_where_a_rule_says_no_more():
    engine = Engine([make_rule()])
    look(engine, 0, level(1))
    look(engine, 10, level(1))
    assert look(engine, 10_000, UNKNOWN) == []
    assert engine.alerts[0].state is State.FIRING


@pytest.mark.promise("P23")
def test_silence_that_counts_as_trouble_fires_in_time():
    engine = Engine([policy(NoData.FIRE)])
    assert look(engine, 0, UNKNOWN) == [("Bad", State.PENDING, Reason.NO_DATA)]
    assert engine.next_deadline() == START + 60
    assert look(engine, 60, UNKNOWN) == [("Bad", State.FIRING, Reason.NO_DATA)]
    assert look(engine, 61, level(5)) == []
    assert look(engine, 81, level(5)) == [("Bad", State.INACTIVE, Reason.CLEARED)]


def test_trouble_after_silence_has_to_hold_from_its_own_beginning():
    engine = Engine([policy(NoData.FIRE)])
    look(engine, 0, UNKNOWN)
    assert look(engine, 30, level(1)) == []
    assert engine.next_deadline() == START + 40
    assert look(engine, 40, level(1)) == [("Bad", State.FIRING, Reason.HELD)]


def test_silence_after_trouble_fires_when_it_has_lasted():
    engine = Engine([policy(NoData.FIRE)])
    look(engine, 0, level(1))
    assert look(engine, 5, UNKNOWN) == []
    assert look(engine, 65, UNKNOWN) == [("Bad", State.FIRING, Reason.NO_DATA)]


def test_a_word_in_between_begins_the_silence_anew():
    engine = Engine([policy(NoData.FIRE)])
    look(engine, 0, UNKNOWN)
    assert look(engine, 59, level(2)) == [("Bad", State.INACTIVE, Reason.FLICKERED)]
    look(engine, 60, UNKNOWN)
    assert engine.next_deadline() == START + 120


@pytest.mark.promise("P23")
def test_silence_may_be_the_end_of_trouble():
    engine = Engine([policy(NoData.RESOLVE)])
    look(engine, 0, level(1))
    look(engine, 10, level(1))
    assert look(engine, 20, UNKNOWN) == []
    assert look(engine, 80, UNKNOWN) == [("Bad", State.INACTIVE, Reason.NO_DATA)]


@pytest.mark.promise("P23")
def test_silence_may_be_an_alert_of_its_own():
    engine = Engine([policy(NoData.ALERT, labels={"team": "video"})])
    look(engine, 0, level(1))
    look(engine, 10, level(1))
    look(engine, 20, UNKNOWN)
    assert look(engine, 80, UNKNOWN) == [("BadNoData", State.FIRING, Reason.HELD)]
    bad, silent = engine.alerts
    assert bad.fingerprint != silent.fingerprint
    assert silent.all_labels["no_data"] == "true"
    assert silent.all_labels["team"] == "video"
    assert silent.annotations["summary"] == "Nobody tells level of alice in class."
    assert look(engine, 90, level(1)) == [("BadNoData", State.INACTIVE, Reason.CLEARED)]
    assert [alert.rule for alert in engine.alerts] == ["Bad"]


def test_an_alert_of_silence_goes_with_the_wish_for_it():
    engine = Engine([policy(NoData.ALERT)])
    look(engine, 0, UNKNOWN)
    look(engine, 60, UNKNOWN)
    again = Engine([make_rule()], engine.kept)
    assert [each.reason for each in again.removed_rules(START + 61).transitions] == [Reason.RULE_REMOVED]


@pytest.mark.parametrize("no_data", NoData)
def test_somebody_of_whom_nothing_is_known_is_quiet_unless_silence_is_an_alarm(no_data):
    engine = Engine([policy(no_data)])
    is_alarm = no_data in (NoData.FIRE, NoData.ALERT)
    assert engine.is_quiet(Kind.PARTICIPANT, "PA1", {"level": None}, None) is not is_alarm
    assert engine.is_quiet(Kind.PARTICIPANT, "PA1", {"level": 5}, None)


# --- nothing to be trusted -----------------------------------------------------------------------------------


def unseen(value):
    return make_reading(level=value, untrusted={"level": "browsers are not heard"})


@pytest.mark.promise("P22")
@pytest.mark.parametrize("value", [0, 2, 5, None])
def test_what_cannot_be_trusted_neither_fires_nor_forgets_nor_resolves(value):
    pending, firing = Engine([make_rule()]), Engine([make_rule()])
    look(pending, 0, level(1))
    for second in (0, 10):
        look(firing, second, level(1))
    for engine in (pending, firing):
        before = engine.alerts[0].state
        assert look(engine, 11, unseen(value)) == look(engine, 10_000, unseen(value)) == []
        assert engine.alerts[0].state is before
        assert engine.next_deadline() is None


@pytest.mark.promise("P22")
def test_timers_stand_still_while_nothing_can_be_trusted_and_go_on_afterwards():
    engine = Engine([make_rule()])
    look(engine, 0, level(1))
    look(engine, 4, unseen(1))
    look(engine, 500, unseen(1))
    assert look(engine, 1004, level(1)) == []
    assert engine.next_deadline() == START + 1010
    assert look(engine, 1010, level(1)) == [("Bad", State.FIRING, Reason.HELD)]
    look(engine, 1020, level(5))
    look(engine, 1025, unseen(5))
    assert look(engine, 2025, level(5)) == []
    assert look(engine, 2040, level(5)) == [("Bad", State.INACTIVE, Reason.CLEARED)]


@pytest.mark.promise("P22")
def test_a_certain_end_counts_at_any_time():
    engine = Engine([make_rule()])
    look(engine, 0, level(1))
    look(engine, 10, level(1))
    look(engine, 20, unseen(1))
    assert look(engine, 30, make_reading(gone="room_ended")) == [("Bad", State.INACTIVE, Reason.GONE)]


def test_a_rule_that_goes_by_another_value_is_judged_as_ever():
    engine = Engine(
        [make_rule(), replace(make_rule(raise_when="rtt_ms > 400", clear_when="rtt_ms < 200"), name="Slow")]
    )
    both = make_reading(values={"level": 1, "rtt_ms": 900}, untrusted={"level": "browsers are not heard"})
    assert look(engine, 0, both) == [("Slow", State.PENDING, Reason.RAISED)]


def test_nothing_begins_that_cannot_be_trusted():
    assert look(Engine([make_rule(hold_for="0s")]), 0, unseen(0)) == []


# --- nobody there --------------------------------------------------------------------------------------------


@pytest.mark.promise("P23")
def test_a_restart_keeps_the_time_that_trouble_has_held():
    rule = make_rule(hold_for="10m")
    engine = Engine([rule])
    look(engine, 0, level(1))
    again = restarted(engine, rule, unwatched_s=30)
    assert look(again, 330, level(1)) == []
    assert again.next_deadline() == START + 600


@pytest.mark.promise("P23")
def test_beyond_a_minute_the_time_in_which_nobody_watched_does_not_count():
    rule = make_rule(hold_for="10m")
    engine = Engine([rule])
    look(engine, 0, level(1))
    again = restarted(engine, rule, unwatched_s=3600)
    assert look(again, 3900, level(1)) == []
    assert again.next_deadline() == START + 600 + 3600 - 60


@pytest.mark.promise("P23")
@pytest.mark.parametrize("unwatched_s", [0, 30, 3600])
@pytest.mark.parametrize(
    ("rule", "readings", "due_s"),
    [
        (make_rule(clear_for="10m"), [(0, level(1)), (10, level(1)), (20, level(5))], 620),
        (make_rule(clear_for="0s", keep_firing_for="10m"), [(0, level(1)), (10, level(1)), (20, level(5))], 620),
        (policy(NoData.FIRE, "10m"), [(0, UNKNOWN)], 600),
        (policy(NoData.RESOLVE, "10m"), [(0, level(1)), (10, level(1)), (20, UNKNOWN)], 620),
    ],
    ids=["clear_for", "keep_firing_for", "no_data fire", "no_data resolve"],
)
def test_every_timer_outlives_a_restart_and_does_not_count_when_nobody_watched(rule, readings, due_s, unwatched_s):
    engine = Engine([rule])
    for second, reading in readings:
        look(engine, second, reading)
    last_s, last = readings[-1]
    assert engine.next_deadline() == START + due_s
    again = restarted(engine, rule, unwatched_s=unwatched_s)
    assert look(again, last_s + unwatched_s, last) == []
    assert again.next_deadline() == START + due_s + max(0, unwatched_s - 60)


def test_an_alert_that_stood_still_when_the_daemon_went_goes_on_from_there():
    rule = make_rule(hold_for="10m")
    engine = Engine([rule])
    look(engine, 0, level(1))
    look(engine, 300, unseen(1))
    again = restarted(engine, rule, unwatched_s=3600)
    look(again, 4000, level(1))
    assert again.next_deadline() == START + 4000 + 300


def test_an_alert_of_an_earlier_release_is_read_as_one_that_never_flapped():
    engine = Engine([make_rule()])
    look(engine, 0, level(1))
    told = msgspec.json.decode(msgspec.json.encode(engine.kept[0]))
    for name in ("trouble_until", "unknown_since", "paused_since", "is_well", "flips", "flipped_at", "flapping_since"):
        del told[name]
    del told["clear_after_s"], told["remember_until"]
    assert msgspec.convert(told, Alert) == engine.kept[0]
    assert look(Engine([make_rule()], [msgspec.convert(told, Alert)]), 10, level(1)) == [
        ("Bad", State.FIRING, Reason.HELD)
    ]


# --- keep_firing_for -----------------------------------------------------------------------------------------


@pytest.mark.promise("P23")
def test_an_alert_goes_on_firing_for_so_long_after_trouble_was_last_seen():
    engine = Engine([make_rule(clear_for="20s", keep_firing_for="5m")])
    look(engine, 0, level(1))
    look(engine, 10, level(1))
    look(engine, 100, level(2))  # trouble was there until now
    look(engine, 350, level(5))
    assert engine.next_deadline() == START + 400
    assert look(engine, 400, level(5)) == [("Bad", State.INACTIVE, Reason.CLEARED)]


def test_being_well_has_to_last_even_when_trouble_was_long_ago():
    engine = Engine([make_rule(clear_for="20s", keep_firing_for="5m")])
    look(engine, 0, level(1))
    look(engine, 10, level(1))
    look(engine, 100, level(2))
    look(engine, 1000, level(5))
    assert engine.next_deadline() == START + 1020

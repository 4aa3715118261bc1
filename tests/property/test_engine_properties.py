"""What holds for any history of readings, at any times, under any holds, whoever restarts in between."""

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from alerts.engine import Engine
from alerts.model import Alert, NoData, Reason, Rule, State, Transition
from tests.alert_builders import START, make_reading, make_rule

ENTITIES = ("PA1", "PA2")
GONE = "gone"
UNSEEN = "unseen"  # there is a value, and it cannot be trusted

pauses_s = st.sampled_from([0.5, 5.0, 10.0, 20.0, 1 / 3])  # about the size of the holds, and one no float can hold
levels = st.sampled_from([0, 0, 1, 2, 3, 5, 5, 5, None, GONE, UNSEEN])
sights = st.tuples(
    pauses_s,
    st.sampled_from(("PA1", "PA1", "PA1", "PA2")),
    levels,
    st.sampled_from([None, None, -1.0, 0.0, 7.0]),  # in how many seconds the value will change by itself
)
histories = st.lists(sights, min_size=10, max_size=40)  # shorter ones seldom get as far as an end
rules = st.builds(
    make_rule,
    hold_for=st.sampled_from(["0s", "10s", "100ms"]),
    clear_for=st.sampled_from(["0s", "20s"]),
    keep_firing_for=st.sampled_from(["0s", "0s", "30s"]),
    bounce_window=st.sampled_from(["0s", "1m"]),
    flap_damping=st.booleans(),
    no_data=st.sampled_from(NoData),
    no_data_for=st.sampled_from(["0s", "10s"]),
)


@dataclass
class Told:
    """A history as it was lived through."""

    transitions: list[Transition] = field(default_factory=list)
    levels: list = field(default_factory=list)  # (at, entity, level)


def reading_of(entity, level, changes_at):
    if level == GONE:
        return make_reading(entity=entity, gone="room_ended", changes_at=changes_at)
    if level == UNSEEN:
        return make_reading(level=0, entity=entity, changes_at=changes_at, untrusted={"level": "not heard"})
    return make_reading(level=level, entity=entity, changes_at=changes_at)


def assert_quiet_means_nothing_new(engine, reading, look, now):
    changes_at = reading.changes_at if (reading.changes_at or 0) > now else None
    name = (reading.kind, reading.entity)
    if reading.gone is None and engine.is_quiet(*name, reading.values, changes_at):
        assert (look.alerts, look.transitions) == ((), ())
        assert look.deadlines == {name: changes_at}


def restarted(rule: Rule, engine: Engine) -> Engine:
    """Return an engine that knows what the store kept of another."""
    kept = [msgspec.json.decode(msgspec.json.encode(alert), type=Alert) for alert in engine.kept]
    again = Engine([rule])
    taken = again.rested(kept, 0.0)
    again.adopt(taken.alerts, taken.deadlines)
    return again


def live_through(rule: Rule, history, restarts: Callable[[int], bool] = lambda _: False) -> Told:
    told, engine, now = Told(), Engine([rule]), START
    for number, (pause_s, entity, level, changes_in_s) in enumerate(history):
        now += pause_s
        if restarts(number):
            engine = restarted(rule, engine)
        seen = [reading_of(entity, level, None if changes_in_s is None else now + changes_in_s)]
        look = engine.judge(seen, now)
        assert_quiet_means_nothing_new(engine, seen[0], look, now)
        assert look == engine.judge(seen, now), "judging twice gave two answers"
        assert all(at is None or at > now for at in look.deadlines.values()), "a deadline that has passed already"
        engine.adopt(look.alerts, look.deadlines)
        told.transitions += look.transitions
        told.levels.append((now, entity, level))
        assert engine.next_deadline() is None or not engine.due(engine.next_deadline() - 0.001)
        assert all(alert.is_open for alert in engine.alerts)
        assert all(alert.is_kept for alert in engine.kept)
    return told


@given(rules, histories)
def test_every_transition_starts_where_the_last_one_ended(rule, history):
    state = {}
    for each in live_through(rule, history).transitions:
        assert each.before is state.get(each.fingerprint, State.INACTIVE)
        assert each.after is not each.before or each.reason is Reason.FLAPPING
        state[each.fingerprint] = each.after


@given(rules, histories)
def test_beginning_and_end_alternate_and_an_end_never_comes_first(rule, history):
    told = live_through(rule, history)
    for fingerprint in {each.fingerprint for each in told.transitions}:
        mine = [each for each in told.transitions if each.fingerprint == fingerprint]
        words = [each for each in mine if each.begins_episode or each.ends_episode]
        assert [each.begins_episode for each in words] == ([True, False] * len(words))[: len(words)]
        for begin, end in zip(words[::2], words[1::2], strict=False):
            assert begin.episode == end.episode
            assert begin.at < end.at
        assert len({each.episode for each in words[::2]}) == len(words[::2])


@given(rules, histories, st.sets(st.integers(0, 40)))
def test_a_restart_makes_no_difference(rule, history, restarts):
    assert live_through(rule, history, restarts.__contains__).transitions == live_through(rule, history).transitions


@given(rules, histories)
def test_nothing_fires_before_its_hold_and_nothing_but_trouble_is_seen_meanwhile(rule, history):
    told = live_through(rule, history)
    pending_since = {}
    for each in told.transitions:
        if each.rule != rule.name:
            continue
        if each.before is State.INACTIVE:
            pending_since[each.entity] = each.at
        if each.begins_episode:
            since = pending_since[each.entity]
            hold_s = rule.hold_for_s if each.reason is Reason.HELD else 0
            assert each.at >= since + hold_s
            seen = _levels(told, each.entity, since, each.at)
            assert seen <= {0, 1, None, UNSEEN}
            assert None in seen if each.reason is Reason.NO_DATA else seen & {0, 1}


@given(rules, histories)
def test_nothing_ends_but_for_a_reason(rule, history):
    told = live_through(rule, history)
    for each in told.transitions:
        if each.rule != rule.name or not each.ends_episode:
            continue
        (last,) = _levels(told, each.entity, each.at, each.at)
        match each.reason:
            case Reason.CLEARED:
                # A millisecond of grace: floats of this size know no less than a fifth of a microsecond.
                since = min(each.at, each.at - rule.clear_for_s + 1e-3)
                assert last in (3, 5)
                assert _levels(told, each.entity, since, each.at) <= {3, 5, UNSEEN}
            case Reason.NO_DATA:
                assert (last, rule.no_data) == (None, NoData.RESOLVE)
            case reason:
                assert (last, reason) == (GONE, Reason.GONE)


@given(rules, histories)
def test_nothing_changes_by_what_cannot_be_trusted(rule, history):
    told = live_through(rule, history)
    unseen = {(entity, at) for at, entity, level in told.levels if level == UNSEEN}
    assert not [each for each in told.transitions if (each.entity, each.at) in unseen]


def _levels(told, entity, since, until):
    return {level for at, who, level in told.levels if who == entity and since <= at <= until}

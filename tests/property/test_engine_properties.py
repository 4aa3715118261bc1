"""What holds for any history of readings, at any times, under any holds."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.model import Reason, State, Transition
from tests.alert_builders import START, make_reading, make_rule
from tests.judging import Judge

ENTITIES = ("PA1", "PA2")
GONE = "gone"

pauses_s = st.sampled_from([0.5, 5.0, 10.0, 20.0, 1 / 3])  # about the size of the holds, and one no float can hold
sights = st.tuples(
    pauses_s,
    st.sampled_from(("PA1", "PA1", "PA1", "PA2")),
    st.sampled_from([0, 0, 1, 2, 3, 5, 5, 5, None, GONE]),
    st.sampled_from([None, None, -1.0, 0.0, 7.0]),  # in how many seconds the value will change by itself
)
histories = st.lists(sights, min_size=10, max_size=30)  # shorter ones seldom get as far as an end
rules = st.builds(make_rule, hold_for=st.sampled_from(["0s", "10s", "100ms"]), clear_for=st.sampled_from(["0s", "20s"]))


@dataclass
class Told:
    """A history as it was lived through."""

    transitions: list[Transition] = field(default_factory=list)
    notifications: list = field(default_factory=list)
    levels: list = field(default_factory=list)  # (at, entity, level)


def reading_of(entity, level, changes_at):
    if level == GONE:
        return make_reading(entity=entity, gone="room_ended", changes_at=changes_at)
    return make_reading(level=level, entity=entity, changes_at=changes_at)


def assert_quiet_means_nothing_new(engine, reading, look, now):
    changes_at = reading.changes_at if (reading.changes_at or 0) > now else None
    name = (reading.kind, reading.entity)
    if reading.gone is None and engine.is_quiet(*name, reading.values, changes_at):
        assert (look.alerts, look.transitions) == ((), ())
        assert look.deadlines == {name: changes_at}


def live_through(rule, history) -> Told:
    told, judge, now = Told(), Judge([rule]), START
    engine = judge.engine
    for pause_s, entity, level, changes_in_s in history:
        now += pause_s
        seen = [reading_of(entity, level, None if changes_in_s is None else now + changes_in_s)]
        look = engine.judge(seen, now)
        assert_quiet_means_nothing_new(engine, seen[0], look, now)
        assert look == engine.judge(seen, now), "judging twice gave two answers"
        assert all(at is None or at > now for at in look.deadlines.values()), "a deadline that has passed already"
        made = judge.look(*seen, at=now)
        told.transitions += look.transitions
        told.notifications += made.notifications
        told.levels.append((now, entity, level))
        assert engine.next_deadline() is None or not engine.due(engine.next_deadline() - 0.001)
        assert all(alert.state is not State.INACTIVE for alert in engine.alerts)
    return told


@settings(deadline=None)  # a busy machine proves nothing about a rule
@given(rules, histories)
def test_every_transition_starts_where_the_last_one_ended(rule, history):
    state = dict.fromkeys(ENTITIES, State.INACTIVE)
    for each in live_through(rule, history).transitions:
        assert each.before is state[each.entity]
        assert each.after is not each.before
        state[each.entity] = each.after


@settings(deadline=None)
@given(rules, histories)
def test_trigger_and_resolve_alternate_and_a_resolve_never_comes_first(rule, history):
    told = live_through(rule, history)
    for group in {each.incident.group for each in told.notifications}:
        words = [each for each in told.notifications if each.incident.group == group]
        assert [each.kind.value for each in words] == (["trigger", "resolve"] * len(words))[: len(words)]
        for trigger, resolve in zip(words[::2], words[1::2], strict=False):
            assert trigger.dedup_key == resolve.dedup_key
            assert trigger.incident.started_at == resolve.incident.started_at < resolve.incident.ended_at
    assert len({each.id for each in told.notifications}) == len(told.notifications)


@settings(deadline=None)
@given(rules, histories)
def test_nothing_fires_before_its_hold_and_nothing_but_trouble_is_seen_meanwhile(rule, history):
    told = live_through(rule, history)
    pending_since = {}
    for each in told.transitions:
        if each.before is State.INACTIVE:
            pending_since[each.entity] = each.at
        if each.after is State.FIRING:
            since = pending_since[each.entity]
            assert each.at >= since + rule.hold_for_s
            assert _levels(told, each.entity, since, each.at) <= {0, 1, None}


@settings(deadline=None)
@given(rules, histories)
def test_nothing_clears_before_it_was_well_without_a_break(rule, history):
    told = live_through(rule, history)
    for each in told.transitions:
        if each.reason is Reason.CLEARED:
            # A millisecond of grace: floats of this size know no less than a fifth of a microsecond.
            since = min(each.at, each.at - rule.clear_for_s + 1e-3)
            assert set() < _levels(told, each.entity, since, each.at) <= {3, 5}


def _levels(told, entity, since, until):
    return {level for at, who, level in told.levels if who == entity and since <= at <= until}

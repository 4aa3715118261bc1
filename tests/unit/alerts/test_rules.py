import pytest

from alerts.model import Condition, Kind, Severity
from alerts.rules import (
    OPERATORS,
    RuleError,
    build_rule,
    holds,
    parse_condition,
    parse_duration,
    render_template,
)
from tests.alert_builders import make_rule


@pytest.mark.parametrize("text", ["level <= 1", "level<=1", "  level  <=  1.0 "])
def test_spaces_do_not_matter_in_a_condition(text):
    assert parse_condition(text, Kind.PARTICIPANT) == Condition("level", "<=", 1.0)


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("number", ["0", "0.25", "-3", "1234567.5", "1e-9", ".5"])
def test_a_condition_reads_back_as_itself(operator, number):
    condition = parse_condition(f"rtt_ms {operator} {number}", Kind.PARTICIPANT)
    assert parse_condition(str(condition), Kind.PARTICIPANT) == condition


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("levle <= 1", r"expected a value of a participant \(level, .*\), got 'levle'; did you mean 'level'\?"),
        ("degraded_ratio <= 1", "got 'degraded_ratio'"),
        ("level =< 1", r"expected an operator \(<=, .*\), got '=<'"),
        ("level <= one", "expected a number such as 1 or 0.25, got 'one'"),
        ("level <= nan", "got 'nan'"),
        ("level <= 1e999", "got '1e999'"),
        ("level <= 1_0", "got '1_0'"),
        ("level", "expected a comparison such as 'level <= 1', got 'level'"),
        ("", "got ''"),
    ],
)
def test_a_condition_at_fault_is_told_what_was_expected(text, complaint):
    with pytest.raises(RuleError, match=complaint):
        parse_condition(text, Kind.PARTICIPANT)


@pytest.mark.parametrize(
    ("operator", "below", "at", "above"),
    [
        ("<=", True, True, False),
        ("<", True, False, False),
        (">=", False, True, True),
        (">", False, False, True),
        ("==", False, True, False),
        ("!=", True, False, True),
    ],
)
def test_every_operator_compares_as_written(operator, below, at, above):
    condition = Condition("level", operator, 2)
    assert [holds(condition, {"level": value}) for value in (1, 2, 3)] == [below, at, above]


@pytest.mark.parametrize("values", [{}, {"level": None}, {"level": float("nan")}])
def test_nobody_can_say_whether_an_unknown_value_meets_a_condition(values):
    assert holds(Condition("level", "!=", 2), values) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10s", 10), ("5m", 300), ("1h30m", 5400), ("500ms", 0.5), ("1d", 86400), ("0s", 0), ("1m500ms", 60.5)],
)
def test_a_duration_is_a_row_of_numbers_and_units(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "s", "1.5s", "-5s", "30m1h", "5 m", "10S"])
def test_anything_else_is_not_a_duration(text):
    with pytest.raises(RuleError, match="expected a duration such as 10s, 5m, 1h30m or 500ms"):
        parse_duration(text)


def test_a_template_names_details_before_labels():
    text = "{identity} in {room_name}"
    assert render_template(text, {"room_name": "old"}, {"identity": "alice", "room_name": "new"}) == "alice in new"


def test_a_template_says_unknown_where_nothing_is_known():
    assert render_template("{rtt_ms} ms in {room_name}", {}, {"rtt_ms": None}) == "unknown ms in unknown"


def test_a_label_stands_in_for_a_detail_that_is_unknown():
    assert render_template("{room_name}", {"room_name": "class"}, {"room_name": None}) == "class"


def test_what_is_filled_into_a_template_is_not_a_template():
    assert render_template("{identity}", {}, {"identity": "{room_sid.__class__}"}) == "{room_sid.__class__}"


@pytest.mark.parametrize(("value", "text"), [(1.0, "1"), (0.05125, "0.0512"), (1234567.0, "1234567"), ("x", "x")])
def test_numbers_in_templates_are_short(value, text):
    assert render_template("{level}", {}, {"level": value}) == text


@pytest.mark.parametrize("slot", ["{identiy}", "{identity.__class__}", "{0}", "{}", "{level:d}", "{degraded}"])
@pytest.mark.parametrize("key", ["summary", "description"])
def test_a_template_with_an_unknown_name_is_refused_when_the_rule_is_built(key, slot):
    with pytest.raises(RuleError, match=rf"rule Bad: {key}: expected a name \(identity, .*\), got"):
        make_rule(**{key: f"Look at {slot}."})


def test_a_template_may_name_the_labels_of_its_rule():
    assert make_rule(labels={"team": "video"}, summary="{team}, look.").labels == {"team": "video"}


@pytest.mark.parametrize("key", ["raise_when", "clear_when", "hold_for", "clear_for"])
def test_a_rule_error_names_the_rule_and_the_key(key):
    with pytest.raises(RuleError, match=f"rule Bad: {key}: expected"):
        make_rule(**{key: "soon"})


@pytest.mark.parametrize("label", ["alertname", "severity", "kind"])
def test_a_rule_cannot_claim_a_label_that_every_alert_has(label):
    with pytest.raises(RuleError, match=f"labels: .*{label}"):
        make_rule(labels={label: "mine"})


@pytest.mark.parametrize(
    ("raise_when", "clear_when"),
    [
        ("level <= 1", "level >= 1"),
        ("level <= 3", "level > 2"),
        ("level != 5", "level == 4"),
        ("level < 2", "level < 1"),
        ("level > 1", "level < 4"),
    ],
)
def test_conditions_that_can_hold_at_once_are_refused(raise_when, clear_when):
    with pytest.raises(RuleError, match="expected what excludes"):
        make_rule(raise_when=raise_when, clear_when=clear_when)


@pytest.mark.parametrize(
    ("raise_when", "clear_when"),
    [
        ("level <= 1", "level > 1"),
        ("level == 0", "level != 0"),
        ("level > 3", "level <= 3"),
        ("level == 1", "level == 2"),
    ],
)
def test_conditions_that_exclude_each_other_are_accepted(raise_when, clear_when):
    assert str(make_rule(raise_when=raise_when, clear_when=clear_when).clear_when) == clear_when


def test_a_rule_without_words_is_still_a_rule():
    rule = build_rule(
        "Quiet", Kind.ROOM, raise_when="participants > 50", clear_when="participants <= 50", severity=Severity.INFO
    )
    assert (rule.hold_for_s, rule.clear_for_s, rule.labels) == (0, 0, {})


@pytest.mark.parametrize(
    "key", ["hold_for", "clear_for", "keep_firing_for", "clear_for_max", "bounce_window", "no_data_for"]
)
def test_what_takes_its_time_says_how_long_in_units(key):
    with pytest.raises(RuleError, match=f"rule Bad: {key}: expected a duration such as 10s, .* got 'soon'"):
        make_rule(**{key: "soon"})


def test_being_well_may_not_have_to_last_longer_than_the_longest_time():
    with pytest.raises(RuleError, match="clear_for_max: expected at least clear_for, which is 120 s, got 1m"):
        make_rule(clear_for="2m", clear_for_max="1m")
    assert make_rule(clear_for="2h").clear_for_max_s == 7200

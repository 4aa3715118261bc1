"""Do tests of rules that are written as data say what is right, and where it is not?"""

from pathlib import Path

import pytest

from alerts.default_rules import DEFAULT_RULES
from alerts.rules import RuleError
from monitor.cli import main
from monitor.commands.options import CONFIG, FAILED, OK, USAGE
from monitor.rule_tests.by_hand import load_cases, run_rule_tests
from monitor.rule_tests.courses import moments, parse_course, value_at

SHIPPED = sorted((Path(__file__).parents[2] / "rules").glob("*.toml"))

BAD_CALL = """
[[tests]]
name = "a bad minute"
rule = "ParticipantQualityDegraded"
details = { identity = "alice" }
values = { level = "5x60s 1x60s 5x60s" }
expect = [
    { at = "65s", state = "%s" },
    { at = "70s", state = "firing", %s },
]
"""


def file_of(folder: Path, text: str) -> Path:
    file = folder / "bad.toml"
    file.write_text(text, encoding="utf-8")
    return file


# --- the shipped rules ------------------------------------------------------------------------------------


@pytest.mark.promise("P32")
@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_the_shipped_rules_do_what_their_tests_say(file: Path) -> None:
    tested = run_rule_tests([file])
    assert (tested.faults, tested.failures) == ([], [])
    assert tested.passed


def test_every_shipped_rule_is_tested_in_a_file_of_its_name() -> None:
    tested = {(file.stem, case.rule.name) for file in SHIPPED for case in load_cases(file, DEFAULT_RULES)}
    assert {(rule.name, rule.name) for rule in DEFAULT_RULES} == tested


# --- what is said when an expectation is not met ----------------------------------------------------------


def test_what_was_not_met_is_said_with_its_line_and_what_came_instead(tmp_path: Path) -> None:
    file = file_of(tmp_path, BAD_CALL % ("inactive", 'reason = "raised", detail = "level <= 1"'))
    assert run_rule_tests([file]).failures == [
        f"{file}:8: a bad minute: at 1m5s: expected inactive, got pending since 1m (raised: level <= 1)",
        (
            f"{file}:9: a bad minute: at 1m10s: expected firing because raised,"
            " got firing since 1m10s (held: level <= 1 for 10 s)"
        ),
        f"{file}:9: a bad minute: at 1m10s: expected the detail 'level <= 1', got 'level <= 1 for 10 s'",
    ]


def test_other_words_than_expected_are_a_failure(tmp_path: Path) -> None:
    wrong = 'annotations = { summary = "bob is gone." }, labels = { room_name = "x" }'
    (label, summary) = run_rule_tests([file_of(tmp_path, BAD_CALL % ("pending", wrong))]).failures
    assert label.endswith("expected the label room_name to be 'x', got 'nothing'")
    assert summary.endswith("to be 'bob is gone.', got 'alice has a bad connection in unknown.'")


def test_an_episode_too_many_is_a_failure(tmp_path: Path) -> None:
    text = BAD_CALL % ("pending", 'reason = "held"') + "episodes = 2\n"
    (failure,) = run_rule_tests([file_of(tmp_path, text)]).failures
    assert failure.endswith(":2: a bad minute: expected 2 episodes in all, got 1")


def test_what_never_was_is_inactive_and_not_resolved(tmp_path: Path) -> None:
    text = BAD_CALL.replace("1x60s 5x60s", "5x60s") % ("inactive", 'reason = "held"')
    (failure,) = run_rule_tests([file_of(tmp_path, text)]).failures
    assert failure.endswith("at 1m10s: expected firing, got inactive, as it always was")


def test_the_engine_is_asked_beyond_what_is_seen_for_as_long_as_something_is_expected(tmp_path: Path) -> None:
    text = """
[[tests]]
name = "a timer"
rule = "JoinFailures"
readings = [{ at = "0s", join_failures_per_min = 3 }]
expect = [{ at = "119s", state = "pending" }, { at = "2m", state = "firing" }]
"""
    assert run_rule_tests([file_of(tmp_path, text)]).failures == []


# --- files that are wrong ---------------------------------------------------------------------------------


def test_everything_that_is_wrong_is_said_in_one_run_with_its_line(tmp_path: Path) -> None:
    file = file_of(
        tmp_path,
        """
[[tests]]
name = "one"
rule = "RoomZombi"
values = { overdue_s = 1 }
expect = [{ at = "1s", state = "firing" }]

[[tests]]
name = "two"
rule = "RoomZombie"
values = { overdue_s = "1y60s", level = 3 }
every = "0s"
expect = [
    { at = "soon", state = "firing" },
]

[[tests]]
name = "three"
rule = "RoomZombie"

[[tests]]
name = "four"
rule = "RoomZombie"
readings = [
    { at = "10s", overdue_s = "late" },
    { at = "10s", overdue_s = "_" },
]
episodes = 0
""",
    )
    assert run_rule_tests([file]).faults == [
        f"{file}:4: tests[0].rule: expected the name of a rule, got 'RoomZombi'; did you mean 'RoomZombie'?",
        (
            f"{file}:11: tests[1].values: expected values of a room (degraded_ratio, participants, occupancy_ratio,"
            " overdue_s), got 'level'"
        ),
        f"{file}:11: tests[1].values.overdue_s: expected a stretch such as 5x60s, 0..10x5m or _x30s, got '1y60s'",
        f"{file}:12: tests[1].every: expected a duration that lasts, got '0s'",
        f"{file}:14: tests[1].expect[0].at: expected a duration such as 10s, 5m, 1h30m or 500ms, got 'soon'",
        f"{file}:17: tests[2].values: expected what is seen either as `values` or as `readings`, got both or none",
        f"{file}:17: tests[2].expect: expected something to be expected, got nothing",
        f"{file}:25: tests[3].readings[0]: expected overdue_s to be a number, or \"_\" for unknown, got 'late'",
        f"{file}:26: tests[3].readings[1]: expected readings in the order of time",
    ]


def test_unknown_keys_and_states_are_wrong(tmp_path: Path) -> None:
    text = BAD_CALL % ("asleep", 'colour = "red"') + "[[rules]]\nname = 'x'\n"
    faults = run_rule_tests([file_of(tmp_path, text)]).faults
    assert [fault.split(": ")[0].rpartition(":")[2] for fault in faults] == ["11", "11", "11", "8", "9"]


def test_a_file_without_tests_is_wrong(tmp_path: Path) -> None:
    file = file_of(tmp_path, "rules = []")
    assert run_rule_tests([file]).faults == [f"{file}: tests: expected at least one test, got none"]


def test_a_rule_of_the_file_itself_is_as_wrong_as_one_of_a_configuration(tmp_path: Path) -> None:
    text = BAD_CALL % ("pending", 'reason = "held"')
    file = file_of(
        tmp_path, f'{text}[[rules]]\nname = "X"\nover = "room"\nraise = "level > 1"\nclear = "overdue_s < 0"\n'
    )
    (fault,) = run_rule_tests([file]).faults
    assert fault.startswith(f"{file}:14: rules[0].raise: expected a value of a room")


# --- whose rules --------------------------------------------------------------------------------------------


def test_a_rule_of_the_file_takes_the_place_of_a_known_one(tmp_path: Path) -> None:
    text = """
[[rules]]
name = "ParticipantQualityDegraded"
over = "participant"
raise = "rtt_ms > 400"
clear = "rtt_ms < 300"

[[tests]]
name = "a long way"
rule = "ParticipantQualityDegraded"
values = { rtt_ms = "100..500x40s" }
expect = [{ at = "30s", state = "inactive" }, { at = "40s", state = "firing", reason = "raised" }]
"""
    assert run_rule_tests([file_of(tmp_path, text)]).failures == []


def test_the_rules_of_a_configuration_are_tested_where_its_secrets_are_not(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        """
[[accounts]]
account_sid = "AC00000000000000000000000000000000"
api_secret_file = "/nowhere"
[[rules]]
name = "LongWay"
over = "participant"
raise = "rtt_ms > 400"
clear = "rtt_ms < 300"
"""
    )
    text = """
[[tests]]
name = "a long way"
rule = "LongWay"
values = { rtt_ms = 401 }
expect = [{ at = "0s", state = "firing" }]
"""
    assert run_rule_tests([file_of(tmp_path, text)], config).passed == 1


def test_the_command_ends_with_0_1_2_or_78(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right = file_of(tmp_path, BAD_CALL % ("pending", 'reason = "held"'))
    assert main(["rules", "test", str(right)]) == OK
    assert capsys.readouterr().out == "1 passed, 0 failed\n"
    assert main(["rules", "test", str(file_of(tmp_path, BAD_CALL % ("firing", 'reason = "held"')))]) == FAILED
    assert main(["rules", "test", str(file_of(tmp_path, "tests = 3"))]) == USAGE
    assert main(["rules", "test", str(tmp_path / "nowhere.toml")]) == USAGE
    assert main(["rules", "test", str(right), "--config", str(tmp_path / "nowhere.toml")]) == CONFIG


# --- what is seen -------------------------------------------------------------------------------------------


def test_a_course_has_values_ramps_and_what_nobody_knows() -> None:
    course = parse_course("5x60s _x30s -1..1x10s")
    assert [value_at(course, at_s) for at_s in (0, 59.9, 60, 90, 95, 100, 999)] == [5, 5, None, -1, 0, 1, 1]
    assert sorted(set(moments(course, 50.0))) == [0, 50, 60, 90, 100]


@pytest.mark.parametrize("text", ["", "5", "5x", "x5s", "5x0s", "1..x5s", "5x60s,1x30s", "ax5s"])
def test_what_is_no_course_is_refused(text: str) -> None:
    with pytest.raises(RuleError, match="expected"):
        parse_course(text)


# --- what the documentation shows ---------------------------------------------------------------------------


def test_the_example_of_the_documentation_passes(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "rule-tests.md").read_text(encoding="utf-8")
    example = text.split("```toml\n")[1].split("```")[0]
    tested = run_rule_tests([file_of(tmp_path, example)])
    assert list(tested.lines()) == ["2 passed, 0 failed"]

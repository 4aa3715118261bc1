"""What is wrong with the databases of a cluster?"""

import pytest

from monitor.doctor.cluster_judgement import (
    KNOWN_BLOCKS,
    judge_clickhouse_version,
    judge_clock,
    judge_commits,
    judge_durability,
    judge_engines,
    judge_postgres_version,
    judge_standbys,
    judge_wal,
    judge_windows,
)
from monitor.doctor.findings import Verdict

GOOD = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "synchronous_standby_names": "ANY 1 (a, b)",
    "wal_level": "replica",
}


def test_what_a_good_postgresql_says_is_ok() -> None:
    findings = (judge_durability(GOOD), judge_commits(GOOD), judge_standbys(GOOD, 1), judge_wal(GOOD))
    assert {finding.verdict for finding in findings} == {Verdict.OK}


@pytest.mark.parametrize("name", ["fsync", "full_page_writes"])
def test_a_postgresql_that_a_power_cut_may_damage_is_refused(name: str) -> None:
    finding = judge_durability({**GOOD, name: "off"})
    assert (finding.verdict, name in finding.found) == (Verdict.FAIL, True)


@pytest.mark.parametrize(
    ("waits", "verdict"),
    [
        ("off", Verdict.FAIL),
        ("local", Verdict.FAIL),
        ("remote_write", Verdict.WARN),
        ("on", Verdict.OK),
        ("remote_apply", Verdict.OK),
    ],
)
def test_a_commit_is_to_wait_for_the_disk_of_another_machine(waits: str, verdict: Verdict) -> None:
    assert judge_commits({**GOOD, "synchronous_commit": waits}).verdict is verdict


def test_without_a_standby_there_is_a_warning_since_one_server_may_be_meant() -> None:
    assert judge_standbys({**GOOD, "synchronous_standby_names": ""}, 0).verdict is Verdict.WARN


def test_a_standby_that_is_named_and_away_is_a_failure_since_nothing_can_be_committed() -> None:
    assert judge_standbys(GOOD, 0).verdict is Verdict.FAIL
    assert judge_standbys(GOOD, None).verdict is Verdict.OK, "a user that may not look cannot say so"


def test_a_standby_cannot_follow_a_minimal_log() -> None:
    minimal = {**GOOD, "wal_level": "minimal"}
    assert (judge_standbys(minimal, None).verdict, judge_wal(minimal).verdict) == (Verdict.FAIL, Verdict.WARN)


@pytest.mark.parametrize(
    ("version", "verdict"), [(140_010, Verdict.FAIL), (150_004, Verdict.OK), (170_001, Verdict.OK)]
)
def test_postgresql_is_to_be_15_or_newer(version: int, verdict: Verdict) -> None:
    assert judge_postgres_version(version).verdict is verdict


@pytest.mark.parametrize(
    ("version", "verdict"), [("18.16.1", Verdict.WARN), ("26.9.2.1", Verdict.OK), ("?", Verdict.WARN)]
)
def test_a_clickhouse_that_nobody_has_tested_is_warned_of(version: str, verdict: Verdict) -> None:
    assert judge_clickhouse_version(version).verdict is verdict


def test_tables_are_to_be_on_the_engine_that_is_configured() -> None:
    plain, replicated = {"media": "ReplacingMergeTree"}, {"media": "ReplicatedReplacingMergeTree"}
    verdicts = [judge_engines(tables, cluster).verdict for tables in (plain, replicated) for cluster in ("", "calls")]
    assert verdicts == [Verdict.OK, Verdict.FAIL, Verdict.FAIL, Verdict.OK]
    assert judge_engines({}, "calls").verdict is Verdict.OK


def test_a_table_that_forgets_blocks_too_soon_is_refused() -> None:
    assert judge_windows({"media": KNOWN_BLOCKS}).verdict is Verdict.OK
    assert "minutes" in judge_windows({"media": KNOWN_BLOCKS, "minutes": 100}).found
    assert judge_windows({"minutes": 100}).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("ahead_s", "unsure_s", "verdict"),
    [(0.2, 0.0, Verdict.OK), (-1.5, 0.1, Verdict.FAIL), (1.5, 0.1, Verdict.FAIL), (1.5, 0.6, Verdict.OK)],
)
def test_clocks_are_to_agree_within_a_second_as_far_as_that_can_be_told(
    ahead_s: float, unsure_s: float, verdict: Verdict
) -> None:
    assert judge_clock(ahead_s, unsure_s).verdict is verdict

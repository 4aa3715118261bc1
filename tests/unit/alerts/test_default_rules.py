"""The rules that are shipped."""

import pytest

from alerts.default_rules import DEFAULT_RULES
from alerts.model import Kind, Severity
from alerts.rules import VOCABULARY, render_template

CRITICAL, WARNING, INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO

NAMED = {
    Kind.ACCOUNT: ("account",),
    Kind.REGION: ("region",),
    Kind.TENANT: ("tenant",),
    Kind.SOURCE: ("source_name",),
    Kind.DAEMON: ("instance",),
    Kind.SLO: ("slo",),
}

each_rule = pytest.mark.parametrize("rule", DEFAULT_RULES, ids=lambda rule: rule.name)


def test_the_default_rules_are_these():
    found = {
        rule.name: (str(rule.raise_when), rule.hold_for_s, str(rule.clear_when), rule.clear_for_s, rule.severity)
        for rule in DEFAULT_RULES
    }
    assert found == {
        "ParticipantQualityDegraded": ("level <= 1", 10, "level >= 3", 20, WARNING),
        "RoomQualityDegraded": ("degraded_ratio >= 0.5", 10, "degraded_ratio <= 0.25", 20, CRITICAL),
        "RoomZombie": ("overdue_s > 0", 0, "overdue_s <= 0", 0, WARNING),
        "RoomNearParticipantLimit": ("occupancy_ratio >= 0.9", 0, "occupancy_ratio < 0.8", 60, INFO),
        "CompositionStuck": ("overdue_s > 0", 0, "overdue_s <= 0", 0, CRITICAL),
        "CompositionMissing": ("missing >= 1", 0, "missing < 1", 0, CRITICAL),
        "CompositionFailed": ("failed >= 1", 0, "failed < 1", 0, WARNING),
        "CompositionEmpty": ("empty >= 1", 0, "empty < 1", 0, WARNING),
        "RecordingFailed": ("failed >= 1", 0, "failed < 1", 0, WARNING),
        "RecordingEmpty": ("empty >= 1", 0, "empty < 1", 0, INFO),
        "JoinFailures": ("join_failures_per_min >= 2", 120, "join_failures_per_min < 0.5", 300, CRITICAL),
        "DisconnectSpike": ("disconnect_ratio >= 0.2", 15, "disconnect_ratio < 0.05", 120, CRITICAL),
        "ReconnectStorm": ("reconnect_ratio >= 0.25", 15, "reconnect_ratio < 0.1", 120, CRITICAL),
        "AccountNearConcurrencyLimit": ("concurrency_ratio >= 0.7", 60, "concurrency_ratio < 0.6", 300, WARNING),
        "TwilioAuthLost": ("auth_lost >= 1", 0, "auth_lost < 1", 0, CRITICAL),
        "TwilioThrottled": ("throttled >= 1", 120, "throttled < 1", 120, WARNING),
        "TwilioUnreachable": ("unreachable >= 1", 60, "unreachable < 1", 60, CRITICAL),
        "CallbacksSilent": ("callbacks_silent >= 1", 0, "callbacks_silent < 1", 0, WARNING),
        "CanaryFailed": ("canary_failed >= 1", 0, "canary_failed < 1", 0, CRITICAL),
        "CostForecastHigh": ("budget_ratio >= 1", 0, "budget_ratio < 0.95", 3600, INFO),
        "RegionQualityDegraded": ("degraded_ratio >= 0.3", 10, "degraded_ratio <= 0.15", 60, CRITICAL),
        "TenantQualityDegraded": ("degraded_ratio >= 0.3", 10, "degraded_ratio <= 0.15", 60, CRITICAL),
        "ErrorBudgetBurnsFast": ("critical_burn_ratio >= 1", 0, "critical_burn_ratio < 1", 300, CRITICAL),
        "ErrorBudgetBurns": ("warning_burn_ratio >= 1", 0, "warning_burn_ratio < 1", 300, WARNING),
        "ErrorBudgetBurnsSlowly": ("info_burn_ratio >= 1", 0, "info_burn_ratio < 1", 300, INFO),
        "SourceStale": ("stale_s > 0", 60, "stale_s <= 0", 0, WARNING),
        "OutboxStuck": ("outbox_oldest_s >= 600", 0, "outbox_oldest_s < 300", 0, CRITICAL),
        "NotificationsDead": ("dead_notifications >= 1", 0, "dead_notifications < 1", 0, CRITICAL),
        "PipelineNearlyFull": ("queue_ratio >= 0.8", 30, "queue_ratio < 0.5", 60, WARNING),
        "EventLoopLag": ("event_loop_lag_s >= 0.5", 60, "event_loop_lag_s < 0.25", 60, WARNING),
        "DiskFull": ("disk_full >= 1", 0, "disk_full < 1", 0, CRITICAL),
        "OpenFilesNearLimit": ("open_files_ratio >= 0.85", 60, "open_files_ratio < 0.7", 0, WARNING),
        "MemoryNearLimit": ("memory_ratio >= 0.9", 60, "memory_ratio < 0.8", 60, WARNING),
        "WriteAheadLogLarge": ("wal_bytes >= 536870912", 300, "wal_bytes < 536870912", 0, WARNING),
        "WriteStuck": ("write_s >= 60", 0, "write_s < 60", 0, CRITICAL),
        "ChoreOverdue": ("overdue_chores >= 1", 0, "overdue_chores < 1", 0, WARNING),
        "DatabaseDamaged": ("damages >= 1", 0, "damages < 1", 7200, CRITICAL),
        "CertificateEnds": ("certificate_left_s < 1209600", 0, "certificate_left_s >= 1209600", 0, WARNING),
        "CertificateEndsSoon": ("certificate_left_s < 259200", 0, "certificate_left_s >= 259200", 0, CRITICAL),
        "MonitorBlind": ("blind >= 1", 0, "blind < 1", 30, CRITICAL),
    }


def test_connections_have_to_be_well_for_minutes_before_they_are_called_so():
    kept = {rule.name: rule.keep_firing_for_s for rule in DEFAULT_RULES if rule.keep_firing_for_s}
    crowds = {"RegionQualityDegraded": 360, "TenantQualityDegraded": 360}
    assert kept == {"ParticipantQualityDegraded": 300, "RoomQualityDegraded": 300, **crowds}


@pytest.mark.promise("P21")
@pytest.mark.parametrize("crowd", ["RegionQualityDegraded", "TenantQualityDegraded"])
@pytest.mark.parametrize("member", ["ParticipantQualityDegraded", "RoomQualityDegraded"])
def test_a_crowd_is_decided_on_before_its_members_are_told_of_and_fires_for_longer(crowd, member):
    rules = {rule.name: rule for rule in DEFAULT_RULES}
    assert rules[crowd].hold_for_s <= rules[member].hold_for_s
    assert rules[crowd].keep_firing_for_s >= rules[member].keep_firing_for_s + 60


def test_what_tells_of_our_own_sight_is_over_soon_after_it_is():
    own = [rule for rule in DEFAULT_RULES if rule.name in {"MonitorBlind", "TwilioUnreachable", "TwilioAuthLost"}]
    assert [(rule.clear_for_max_s, rule.damps_flapping) for rule in own] == [(300, False)] * 3


@each_rule
def test_a_default_rule_can_be_read_by_whoever_is_woken(rule):
    words = VOCABULARY[rule.over]
    known = dict.fromkeys((*words.labels, *words.details), "it")
    assert rule.summary.endswith(".")
    assert "unknown" not in render_template(rule.summary + rule.description, {}, known)
    assert rule.runbook_url == f"docs/runbooks/{rule.name}.md"


@each_rule
def test_the_summary_says_of_what_it_speaks(rule):
    assert any(f"{{{name}}}" in rule.summary for name in NAMED.get(rule.over, ("identity", "room_name")))


def test_there_is_a_default_rule_over_every_kind_of_thing():
    assert {rule.over for rule in DEFAULT_RULES} == set(Kind)


def test_every_kind_of_thing_has_its_words():
    assert set(VOCABULARY) == set(Kind)

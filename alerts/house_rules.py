"""When can the daemon not do what it is for?

The shipped rules over the sources that it learns from, and over itself.  What it cannot tell of itself because it is
down, Prometheus tells (`dashboards/prometheus`).
"""

from alerts.model import Kind, Rule, Severity
from alerts.rules import RUNBOOKS, build_rule

HOUSE_RULES: tuple[Rule, ...] = (
    build_rule(
        "SourceStale",
        Kind.SOURCE,
        raise_when="stale_s > 0",
        hold_for="1m",
        clear_when="stale_s <= 0",
        severity=Severity.WARNING,
        summary="Nothing new has been learned from {source_name} for {silent_s} s.",
        description=(
            "{failures_in_a_row} attempts in a row came to nothing: {error}. What is known from {source_name} is shown "
            "as it was; see whether other sources of the account are stale as well, and what keeps this one."
        ),
        runbook_url=f"{RUNBOOKS}/SourceStale.md",
    ),
    build_rule(
        "OutboxStuck",
        Kind.DAEMON,
        raise_when="outbox_oldest_s >= 600",
        clear_when="outbox_oldest_s < 300",
        severity=Severity.CRITICAL,
        summary="Somebody has not been told for {outbox_oldest_s} s what {instance} owes them.",
        description=(
            "The oldest notification in the outbox waits for {outbox_oldest_s} s. See which receiver refuses or does "
            "not answer, in the log and in roomwatch_notifications_failed_total."
        ),
        runbook_url=f"{RUNBOOKS}/OutboxStuck.md",
    ),
    build_rule(
        "NotificationsDead",
        Kind.DAEMON,
        raise_when="dead_notifications >= 1",
        clear_when="dead_notifications < 1",
        severity=Severity.CRITICAL,
        summary="{instance} has given up on {dead_notifications} notifications within the last hour.",
        description=(
            "A receiver refuses for good, or was out of reach for too long: somebody was not told what they should "
            "have been. See which one in the log, and put its address or its key right."
        ),
        runbook_url=f"{RUNBOOKS}/NotificationsDead.md",
    ),
    build_rule(
        "PipelineNearlyFull",
        Kind.DAEMON,
        raise_when="queue_ratio >= 0.8",
        hold_for="30s",
        clear_when="queue_ratio < 0.5",
        clear_for="1m",
        severity=Severity.WARNING,
        summary="{instance} takes in more than it can store.",
        description=(
            "A share of {queue_ratio} of the queue is taken, and a commit takes {commit_s} s. Once it is full, "
            "telemetry is answered 503 and callbacks are refused."
        ),
        runbook_url=f"{RUNBOOKS}/PipelineNearlyFull.md",
    ),
    build_rule(
        "EventLoopLag",
        Kind.DAEMON,
        raise_when="event_loop_lag_s >= 0.5",
        hold_for="1m",
        clear_when="event_loop_lag_s < 0.25",
        clear_for="1m",
        severity=Severity.WARNING,
        summary="{instance} is too busy to be on time.",
        description=(
            "Its loop comes round {event_loop_lag_s} s too late: whatever it does is late by so much, alerts as well. "
            "See what else runs on the machine, and how much telemetry comes in."
        ),
        runbook_url=f"{RUNBOOKS}/EventLoopLag.md",
    ),
    build_rule(
        "DiskFull",
        Kind.DAEMON,
        raise_when="disk_full >= 1",
        clear_when="disk_full < 1",
        severity=Severity.CRITICAL,
        summary="The disk of {instance} is full.",
        description=(
            "Telemetry is refused, so that alerts and what Twilio tells can still be kept for a while. Make room on "
            "the disk, or keep samples for less time."
        ),
        runbook_url=f"{RUNBOOKS}/DiskFull.md",
    ),
)

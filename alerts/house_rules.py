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
    build_rule(
        "OpenFilesNearLimit",
        Kind.DAEMON,
        raise_when="open_files_ratio >= 0.85",
        hold_for="1m",
        clear_when="open_files_ratio < 0.7",
        severity=Severity.WARNING,
        summary="{instance} has nearly as many files open as it may.",
        description=(
            "A share of {open_files_ratio} of the open files that it may have are in use. Without one it takes no "
            "further connection, and can send nothing. See who connects, and how many files the service allows."
        ),
        runbook_url=f"{RUNBOOKS}/OpenFilesNearLimit.md",
    ),
    build_rule(
        "MemoryNearLimit",
        Kind.DAEMON,
        raise_when="memory_ratio >= 0.9",
        hold_for="1m",
        clear_when="memory_ratio < 0.8",
        clear_for="1m",
        severity=Severity.WARNING,
        summary="{instance} uses nearly all the memory that it may.",
        description=(
            "A share of {memory_ratio} of the limit of its container or service is in use. Beyond it the kernel ends "
            "the process without a word. See how many people are in calls, and give it more."
        ),
        runbook_url=f"{RUNBOOKS}/MemoryNearLimit.md",
    ),
    build_rule(
        "WriteAheadLogLarge",
        Kind.DAEMON,
        raise_when="wal_bytes >= 536870912",
        hold_for="5m",
        clear_when="wal_bytes < 536870912",
        severity=Severity.WARNING,
        summary="The write-ahead log of {instance} does not stop growing.",
        description=(
            "It has {wal_bytes} bytes; some sixteen million are usual. Somebody reads the database for so long that "
            "nothing written since can be put where it belongs: a copy, an export, or a program beside the daemon."
        ),
        runbook_url=f"{RUNBOOKS}/WriteAheadLogLarge.md",
    ),
    build_rule(
        "WriteStuck",
        Kind.DAEMON,
        raise_when="write_s >= 60",
        clear_when="write_s < 60",
        severity=Severity.CRITICAL,
        summary="One write of {instance} has been running for {write_s} s.",
        description=(
            "Everything else waits to be stored behind it: telemetry is refused, and this word will go out once it is "
            "over. The log says where in the code it is. See whether the disk answers."
        ),
        runbook_url=f"{RUNBOOKS}/WriteStuck.md",
    ),
    build_rule(
        "ChoreOverdue",
        Kind.DAEMON,
        raise_when="overdue_chores >= 1",
        clear_when="overdue_chores < 1",
        severity=Severity.WARNING,
        summary="{instance} does not get its chores done.",
        description=(
            "What should be done again and again was not for three times as long as it may take: {chores}. See why in "
            "the log, and in roomwatch_chore_failures_total."
        ),
        runbook_url=f"{RUNBOOKS}/ChoreOverdue.md",
    ),
    build_rule(
        "DatabaseDamaged",
        Kind.DAEMON,
        raise_when="damages >= 1",
        clear_when="damages < 1",
        clear_for="2h",  # longer than from one look for damage to the next: a restart mends nothing
        severity=Severity.CRITICAL,
        summary="The database of {instance} is damaged.",
        description=(
            "Pages of the file cannot be made sense of any more; since the daemon started {damages} were met. What "
            "stands on them is lost, and whoever asks for it is refused; the rest goes on. `roomwatch doctor` says how "
            "bad it is, `roomwatch restore` brings a backup back. See whether the disk is failing."
        ),
        runbook_url=f"{RUNBOOKS}/DatabaseDamaged.md",
    ),
    build_rule(
        "CertificateEnds",
        Kind.DAEMON,
        raise_when="certificate_left_s < 1209600",
        clear_when="certificate_left_s >= 1209600",
        severity=Severity.WARNING,
        summary="The certificate of the {certificate_listener} listener of {instance} ends in {certificate_days} days.",
        description=(
            "Whoever renews it should have done so by now. The files are read again by themselves as soon as they "
            "change; see why they did not."
        ),
        runbook_url=f"{RUNBOOKS}/CertificateEnds.md",
    ),
    build_rule(
        "CertificateEndsSoon",
        Kind.DAEMON,
        raise_when="certificate_left_s < 259200",
        clear_when="certificate_left_s >= 259200",
        severity=Severity.CRITICAL,
        summary="The certificate of the {certificate_listener} listener of {instance} ends in {certificate_days} days.",
        description=(
            "From then on browsers, Twilio, Prometheus and people are turned away by their own TLS, and nothing is "
            "heard of calls any more. Renew it now; the files are read again by themselves as soon as they change."
        ),
        runbook_url=f"{RUNBOOKS}/CertificateEndsSoon.md",
    ),
)

"""Which rules are shipped, and when does each of them call somebody?

Text like that of a configuration, so that a rule of the same name in a configuration takes the place of one here.  The
description says what to do first; the page in `docs/runbooks` has the rest.  Critical is what keeps people from calls,
loses what was promised, or makes the daemon blind.
"""

from alerts.model import Kind, Rule, Severity
from alerts.rules import build_rule

RUNBOOKS = "docs/runbooks"

DEFAULT_RULES: tuple[Rule, ...] = (
    build_rule(
        "ParticipantQualityDegraded",
        Kind.PARTICIPANT,
        raise_when="level <= 1",
        hold_for="10s",
        clear_when="level >= 3",
        clear_for="20s",
        severity=Severity.WARNING,
        summary="{identity} has a bad connection in {room_name}.",
        description=(
            "Network quality level {level} of 5 for {identity} ({participant_sid}) in {room_name} ({room_sid}): "
            "round trip {rtt_ms} ms, jitter {jitter_ms} ms, loss ratio {loss_ratio}."
        ),
        runbook_url=f"{RUNBOOKS}/ParticipantQualityDegraded.md",
    ),
    build_rule(
        "RoomQualityDegraded",
        Kind.ROOM,
        raise_when="degraded_ratio >= 0.5",
        hold_for="10s",
        clear_when="degraded_ratio <= 0.25",
        clear_for="20s",
        severity=Severity.CRITICAL,
        summary="The call in {room_name} is bad for {degraded} of {known} people.",
        description=(
            "{degraded} of the {known} participants whose network quality is known are degraded in {room_name} "
            "({room_sid}), which has {participants} participants."
        ),
        runbook_url=f"{RUNBOOKS}/RoomQualityDegraded.md",
    ),
    build_rule(
        "CompositionStuck",
        Kind.COMPOSITION,
        raise_when="overdue_s > 0",
        clear_when="overdue_s <= 0",
        severity=Severity.CRITICAL,
        summary="The composition of {room_name} is overdue.",
        description=(
            "{composition_sid} of {room_name} ({room_sid}) is {status} at {percent_done} percent after {waited_s} s; "
            "a call of that length is allowed {limit_s} s."
        ),
        runbook_url=f"{RUNBOOKS}/CompositionStuck.md",
    ),
    build_rule(
        "CompositionFailed",
        Kind.COMPOSITION,
        raise_when="failed >= 1",
        clear_when="failed < 1",
        severity=Severity.WARNING,
        summary="The composition of {room_name} failed.",
        description="{composition_sid} of {room_name} ({room_sid}) is {status}: {error_message}.",
        runbook_url=f"{RUNBOOKS}/CompositionFailed.md",
    ),
)

"""Which rules are shipped, and when does each of them call somebody?

Text like that of a configuration, so that a rule of the same name in a configuration takes the place of one here.  The
description says what to do first; the page in `docs/runbooks` has the rest.  Critical is what keeps people from calls,
loses what was promised, or makes the daemon blind.

Rules over many people at once are in `alerts.crowd_rules`, those over the daemon itself in `alerts.house_rules`.
Connections go to and fro more often than anything else here, so whoever had a bad one has to be well for minutes before
it is called over.  What tells that the daemon itself sees or hears less is over as soon as it is: others hold their
tongues while it fires.
"""

from alerts.crowd_rules import CROWD_RULES
from alerts.house_rules import HOUSE_RULES
from alerts.model import Kind, Rule, Severity
from alerts.rules import RUNBOOKS, build_rule

_CALLS: tuple[Rule, ...] = (
    build_rule(
        "ParticipantQualityDegraded",
        Kind.PARTICIPANT,
        raise_when="level <= 1",
        hold_for="10s",
        clear_when="level >= 3",
        clear_for="20s",
        keep_firing_for="5m",
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
        keep_firing_for="5m",
        severity=Severity.CRITICAL,
        summary="The call in {room_name} is bad for {degraded} of {known} people.",
        description=(
            "{degraded} of the {known} participants whose network quality is known are degraded in {room_name} "
            "({room_sid}), which has {participants} participants."
        ),
        runbook_url=f"{RUNBOOKS}/RoomQualityDegraded.md",
    ),
    build_rule(
        "RoomZombie",
        Kind.ROOM,
        raise_when="overdue_s > 0",
        clear_when="overdue_s <= 0",
        severity=Severity.WARNING,
        summary="{room_name} is still open though {due_because}.",
        description=(
            "{room_sid} has been open for {age_s} s and shows {participants} participants; Twilio should have ended "
            "it, because {due_because}. Complete the room through Twilio's API: until then it counts towards the "
            "limit of rooms, and its compositions wait."
        ),
        runbook_url=f"{RUNBOOKS}/RoomZombie.md",
    ),
    build_rule(
        "RoomNearParticipantLimit",
        Kind.ROOM,
        raise_when="occupancy_ratio >= 0.9",
        clear_when="occupancy_ratio < 0.8",
        clear_for="1m",
        severity=Severity.INFO,
        summary="{room_name} is nearly full.",
        description=(
            "{participants} of {max_participants} places in {room_name} ({room_sid}) are taken; whoever finds no "
            "place is refused with error 53105. Raise MaxParticipants where the room is created (Twilio allows 50), "
            "or open another room."
        ),
        runbook_url=f"{RUNBOOKS}/RoomNearParticipantLimit.md",
    ),
)

_RECORDINGS_AND_COMPOSITIONS: tuple[Rule, ...] = (
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
        "CompositionMissing",
        Kind.COMPOSITION,
        raise_when="missing >= 1",
        clear_when="missing < 1",
        severity=Severity.CRITICAL,
        summary="Nothing composes {room_name}.",
        description=(
            "{room_name} ({room_sid}) ended {waited_s} s ago, and no composition of it has been seen, though hook "
            "{hook_sid} should make one. See that the room has recordings and the hook is enabled, then create the "
            "composition yourself."
        ),
        runbook_url=f"{RUNBOOKS}/CompositionMissing.md",
    ),
    build_rule(
        "CompositionFailed",
        Kind.COMPOSITION,
        raise_when="failed >= 1",
        clear_when="failed < 1",
        severity=Severity.WARNING,
        summary="The composition of {room_name} failed.",
        description=(
            "{composition_sid} of {room_name} ({room_sid}) failed in {failed_operation}: {error_message}. {remedy}."
        ),
        runbook_url=f"{RUNBOOKS}/CompositionFailed.md",
    ),
    build_rule(
        "CompositionEmpty",
        Kind.COMPOSITION,
        raise_when="empty >= 1",
        clear_when="empty < 1",
        severity=Severity.WARNING,
        summary="The composition of {room_name} is empty.",
        description=(
            "{composition_sid} of {room_name} ({room_sid}) is completed with a size of 0 bytes and {duration_s} s. "
            "See whether the room has recordings and whether the composition names them as its sources, then create "
            "it again."
        ),
        runbook_url=f"{RUNBOOKS}/CompositionEmpty.md",
    ),
    build_rule(
        "RecordingFailed",
        Kind.RECORDING,
        raise_when="failed >= 1",
        clear_when="failed < 1",
        severity=Severity.WARNING,
        summary="A recording of {identity} in {room_name} failed.",
        description=(
            "{recording_sid} ({media}) of {identity} in {room_name} ({room_sid}) failed in {failed_operation}. "
            "{remedy}."
        ),
        runbook_url=f"{RUNBOOKS}/RecordingFailed.md",
    ),
    build_rule(
        "RecordingEmpty",
        Kind.RECORDING,
        raise_when="empty >= 1",
        clear_when="empty < 1",
        severity=Severity.INFO,
        summary="A recording of {identity} in {room_name} is empty.",
        description=(
            "{recording_sid} ({media}) of {identity} in {room_name} ({room_sid}) is completed with a size of 0 bytes "
            "and {duration_s} s. Nothing was sent on that track, or it lasted no longer than a moment; compare with "
            "the others."
        ),
        runbook_url=f"{RUNBOOKS}/RecordingEmpty.md",
    ),
)

_PEOPLE_OF_AN_ACCOUNT: tuple[Rule, ...] = (
    build_rule(
        "JoinFailures",
        Kind.ACCOUNT,
        raise_when="join_failures_per_min >= 2",
        hold_for="2m",
        clear_when="join_failures_per_min < 0.5",
        clear_for="5m",
        severity=Severity.CRITICAL,
        summary="People cannot join calls of {account}.",
        description=(
            "{join_failures_per_min} failures to join a minute, of {join_people} people within five minutes, most "
            "often {join_error}: {join_meaning} {join_remedy}"
        ),
        runbook_url=f"{RUNBOOKS}/JoinFailures.md",
    ),
    build_rule(
        "DisconnectSpike",
        Kind.ACCOUNT,
        raise_when="disconnect_ratio >= 0.2",
        hold_for="15s",
        clear_when="disconnect_ratio < 0.05",
        clear_for="2m",
        severity=Severity.CRITICAL,
        summary="People are cut off from calls of {account}.",
        description=(
            "Within a minute a share of {disconnect_ratio} of the people in calls was cut off with an error, most "
            "often {disconnect_error}: {disconnect_meaning} {disconnect_remedy}"
        ),
        runbook_url=f"{RUNBOOKS}/DisconnectSpike.md",
    ),
    build_rule(
        "ReconnectStorm",
        Kind.ACCOUNT,
        raise_when="reconnect_ratio >= 0.25",
        hold_for="15s",
        clear_when="reconnect_ratio < 0.1",
        clear_for="2m",
        severity=Severity.CRITICAL,
        summary="Many people in calls of {account} are reconnecting.",
        description=(
            "Within a minute a share of {reconnect_ratio} of the people in calls lost the connection and is trying "
            "again, most often {reconnect_error}: {reconnect_meaning} {reconnect_remedy}"
        ),
        runbook_url=f"{RUNBOOKS}/ReconnectStorm.md",
    ),
)

_ACCOUNTS: tuple[Rule, ...] = (
    build_rule(
        "AccountNearConcurrencyLimit",
        Kind.ACCOUNT,
        raise_when="concurrency_ratio >= 0.7",
        hold_for="1m",
        clear_when="concurrency_ratio < 0.6",
        clear_for="5m",
        severity=Severity.WARNING,
        summary="{account} comes near Twilio's limit of concurrent rooms or participants.",
        description=(
            "{rooms} rooms and {connected} participants at once are a share of {concurrency_ratio} of what Twilio "
            "allows; beyond it, rooms (53119) and participants (53206) are refused. Ask Twilio to raise the quota of "
            "{account_sid}."
        ),
        runbook_url=f"{RUNBOOKS}/AccountNearConcurrencyLimit.md",
    ),
    build_rule(
        "TwilioAuthLost",
        Kind.ACCOUNT,
        raise_when="auth_lost >= 1",
        clear_when="auth_lost < 1",
        clear_for_max="5m",
        flap_damping=False,
        severity=Severity.CRITICAL,
        summary="Twilio does not accept the credentials of {account}.",
        description=(
            "Twilio refuses requests for {account_sid}: {auth_lost_detail}. See in Twilio's console whether the API "
            "key was revoked or the account suspended, and put a valid key into the configuration. Until then only "
            "callbacks and browsers are heard."
        ),
        runbook_url=f"{RUNBOOKS}/TwilioAuthLost.md",
    ),
    build_rule(
        "TwilioThrottled",
        Kind.ACCOUNT,
        raise_when="throttled >= 1",
        hold_for="2m",
        clear_when="throttled < 1",
        clear_for="2m",
        clear_for_max="5m",
        flap_damping=False,
        severity=Severity.WARNING,
        summary="Twilio throttles requests for {account}.",
        description=(
            "Twilio answers requests for {account_sid} with 429: {throttled_detail}. The limit is shared with your "
            "own application. Lower requests_per_s of the account, or find out who else spends its requests."
        ),
        runbook_url=f"{RUNBOOKS}/TwilioThrottled.md",
    ),
    build_rule(
        "TwilioUnreachable",
        Kind.ACCOUNT,
        raise_when="unreachable >= 1",
        hold_for="1m",
        clear_when="unreachable < 1",
        clear_for="1m",
        clear_for_max="5m",
        flap_damping=False,
        severity=Severity.CRITICAL,
        summary="Twilio's API cannot be reached for {account}.",
        description=(
            "Requests for {account_sid} fail: {unreachable_detail}. Look at Twilio's status page, then at DNS and "
            "the way out of this network. Until it is back, only callbacks and browsers are heard."
        ),
        runbook_url=f"{RUNBOOKS}/TwilioUnreachable.md",
    ),
    build_rule(
        "CallbacksSilent",
        Kind.ACCOUNT,
        raise_when="callbacks_silent >= 1",
        clear_when="callbacks_silent < 1",
        severity=Severity.WARNING,
        summary="Twilio does not send the status callbacks of {account}.",
        description=(
            "Polls show changes in {account_sid} that no callback told: {callbacks_silent_detail}. Set the status "
            "callback in the console's room settings and wherever rooms are created to this daemon's "
            "/callbacks/twilio, and end it in #rc=5&rp=all."
        ),
        runbook_url=f"{RUNBOOKS}/CallbacksSilent.md",
    ),
    build_rule(
        "CanaryFailed",
        Kind.ACCOUNT,
        raise_when="canary_failed >= 1",
        clear_when="canary_failed < 1",
        severity=Severity.CRITICAL,
        summary="The canary of {account} failed.",
        description=(
            "A call that the daemon makes to try Twilio out failed for {account_sid} at {canary_step}: "
            "{canary_error}. What the canary cannot do, your people probably cannot do either. Look at Twilio's "
            "status page and at the error."
        ),
        runbook_url=f"{RUNBOOKS}/CanaryFailed.md",
    ),
    build_rule(
        "CostForecastHigh",
        Kind.ACCOUNT,
        raise_when="budget_ratio >= 1",
        clear_when="budget_ratio < 0.95",
        clear_for="1h",
        severity=Severity.INFO,
        summary="{account} is on its way past its budget for the month.",
        description=(
            "Twilio Video will have cost {month_cost_forecast} {currency} by the end of the month, if it goes on "
            "like in the last days; the budget is {month_budget}, today's cost so far {day_cost}. See which usage "
            "grew, or raise usage.month_budget."
        ),
        runbook_url=f"{RUNBOOKS}/CostForecastHigh.md",
    ),
)

_DAEMON: tuple[Rule, ...] = (
    build_rule(
        "MonitorBlind",
        Kind.DAEMON,
        raise_when="blind >= 1",
        clear_when="blind < 1",
        clear_for="30s",
        clear_for_max="5m",
        flap_damping=False,
        severity=Severity.CRITICAL,
        summary="{instance} cannot see what it watches.",
        description=(
            "{why}. Alerts that go by what is missing stand as they stood, and neither begin nor end before it is told "
            "again. Calls may be well all the while: look at what lies between them and this daemon."
        ),
        runbook_url=f"{RUNBOOKS}/MonitorBlind.md",
    ),
)

DEFAULT_RULES: tuple[Rule, ...] = (
    *_CALLS,
    *_RECORDINGS_AND_COMPOSITIONS,
    *_PEOPLE_OF_AN_ACCOUNT,
    *_ACCOUNTS,
    *CROWD_RULES,
    *HOUSE_RULES,
    *_DAEMON,
)

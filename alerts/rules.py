"""How does the text in a configuration become a rule?

A condition is one comparison, `level <= 1`; a duration is `1h30m`; a template is a sentence with `{names}` in it.
Whatever can be wrong with them is said when the rule is built, never at three in the morning: an unknown name, an
impossible number, a raise and a clear condition that can hold at once.

`VOCABULARY` is the whole list of words a rule may use about each kind of entity.
"""

import difflib
import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

from alerts.model import Condition, Kind, NoData, Rule, Severity, Value


class RuleError(ValueError):
    """A rule that cannot be built, and what would have been accepted."""


@dataclass(frozen=True, slots=True)
class Words:
    """What can be said about one kind of entity: `values` in conditions; `labels` and `details` in templates.

    `subject` is a template, too: what one of them is called in a sentence.
    """

    values: tuple[str, ...]
    labels: tuple[str, ...]
    details: tuple[str, ...]
    subject: str = ""


_ACCOUNT_VALUES = (
    *("auth_lost", "throttled", "unreachable", "callbacks_silent"),
    *("join_failures_per_min", "disconnects_per_min", "reconnects_per_min", "reconnect_ratio", "disconnect_ratio"),
    *("concurrency_ratio", "canary_failed", "canary_round_trip_s"),
    *("day_cost", "month_cost_forecast", "budget_ratio"),
)

# Where something is, as far as that is known; the latter two where the configuration lists their values.
_IN_A_ROOM = ("room", "room_name", "account", "region", "tenant", "resource_kind")

_CROWD_VALUES = ("participants", "known", "degraded", "degraded_ratio", "rooms", "degraded_rooms")

_SOURCE_VALUES = ("stale_s", "failures_in_a_row")

_DAEMON_VALUES = (
    "blind",
    *("outbox_oldest_s", "dead_notifications", "queue_ratio"),
    *("event_loop_lag_s", "disk_full", "commit_s"),
    *("open_files_ratio", "memory_ratio", "wal_bytes", "write_s", "overdue_chores"),
    *("certificate_left_s", "damages"),
)

_SLO_VALUES = (
    *("burn_5m", "burn_30m", "burn_1h", "burn_2h", "burn_6h", "burn_1d", "burn_3d"),
    *("critical_burn_ratio", "warning_burn_ratio", "info_burn_ratio", "budget_remaining_ratio"),
)

VOCABULARY: Mapping[Kind, Words] = {
    Kind.PARTICIPANT: Words(
        values=("level", "rtt_ms", "jitter_ms", "loss_ratio"),
        labels=_IN_A_ROOM,
        details=(
            *("identity", "participant_sid", "room_sid", "room_name"),
            *("level", "rtt_ms", "loss_ratio", "jitter_ms"),
        ),
        subject="{identity} in {room_name}",
    ),
    Kind.ROOM: Words(
        values=("degraded_ratio", "participants", "occupancy_ratio", "overdue_s"),
        labels=_IN_A_ROOM,
        details=(
            *("room_sid", "room_name", "degraded", "known", "participants", "degraded_ratio"),
            *("max_participants", "occupancy_ratio", "overdue_s", "age_s", "due_because"),
        ),
        subject="{room_name}",
    ),
    Kind.COMPOSITION: Words(
        values=("overdue_s", "missing", "failed", "empty"),
        labels=_IN_A_ROOM,
        details=(
            *("composition_sid", "room_sid", "room_name", "hook_sid", "status", "duration_s"),
            *("overdue_s", "limit_s", "waited_s", "percent_done"),
            *("failed_operation", "error_message", "remedy"),
        ),
        subject="a composition of {room_name}",
    ),
    Kind.RECORDING: Words(
        values=("failed", "empty"),
        labels=_IN_A_ROOM,
        details=(
            *("recording_sid", "room_sid", "room_name", "identity", "participant_sid", "media", "status"),
            *("duration_s", "failed_operation", "remedy"),
        ),
        subject="a recording of {identity} in {room_name}",
    ),
    Kind.ACCOUNT: Words(
        values=_ACCOUNT_VALUES,
        labels=("account",),
        details=(
            *("account", "account_sid", "rooms", "connected", *_ACCOUNT_VALUES),
            *("auth_lost_detail", "throttled_detail", "unreachable_detail", "callbacks_silent_detail"),
            *("join_people", "join_error", "join_meaning", "join_remedy"),
            *("disconnect_people", "disconnect_error", "disconnect_meaning", "disconnect_remedy"),
            *("reconnect_people", "reconnect_error", "reconnect_meaning", "reconnect_remedy"),
            *("canary_step", "canary_error", "currency", "month_budget"),
        ),
        subject="{account}",
    ),
    Kind.REGION: Words(_CROWD_VALUES, labels=("region",), details=("region", *_CROWD_VALUES), subject="{region}"),
    Kind.TENANT: Words(_CROWD_VALUES, labels=("tenant",), details=("tenant", *_CROWD_VALUES), subject="{tenant}"),
    Kind.SOURCE: Words(
        _SOURCE_VALUES,
        labels=("source", "account"),
        details=("source", "source_name", "account", "silent_s", "error", *_SOURCE_VALUES),
    ),
    Kind.DAEMON: Words(
        _DAEMON_VALUES,
        labels=(),
        details=("instance", "why", "chores", "certificate_listener", "certificate_days", *_DAEMON_VALUES),
        subject="{instance}",
    ),
    Kind.SLO: Words(
        _SLO_VALUES,
        labels=("slo", "scope", "account", "region", "tenant"),
        details=(
            *("slo", "over", "scope_name", "objective", "budget_spent_ratio", "budget_days"),
            *("critical_burn", "critical_window", "critical_bad", "critical_events"),
            *("warning_burn", "warning_window", "warning_bad", "warning_events"),
            *("info_burn", "info_window", "info_bad", "info_events"),
            *_SLO_VALUES,
        ),
    ),
}

OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
    "==": operator.eq,
    "!=": operator.ne,
}

RUNBOOKS = "docs/runbooks"

RESERVED_LABELS = ("alertname", "severity", "kind")  # every alert has these already; routes match on them

DEFAULT_CLEAR_FOR_MAX_S = 3600.0

_COMPARISON = re.compile(r"\s*(?P<value>\w+)\s*(?P<operator>[<>=!]+)\s*(?P<number>\S+)\s*")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?")
_DURATION_UNITS_MS = (86_400_000, 3_600_000, 60_000, 1_000, 1)
_SLOT = re.compile(r"\{([^{}]*)\}")


# --- conditions ------------------------------------------------------------------------------------------


def parse_condition(text: str, over: Kind) -> Condition:
    """Return the condition that `text` states about one value of an `over`."""
    match = _COMPARISON.fullmatch(text)
    if match is None:
        raise RuleError(f"expected a comparison such as 'level <= 1', got {text!r}")
    return Condition(
        value=_one_of(VOCABULARY[over].values, match["value"], f"a value of a {over}"),
        operator=_one_of(OPERATORS, match["operator"], "an operator"),
        threshold=_number(match["number"]),
    )


def holds(condition: Condition, values: Mapping[str, float | None]) -> bool | None:
    """Return whether the condition holds, or None where its value is unknown."""
    value = values.get(condition.value)
    if value is None or value != value:  # noqa: PLR0124 - how a number says that it is none, without a call
        return None
    return OPERATORS[condition.operator](value, condition.threshold)


def _number(text: str) -> float:
    number = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(number):
        raise RuleError(f"expected a number such as 1 or 0.25, got {text!r}")
    return number


def _one_of(known: Iterable[str], name: str, what: str) -> str:
    known = tuple(known)
    if name in known:
        return name
    raise RuleError(f"expected {what} ({', '.join(known)}), got {name!r}{_hint(known, name)}")


def _hint(known: Iterable[str], name: str) -> str:
    near = difflib.get_close_matches(name, tuple(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


# --- durations -------------------------------------------------------------------------------------------


def parse_duration(text: str) -> float:
    """Return the seconds that `text` stands for: whole numbers of d, h, m, s and ms, largest unit first."""
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        raise RuleError(f"expected a duration such as 10s, 5m, 1h30m or 500ms, got {text!r}")
    return sum(int(count or 0) * unit for count, unit in zip(match.groups(), _DURATION_UNITS_MS, strict=True)) / 1000


# --- templates -------------------------------------------------------------------------------------------


def check_template(text: str, known: Iterable[str]) -> str:
    """Return `text` if every `{name}` in it is known."""
    for name in _SLOT.findall(text):
        _one_of(known, name, "a name")
    return text


def render_template(text: str, labels: Mapping[str, str], details: Mapping[str, Value]) -> str:
    """Return `text` with each `{name}` replaced by the detail or label of that name, or by "unknown".

    Nothing but a bare name is ever looked up, and what is filled in is not looked at again: an identity that reads
    `{room_name}` stays as it is.
    """
    return _SLOT.sub(lambda slot: _words(_known(slot[1], labels, details)), text)


def _known(name: str, labels: Mapping[str, str], details: Mapping[str, Value]) -> Value:
    detail = details.get(name)
    return labels.get(name) if detail is None else detail


def _words(value: Value) -> str:
    if value is None:
        return "unknown"
    return value if isinstance(value, str) else f"{round(value, 4):.15g}"


# --- rules -----------------------------------------------------------------------------------------------


def build_rule(
    name: str,
    over: Kind,
    *,
    raise_when: str,
    clear_when: str,
    severity: Severity,
    hold_for: str = "0s",
    clear_for: str = "0s",
    keep_firing_for: str = "0s",
    clear_for_max: str | None = None,
    bounce_window: str = "1h",
    flap_damping: bool = True,
    no_data: NoData = NoData.HOLD,
    no_data_for: str = "5m",
    labels: Mapping[str, str] = MappingProxyType({}),
    summary: str = "",
    description: str = "",
    runbook_url: str = "",
) -> Rule:
    """Return the rule that these texts describe; raise a `RuleError` that names the rule and the key at fault."""
    with _blaming(name, "raise_when"):
        raised = parse_condition(raise_when, over)
    with _blaming(name, "clear_when"):
        cleared = _apart_from(raised, parse_condition(clear_when, over))
    with _blaming(name, "labels"):
        _none_reserved(labels)
    _check_templates(name, over, labels, summary=summary, description=description)
    clear_for_s = _duration(name, "clear_for", clear_for)
    return Rule(
        name=name,
        over=over,
        raise_when=raised,
        clear_when=cleared,
        severity=severity,
        hold_for_s=_duration(name, "hold_for", hold_for),
        clear_for_s=clear_for_s,
        keep_firing_for_s=_duration(name, "keep_firing_for", keep_firing_for),
        clear_for_max_s=_longest_clear_s(name, clear_for_max, clear_for_s),
        bounce_window_s=_duration(name, "bounce_window", bounce_window),
        damps_flapping=flap_damping,
        no_data=no_data,
        no_data_for_s=_duration(name, "no_data_for", no_data_for),
        labels=dict(labels),
        summary=summary,
        description=description,
        runbook_url=runbook_url,
    )


def _duration(rule: str, key: str, text: str) -> float:
    with _blaming(rule, key):
        return parse_duration(text)


def _longest_clear_s(rule: str, text: str | None, clear_for_s: float) -> float:
    """Return up to what the clear delay may grow; where nobody said, to an hour, or not at all if it is longer."""
    if text is None:
        return max(DEFAULT_CLEAR_FOR_MAX_S, clear_for_s)
    longest_s = _duration(rule, "clear_for_max", text)
    with _blaming(rule, "clear_for_max"):
        if longest_s < clear_for_s:
            raise RuleError(f"expected at least clear_for, which is {clear_for_s:g} s, got {text}")
    return longest_s


def _check_templates(rule: str, over: Kind, labels: Mapping[str, str], **texts: str) -> None:
    known = dict.fromkeys((*VOCABULARY[over].details, *VOCABULARY[over].labels, *labels))
    for key, text in texts.items():
        with _blaming(rule, key):
            check_template(text, known)


@contextmanager
def _blaming(rule: str, key: str) -> Iterator[None]:
    try:
        yield
    except RuleError as error:
        raise RuleError(f"rule {rule}: {key}: {error}") from None


def _none_reserved(labels: Mapping[str, str]) -> None:
    taken = [name for name in RESERVED_LABELS if name in labels]
    if taken:
        raise RuleError(f"expected labels of your own, got {', '.join(taken)}, which every alert carries already")


def _apart_from(raised: Condition, cleared: Condition) -> Condition:
    """Return `cleared` if the two can never hold at once; an alert that is both would never come to rest."""
    if raised.value == cleared.value:
        for value in _telling_values(raised.threshold, cleared.threshold):
            if all(OPERATORS[each.operator](value, each.threshold) for each in (raised, cleared)):
                raise RuleError(f"expected what excludes {raised}, got {cleared}: both hold at {value:g}")
    return cleared


def _telling_values(one: float, other: float) -> tuple[float, ...]:
    # Two comparisons cut the numbers into at most five stretches; one value of each tells about all of them.
    low, high = sorted((one, other))
    return (low - 1, low, (low + high) / 2, high, high + 1)

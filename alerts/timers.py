"""What does an alert wait for, and for how much longer?

Each timer runs exactly while what it measures is seen, and it lives on the alert, so that a restart keeps it:

    HOLD      since the alert became pending                 `hold_for_s`, before it fires
    CLEAR     since it is well without a break               `clear_for_s`, before it ends; longer after it came back,
              and since trouble was last seen                `keep_firing_for_s`, and never while it flaps
    SILENCE   since nobody tells the value                   `no_data_for_s`, before `no_data` has its say

**Coming back.**  An alert that ended is remembered.  If it fires again within `bounce_window_s`, being well has
deceived once, and next time must last twice as long: as the delay was, or as the stretch that deceived, whichever is
longer, up to `clear_for_max_s`.  What comes and goes at one beat, however slow, so ends at most once.

**Time that nobody watched** is no time.  While values cannot be trusted, and while the daemon was not there, all
timers stand still: nobody saw trouble go on, nor an entity stay well.
"""

from dataclasses import replace
from enum import StrEnum
from typing import Any

from alerts.flapping import MINUTE_S, MINUTES, calm_at, flipped
from alerts.model import Alert, NoData, Rule, State
from alerts.signals import Signal

DOWNTIME_TOLERANCE_S = 60.0  # a restart takes seconds; so much of it counts as if somebody had watched
GROWS_BY = 2.0

Changes = dict[str, Any]


class Timer(StrEnum):
    """What a move waits for."""

    NONE = "none"
    HOLD = "hold"
    CLEAR = "clear"
    SILENCE = "silence"


# --- running ---------------------------------------------------------------------------------------------


def ticked(rule: Rule, alert: Alert, signal: Signal, now: float) -> Alert:
    """Return `alert` with each of its timers running as `signal` says; the same object if nothing is new."""
    resumed = _resumed(alert, now)
    changes = {**_silence(resumed, signal, now), **_sides(resumed, signal, now)}
    if resumed.state is State.PENDING:
        changes |= _pending(resumed, signal, now)
    elif resumed.state is State.FIRING:
        changes |= _firing(rule, resumed, signal, now)
    return _changed(resumed, changes)


def _silence(alert: Alert, signal: Signal, now: float) -> Changes:
    since = now if alert.unknown_since is None else alert.unknown_since
    return {"unknown_since": since if signal is Signal.UNKNOWN else None}


def _sides(alert: Alert, signal: Signal, now: float) -> Changes:
    """Return what changes when an alert is seen on the other side; between the two and unknown it is on neither."""
    is_well = signal is Signal.WELL
    if signal not in (Signal.TROUBLE, Signal.WELL) or is_well is alert.is_well:
        return {}
    return {"is_well": is_well, "flips": flipped(alert.flips, alert.flipped_at, now), "flipped_at": now}


def _pending(alert: Alert, signal: Signal, now: float) -> Changes:
    # What began with silence has not been in trouble yet: its hold begins when trouble is seen.
    has_only_been_silent = alert.unknown_since == alert.since
    return {"since": now} if signal is Signal.TROUBLE and has_only_been_silent else {}


def _firing(rule: Rule, alert: Alert, signal: Signal, now: float) -> Changes:
    is_trouble = signal is Signal.TROUBLE or (signal is Signal.UNKNOWN and rule.no_data is NoData.FIRE)
    trouble_until = now if alert.trouble_until is None else alert.trouble_until
    clear_since = now if alert.clear_since is None else alert.clear_since
    return {
        "trouble_until": None if is_trouble else trouble_until,
        "clear_since": clear_since if signal is Signal.WELL else None,
    }


def _changed(alert: Alert, changes: Changes) -> Alert:
    news = {name: value for name, value in changes.items() if getattr(alert, name) != value}
    return replace(alert, **news) if news else alert


# --- running out -----------------------------------------------------------------------------------------


def due_at(timer: Timer, rule: Rule, alert: Alert | None, now: float) -> float:
    """Return when a timer of an alert runs out."""
    if alert is None:
        return now
    match timer:
        case Timer.HOLD:
            return alert.since + rule.hold_for_s
        case Timer.SILENCE:
            return _or(alert.unknown_since, now) + rule.no_data_for_s
        case Timer.CLEAR:
            return max(_cleared_at(rule, alert, now), calm_at(alert.flips, alert.flipped_at) if _flaps(alert) else now)
        case Timer.NONE:
            return now


def _cleared_at(rule: Rule, alert: Alert, now: float) -> float:
    kept_until = _or(alert.trouble_until, now) + rule.keep_firing_for_s
    return max(_or(alert.clear_since, now) + clear_for_s(rule, alert), kept_until)


def clear_for_s(rule: Rule, alert: Alert) -> float:
    """Return for how long an alert has to be well before it ends."""
    return max(rule.clear_for_s, alert.clear_after_s)


def grown_clear_s(rule: Rule, alert: Alert) -> float:
    """Return for how long an alert that fires again has to be well the next time; 0 if it did not come back."""
    if alert.remember_until is None or alert.since > alert.remember_until - remembered_s(rule) + rule.bounce_window_s:
        return 0.0
    deceived_s = alert.since - _or(alert.clear_since, alert.since)
    return min(rule.clear_for_max_s, GROWS_BY * max(clear_for_s(rule, alert), deceived_s))


def remembered_s(rule: Rule) -> float:
    """Return for how long an alert that ended is remembered: as long as it may come back, or add to its flapping."""
    return max(rule.bounce_window_s, MINUTES * MINUTE_S if rule.damps_flapping else 0.0)


def _flaps(alert: Alert) -> bool:
    return alert.flapping_since is not None


def _or(moment: float | None, now: float) -> float:
    return now if moment is None else moment


# --- standing still --------------------------------------------------------------------------------------


def paused(alert: Alert, now: float) -> Alert:
    """Return `alert` with its timers standing still from now on."""
    return alert if alert.paused_since is not None else replace(alert, paused_since=now)


def _resumed(alert: Alert, now: float) -> Alert:
    if alert.paused_since is None:
        return alert
    return replace(_later(alert, now - alert.paused_since), paused_since=None)


def rested(alert: Alert, unwatched_s: float, tolerated_s: float = DOWNTIME_TOLERANCE_S) -> Alert:
    """Return `alert` after a time in which nobody watched: its timers have run for the tolerated part of it."""
    if alert.paused_since is not None:
        return alert  # they stand still, and go on from where they stood
    return _later(alert, max(0.0, unwatched_s - tolerated_s))


def _later(alert: Alert, by_s: float) -> Alert:
    """Return `alert` as if everything its timers measure had begun later."""
    names = ["clear_since", "trouble_until", "unknown_since"] if alert.state is State.FIRING else ["unknown_since"]
    if alert.state is State.PENDING:
        names.append("since")
    moved = {name: at + by_s for name in names if (at := getattr(alert, name)) is not None}
    return _changed(alert, moved if alert.is_open else {})

"""When does an alert change its mind?

Theory of operation.  One rule watches one entity through one alert, and the alert is in one of three states:

                 trouble                 held for hold_for_s
    INACTIVE ─────────────► PENDING ─────────────────────────► FIRING
        ▲                      │                                  │
        └──── not trouble ─────┘                                  │
        └──── well for long enough, or gone ──────────────────────┘

What a reading says to a rule is a *signal* (`alerts.signals`); how long is long enough, `alerts.timers` knows.

A pending alert whose trouble ends is forgotten, not resolved: nobody was told that it began, so nobody is owed the
news that it ended.  A firing alert ends only when it was well without a break for long enough, or when its entity is
gone, or when its rule is.

UNKNOWN changes no state by itself: a pending alert keeps its beginning but cannot fire, a firing one stays, and being
well begins anew, since nobody saw whether the entity stayed well.  If it lasts, a rule may have its own word on it
(`SILENCE_MOVES`).  UNTRUSTED changes nothing at all: the alert stands still, and its timers with it.

An alert that changes sides again and again *flaps* (`alerts.flapping`): one transition says so, and from then on it
stays firing until it has come to rest.  Then it is what it is: it ends like any other that has been well for long
enough, or it stays.

`step` answers for one alert at one moment and remembers nothing; when a timer is running it says when to look again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from alerts.fingerprint import episode_id, fingerprint
from alerts.flapping import BEGINS_RATIO, ENDS_RATIO, MINUTES, calm_at, change_ratio
from alerts.model import Alert, NoData, Reading, Reason, Rule, State, Transition
from alerts.rules import render_template
from alerts.signals import Signal, signal_of
from alerts.timers import Timer, clear_for_s, due_at, grown_clear_s, paused, remembered_s, ticked


@dataclass(frozen=True, slots=True)
class Move:
    """A way out of a state."""

    to: State
    reason: Reason
    after: Timer = Timer.NONE


#: Every move there is while values are known.  A pair that is not here stays where it is.
MOVES: Mapping[tuple[State, Signal], Move] = {
    (State.INACTIVE, Signal.TROUBLE): Move(State.PENDING, Reason.RAISED),
    (State.PENDING, Signal.TROUBLE): Move(State.FIRING, Reason.HELD, after=Timer.HOLD),
    (State.PENDING, Signal.BETWEEN): Move(State.INACTIVE, Reason.FLICKERED),
    (State.PENDING, Signal.WELL): Move(State.INACTIVE, Reason.FLICKERED),
    (State.PENDING, Signal.GONE): Move(State.INACTIVE, Reason.GONE),
    (State.FIRING, Signal.WELL): Move(State.INACTIVE, Reason.CLEARED, after=Timer.CLEAR),
    (State.FIRING, Signal.GONE): Move(State.INACTIVE, Reason.GONE),
}

#: And while they are not, by what the rule makes of that.
SILENCE_MOVES: Mapping[tuple[State, NoData], Move] = {
    (State.INACTIVE, NoData.FIRE): Move(State.PENDING, Reason.NO_DATA),
    (State.PENDING, NoData.FIRE): Move(State.FIRING, Reason.NO_DATA, after=Timer.SILENCE),
    (State.PENDING, NoData.RESOLVE): Move(State.INACTIVE, Reason.NO_DATA, after=Timer.SILENCE),
    (State.FIRING, NoData.RESOLVE): Move(State.INACTIVE, Reason.NO_DATA, after=Timer.SILENCE),
}


@dataclass(frozen=True, slots=True)
class Step:
    """An alert as it stands now (None: there is none), what changed, and when its timer runs out."""

    alert: Alert | None = None
    transition: Transition | None = None
    look_again_at: float | None = None


def step(rule: Rule, alert: Alert | None, reading: Reading, now: float) -> Step:
    """Return what `reading` makes of `alert` at `now`.

    An alert that nothing happened to comes back as the same object.  One that is over comes back once, inactive and
    not kept any more.
    """
    signal = signal_of(rule, reading)
    if alert is None:
        return _move(rule, None, signal, reading, now)
    if not alert.is_open:
        return _step_remembered(rule, alert, signal, reading, now)
    if signal is Signal.UNTRUSTED:
        return Step(paused(alert, now))
    return _step_open(rule, ticked(rule, alert, signal, now), signal, reading, now)


def _step_remembered(rule: Rule, alert: Alert, signal: Signal, reading: Reading, now: float) -> Step:
    """Return what becomes of an alert that ended: it comes back, stays in memory, or is let go."""
    if signal is Signal.GONE or alert.remember_until is None or now >= alert.remember_until:
        anew = _move(rule, None, signal, reading, now)
        return anew if anew.alert else Step(replace(alert, remember_until=None))
    moved = _move(rule, alert, signal, reading, now)
    return moved if moved.transition else Step(alert, look_again_at=alert.remember_until)


def _step_open(rule: Rule, alert: Alert, signal: Signal, reading: Reading, now: float) -> Step:
    if alert.state is not State.FIRING or signal is Signal.GONE:
        return _move(rule, alert, signal, reading, now)
    judged = _with_flapping(rule, alert, now)
    if judged.flapping_since is not None and alert.flapping_since is None:
        return _begin_to_flap(rule, judged, reading, now)
    moved = _move(rule, judged, signal, reading, now)
    if moved.transition or judged.flapping_since is None:
        return moved
    rests_at = calm_at(judged.flips, judged.flipped_at)
    return Step(judged, look_again_at=min(rests_at, rests_at if moved.look_again_at is None else moved.look_again_at))


def _move(rule: Rule, alert: Alert | None, signal: Signal, reading: Reading, now: float) -> Step:
    state = alert.state if alert else State.INACTIVE
    move = SILENCE_MOVES.get((state, rule.no_data)) if signal is Signal.UNKNOWN else MOVES.get((state, signal))
    if move is None:
        return Step(alert)
    at = due_at(move.after, rule, alert, now)
    if now < at:
        return Step(alert, look_again_at=at)
    return _follow(move, rule, alert or _newborn(rule, reading, now), signal, reading, now)


def _follow(move: Move, rule: Rule, alert: Alert, signal: Signal, reading: Reading, now: float) -> Step:
    """Return the step that `move` makes, and with it whatever is due the moment it is made.

    With a hold of 0 s an alert becomes pending and firing in one breath; one transition tells of both.
    """
    moved = _enter(move, rule, alert, signal, reading, now)
    rest = step(rule, moved, reading, now) if moved.is_open else Step(moved, look_again_at=moved.remember_until)
    after = rest.alert or moved
    transition = _transition(alert.state, after, now, move.reason, _detail(move.reason, rule, alert, reading))
    return Step(after, transition, rest.look_again_at)


# --- flapping --------------------------------------------------------------------------------------------


def _with_flapping(rule: Rule, alert: Alert, now: float) -> Alert:
    """Return `alert` as it flaps now; between the two shares it does what it did.

    It begins when an alert changes sides, and at no other time: how often somebody looks makes no difference.  One that
    has just fired is not said to flap in the same breath: two things happened, and each has its transition.
    """
    ratio = change_ratio(alert.flips, alert.flipped_at, now) if rule.damps_flapping and alert.flips else 0.0
    if alert.flapping_since is None:
        begins = ratio >= BEGINS_RATIO and alert.since < now == alert.flipped_at
        return replace(alert, flapping_since=now) if begins else alert
    return replace(alert, flapping_since=None) if ratio < ENDS_RATIO else alert


def _begin_to_flap(rule: Rule, alert: Alert, reading: Reading, now: float) -> Step:
    seen = _as_seen(rule, alert, reading)
    seen = seen if alert.is_well else _worded(rule, seen, reading)
    ratio = change_ratio(alert.flips, alert.flipped_at, now)
    detail = f"went to and fro in {ratio:.0%} of the last {MINUTES} minutes"
    return Step(
        seen, _transition(State.FIRING, seen, now, Reason.FLAPPING, detail), calm_at(seen.flips, seen.flipped_at)
    )


# --- entering a state ------------------------------------------------------------------------------------


def _enter(move: Move, rule: Rule, alert: Alert, signal: Signal, reading: Reading, now: float) -> Alert:
    """Return the alert as it enters a state; what ends keeps the words of its trouble."""
    seen = _as_seen(rule, alert, reading)
    match move.to:
        case State.PENDING:
            worded = _worded(rule, seen, reading)
            begun = replace(worded, state=State.PENDING, since=now, episode="", fired_at=None, groups=())
            return ticked(rule, begun, signal, now)
        case State.FIRING:
            return _fired(rule, _worded(rule, seen, reading), now)
        case State.INACTIVE:
            return _ended(move.reason, rule, seen, now)


def _fired(rule: Rule, alert: Alert, now: float) -> Alert:
    return replace(
        alert,
        state=State.FIRING,
        since=now,
        fired_at=now,
        episode=episode_id(alert.fingerprint, now),
        clear_after_s=grown_clear_s(rule, alert),
        clear_since=None,
        trouble_until=None,
        remember_until=None,
    )


def _ended(reason: Reason, rule: Rule, alert: Alert, now: float) -> Alert:
    """Return the alert as it ends; who may come back is remembered, and who is gone does not."""
    until = alert.remember_until if alert.state is State.PENDING else now + remembered_s(rule)
    is_remembered = reason is not Reason.GONE and until is not None and until > now
    return replace(
        alert,
        state=State.INACTIVE,
        since=now,
        trouble_until=None,
        unknown_since=None,
        flapping_since=None,
        remember_until=until if is_remembered else None,
    )


def _newborn(rule: Rule, reading: Reading, now: float) -> Alert:
    return Alert(
        fingerprint=fingerprint(rule.name, reading.entity),
        rule=rule.name,
        kind=rule.over,
        entity=reading.entity,
        severity=rule.severity,
        state=State.INACTIVE,
        since=now,
        labels=rule.labels,
    )


def _as_seen(rule: Rule, alert: Alert, reading: Reading) -> Alert:
    """Return `alert` with what the reading shows; of an entity that is gone the last sight is kept."""
    if reading.gone is not None:
        return alert
    labels = {**alert.labels, **reading.labels, **rule.labels}
    return replace(
        alert,
        severity=rule.severity,
        labels=labels,
        details=dict(reading.details),
        value=reading.values.get(rule.raise_when.value),
    )


def _worded(rule: Rule, alert: Alert, reading: Reading) -> Alert:
    """Return `alert` in the rule's words for the trouble that the reading shows.

    Only trouble is worded: of who is well again the same sentences would say that the disk is full, or nothing at all
    where they give a reason that is there no more.
    """
    return replace(
        alert,
        annotations={
            "summary": render_template(rule.summary, alert.labels, reading.details),
            "description": render_template(rule.description, alert.labels, reading.details),
            "runbook_url": rule.runbook_url,
        },
    )


# --- what is said of it ----------------------------------------------------------------------------------


def removed(alert: Alert, now: float) -> Step:
    """Return what becomes of an alert whose rule is no longer configured."""
    over = replace(alert, state=State.INACTIVE, since=now, clear_since=None, remember_until=None)
    return Step(over, _transition(alert.state, over, now, Reason.RULE_REMOVED) if alert.is_open else None)


def _transition(before: State, after: Alert, now: float, reason: Reason, detail: str = "") -> Transition:
    return Transition(
        fingerprint=after.fingerprint,
        rule=after.rule,
        entity=after.entity,
        before=before,
        after=after.state,
        at=now,
        reason=reason,
        detail=detail,
        value=after.value,
        episode=after.episode,
    )


def _detail(reason: Reason, rule: Rule, alert: Alert, reading: Reading) -> str:
    raised = f"{rule.raise_when.value} unknown" if rule.watches_silence else str(rule.raise_when)
    cleared = f"{rule.clear_when.value} known" if rule.watches_silence else str(rule.clear_when)
    match reason:
        case Reason.RAISED:
            return raised
        case Reason.HELD:
            return f"{raised} for {rule.hold_for_s:g} s"
        case Reason.FLICKERED:
            return f"{raised} for less than {rule.hold_for_s:g} s"
        case Reason.CLEARED:
            waited_s = clear_for_s(rule, alert)
            return f"{cleared} for {waited_s:g} s" if waited_s else cleared
        case Reason.NO_DATA:
            waits = alert.state is not State.INACTIVE
            return f"{rule.raise_when.value} unknown" + (f" for {rule.no_data_for_s:g} s" if waits else "")
        case _:
            return reading.gone or ""

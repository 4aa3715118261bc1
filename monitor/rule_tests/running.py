"""Does a rule do what a test of it says?

The rule is shown what the test has, by the engine that the daemon has, at the moments at which the daemon would look:
when something was seen, and when a timer runs out.  What is wrong comes back as sentences.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from alerts.engine import Engine
from alerts.model import Alert, Reading, State, Transition
from monitor.rule_tests.cases import Case, Expectation, Standing
from monitor.rule_tests.courses import moments, value_at

_BEGINS_AT_S = 1_000_000_000.0  # the engine's times are since 1970, and a zero is easily taken for nothing
_MOMENT_S = 0.001  # two times that are nearer are the same


class Failure(NamedTuple):
    """An expectation that was not met, and on which line it stands."""

    line: int | None
    what: str


class Seen(NamedTuple):
    """How the alert stood from a moment on."""

    at_s: float
    alert: Alert | None = None
    transition: Transition | None = None

    @property
    def standing(self) -> Standing:
        """Return it in the words of a test."""
        if self.transition is None:
            return Standing.INACTIVE
        is_over = self.transition.after is State.INACTIVE and self.transition.before is State.FIRING
        return Standing.RESOLVED if is_over else Standing(self.transition.after.value)


def failures_of(case: Case) -> Iterator[Failure]:
    """Return everything that is not as the test says."""
    history = list(_history(case))
    for expectation in case.expectations:
        seen = [each for each in history if each.at_s <= expectation.at_s + _MOMENT_S][-1]
        yield from (
            Failure(expectation.line, f"at {_clock(expectation.at_s)}: {what}") for what in _unmet(expectation, seen)
        )
    episodes = sum(each.standing is Standing.FIRING for each in history)
    if case.episodes not in (None, episodes):
        yield Failure(case.line, f"expected {case.episodes} episodes in all, got {episodes}")


# --- what happens -----------------------------------------------------------------------------------------


def _history(case: Case) -> Iterator[Seen]:
    """Return each change, the first being that there is no alert yet."""
    engine = Engine([case.rule])
    yield Seen(-_MOMENT_S)
    for at_s in _looks(case, engine):
        look = engine.judge([_reading(case, at_s)], _BEGINS_AT_S + at_s)
        engine.adopt(look.alerts, look.deadlines)
        for transition in look.transitions:
            yield Seen(at_s, look.alerts[-1], transition)


def _looks(case: Case, engine: Engine) -> Iterator[float]:
    """Return when to look, which the engine has a say in; beyond what is expected nobody looks."""
    shown = sorted(_shown(case))
    ends_s = max([*shown, *(each.at_s for each in case.expectations)])
    while True:
        deadline = engine.next_deadline()
        due_s = ends_s + 1 if deadline is None else deadline - _BEGINS_AT_S
        if shown and shown[0] <= due_s:
            yield shown.pop(0)
        elif due_s <= ends_s + _MOMENT_S:
            yield due_s
        else:
            return


def _shown(case: Case) -> set[float]:
    """Return when something is seen: until the last course ends, or the thing is gone."""
    seen = {at_s for course in case.courses.values() for at_s in moments(course, case.every_s)}
    if case.gone is None:
        return seen
    return {at_s for at_s in seen if at_s < case.gone.at_s} | {case.gone.at_s}


def _reading(case: Case, at_s: float) -> Reading:
    is_gone = case.gone is not None and at_s >= case.gone.at_s
    values = {name: value_at(course, at_s) for name, course in case.courses.items()}
    return Reading(
        case.rule.over,
        case.entity,
        values,
        dict(case.labels),
        {**values, **case.details},
        gone=case.gone.why if is_gone and case.gone else None,
    )


# --- what was expected ------------------------------------------------------------------------------------


def _unmet(expected: Expectation, seen: Seen) -> Iterator[str]:
    if seen.standing is not expected.standing and not _is_inactive_anyhow(expected, seen):
        yield f"expected {expected.standing}, got {_told(seen)}"
        return
    reason = seen.transition.reason if seen.transition else None
    if expected.reason not in (None, reason):
        yield f"expected {expected.standing} because {expected.reason}, got {_told(seen)}"
    detail = seen.transition.detail if seen.transition else ""
    if expected.detail not in (None, detail):
        yield f"expected the detail {expected.detail!r}, got {detail!r}"
    alert = seen.alert
    yield from _other("label", expected.labels, alert.all_labels if alert else {})
    yield from _other("annotation", expected.annotations, alert.annotations if alert else {})


def _is_inactive_anyhow(expected: Expectation, seen: Seen) -> bool:
    return (expected.standing, seen.standing) == (Standing.INACTIVE, Standing.RESOLVED)


def _other(what: str, expected: Mapping[str, str], got: Mapping[str, str]) -> Iterator[str]:
    for name, value in expected.items():
        if got.get(name) != value:
            yield f"expected the {what} {name} to be {value!r}, got {got.get(name, 'nothing')!r}"


def _told(seen: Seen) -> str:
    if seen.transition is None:
        return "inactive, as it always was"
    why = f": {seen.transition.detail}" if seen.transition.detail else ""
    return f"{seen.standing} since {_clock(seen.at_s)} ({seen.transition.reason}{why})"


def _clock(at_s: float) -> str:
    """Return a time of a test as tests write it."""
    minutes, seconds = divmod(round(at_s, 3), 60)
    if not minutes:
        return f"{seconds:g}s"
    hours, minutes = divmod(int(minutes), 60)
    parts = (f"{hours}h" if hours else "", f"{minutes}m" if minutes else "", f"{seconds:g}s" if seconds else "")
    return "".join(parts)

"""What does a reading say to a rule?

One of six things.  TROUBLE: the raise condition holds.  WELL: the clear condition does.  BETWEEN: neither, which is
what the distance between the two thresholds is for.  UNKNOWN: a value is missing, so nobody can say.  UNTRUSTED: there
is a value, but whoever told it cannot be heard any more, so it may be anything by now.  GONE: the entity is over.
"""

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum

from alerts.model import NoData, Reading, Rule
from alerts.rules import VOCABULARY, holds


class Signal(StrEnum):
    """What a reading says to a rule."""

    TROUBLE = "trouble"
    BETWEEN = "between"
    WELL = "well"
    UNKNOWN = "unknown"
    UNTRUSTED = "untrusted"
    GONE = "gone"


def signal_of(rule: Rule, reading: Reading) -> Signal:
    """Return what `reading` says to `rule`."""
    if reading.gone is not None:
        return Signal.GONE
    if reading.untrusted and not reading.untrusted.keys().isdisjoint((rule.raise_when.value, rule.clear_when.value)):
        return Signal.UNTRUSTED
    signal = _compared(rule, reading)
    if rule.watches_silence:
        return Signal.TROUBLE if signal is Signal.UNKNOWN else Signal.WELL
    return signal


def _compared(rule: Rule, reading: Reading) -> Signal:
    raised, cleared = holds(rule.raise_when, reading.values), holds(rule.clear_when, reading.values)
    if raised:
        return Signal.TROUBLE
    if raised is None or cleared is None:
        return Signal.UNKNOWN
    return Signal.WELL if cleared else Signal.BETWEEN


def with_watchers(rule: Rule) -> Iterator[Rule]:
    """Yield a rule, and the one beside it that watches for silence where silence is to be an alert of its own."""
    yield rule
    if rule.no_data is NoData.ALERT:
        yield _watcher(rule)


def _watcher(rule: Rule) -> Rule:
    value, subject = rule.raise_when.value, VOCABULARY[rule.over].subject
    silence = f"{value} of {subject}" if subject else value
    why = f"{rule.name} cannot be judged: whether {rule.raise_when} is not known."
    return replace(
        rule,
        name=f"{rule.name}NoData",
        watches_silence=True,
        no_data=NoData.HOLD,
        hold_for_s=rule.no_data_for_s,
        clear_for_s=0.0,
        keep_firing_for_s=0.0,
        labels={**rule.labels, "no_data": "true"},
        summary=f"Nobody tells {silence}.",
        description=f"{why} {rule.description}".rstrip(),
    )

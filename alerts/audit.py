"""Is all well within, so that silence without means that all is well?

Whoever watches from outside sees only whether the heartbeat comes.  So before each beat the house is looked over: does
the evaluator look, is what is due said, is what is heard stored, does Twilio answer?  What makes the answer no is said
in words, for the log.

What a receiver does or leaves undone is not among it: one that hangs is the business of its breaker, not of the house.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from alerts.times_in_words import in_words


@dataclass(frozen=True, slots=True)
class Limits:
    """How late each part may be; 0 for polls: that does not matter."""

    evaluation_late_s: float = 60.0
    outbox_late_s: float = 120.0
    pipeline_late_s: float = 60.0
    polling_silent_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Facts:
    """How the house stands; spans are in seconds, up to now.

    `overdue` names each receiver that could be told and is not, although something has been due for longer than it may.
    `events_wait_s` is for how long events have waited without any being stored.  `polls_silent_s` is of each account
    the span since Twilio last told its rooms, less what the interval of the poll excuses.
    """

    evaluator_silent_s: float = 0.0
    overdue: tuple[str, ...] = ()
    events_wait_s: float = 0.0
    polls_silent_s: Mapping[str, float] = field(default_factory=dict)


def audit(facts: Facts, limits: Limits) -> tuple[str, ...]:
    """Return what is not as it should be, each in a sentence; nothing if all is well."""
    return tuple(_complaints(facts, limits))


def _complaints(facts: Facts, limits: Limits) -> Iterator[str]:
    if facts.evaluator_silent_s > limits.evaluation_late_s:
        yield f"rules have not been looked at for {in_words(facts.evaluator_silent_s)}"
    if facts.overdue:
        waited = in_words(limits.outbox_late_s)
        yield f"nobody tells {', '.join(facts.overdue)} what has been due for more than {waited}"
    if facts.events_wait_s > limits.pipeline_late_s:
        yield f"events wait, and none has been stored for {in_words(facts.events_wait_s)}"
    silent = facts.polls_silent_s
    if limits.polling_silent_s and silent and min(silent.values()) > limits.polling_silent_s:
        yield f"Twilio has answered no poll of any account for {in_words(min(silent.values()))}"

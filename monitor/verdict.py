"""Whose fault was it that a call was bad, and which numbers say so?

`judge` is pure: the evidence of one room over a window of time in, a verdict out.  It would rather not know than name
somebody wrongly.  What is tried first is what many have in common, then what one person's own numbers say, then what
can only be seen from the others; and only when enough people were heard and found well is nothing said to be wrong.

What counts as bad, and how much of it is needed, is in `monitor.evidence.thresholds`; how far a receiver's trouble is
somebody else's, in `monitor.evidence.symptoms`; the rules themselves in `monitor.causes`.
"""

from collections.abc import Callable, Sequence

from monitor.causes.case import Case
from monitor.causes.crowds import in_common
from monitor.causes.devices import unequipped
from monitor.causes.hearsay import publisher, seen_only
from monitor.causes.no_cause import nothing, unclear
from monitor.causes.one_person import doubtful_crowd, individual, too_many
from monitor.causes.twilio import twilio
from monitor.causes.verdicts import Cause, Verdict
from monitor.evidence.symptoms import symptoms_of
from monitor.evidence.witnesses import Evidence

__all__ = ["Cause", "Verdict", "decide", "judge"]

_RULES: Sequence[Callable[[Case], Verdict | None]] = (
    twilio,
    in_common,
    too_many,
    doubtful_crowd,
    individual,
    publisher,
    seen_only,
    unequipped,
    nothing,
    unclear,
)


def judge(evidence: Evidence) -> Verdict:
    """Return whose fault it was."""
    return decide(Case(evidence, symptoms_of(evidence)))


def decide(case: Case) -> Verdict:
    """Return whose fault it was, where what is bad with whom is known already."""
    return next(verdict for rule in _RULES if (verdict := rule(case)) is not None)

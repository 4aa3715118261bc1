"""Which part of a long call is compared with other rooms?

The part in which most was bad: what many have in common is bad for all of them then, and to look at hours of many rooms
would take minutes.
"""

from collections.abc import Iterable
from itertools import accumulate

from monitor.evidence.symptoms import Symptoms
from monitor.evidence.thresholds import STEP_MS

Span = tuple[int, int]


def worst_stretch(symptoms: Iterable[Symptoms], span_ms: Span, longest_ms: int) -> Span:
    """Return the window, or of a longer one the part in which most people were bad for most of the time.

    Of several such parts it is the last.
    """
    from_ms, to_ms = span_ms
    if to_ms - from_ms <= longest_ms:
        return span_ms
    steps, longest = -(-(to_ms - from_ms) // STEP_MS), longest_ms // STEP_MS
    bad = [sum(step) for step in zip([False] * steps, *map(_bad_steps, symptoms), strict=True)]
    sums = [0, *accumulate(bad)]
    begin = max(range(steps - longest, -1, -1), key=lambda first: sums[first + longest] - sums[first])
    return from_ms + begin * STEP_MS, min(from_ms + (begin + longest) * STEP_MS, to_ms)


def _bad_steps(symptoms: Symptoms) -> Iterable[bool]:
    return map(any, zip(symptoms.hurt, symptoms.down, symptoms.device, strict=True))

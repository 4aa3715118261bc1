"""Is it something that many have in common: a region, an edge, a network, a browser?

Most of those who have it must be bad, here and in other rooms, and those who do not have it must not be; and so much
of it must be more than chance would make.
"""

from collections.abc import Sequence
from math import comb

from monitor.causes.case import Case
from monitor.causes.verdicts import Cause, Considered, Verdict
from monitor.evidence import thresholds as at
from monitor.evidence.symptoms import Fault, Symptoms, is_lasting
from monitor.evidence.witnesses import Crowd, Dimension

CAUSES = {
    Dimension.REGION: Cause.REGION,
    Dimension.EDGE: Cause.EDGE,
    Dimension.NETWORK: Cause.NETWORK,
    Dimension.BROWSER: Cause.BROWSER,
}


def in_common(case: Case) -> Verdict | None:
    """Say that it is a region, an edge, a network or a browser: most of its people are bad, and others are not."""
    found = [verdict for dimension in Dimension if (verdict := _shared(case, dimension)) is not None]
    if not found:
        return None
    rivals = [Considered(each.cause, each.whom or "", each.because[0]) for each in found[1:]]
    return Verdict(found[0].cause, found[0].whom, found[0].name, found[0].because, tuple(rivals))


def _shared(case: Case, dimension: Dimension) -> Verdict | None:
    struck = [each for each in case.heard if is_struck(each, dimension)]
    values = {case.evidence.value_of(each.witness, dimension) for each in struck}
    value = values.pop() if len(values) == 1 else None
    if value is None:
        return None
    within = [each for each in case.heard if case.evidence.value_of(each.witness, dimension) == value]
    outside = [each for each in case.heard if each not in within and is_struck(each, dimension)]
    if outside or len(struck) < at.MOST_RATIO * len(within) or not _is_crowd_bad(case, dimension, value):
        return None
    if _chance(case, dimension, value, struck, within) > at.ACCIDENT_RATIO:
        return None
    return Verdict(CAUSES[dimension], value, value, _crowd_facts(case, dimension, value, struck, within))


def is_struck(symptoms: Symptoms, dimension: Dimension) -> bool:
    """Whether somebody has the kind of trouble that such a crowd shares."""
    if dimension is Dimension.BROWSER:
        return symptoms.fault is Fault.DEVICE
    is_faulty = symptoms.fault not in (None, Fault.DEVICE)
    return is_faulty or (dimension is Dimension.REGION and is_lasting(symptoms.hurt))


def _is_crowd_bad(case: Case, dimension: Dimension, value: str) -> bool:
    """Whether people elsewhere who share a value are bad, from far apart, and those who do not share it are not."""
    around = case.evidence.surroundings
    crowd = around.alike.get((dimension, value), Crowd())
    rest = around.everybody.without(crowd)
    is_network = dimension is Dimension.NETWORK
    return (
        crowd.heard >= (at.NEIGHBOURS_HEARD if is_network else at.CROWD_HEARD)
        and (is_network or (crowd.rooms >= at.CROWD_ROOMS and crowd.networks >= at.CROWD_NETWORKS))
        and bad(crowd, dimension) >= at.CROWD_BAD_RATIO * crowd.heard
        and rest.heard > 0
        and bad(rest, dimension) <= at.OTHERS_BAD_RATIO * rest.heard
    )


def _chance(
    case: Case, dimension: Dimension, value: str, struck: Sequence[Symptoms], within: Sequence[Symptoms]
) -> float:
    """Return how likely so many of those who are bad, here and elsewhere, would share a value by accident."""
    around = case.evidence.surroundings
    crowd = around.alike[dimension, value]
    everybody = around.everybody.heard + len(case.heard)
    bad_ones = bad(around.everybody, dimension) + len(struck)
    alike, bad_alike = crowd.heard + len(within), bad(crowd, dimension) + len(struck)
    ways = (
        comb(bad_ones, each) * comb(everybody - bad_ones, alike - each)
        for each in range(bad_alike, min(bad_ones, alike) + 1)
    )
    return sum(ways) / comb(everybody, alike)


def bad(crowd: Crowd, dimension: Dimension) -> int:
    """Return how many of a crowd have the kind of trouble that a dimension shows."""
    return crowd.bad_picture if dimension is Dimension.BROWSER else crowd.bad_network


def _crowd_facts(
    case: Case, dimension: Dimension, value: str, struck: Sequence[Symptoms], within: Sequence[Symptoms]
) -> tuple[str, ...]:
    crowd = case.evidence.surroundings.alike[dimension, value]
    rest = case.evidence.surroundings.everybody.without(crowd)
    here = f"{len(struck)} of its {len(within)} people here and {bad(crowd, dimension)} of {crowd.heard} in other rooms"
    kind = "show few frames on a good network" if dimension is Dimension.BROWSER else "have a bad network"
    spared = f"{bad(rest, dimension)} of {rest.heard} people elsewhere do"
    spread = f"they are in {crowd.rooms} other rooms and come from {crowd.networks} networks"
    return (f"{here} {kind}", spared, spread)

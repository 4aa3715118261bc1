"""Is it one person's own side: the uplink, the downlink, the whole connection, or the device?

Only where it is nobody else's as well: half a room that is bad, or somebody who shares something with many who are
bad elsewhere, is left open.
"""

from collections.abc import Iterable

from monitor.causes.case import Case
from monitor.causes.crowds import CAUSES, bad, is_struck
from monitor.causes.facts import contrast, own_facts, seen_fact
from monitor.causes.verdicts import Cause, Considered, Verdict, not_known
from monitor.evidence import thresholds as at
from monitor.evidence.symptoms import Fault, Symptoms
from monitor.evidence.witnesses import Crowd, Dimension
from monitor.evidence.wording import people

_FAULTS = {
    Fault.UPLINK: Cause.UPLINK,
    Fault.DOWNLINK: Cause.DOWNLINK,
    Fault.LINK: Cause.LINK,
    Fault.DEVICE: Cause.DEVICE,
}


def too_many(case: Case) -> Verdict | None:
    """Say that it is not known where half of a room is bad, and nothing they share is known to be bad elsewhere."""
    faulty, heard = case.faulty, case.heard
    if len(faulty) < 2 or len(faulty) < at.MOST_RATIO * len(heard):
        return None
    names = people([each.witness.name for each in faulty])
    fact = f"{len(faulty)} of {len(heard)} people are bad at the same time, {names}"
    return not_known(fact, "nothing that they share is known to be bad in other rooms", others=map(_considered, faulty))


def doubtful_crowd(case: Case) -> Verdict | None:
    """Say that it is not known where one is bad, and so are many elsewhere who share something, if not most."""
    if not case.faulty:
        return None
    worst = case.faulty[0]
    for dimension in Dimension:
        value = case.evidence.value_of(worst.witness, dimension)
        crowd = case.evidence.surroundings.alike.get((dimension, value or ""), Crowd())
        count = bad(crowd, dimension)
        is_like_them = is_struck(worst, dimension) and count > at.OTHERS_BAD_RATIO * crowd.heard
        if is_like_them and crowd.heard >= at.CROWD_HEARD and crowd.networks >= at.CROWD_NETWORKS:
            fact = f"so are {count} of {crowd.heard} people in other rooms of the same {dimension}, {value}"
            return not_known(_considered(worst).fact, fact, others=[_considered(worst)])
    return None


def individual(case: Case) -> Verdict | None:
    """Say whose own side it is."""
    if not case.faulty:
        return None
    worst, *rest = case.faulty
    fault = worst.fault or Fault.DEVICE
    because = (*own_facts(worst, fault), *contrast(case, worst), *seen_fact(case, worst))
    others = (*map(_considered, rest), *_crowds_considered(case, worst))
    return Verdict(_FAULTS[fault], worst.witness.key, worst.witness.name, because, others)


def _considered(symptoms: Symptoms) -> Considered:
    fault = symptoms.fault or Fault.DEVICE
    return Considered(_FAULTS[fault], symptoms.witness.key, f"{symptoms.witness.name}: {own_facts(symptoms, fault)[0]}")


def _crowds_considered(case: Case, worst: Symptoms) -> Iterable[Considered]:
    for dimension in Dimension:
        value = case.evidence.value_of(worst.witness, dimension)
        crowd = case.evidence.surroundings.alike.get((dimension, value or ""))
        if crowd is not None and value is not None:
            fact = f"{bad(crowd, dimension)} of {crowd.heard} people in other rooms of it are bad"
            yield Considered(CAUSES[dimension], value, fact)

"""Is it somebody who says nothing, as far as the others tell?

What a silent publisher sends is missing at everybody who receives it; and several who are well themselves may see
somebody at a low level.
"""

from collections.abc import Sequence

from monitor.causes.case import Case
from monitor.causes.verdicts import Cause, Verdict
from monitor.evidence import thresholds as at
from monitor.evidence.courses import Step, mean
from monitor.evidence.symptoms import Steps, Symptoms, during, is_lasting, seen_low
from monitor.evidence.witnesses import Crowd, Dimension
from monitor.evidence.wording import duration, people, percent


def publisher(case: Case) -> Verdict | None:
    """Say that it is what one sends who does not tell how it fares: everybody who receives it misses something."""
    suspects = [each for each in case.symptoms if each.is_publisher and not each.is_vouched]
    suspect = suspects[0] if len(suspects) == 1 else _seen_worst(case, suspects)
    if suspect is None or any(each.fault is not None for each in case.heard):
        return None
    receivers = [each for each in case.heard if each is not suspect]
    seers = seen_low(suspect, case.symptoms, case.evidence)
    limit = at.COMMON_LOSS_SEEN_RATIO if seers else at.COMMON_LOSS_RATIO
    if not receivers or not all(is_lasting(_over(each, limit)) for each in receivers):
        return None
    if not _is_named_by(case, receivers, seers):
        return None
    losses = [during(_over(each, limit), each.course, _down_loss) for each in receivers]
    names = people([each.witness.name for each in receivers])
    facts = [f"all who receive it, {names}, missed {percent(mean(losses) or 0.0)} of what came in"]
    facts.append("what they sent themselves went well")
    if seers:
        facts.append(f"{people([each.name for each in seers])} saw it at level {at.LOW_LEVEL} or below")
    return Verdict(Cause.PUBLISHER, suspect.witness.key, suspect.witness.name, tuple(facts))


def _is_named_by(case: Case, receivers: Sequence[Symptoms], seers: Sequence[object]) -> bool:
    """Whether the receivers are enough: two who suffer alike, or one who sees it and is itself well."""
    if len(receivers) == 1:
        return bool(seers) and _is_level_good(receivers[0])
    return bool(seers) or (_is_region_well(case) and not any(each.is_level_low for each in receivers))


def _seen_worst(case: Case, suspects: Sequence[Symptoms]) -> Symptoms | None:
    seen = [each for each in suspects if len(seen_low(each, case.symptoms, case.evidence)) >= at.SEEN_BY]
    return seen[0] if len(seen) == 1 else None


def _over(symptoms: Symptoms, limit: float) -> Steps:
    return tuple(value is not None and value >= limit for value in symptoms.unexplained)


def _down_loss(step: Step) -> float | None:
    return step.down.loss_ratio


def _is_level_good(symptoms: Symptoms) -> bool:
    hurt = zip(_over(symptoms, at.COMMON_LOSS_RATIO), symptoms.course, strict=True)
    levels = [step.level for is_hurt, step in hurt if is_hurt]
    return bool(levels) and all(level is not None and level >= at.GOOD_LEVEL for level in levels)


def _is_region_well(case: Case) -> bool:
    """Whether people in other rooms of the region were heard, and found well."""
    crowd = case.evidence.surroundings.alike.get((Dimension.REGION, case.evidence.media_region or ""), Crowd())
    return crowd.heard >= at.CROWD_HEARD and crowd.bad_network <= at.OTHERS_BAD_RATIO * crowd.heard


def seen_only(case: Case) -> Verdict | None:
    """Say that it is somebody's connection, who says nothing itself, and whom several see at a low level."""
    if any(each.fault is not None for each in case.heard):
        return None
    silent = [each for each in case.symptoms if not each.is_heard]
    seers = {each.witness.key: seen_low(each, case.symptoms, case.evidence) for each in silent}
    named = [each for each in silent if len(seers[each.witness.key]) >= at.SEEN_BY]
    if len(named) != 1:
        return None
    who = named[0].witness
    names = people([each.name for each in seers[who.key]])
    fact = f"{names} saw {who.name} at level {at.LOW_LEVEL} or below for {duration(at.LASTING_S)} or longer"
    return Verdict(Cause.LINK, who.key, who.name, (fact, "nothing was wrong with them"))

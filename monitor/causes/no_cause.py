"""Is nothing wrong, or is it not known?"""

from monitor.causes.case import Case
from monitor.causes.verdicts import Cause, Verdict, not_known
from monitor.evidence import thresholds as at
from monitor.evidence.courses import mean
from monitor.evidence.symptoms import Symptoms, is_lasting, seconds, seen_low
from monitor.evidence.wording import duration, people, percent


def nothing(case: Case) -> Verdict | None:
    """Say that nothing is wrong: enough people were heard, all of them well, and nobody is seen otherwise."""
    heard, everybody = case.heard, case.symptoms
    if not heard or len(heard) < at.HEARD_RATIO * len(everybody):
        return None
    if any(each.is_doubtful or _is_odd(each) for each in everybody):
        return None
    if any(each.is_level_low for each in everybody) or any(_is_seen_low(case, each) for each in everybody):
        return None
    lost = mean(step.down.loss_ratio for each in heard for step in each.course)
    facts = [f"{len(heard)} of {len(everybody)} people were heard, and nobody was bad for more than {at.GUST_S:.0f} s"]
    if lost is not None:
        facts.append(f"{percent(lost)} was lost of what they received")
    return Verdict(Cause.NOTHING, because=tuple(facts))


def _is_seen_low(case: Case, subject: Symptoms) -> bool:
    """Whether others saw somebody at a low level; one may be mistaken about those who say how they are themselves."""
    return len(seen_low(subject, case.symptoms, case.evidence)) >= (at.SEEN_BY if subject.is_heard else 1)


def _is_odd(symptoms: Symptoms) -> bool:
    """Whether pictures stutter for long, and nothing says why: it may be a slide that somebody shows."""
    rates = [(step.up.fps, step.down.fps) for step in symptoms.course]
    return any(
        is_lasting(fps is not None and fps < at.STUTTERING_FPS for fps in way) for way in zip(*rates, strict=True)
    )


def unclear(case: Case) -> Verdict:
    """Say what is not known, and why."""
    heard, everybody = case.heard, case.symptoms
    doubtful = [each for each in everybody if each.is_doubtful]
    facts = [f"{len(heard)} of {len(everybody)} people told how they fared"]
    if doubtful:
        names = people([each.witness.name for each in doubtful])
        worst_s = max(seconds(each.hurt) for each in doubtful)
        facts.append(f"{names} had trouble for up to {duration(worst_s)}, and nothing shows where it came from")
    return not_known(*facts)

"""Whose fault was it that a call was bad, and which numbers say so?

`judge` is pure: the evidence of one room over a window of time in, a verdict out.  It would rather not know than name
somebody wrongly.  What is tried first is what many have in common, then what one person's own numbers say, then what
can only be seen from the others; and only when enough people were heard and found well is nothing said to be wrong.

What counts as bad, and how much of it is needed, is in `monitor.evidence.thresholds`; how far a receiver's trouble is
somebody else's, in `monitor.evidence.symptoms`.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from math import comb

from msgspec import Struct

from collectors.observations import ConnectionState
from monitor.evidence import thresholds as at
from monitor.evidence.courses import Step, mean
from monitor.evidence.surroundings import met_server_code
from monitor.evidence.symptoms import Fault, Steps, Symptoms, during, is_lasting, seconds, seen_low, symptoms_of
from monitor.evidence.witnesses import Crowd, Dimension, Evidence
from monitor.evidence.wording import bitrate, duration, people, percent


class Cause(StrEnum):
    """Where the trouble sits."""

    UPLINK = "uplink"  # what a participant sends gets lost
    DOWNLINK = "downlink"  # what a participant receives gets lost on the last part of its way
    LINK = "link"  # a participant's connection: both directions, or it cannot be told which
    DEVICE = "device"  # a participant's computer is too slow
    PUBLISHER = "publisher"  # others suffer from what one sends, who does not tell how it fares
    REGION = "region"
    EDGE = "edge"
    NETWORK = "network"
    BROWSER = "browser"
    TWILIO = "twilio"
    NOTHING = "nothing"
    NOT_KNOWN = "not known"


class Considered(Struct, frozen=True):
    """Another cause that was looked at, and what was found."""

    cause: Cause
    whom: str
    fact: str


class Verdict(Struct, frozen=True):
    """The cause of a bad call.

    `whom` is the key of a witness, or the value that a crowd has in common.  `because` begins with what is bad, and
    goes on with what sets it apart.  `confidence` is 0 to 1: each fact that stands for itself halves the doubt.
    """

    cause: Cause
    whom: str | None = None
    name: str = ""
    because: tuple[str, ...] = ()
    others: tuple[Considered, ...] = ()

    @property
    def confidence(self) -> float:
        """Return how sure this is, 0 to 1."""
        return 0.0 if self.cause is Cause.NOT_KNOWN else 1.0 - 0.5 ** len(self.because)

    @property
    def sentence(self) -> str:
        """Return the verdict in plain words."""
        subject = _SUBJECTS[self.cause].format(name=self.name)
        joint = "; " if self.cause in (Cause.NOT_KNOWN, Cause.NOTHING) else ", while "
        return f"{subject}: {joint.join(self.because[:2]) or 'nothing was heard'}."


_SUBJECTS = {
    Cause.UPLINK: "{name}'s uplink",
    Cause.DOWNLINK: "{name}'s downlink",
    Cause.LINK: "{name}'s connection",
    Cause.DEVICE: "{name}'s device",
    Cause.PUBLISHER: "What {name} sends",
    Cause.REGION: "Media region {name}",
    Cause.EDGE: "Edge {name}",
    Cause.NETWORK: "Network {name}",
    Cause.BROWSER: "{name}",
    Cause.TWILIO: "Twilio",
    Cause.NOTHING: "Nothing wrong",
    Cause.NOT_KNOWN: "Not known",
}
_FAULTS = {
    Fault.UPLINK: Cause.UPLINK,
    Fault.DOWNLINK: Cause.DOWNLINK,
    Fault.LINK: Cause.LINK,
    Fault.DEVICE: Cause.DEVICE,
}
_CROWDS = {
    Dimension.REGION: Cause.REGION,
    Dimension.EDGE: Cause.EDGE,
    Dimension.NETWORK: Cause.NETWORK,
    Dimension.BROWSER: Cause.BROWSER,
}
_HARM = (Fault.DEVICE, Fault.DOWNLINK, Fault.UPLINK, Fault.LINK)  # what one sends badly, everybody else suffers from


class Case(Struct, frozen=True):
    """A room that is to be judged: the evidence, and what is bad with whom."""

    evidence: Evidence
    symptoms: tuple[Symptoms, ...]

    @property
    def heard(self) -> list[Symptoms]:
        """Return those who said enough of themselves."""
        return [each for each in self.symptoms if each.is_heard]

    @property
    def faulty(self) -> list[Symptoms]:
        """Return those with something wrong on their own side, the worst first."""
        faulty = [each for each in self.heard if each.fault is not None]
        return sorted(faulty, key=_harm, reverse=True)


def judge(evidence: Evidence) -> Verdict:
    """Return whose fault it was."""
    case = Case(evidence, symptoms_of(evidence))
    return next(verdict for rule in _RULES if (verdict := rule(case)) is not None)


def _harm(symptoms: Symptoms) -> tuple[int, float]:
    return _HARM.index(symptoms.fault or Fault.DEVICE), symptoms.bad_s


def _not_known(*because: str, others: Iterable[Considered] = ()) -> Verdict:
    return Verdict(Cause.NOT_KNOWN, because=because, others=tuple(others))


# --- Twilio itself -----------------------------------------------------------------------------------------


def _twilio(case: Case) -> Verdict | None:
    """Say that it is Twilio: its servers refuse people, or all of them lose people at the same moment."""
    around = case.evidence.surroundings
    refused = [each for each in case.symptoms if met_server_code(each, case.evidence)]
    broken = _broken_together(case)
    if len(refused) >= min(2, len(case.symptoms)) and (around.server_errors or around.is_twilio_unreachable):
        fact = f"{len(refused)} of {len(case.symptoms)} people met an error that only Twilio's servers cause"
        return Verdict(Cause.TWILIO, name="Twilio", because=(fact, *_elsewhere(case)))
    if len(broken) >= 2 and len(broken) >= at.MOST_RATIO * len(case.symptoms) and _is_lost_everywhere(case):
        fact = f"{len(broken)} of {len(case.symptoms)} people lost their connection within {at.TOGETHER_MS // 1000} s"
        return Verdict(Cause.TWILIO, name="Twilio", because=(fact, *_elsewhere(case)))
    return None


def _broken_together(case: Case) -> Sequence[int]:
    """Return the moments of most losses of connection that fell together, one for each person."""
    firsts = sorted(moment for each in case.symptoms if (moment := _first_loss(each, case.evidence)) is not None)
    groups = ([each for each in firsts if 0 <= each - first <= at.TOGETHER_MS] for first in firsts)
    return max(groups, key=len, default=[])


def _first_loss(symptoms: Symptoms, evidence: Evidence) -> int | None:
    ended = (ConnectionState.RECONNECTING, ConnectionState.DISCONNECTED)
    own = (each for each in symptoms.witness.connections if symptoms.witness.is_own(each.subject))
    lost = (each.at_ms for each in own if each.state in ended and each.code is not None)
    return min((moment for moment in lost if evidence.from_ms <= moment < evidence.to_ms), default=None)


def _is_lost_everywhere(case: Case) -> bool:
    around = case.evidence.surroundings
    is_most = around.lost >= at.MOST_RATIO * max(around.everybody.heard, at.CROWD_HEARD)
    return is_most and around.lost_regions >= 2


def _elsewhere(case: Case) -> Iterable[str]:
    around = case.evidence.surroundings
    if around.lost:
        heard, regions = around.everybody.heard, around.lost_regions
        yield f"{around.lost} of {heard} people in other rooms of {regions} media regions lost theirs"
    if around.server_errors:
        yield f"{around.server_errors} people in other rooms met such an error, too"
    if around.is_twilio_unreachable:
        yield "Twilio's REST API was out of reach"


# --- what many have in common ------------------------------------------------------------------------------


def _crowd(case: Case) -> Verdict | None:
    """Say that it is a region, an edge, a network or a browser: most of its people are bad, and others are not."""
    found = [verdict for dimension in Dimension if (verdict := _shared(case, dimension)) is not None]
    if not found:
        return None
    rivals = [Considered(each.cause, each.whom or "", each.because[0]) for each in found[1:]]
    return Verdict(found[0].cause, found[0].whom, found[0].name, found[0].because, tuple(rivals))


def _shared(case: Case, dimension: Dimension) -> Verdict | None:
    struck = [each for each in case.heard if _is_struck(each, dimension)]
    values = {case.evidence.value_of(each.witness, dimension) for each in struck}
    value = values.pop() if len(values) == 1 else None
    if value is None:
        return None
    within = [each for each in case.heard if case.evidence.value_of(each.witness, dimension) == value]
    outside = [each for each in case.heard if each not in within and _is_struck(each, dimension)]
    if outside or len(struck) < at.MOST_RATIO * len(within) or not _is_crowd_bad(case, dimension, value):
        return None
    if _chance(case, dimension, value, struck, within) > at.ACCIDENT_RATIO:
        return None
    return Verdict(_CROWDS[dimension], value, value, _crowd_facts(case, dimension, value, struck, within))


def _is_struck(symptoms: Symptoms, dimension: Dimension) -> bool:
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
        and _bad(crowd, dimension) >= at.CROWD_BAD_RATIO * crowd.heard
        and rest.heard > 0
        and _bad(rest, dimension) <= at.OTHERS_BAD_RATIO * rest.heard
    )


def _chance(
    case: Case, dimension: Dimension, value: str, struck: Sequence[Symptoms], within: Sequence[Symptoms]
) -> float:
    """Return how likely so many of those who are bad, here and elsewhere, would share a value by accident."""
    around = case.evidence.surroundings
    crowd = around.alike[dimension, value]
    everybody = around.everybody.heard + len(case.heard)
    bad = _bad(around.everybody, dimension) + len(struck)
    alike, bad_alike = crowd.heard + len(within), _bad(crowd, dimension) + len(struck)
    ways = (comb(bad, each) * comb(everybody - bad, alike - each) for each in range(bad_alike, min(bad, alike) + 1))
    return sum(ways) / comb(everybody, alike)


def _bad(crowd: Crowd, dimension: Dimension) -> int:
    return crowd.bad_picture if dimension is Dimension.BROWSER else crowd.bad_network


def _crowd_facts(
    case: Case, dimension: Dimension, value: str, struck: Sequence[Symptoms], within: Sequence[Symptoms]
) -> tuple[str, ...]:
    crowd = case.evidence.surroundings.alike[dimension, value]
    rest = case.evidence.surroundings.everybody.without(crowd)
    here = (
        f"{len(struck)} of its {len(within)} people here and {_bad(crowd, dimension)} of {crowd.heard} in other rooms"
    )
    kind = "show few frames on a good network" if dimension is Dimension.BROWSER else "have a bad network"
    spared = f"{_bad(rest, dimension)} of {rest.heard} people elsewhere do"
    spread = f"they are in {crowd.rooms} other rooms and come from {crowd.networks} networks"
    return (f"{here} {kind}", spared, spread)


# --- one person --------------------------------------------------------------------------------------------


def _too_many(case: Case) -> Verdict | None:
    """Say that it is not known where half of a room is bad, and nothing they share is known to be bad elsewhere."""
    faulty, heard = case.faulty, case.heard
    if len(faulty) < 2 or len(faulty) < at.MOST_RATIO * len(heard):
        return None
    names = people([each.witness.name for each in faulty])
    fact = f"{len(faulty)} of {len(heard)} people are bad at the same time, {names}"
    return _not_known(
        fact, "nothing that they share is known to be bad in other rooms", others=map(_considered, faulty)
    )


def _doubtful_crowd(case: Case) -> Verdict | None:
    """Say that it is not known where one is bad, and so are many elsewhere who share something, if not most."""
    if not case.faulty:
        return None
    worst = case.faulty[0]
    for dimension in Dimension:
        value = case.evidence.value_of(worst.witness, dimension)
        crowd = case.evidence.surroundings.alike.get((dimension, value or ""), Crowd())
        bad = _bad(crowd, dimension)
        is_struck = _is_struck(worst, dimension) and bad > at.OTHERS_BAD_RATIO * crowd.heard
        if is_struck and crowd.heard >= at.CROWD_HEARD and crowd.networks >= at.CROWD_NETWORKS:
            fact = f"so are {bad} of {crowd.heard} people in other rooms of the same {dimension}, {value}"
            return _not_known(_considered(worst).fact, fact, others=[_considered(worst)])
    return None


def _individual(case: Case) -> Verdict | None:
    """Say whose own side it is."""
    if not case.faulty:
        return None
    worst, *rest = case.faulty
    fault = worst.fault or Fault.DEVICE
    because = (*_own_facts(worst, fault), *_contrast(case, worst), *_seen_fact(case, worst))
    others = (*map(_considered, rest), *_crowds_considered(case, worst))
    return Verdict(_FAULTS[fault], worst.witness.key, worst.witness.name, because, others)


def _considered(symptoms: Symptoms) -> Considered:
    fault = symptoms.fault or Fault.DEVICE
    return Considered(
        _FAULTS[fault], symptoms.witness.key, f"{symptoms.witness.name}: {_own_facts(symptoms, fault)[0]}"
    )


def _crowds_considered(case: Case, worst: Symptoms) -> Iterable[Considered]:
    for dimension in Dimension:
        value = case.evidence.value_of(worst.witness, dimension)
        crowd = case.evidence.surroundings.alike.get((dimension, value or ""))
        if crowd is not None and value is not None:
            fact = f"{_bad(crowd, dimension)} of {crowd.heard} people in other rooms of it are bad"
            yield Considered(_CROWDS[dimension], value, fact)


def _own_facts(symptoms: Symptoms, fault: Fault) -> tuple[str, ...]:
    match fault:
        case Fault.UPLINK:
            return (_uplink_fact(symptoms),)
        case Fault.DOWNLINK:
            return (_downlink_fact(symptoms),)
        case Fault.DEVICE:
            return (_device_fact(symptoms),)
        case _:
            return _link_facts(symptoms)


def _uplink_fact(symptoms: Symptoms) -> str:
    up = symptoms.up
    lost = during(up, symptoms.course, lambda step: step.up.loss_ratio)
    jitter_ms = during(up, symptoms.course, lambda step: step.up.jitter_ms)
    if lost is not None and lost >= at.BAD_LOSS_RATIO:
        return f"{percent(lost)} of what {symptoms.witness.name} sent was lost for {duration(seconds(up))}"
    if jitter_ms is not None and jitter_ms >= at.BAD_JITTER_MS:
        return f"what {symptoms.witness.name} sent jittered by {jitter_ms:.0f} ms for {duration(seconds(up))}"
    sent_bps = during(up, symptoms.course, lambda step: step.up.bitrate_bps)
    much = "little" if sent_bps is None else f"no more than {bitrate(sent_bps)}"
    return f"{much} got through of what {symptoms.witness.name} sent for {duration(seconds(up))}"


def _downlink_fact(symptoms: Symptoms) -> str:
    down, name = symptoms.down, symptoms.witness.name
    lost = during(down, symptoms.course, lambda step: step.down.loss_ratio)
    jitter_ms = during(down, symptoms.course, lambda step: step.down.jitter_ms)
    if lost is not None and lost >= at.BAD_LOSS_RATIO:
        return f"{percent(lost)} of what {name} should receive was lost for {duration(seconds(down))}"
    if jitter_ms is not None and jitter_ms >= at.BAD_JITTER_MS:
        return f"what {name} received jittered by {jitter_ms:.0f} ms for {duration(seconds(down))}"
    got_bps = during(down, symptoms.course, lambda step: step.down.bitrate_bps)
    much = "little" if got_bps is None else f"no more than {bitrate(got_bps)}"
    return f"{much} reached {name} for {duration(seconds(down))}"


def _device_fact(symptoms: Symptoms) -> str:
    fps = during(symptoms.device, symptoms.course, lambda step: step.up.fps)
    cpu = during(symptoms.device, symptoms.course, lambda step: step.cpu_ratio)
    frames = "few frames" if fps is None else f"{fps:.0f} frames/s"
    why = "" if cpu is None else f", held back by the CPU in {percent(cpu)} of the samples"
    for_s = duration(seconds(symptoms.device))
    return f"{symptoms.witness.name} sent {frames} for {for_s}{why}, with nothing wrong on the network"


def _link_facts(symptoms: Symptoms) -> tuple[str, ...]:
    if any(symptoms.lost):
        times, for_s = symptoms.times_lost, duration(seconds(symptoms.lost))
        return (f"{symptoms.witness.name} lost the connection {times} times, for {for_s} all together",)
    facts = []
    if is_lasting(symptoms.up):
        facts.append(_uplink_fact(symptoms))
    if is_lasting(symptoms.down):
        facts.append(_downlink_fact(symptoms))
    if is_lasting(symptoms.slow):
        rtt_ms = during(symptoms.slow, symptoms.course, lambda step: step.rtt_ms) or 0.0
        facts.append(f"the round trip took {rtt_ms:.0f} ms for {duration(seconds(symptoms.slow))}")
    return tuple(facts[:1]) if len(facts) < 2 else (" and ".join(facts[:2]),)


def _contrast(case: Case, worst: Symptoms) -> Iterable[str]:
    """Return how the others fared at the same time, who have nothing wrong."""
    well = [each for each in case.heard if each is not worst and each.fault is None]
    names = people([each.witness.name for each in well])
    if not well:
        return
    if worst.fault is Fault.DEVICE:
        fps = mean(during(worst.device, each.course, lambda step: step.up.fps) for each in well)
        if fps is not None:
            yield f"{names} sent {fps:.0f} frames/s"
        return
    sent = mean(during(_bad_steps(worst), each.course, lambda step: step.up.loss_ratio) for each in well)
    if sent is not None:
        yield f"{names} lost {percent(sent)} of what they sent"
    got = mean(during(_bad_steps(worst), each.course, lambda step: step.down.loss_ratio) for each in well)
    if got is not None and worst.fault is Fault.DOWNLINK:
        yield f"{names} received all but {percent(got)}"


def _bad_steps(symptoms: Symptoms) -> Steps:
    return tuple(map(any, zip(symptoms.up, symptoms.down, symptoms.slow, symptoms.lost, strict=True)))


def _seen_fact(case: Case, worst: Symptoms) -> Iterable[str]:
    """Return what others saw of one, and what Twilio said to itself."""
    seers = seen_low(worst, case.symptoms, case.evidence)
    if seers:
        yield f"{people([each.name for each in seers])} saw {worst.witness.name} at level {at.LOW_LEVEL} or below"
    level = during(_bad_steps(worst), worst.course, _level)
    if level is not None and level <= at.LOW_LEVEL:
        yield f"Twilio gave {worst.witness.name} level {level:.1f} meanwhile"


def _level(step: Step) -> float | None:
    return step.level


# --- what only the others tell -----------------------------------------------------------------------------


def _publisher(case: Case) -> Verdict | None:
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
    return bool(seers) or (_is_region_well(case) and not any(map(_is_level_low, receivers)))


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


def _is_level_low(symptoms: Symptoms) -> bool:
    return is_lasting(step.level is not None and step.level <= at.LOW_LEVEL for step in symptoms.course)


def _is_region_well(case: Case) -> bool:
    """Whether people in other rooms of the region were heard, and found well."""
    crowd = case.evidence.surroundings.alike.get((Dimension.REGION, case.evidence.media_region or ""), Crowd())
    return crowd.heard >= at.CROWD_HEARD and crowd.bad_network <= at.OTHERS_BAD_RATIO * crowd.heard


def _seen_only(case: Case) -> Verdict | None:
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


# --- and otherwise -----------------------------------------------------------------------------------------


def _nothing(case: Case) -> Verdict | None:
    """Say that nothing is wrong: enough people were heard, all of them well, and nobody is seen otherwise."""
    heard, everybody = case.heard, case.symptoms
    if not heard or len(heard) < at.HEARD_RATIO * len(everybody):
        return None
    if any(each.is_doubtful or _is_odd(each) for each in everybody):
        return None
    if any(map(_is_level_low, everybody)) or any(_is_seen_low(case, each) for each in everybody):
        return None
    lost = mean(_down_loss(step) for each in heard for step in each.course)
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


def _unclear(case: Case) -> Verdict:
    """Say what is not known, and why."""
    heard, everybody = case.heard, case.symptoms
    doubtful = [each for each in everybody if each.is_doubtful]
    facts = [f"{len(heard)} of {len(everybody)} people told how they fared"]
    if doubtful:
        names = people([each.witness.name for each in doubtful])
        worst_s = max(seconds(each.hurt) for each in doubtful)
        facts.append(f"{names} had trouble for up to {duration(worst_s)}, and nothing shows where it came from")
    return _not_known(*facts)


_RULES: Sequence[Callable[[Case], Verdict | None]] = (
    _twilio,
    _crowd,
    _too_many,
    _doubtful_crowd,
    _individual,
    _publisher,
    _seen_only,
    _nothing,
    _unclear,
)

"""Which numbers say that it is one person's own side, in words, and how did the others fare meanwhile?"""

from collections.abc import Iterable

from monitor.causes.case import Case
from monitor.evidence import thresholds as at
from monitor.evidence.courses import Step, mean
from monitor.evidence.symptoms import Fault, Steps, Symptoms, during, is_lasting, seconds, seen_low
from monitor.evidence.wording import bitrate, duration, people, percent


def own_facts(symptoms: Symptoms, fault: Fault) -> tuple[str, ...]:
    """Return what shows that something is wrong on somebody's own side."""
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


def contrast(case: Case, worst: Symptoms) -> Iterable[str]:
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


def seen_fact(case: Case, worst: Symptoms) -> Iterable[str]:
    """Return what others saw of one, and what Twilio said to itself."""
    seers = seen_low(worst, case.symptoms, case.evidence)
    if seers:
        yield f"{people([each.name for each in seers])} saw {worst.witness.name} at level {at.LOW_LEVEL} or below"
    level = during(_bad_steps(worst), worst.course, _level)
    if level is not None and level <= at.LOW_LEVEL:
        yield f"Twilio gave {worst.witness.name} level {level:.1f} meanwhile"


def _level(step: Step) -> float | None:
    return step.level

"""Is it Twilio itself, which refuses people, or loses those of several regions at the same moment?"""

from collections.abc import Iterable, Sequence

from collectors.observations import ConnectionState
from monitor.causes.case import Case
from monitor.causes.verdicts import Cause, Verdict
from monitor.evidence import thresholds as at
from monitor.evidence.surroundings import met_server_code
from monitor.evidence.symptoms import Symptoms
from monitor.evidence.witnesses import Evidence


def twilio(case: Case) -> Verdict | None:
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

"""Is it somebody whom nobody could see or hear, because the browser would not give the microphone or the camera?

Asked only where every line is well: then a call can be bad for this alone.  What else is wrong would weigh more.
"""

from collectors.device_errors import device_of, explained
from monitor.causes.case import Case
from monitor.causes.verdicts import Cause, Considered, Verdict
from monitor.evidence.witnesses import Unequipped
from monitor.evidence.wording import people


def unequipped(case: Case) -> Verdict | None:
    """Say whose device could not be had, and was not had later."""
    without = case.evidence.unequipped
    if not without or any(each.is_doubtful or each.is_level_low for each in case.symptoms):
        return None
    worst, *rest = sorted(without, key=lambda each: each.failure.at_ms)
    others = tuple(Considered(Cause.DEVICE, each.key, _fact(each)) for each in rest)
    return Verdict(Cause.DEVICE, worst.key, worst.name, (_fact(worst), *_contrast(case, worst)), others)


def _fact(each: Unequipped) -> str:
    error, what = each.failure.error, device_of(each.failure.kind)
    by_name = f" ({error})" if error else ""
    return f"the {what} of {each.name} could not be had{by_name}: {explained(error).meaning}"


def _contrast(case: Case, worst: Unequipped) -> list[str]:
    well = [each.witness.name for each in case.heard if each.fault is None and each.witness.key != worst.key]
    return [f"{people(well)} had nothing wrong"] if well else []

"""What is there to judge by: who was heard, who has something wrong, and who does the most harm?"""

from msgspec import Struct

from monitor.evidence.symptoms import Fault, Symptoms
from monitor.evidence.witnesses import Evidence

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


def _harm(symptoms: Symptoms) -> tuple[int, float]:
    return _HARM.index(symptoms.fault or Fault.DEVICE), symptoms.bad_s

"""How often is the verdict right, and how often does it rather not know?

`python -m tests.benchmarks.verdicts --help`.

Simulated incidents of which the cause is known (`tests.incidents`), judged one after the other.  A verdict is right
when XX

The thresholds were settled on the seeds from 1 and from 10001 on; what is told here is of other seeds, unless asked
otherwise.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from monitor.verdict import Cause, Verdict, judge
from tests.benchmarks.figures import aligned
from tests.incidents import Incident, incidents

DEVELOPED_ON = (1, 10_001)
MEASURED_ON = 20_001
WITHOUT_WHOM = (Cause.TWILIO, Cause.NOTHING, Cause.NOT_KNOWN)


class Judged(NamedTuple):
    """An incident, and what was said of it."""

    incident: Incident
    verdict: Verdict

    @property
    def is_right(self) -> bool:
        """Whether the cause is the true one, and whoever is named is the one."""
        truth, said = self.incident, self.verdict
        return said.cause is truth.cause and (said.cause in WITHOUT_WHOM or said.whom == truth.whom)


class Score(NamedTuple):
    """How many verdicts named a cause, how many incidents had it, and how many were right."""

    said: int
    true: int
    right: int

    @property
    def precision(self) -> float:
        """Return the share of the verdicts that are right; of none, all are."""
        return self.right / self.said if self.said else 1.0

    @property
    def recall(self) -> float:
        """Return the share of the incidents that were found."""
        return self.right / self.true if self.true else 1.0


def judged(told: Iterable[Incident]) -> list[Judged]:
    """Return the verdict on each incident."""
    return [Judged(each, judge(each.evidence)) for each in told]


def score(results: Sequence[Judged], causes: Iterable[Cause]) -> Score:
    """Return how well some causes are told."""
    wanted = set(causes)
    return Score(
        said=sum(each.verdict.cause in wanted for each in results),
        true=sum(each.incident.cause in wanted for each in results),
        right=sum(each.is_right and each.incident.cause in wanted for each in results),
    )


def overall(results: Sequence[Judged]) -> Score:
    """Return how well all causes are told, "nothing" among them; "not known" is none."""
    return score(results, set(Cause) - {Cause.NOT_KNOWN})


# --- the page ----------------------------------------------------------------------------------------------


def scores(results: Sequence[Judged]) -> str:
    """Return precision and recall of each cause, and of all."""
    rows = [("cause", "incidents", "said", "right", "precision", "recall")]
    rows += [_row(cause.value, score(results, [cause])) for cause in Cause]
    rows.append(_row("all but not known", overall(results)))
    return aligned(rows)


def _row(name: str, found: Score) -> tuple[str, ...]:
    counts = (str(found.true), str(found.said), str(found.right))
    return (name, *counts, f"{found.precision:.3f}", f"{found.recall:.3f}")


def confusion(results: Sequence[Judged]) -> str:
    """Return what was said of the incidents of each cause; somebody wrong named for the right cause is marked `*`."""
    cells: Counter[tuple[Cause, Cause]] = Counter()
    wrong: Counter[Cause] = Counter()
    for each in results:
        cells[each.incident.cause, each.verdict.cause] += 1
        wrong[each.incident.cause] += each.incident.cause is each.verdict.cause and not each.is_right
    heading = ("truth \\ said", *(cause.value for cause in Cause))
    rows = [heading]
    for truth in Cause:
        counts = (f"{cells[truth, said] or '.'}{'*' * (said is truth and wrong[truth] > 0)}" for said in Cause)
        rows.append((truth.value, *counts))
    return aligned(rows)


def sureness(results: Sequence[Judged]) -> str:
    """Return how often verdicts are right, by how sure they say they are."""
    named = [each for each in results if each.verdict.cause is not Cause.NOT_KNOWN]
    rows = [("confidence", "verdicts", "right")]
    for sure in sorted({each.verdict.confidence for each in named}):
        alike = [each for each in named if each.verdict.confidence == sure]
        rows.append((f"{sure:.2f}", str(len(alike)), f"{sum(each.is_right for each in alike) / len(alike):.3f}"))
    return aligned(rows)


def mistakes(results: Sequence[Judged]) -> str:
    """Return every verdict that is not right, with the seed that stages it again."""
    lines = (
        f"{each.incident.kind} {each.incident.seed}: {each.verdict.cause}. {each.verdict.sentence}"
        for each in results
        if not each.is_right
    )
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> None:
    """Stage, judge and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.verdicts", description=__doc__.split("\n\n")[0])
    parser.add_argument("--first-seed", type=int, default=MEASURED_ON, help="of each kind (default: %(default)s)")
    parser.add_argument("--scale", type=float, default=1.0, help="1 is 300 incidents (default: %(default)s)")
    parser.add_argument("--mistakes", action="store_true", help="show every verdict that is not right")
    asked = parser.parse_args(arguments)
    began_s = time.perf_counter()
    told = incidents(asked.first_seed, asked.scale)
    staged_s = time.perf_counter()
    results = judged(told)
    judged_s = time.perf_counter()
    settled = " and ".join(map(str, DEVELOPED_ON))
    print(f"{len(told)} incidents, seeds from {asked.first_seed} on; thresholds settled on those from {settled} on")
    each_ms = (judged_s - staged_s) * 1000 / len(told)
    print(f"staged in {staged_s - began_s:.1f} s, judged in {each_ms:.1f} ms each\n")
    print(scores(results), confusion(results), sureness(results), sep="\n\n")
    if asked.mistakes:
        print(f"\n{mistakes(results)}")


if __name__ == "__main__":
    main(sys.argv[1:])

"""What a machine wants, as a page: words by hand, and between two marks what the model says.

Whatever stands between `<!-- written: NAME -->` and `<!-- end -->` is written anew; all else stays as it is.
"""

import re
from collections.abc import Callable, Iterator, Mapping

from docs.writing.markdown import code, table
from monitor.capacity.advice import advise
from monitor.capacity.assumptions import ASSUMPTIONS, Assumed
from monitor.capacity.demand import Demand
from monitor.capacity.one_machine import OneMachine
from monitor.capacity.wording import about, as_text, brief, cores, count
from monitor.sizes import in_words

BUSY_DAY_RATIO = 8 / 24  # eight busy hours, and nobody there in the others
PEOPLE = (100, 1_000, 10_000)
EXAMPLE, PLANNED = 10_000, 1_000_000

_PART = re.compile(r"(<!-- written: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def markdown(page: str) -> str:
    """Return the page with its written parts as the model has them.

    Raises:
        KeyError: a mark names no part.
    """
    return _PART.sub(lambda found: found[1] + "\n".join(["", *PARTS[found[2]](), "", found[3]]), page)


def _short() -> Iterator[str]:
    heads = ("people at once", "CPU", "memory", "as it came", "samples", "rollups", "what happened", "network in")
    yield from list(table(heads, map(_row, PEOPLE)))[:-1]


def _row(people: int) -> tuple[str, ...]:
    here = _busy_day(people)
    disk = here.disk
    return (
        count(people),
        cores(here.cpu.core_ratio),
        in_words(here.memory_bytes),
        in_words(disk.log_bytes),
        in_words(disk.samples_bytes),
        in_words(disk.rollups_bytes),
        in_words(disk.events_bytes),
        f"{in_words(here.network_in_bytes_per_s)}/s",
    )


def _busy_day(people: int) -> OneMachine:
    return advise(Demand(people, mean_to_peak_ratio=BUSY_DAY_RATIO), Assumed()).one_machine


def _example() -> Iterator[str]:
    demand, assumed = Demand(EXAMPLE), Assumed()
    yield from ("```text", *brief(demand, advise(demand, assumed), assumed), "```")


def _limit() -> Iterator[str]:
    most = advise(Demand(1), Assumed()).one_machine.most_participants
    yield f"One machine holds **{about(most)} people**, posts every ten seconds, half a core at most."


def _plan() -> Iterator[str]:
    demand, assumed = Demand(PLANNED), Assumed()
    lines = list(as_text(demand, advise(demand, assumed), assumed))
    begin = next(place for place, line in enumerate(lines) if line.startswith("Several machines"))
    yield from ("```text", *lines[begin : lines.index("", begin)], "```")


def _assumptions() -> Iterator[str]:
    rows = (
        (code(each.name), f"{each.value:,.12g}", each.unit, each.source.value, each.basis.replace("<", "\\<"))
        for each in ASSUMPTIONS
    )
    yield from list(table(("name", "value", "unit", "from", "what it is"), rows))[:-1]


PARTS: Mapping[str, Callable[[], Iterator[str]]] = {
    "short": _short,
    "example": _example,
    "limit": _limit,
    "plan": _plan,
    "assumptions": _assumptions,
}

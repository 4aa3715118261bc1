"""How did a value that rules compare go for somebody, according to what was measured?

Only of people there are samples.  A level counts as it does in the live picture: what somebody says of themselves, and
where they never say anything, the best that others see.
"""

from collections.abc import Iterable, Iterator, Sequence

from alerts.hindsight import Told
from collectors.observations import NetworkQuality
from monitor.entities import Participant
from monitor.rings import values_of
from monitor.store.ports import Line

_PLACES = {"rtt_ms": 1, "jitter_ms": 2, "loss_ratio": 3}  # in what `values_of` returns
MEASURED = frozenset({"level", *_PLACES})


def course_of(name: str, person: Participant, lines: Sequence[Line]) -> tuple[Told, ...]:
    """Return what a value of somebody was, from all lines of the room; of one that is not measured, nothing."""
    own = [line for line in lines if line.series.participant in (person.sid, person.key)]
    told = _levels(person, own, lines) if name == "level" else _media(name, own)
    return tuple(sorted(told, key=lambda each: each.at))


def _media(name: str, own: Iterable[Line]) -> Iterator[Told]:
    place = _PLACES.get(name)
    for line in own if place is not None else ():
        for seen in line.samples.media_stats():
            yield Told(seen.at_ms / 1000, _number(values_of(seen)[place or 0]))


def _levels(person: Participant, own: Iterable[Line], lines: Iterable[Line]) -> Iterator[Told]:
    mine = [seen for line in own for seen in line.samples.network_qualities() if seen.subject in (None, person.sid)]
    if any(_known(seen) is not None for seen in mine):
        yield from (Told(seen.at_ms / 1000, _known(seen)) for seen in mine)
    elif person.sid is not None:
        yield from _as_others_see(person.sid, lines)


def _as_others_see(sid: str, lines: Iterable[Line]) -> Iterator[Told]:
    words = [
        (seen.at_ms, line.series.participant, _known(seen))
        for line in lines
        for seen in line.samples.network_qualities()
        if seen.subject == sid
    ]
    latest: dict[str, float] = {}
    for at_ms, reporter, level in sorted(words, key=lambda word: word[0]):
        if level is not None:
            latest[reporter] = level
            yield Told(at_ms / 1000, max(latest.values()))


def _known(seen: NetworkQuality) -> float | None:
    return None if seen.level is None or seen.level < 0 else float(seen.level)


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)

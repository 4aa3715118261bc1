"""How is a replay told, to a person and to a program?"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from alerts.model import Kind, Transition
from monitor.replay.coverage import Gap
from monitor.replay.reckoning import Sum
from monitor.replay.telling import Said

_NAMES = {Kind.PARTICIPANT: ("person", "people")}
_WHAT = {"trigger": "fired", "resolve": "resolved"}  # in the words of this page; other words stand for themselves


class Replayed(Struct, frozen=True):
    """All that a replay has to say; `transitions` are those by which episodes begin, end, or come to flap."""

    from_ms: int
    to_ms: int
    transitions: Sequence[Transition]
    said: Sequence[Said]
    sums: Sequence[Sum]
    not_replayed: Sequence[Gap]
    partly_replayed: Sequence[Gap]
    notes: Sequence[str]


def as_json(replayed: Replayed) -> str:
    """Return one document, with moments as ISO 8601 in UTC."""
    document = {
        "from": moment(replayed.from_ms / 1000),
        "to": moment(replayed.to_ms / 1000),
        "said": [_word(each) for each in replayed.said],
        "transitions": [_turn(each) for each in replayed.transitions],
        "rules": replayed.sums,
        "not_replayed": replayed.not_replayed,
        "partly_replayed": replayed.partly_replayed,
        "notes": replayed.notes,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _word(said: Said) -> dict[str, object]:
    word: dict[str, object] = msgspec.to_builtins(said)
    del word["at_s"]
    return {"at": moment(said.at_s), **word}


def _turn(transition: Transition) -> dict[str, object]:
    names = ("rule", "entity", "before", "after", "reason", "detail", "value")
    return {"at": moment(transition.at), **{name: getattr(transition, name) for name in names}}


def as_text(replayed: Replayed) -> Iterator[str]:
    """Return lines for a person: every word, then each rule, then what is missing."""
    for said in replayed.said:
        yield from _lines(said)
    if replayed.said:
        yield ""
    yield f"From {moment(replayed.from_ms // 1000)} to {moment(replayed.to_ms // 1000)} these rules would have said:"
    yield from _table(replayed.sums)
    for heading, gaps in (("Not replayed:", replayed.not_replayed), ("Replayed in part:", replayed.partly_replayed)):
        if gaps:
            yield heading
            yield from (f"  {gap.rule}: {gap.why}" for gap in gaps)
    yield from (f"Note: {note}" for note in replayed.notes)


def _lines(said: Said) -> Iterator[str]:
    yield f"{moment(said.at_s)}  {_WHAT.get(said.what, said.what):<8}  {said.severity:<8}  {said.rule}  {said.entity}"
    to = ", ".join(said.receivers) if said.receivers else f"nobody ({said.why_nobody})"
    yield f"  {said.summary}" if said.summary else "  (no summary)"
    yield f"  {said.why}; to {to}"


def _table(sums: Sequence[Sum]) -> Iterator[str]:
    rows = [
        (
            each.rule,
            _counted(each.episodes, "episode"),
            f"of {_subjects(each.subjects, each.over)}",
            _counted(each.pages, "page"),
            f"{each.firing} firing at the end" if each.firing else "",
        )
        for each in sums
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()


def _subjects(count: int, over: Kind) -> str:
    one, many = _NAMES.get(over, (over.value, f"{over}s"))
    return f"{count} {one if count == 1 else many}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def moment(at_s: float) -> str:
    """Return a moment to the millisecond, as far as it has any."""
    at = datetime.fromtimestamp(round(at_s, 3), UTC)
    return at.isoformat(timespec="milliseconds" if at.microsecond else "seconds").replace("+00:00", "Z")

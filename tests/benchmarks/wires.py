"""In which forms do the same events travel?

`rows` is telemetry with an object an event; `series` is its columnar form, a column a field; `lines` is InfluxDB's line
protocol, which VictoriaMetrics reads.  The numbers are the same in all three.

A post is written once, as a *sheet* with slots; each post then only fills them in, since a load generator that encodes
JSON measures itself.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

from tests.benchmarks.bodies import MOMENT, Event, Reporter

_NUMBER = "%-9d"  # in as many places whatever it is, so that every post of one make is equally long

_WHO = {
    "v": 1,
    "session": "@session",
    "seq": _NUMBER,
    "sent_at": MOMENT,
    "room_sid": "@room_sid",
    "room_name": "@room_name",
    "participant_sid": "@participant_sid",
    "identity": "@identity",
    "sdk": {"name": "twilio-video.js", "version": "2.36.0"},
    "client": {"name": "roomwatch.js", "version": "0.1.0", "browser": "Chrome 156", "os": "macOS 15"},
}
_TYPES = ("media_stats", "network_quality")
_LEFT_OUT_OF_LINES = ("at", "type", "subject")


class Sheet:
    """A post before it is filled in: its text, and which of (seq, sent_at, moments...) each slot takes."""

    def __init__(self, text: str, slots: Sequence[int]) -> None:
        self._text = text.replace(f'"{MOMENT}"', MOMENT).replace(f'"{_NUMBER}"', _NUMBER)
        self.values_of: Callable[[Sequence[int]], Any] = itemgetter(*slots)

    def of(self, reporter: Reporter) -> bytes:
        """Return the text in the name of somebody, with only numbers to fill in."""
        text = self._text
        for field, value in zip(reporter._fields, reporter, strict=True):
            text = text.replace(f"@{field}", value)
        return text.encode()


def rows(events: Sequence[Event]) -> Sheet:
    """Return the post with an object an event."""
    return Sheet(_compact(_WHO | {"events": events}), range(2 + len(events)))


def series(events: Sequence[Event]) -> Sheet:
    """Return the post with a column a field: one series of the media, one of the levels."""
    order = {kind: [n for n, event in enumerate(events) if event["type"] == kind] for kind in _TYPES}
    columns = [
        {"type": f"{kind}_series"} | _columns([events[n] for n in numbers])
        for kind, numbers in order.items()
        if numbers
    ]
    return Sheet(_compact(_WHO | {"events": columns}), (0, 1, *(2 + n for numbers in order.values() for n in numbers)))


def _columns(events: Sequence[Event]) -> dict[str, Any]:
    fields = dict.fromkeys(field for event in events for field in event if field != "type")
    return {field: _column([event.get(field) for event in events]) for field in fields}


def _column(values: list[Any]) -> Any:
    """Return the values as they are, but of the two directions of the media a column for each number in them."""
    return _columns(values) if isinstance(values[0], dict) and "loss_ratio" in values[0] else values


def lines(events: Sequence[Event]) -> Sheet:
    """Return the numbers of the events as lines of measurement, tags, fields and time."""
    return Sheet("\n".join(map(_line, events)), range(2, 2 + len(events)))


def _line(event: Event) -> str:
    tags = "room_sid=@room_sid,participant_sid=@participant_sid"
    if (subject := event.get("subject")) is not None:
        tags += f",subject={subject}"
    fields = ",".join(_numbers({name: value for name, value in event.items() if name not in _LEFT_OUT_OF_LINES}))
    return f"{event['type']},{tags} {fields} {MOMENT}000000"  # its time is in nanoseconds


def _numbers(value: Any, path: str = "") -> Iterable[str]:
    match value:
        case dict():
            for name, inner in value.items():
                yield from _numbers(inner, f"{path}_{name}" if path else name)
        case int() | float() if not path.endswith("_level"):  # which only repeats the level
            yield f"{path}={value}"


def _compact(body: object) -> str:
    return json.dumps(body, separators=(",", ":"))


WIRES: dict[str, Callable[[Sequence[Event]], Sheet]] = {"rows": rows, "series": series, "lines": lines}

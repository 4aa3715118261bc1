"""What do the parameters of a question say?

    with asking(request.query, now_ms) as asked:
        limit = asked.number("limit", 50, 500)
        from_ms, to_ms = asked.span((0, now_ms))

Whoever asks is told of every parameter that cannot be read, and not of one after the other: what is wrong is
remembered, and the question refused where the `with` ends.  Until then its default stands for it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

from msgspec import Struct

from monitor.http import cursors
from monitor.http.problems import Fault, Refused
from monitor.http.time_ranges import Unclear, moment_of

SHOWN = 60  # characters of what came
_DIGITS = 15

P = TypeVar("P", bound=Struct)
T = TypeVar("T")

Query = Mapping[str, str]


@contextmanager
def asking(query: Query, now_ms: int = 0) -> Iterator["Asked"]:
    """Have parameters read, and refuse the question if any cannot be; `now_ms` is what times are relative to."""
    asked = Asked(query, now_ms)
    yield asked
    if asked.faults:
        sentence = "; ".join(f"{each.path}: {each.detail}" for each in asked.faults)
        raise Refused(400, sentence, errors=asked.faults)


class Asked:
    """The parameters of one question; `faults` are those that could not be read."""

    def __init__(self, query: Query, now_ms: int) -> None:
        self._query = query
        self._now_ms = now_ms
        self.faults: list[Fault] = []

    def text(self, name: str, default: str = "") -> str:
        """Return text that was given, which may be any."""
        return self._query.get(name, default)

    def number(self, name: str, default: int, highest: int, *, lowest: int = 1) -> int:
        """Return a whole number."""
        text = self._query.get(name, str(default))
        if text.isascii() and text.isdigit() and len(text) <= _DIGITS and lowest <= int(text) <= highest:
            return int(text)
        return self._wrong(name, f"a whole number from {lowest} to {highest}", default)

    def flag(self, name: str) -> bool:
        """Return whether something is wanted; it is not, unless somebody says so."""
        return self.choice(name, ("true", "false"), "false", expected="true or false") == "true"

    def choice(self, name: str, known: Sequence[str], default: str, *, expected: str = "") -> str:
        """Return one of several words."""
        text = self._query.get(name, default)
        if text in known or text == default:
            return text
        return self._wrong(name, expected or f"one of {', '.join(known)}", default)

    def moment(self, name: str, default_ms: int) -> int:
        """Return a moment, in milliseconds since the epoch."""
        text = self._query.get(name)
        if text is None:
            return default_ms
        try:
            return moment_of(text, self._now_ms)
        except Unclear as unclear:
            self.faults.append(Fault(name, str(unclear)))
            return default_ms

    def span(self, default_ms: tuple[int, int]) -> tuple[int, int]:
        """Return from when to when."""
        from_ms, to_ms = self.moment("from", default_ms[0]), self.moment("to", default_ms[1])
        if from_ms >= to_ms and "from" in self._query and not self.faults:
            self.faults.append(Fault("from, to", f"expected a moment before `to`, got {from_ms} and {to_ms}"))
        return from_ms, to_ms

    def after(self, place: type[P]) -> P | None:
        """Return where the page begins, or None: with the first."""
        text = self._query.get("after")
        if not text:
            return None
        try:
            return cursors.read(text, place)
        except cursors.NoCursor:
            return self._wrong("after", "the `next` of a page", None)

    def _wrong(self, name: str, expected: str, default: T) -> T:
        self.faults.append(Fault(name, f"expected {expected}, got {self._query[name][:SHOWN]!r}"))
        return default

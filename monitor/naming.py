"""What does the name of a room tell?

Whoever makes rooms puts words into their names, such as `acme:class:9f3c`: a tenant, a kind of resource, an id.  A
pattern says how, `{tenant}:{kind}:{id}`: slots in any order, with text between them that stands there as it is.  A slot
ends where the text after it first begins; the last slot takes the rest; none is ever empty.

Names are made by others, so a label taken from one could have any number of values.  Hence the allow-lists: a label has
the values that are listed, `other` for every other one, and `unknown` where a name tells nothing.  Without a list there
is no such label.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Literal, NamedTuple

from monitor.recent import Recent

NAME_LIMIT = 128  # Twilio's own, for a room's name
PATTERN = "{tenant}:{kind}:{id}"
OTHER, UNKNOWN = "other", "unknown"
NAMES_REMEMBERED = 20_000  # of rooms, with what they tell: the same ones are asked about again and again

_NO_LABELS: Mapping[str, str] = MappingProxyType({})
_SLOTS = ("tenant", "kind", "id")
_SLOT = re.compile(r"\{([^{}]*)\}")


class NamingError(ValueError):
    """A pattern or an allow-list that cannot be right; `key` says which."""

    def __init__(self, key: Literal["pattern", "tenants", "kinds"], message: str) -> None:
        super().__init__(message)
        self.key = key


class RoomName(NamedTuple):
    """What the name of a room tells; None where the pattern has no such slot."""

    tenant: str | None = None
    kind: str | None = None
    id: str | None = None


class Pattern(NamedTuple):
    """A pattern, taken apart: the text before the slots, each slot with the text that ends it, and what is behind."""

    before: str
    leading: tuple[tuple[str, str], ...]
    last: str
    behind: str

    def parse(self, room_name: str) -> RoomName | None:
        """Return what the name tells, or None where it does not follow the pattern."""
        if not (room_name.startswith(self.before) and room_name.endswith(self.behind)):
            return None
        rest = room_name[len(self.before) : len(room_name) - len(self.behind)]
        told: dict[str, str] = {}
        for slot, text in self.leading:
            told[slot], _, rest = rest.partition(text)  # where the text is missing, nothing is left for the last slot
        told[self.last] = rest
        return RoomName(**told) if all(told.values()) else None

    def end_of(self, slot: str) -> str | None:
        """Return the text that ends the slot, which is empty for the last one, or None where there is no such slot."""
        return {**dict(self.leading), self.last: ""}.get(slot)


def compiled(text: str) -> Pattern:
    """Return the pattern that is written like this.

    Raises:
        NamingError: it cannot be understood.
    """
    parts = _SLOT.split(text)
    texts, slots = parts[::2], parts[1::2]
    _check_slots(slots)
    _check_texts(texts, slots)
    return Pattern(texts[0], tuple(zip(slots[:-1], texts[1:-1], strict=True)), slots[-1], texts[-1])


class Naming:
    """How rooms are named here, and which labels follow from it.  Without allow-lists none does."""

    def __init__(self, pattern: str = PATTERN, tenants: Sequence[str] = (), kinds: Sequence[str] = ()) -> None:
        """Understand the pattern.

        Raises:
            NamingError: it cannot be understood, or no name could tell what is listed.
        """
        self._text = pattern
        self._pattern = compiled(pattern)
        _check_listed("tenants", tenants, self._pattern.end_of("tenant"))
        _check_listed("kinds", kinds, self._pattern.end_of("kind"))
        self._listed = {"tenant": frozenset(tenants), "resource_kind": frozenset(kinds)}
        values = {"tenant": (*tenants, OTHER, UNKNOWN), "resource_kind": (*kinds, OTHER, UNKNOWN)}
        self.values: Mapping[str, Sequence[str]] = {label: values[label] for label in values if self._listed[label]}
        self._labels: Recent[str, Mapping[str, str]] = Recent(NAMES_REMEMBERED)

    def __eq__(self, other: object) -> bool:
        """Whether names tell the same by the other one."""
        return isinstance(other, Naming) and (self._text, self._listed) == (other._text, other._listed)

    def __hash__(self) -> int:
        """Return the same for two that are equal."""
        return hash(self._text)

    def parse(self, room_name: str) -> RoomName | None:
        """Return what the name tells, or None where it does not follow the pattern."""
        return self._pattern.parse(room_name)

    def labels(self, room_name: str | None) -> Mapping[str, str]:
        """Return `tenant` and `resource_kind`, those that have an allow-list, each with one of its `values`."""
        if not self.values:
            return _NO_LABELS
        known = self._labels.get(room_name or "")
        if known is None:
            known = self._labels_of(room_name)
            self._labels.put(room_name or "", known)
        return known

    def _labels_of(self, room_name: str | None) -> Mapping[str, str]:
        name = None if room_name is None else self.parse(room_name)
        if name is None:
            return dict.fromkeys(self.values, UNKNOWN)
        told = {"tenant": name.tenant, "resource_kind": name.kind}
        return {label: self._bounded(label, told[label]) for label in self.values}

    def _bounded(self, label: str, value: str | None) -> str:
        return value if value is not None and value in self._listed[label] else OTHER


def _check_slots(slots: Sequence[str]) -> None:
    known = [f"{{{slot}}}" for slot in _SLOTS]
    if not slots:
        raise NamingError("pattern", f"expected at least one of {', '.join(known)}, got none")
    for index, slot in enumerate(slots):
        if slot not in _SLOTS:
            raise NamingError("pattern", f"expected slots out of {', '.join(known)}, got {{{slot}}}")
        if slot in slots[:index]:
            raise NamingError("pattern", f"expected each slot once, got {{{slot}}} again")


def _check_texts(texts: Sequence[str], slots: Sequence[str]) -> None:
    for text in texts:
        if "{" in text or "}" in text:
            raise NamingError("pattern", f"expected braces only around a slot, got {text!r}")
    for (before, after), text in zip(pairwise(slots), texts[1:-1], strict=True):
        if not text:
            raise NamingError("pattern", f"expected something between {{{before}}} and {{{after}}}, got nothing")
    shortest = sum(map(len, texts)) + len(slots)
    if shortest > NAME_LIMIT:
        raise NamingError("pattern", f"expected what a name of {NAME_LIMIT} characters can follow, got {shortest}")


def _check_listed(key: Literal["tenants", "kinds"], listed: Sequence[str], end: str | None) -> None:
    """Refuse what no name can tell; `end` is what ends the slot (`Pattern.end_of`)."""
    if listed and end is None:
        raise NamingError(key, f"expected a pattern with {{{key.removesuffix('s')}}} in it, got one without")
    for index, word in enumerate(listed):
        if word in (OTHER, UNKNOWN):
            raise NamingError(key, f"expected words out of names, got {word!r}, which stands for what is not listed")
        if word in listed[:index]:
            raise NamingError(key, f"expected each word once, got {word!r} again")
        if end and end in word:
            raise NamingError(key, f"expected words without {end!r}, which ends the slot, got {word!r}")


def shortened(sid: str) -> str:
    """Return enough of a SID for people to tell one from another."""
    return f"{sid[:4]}…{sid[-4:]}"

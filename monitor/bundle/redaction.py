"""How are the people in a bundle made strangers?

Names of people and rooms become pseudonyms, wherever they stand: as themselves, inside the keys of who was never known
by SID (`identity:alice`, `name:standup`), or in a sentence.  The key of the pseudonyms is forgotten with this object,
so nobody can try names until one fits, and those of two bundles do not compare.  What may hold anything at all, free
text, raw reports, hashes of names, labels that are parts of names, is left out.

It works on JSON, so that a field which is new is gone over like any other.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

_NAMES = frozenset({"identity", "room_name"})
_HASHES = frozenset({"fingerprint", "episode"})  # made of names, where there is no SID
_KEYS = frozenset({"key", "room_key", "room", "participant", "entity"})
_SENTENCES = frozenset({"detail", "error_message"})
_LEFT_OUT = frozenset(
    {
        *("address", "network_address"),
        *("text", "report", "stats"),
        *("annotations", "details", "receivers"),
        "dedup_key",
    }
)
_KINDS = frozenset({"identity", "name"})


class Redaction:
    """What becomes of one call.

    Args:
        pseudonym: by which name somebody is known in this bundle.
        room_key: the key of the room, which the names of people in alerts begin with.
        names: all names of people and rooms that are known, to be found in sentences.
    """

    def __init__(self, pseudonym: Callable[[str], str], room_key: str, names: Iterable[str]) -> None:
        self._pseudonym = pseudonym
        self._room_key = room_key
        longest_first = sorted({name for name in names if name}, key=len, reverse=True)
        self._in_sentences = re.compile(
            rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)" if longest_first else r"(?!)"
        )

    def record(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return the call."""
        redacted: dict[str, Any] = self.of(record)
        if redacted["room"].get("name"):
            redacted["room"]["name"] = self._pseudonym(redacted["room"]["name"])
        for change in redacted["alerts"]:
            change["alert"]["labels"] = {}  # a tenant is a part of a name
        return redacted

    def of(self, value: Any, field: str = "") -> Any:
        """Return a JSON value."""
        match value:
            case dict():
                return {self.key(name): self.of(each, name) for name, each in value.items() if name not in _LEFT_OUT}
            case list():
                return [self.of(each, field) for each in value]
            case str():
                return self._text(value, field)
            case _:
                return value

    def _text(self, text: str, field: str) -> str:
        if field in _NAMES or (field in _HASHES and text):
            return self._pseudonym(text)
        if field in _KEYS:
            return self.key(text)
        if field in _SENTENCES:
            return self._in_sentences.sub(lambda found: self._pseudonym(found[0]), text)
        return text

    def key(self, text: str) -> str:
        """Return the key of a room, of a participant, or of a participant in the room."""
        inside = f"{self._room_key}/"
        if text.startswith(inside):
            return f"{self._of_kind(self._room_key)}/{self._of_kind(text.removeprefix(inside))}"
        return self._of_kind(text)

    def _of_kind(self, text: str) -> str:
        kind, colon, name = text.partition(":")
        return f"{kind}:{self._pseudonym(name)}" if colon and kind in _KINDS else text

"""How is a call shown to somebody who may not know who was in it?

What leaves through a shared link is the same answer as for everybody else, gone over as JSON, so that a field which is
new is gone over like any other.  People become `participant 1`, `participant 2`, in the order in which they came, rooms
lose their names, and SIDs become made-up ones: the same in every answer of one link, another in the next.  Addresses,
what people wrote, and whatever may hold anything at all are left out.
"""

import hmac
import re
from base64 import b32encode
from collections.abc import Iterable, Mapping
from typing import Any

from monitor.store.ports import Call
from monitor.story.people import People

ROOM_NAME = "this call"

LEFT_OUT = frozenset({"address", "network_address", "text", "report", "stats", "body", "fingerprint", "incident"})
_SID = re.compile(r"\b([A-Z]{2})[0-9a-f]{32}\b")
_HEX = "[0-9a-fA-F]{1,4}"
_ADDRESS = re.compile(
    r"(?<![\w.:])(?:"
    r"\d{1,3}(?:\.\d{1,3}){3}"  # 203.0.113.7
    rf"|(?:{_HEX}:){{4,7}}{_HEX}"  # no time of the day: that has two colons
    rf"|(?:{_HEX}(?::{_HEX})*)?::(?:{_HEX}(?::{_HEX})*)?"
    r")(?:/\d{1,3})?(?!\w|[.:]\w)"
)
_KEYS = frozenset({"key", "told_by", "entity", "whom"})
_MADE_UP_BYTES = 5  # eight letters and digits, as many as a reader can compare


# Fields that hold one of our own words: somebody who is called "up" or "alert" changes none of them.
_OURS = frozenset(
    {"kind", "source", "status", "state", "severity", "rule", "input", "docs", "cause", "media_region", "sdk"}
    | {"up.limited_by", "down.limited_by", "browser", "os", "network", "aggregates", "media"}
)


class SharedRedaction:
    """What becomes of the answers about one call.

    Args:
        key: of this link; whoever does not have it cannot try SIDs until one fits.
        people: the names and SIDs of those who were in the call, each with the number of whom it stands for.
        rooms: the names of the room.
    """

    def __init__(self, key: bytes, people: Mapping[str, int], rooms: Iterable[str]) -> None:
        self._key = key
        self._names = {name: f"participant {number}" for name, number in people.items() if name}
        self._names |= dict.fromkeys((each for each in rooms if each), ROOM_NAME)
        longest_first = sorted(self._names, key=len, reverse=True)
        self._any_name = re.compile(
            rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)" if longest_first else r"(?!)"
        )

    def of(self, value: Any, field: str = "") -> Any:
        """Return a JSON value as it may be shown."""
        match value:
            case dict():
                return {self._key_of(name): self.of(each, name) for name, each in value.items() if name not in LEFT_OUT}
            case list():
                return [self.of(each, field) if isinstance(each, (str, dict, list)) else each for each in value]
            case str():
                return self._text(value, field)
            case _:
                return value

    def _key_of(self, name: str) -> str:
        return _SID.sub(self._made_up, name)

    def _text(self, text: str, field: str) -> str:
        if field == "id":  # of an entry: made of names, where there is no SID
            return hmac.digest(self._key, text.encode(), "sha256").hex()[: len(text)]
        if field in _KEYS or _SID.fullmatch(text):
            text = _SID.sub(self._made_up, text)
        if field not in _OURS:
            text = self._any_name.sub(lambda found: self._names[found[0]], text)
        return _ADDRESS.sub("an address", _SID.sub(self._made_up, text))

    def _made_up(self, found: re.Match[str]) -> str:
        digest = hmac.digest(self._key, found[0].encode(), "sha256")
        return found[1] + b32encode(digest[:_MADE_UP_BYTES]).decode().lower()


def shared_redaction(key: bytes, call: Call, people: People) -> SharedRedaction:
    """Return what becomes of the answers about a call, of which these people are known."""
    numbers: dict[str, int] = {}
    for number, person in enumerate(people, start=1):
        known = numbers.get(person.identity or "", number)  # whoever came twice is one
        numbers |= {name: known for name in (person.identity, person.sid) if name}
    for recording in call.recordings:
        numbers.setdefault(recording.identity or "", len(numbers) + 1)
    rooms = [
        call.room.name,
        *(each.room_name for each in call.recordings),
        *(each.room_name for each in call.compositions),
    ]
    return SharedRedaction(key, numbers, [name for name in rooms if name])

"""By which name is a person known here, if not by their own?

A pseudonym is a keyed hash of the identity: the same person is the same pseudonym in every call and after every
restart, whoever told of them, and without the key nobody can try names until one fits.  It is put in the place of the
identity before anything is stored, shown, logged or sent.

The key of a repeated callback is such a thing, too: it is a plain hash of what Twilio sent, the identity included, so
it is hashed again with the key.
"""

import hmac
from base64 import b32encode
from functools import lru_cache

from msgspec.structs import replace

from collectors.events import Event
from collectors.observations import TelemetryBatch

PREFIX = "p-"
NAMES_REMEMBERED = 20_000

_BYTES = 10  # of the hash: sixteen letters and digits, and among a billion people hardly two alike


class Pseudonyms:
    """The pseudonyms under one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.of = lru_cache(NAMES_REMEMBERED)(self._of)

    def _of(self, identity: str) -> str:
        return PREFIX + self._hashed(identity)

    def veil(self, event: Event) -> Event:
        """Return an event as it may be kept: with the pseudonym of whom it names."""
        identity: str | None = getattr(event, "identity", None)
        if identity is None:
            return event
        if isinstance(event, TelemetryBatch) or event.dedup_key is None:  # a browser's own numbers tell of nobody
            return replace(event, identity=self.of(identity))
        return replace(event, identity=self.of(identity), dedup_key=f"c:{self._hashed(event.dedup_key)}")

    def _hashed(self, text: str) -> str:
        digest = hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256")
        return b32encode(digest[:_BYTES]).decode().lower()

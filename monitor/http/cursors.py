"""Where does the next page begin?

After the last thing of the page before, by what the list is sorted by, and not at a number of things to be skipped: so
whatever is added meanwhile neither shifts what comes next nor is shown twice.  A cursor is such a place as text.  It
is opaque, but no secret and not signed: who makes one up gets some page that they might have asked for anyway.

Each list has a struct for its places, `array_like` and with its own `tag`, so that no list takes the cursor of another.
Pure.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

MOST_CHARACTERS = 2_000

#: A number that any store can be asked for.
Number = Annotated[int, Meta(ge=0, le=2**53)]

P = TypeVar("P", bound=Struct)

_encode = msgspec.json.Encoder().encode


class NoCursor(ValueError):
    """Text that is no cursor of this list."""


def written(place: Struct) -> str:
    """Return a place as text that fits into an address."""
    return urlsafe_b64encode(_encode(place)).decode().rstrip("=")


def read(text: str, place: type[P]) -> P:
    """Return the place that text stands for.

    Raises:
        NoCursor: it stands for none.
    """
    if len(text) > MOST_CHARACTERS:
        raise NoCursor
    try:
        return msgspec.json.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=place)
    except (binascii.Error, ValueError, RecursionError):  # no base64, not ASCII, no JSON, or not of this shape
        raise NoCursor from None

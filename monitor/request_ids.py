"""Which request is being answered?

Every request has an id, which goes back to whoever asked, and stands in what is logged meanwhile: one word that leads
from a complaint to the lines about it.  It tells requests apart and nothing else; whoever guesses one has gained
nothing.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count

HEADER = "X-Request-Id"

_SANE = re.compile(r"[A-Za-z0-9._:=+/-]{8,128}")
_ours = secrets.token_hex(4)  # of this process
_numbers = count(1)

_current: ContextVar[str] = ContextVar("request_id", default="")


def new_id() -> str:
    """Return an id that no other request has."""
    return f"{_ours}-{next(_numbers):06x}"


def kept_or_new(given: str) -> str:
    """Return an id that a proxy of ours has given, if it looks like one, or a new one."""
    return given if _SANE.fullmatch(given) else new_id()


def current() -> str:
    """Return the id of the request that is being answered, or nothing."""
    return _current.get()


@contextmanager
def answering(request_id: str) -> Iterator[None]:
    """Answer a request for the length of a block."""
    token = _current.set(request_id)
    try:
        yield
    finally:
        _current.reset(token)

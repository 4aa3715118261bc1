"""How is a mail address written?

As `ops@example.com`, in ASCII, since not every server on the way takes anything else; who sends may have a name before
it, as in `Roomwatch <ops@example.com>`.  A complaint shows nothing of an address.
"""

import re
from collections.abc import Collection
from email.utils import parseaddr

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


def checked_sender(sender: str, key: str) -> tuple[str, str]:
    """Return the name, which may be empty, and the address of whoever sends."""
    name, address = parseaddr(sender) if sender.isprintable() else ("", "")
    _check(address, key)
    return name, address


def check_recipients(addresses: Collection[str], most: int, key: str) -> None:
    """Refuse what is no address, more than there may be, and the same one twice."""
    if not 1 <= len(addresses) <= most:
        raise ValueError(f"{key}: expected 1..{most} addresses, got {len(addresses)}")
    for place, address in enumerate(addresses):
        _check(address, f"{key}[{place}]")
    if len({address.lower() for address in addresses}) < len(addresses):
        raise ValueError(f"{key}: expected each address once, got one of them twice")


def _check(address: str, key: str) -> None:
    if not _ADDRESS.fullmatch(address):
        raise ValueError(f"{key}: expected an address such as ops@example.com, in ASCII, got something else")

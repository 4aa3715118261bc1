"""What becomes of a client's address?

Two things are wanted of it.  It tells apart who sends too much: there one IPv6 /64 counts as one, since whoever has an
address has the 2^64 around it.  And it is kept with what it sent, shortened unless configured otherwise, so that
support can tell two networks apart without knowing whose they are.
"""

from functools import lru_cache
from ipaddress import ip_network
from typing import Literal

from msgspec import Struct

from monitor.http.proxies import CLIENTS_REMEMBERED, Address, parsed

Keeping = Literal["truncated", "whole", "none"]

TRUNCATED_BITS = {4: 24, 6: 48}  # a few hundred homes, or one company
_ONE_CLIENT_BITS = {4: 32, 6: 64}


class Place(Struct, frozen=True, gc=False):
    """Where a client is: whom it counts as when rates are limited, and what is kept of its address.

    This machine itself is nobody: it is a proxy that `trusted_proxies` does not name, with everybody behind it.
    """

    counted_as: str | None
    kept: str | None


class Addresses:
    """Turns addresses into what may be done with them."""

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping
        self.place = lru_cache(CLIENTS_REMEMBERED)(self._place)

    def _place(self, address: str) -> Place:
        parts = parsed(address)
        if parts is None or parts.is_loopback:
            return Place(None, None)
        return Place(_network(parts, _ONE_CLIENT_BITS), self._kept(parts))

    def _kept(self, address: Address) -> str | None:
        match self._keeping:
            case "truncated":
                return _network(address, TRUNCATED_BITS)
            case "whole":
                return str(address)
            case "none":
                return None


def _network(address: Address, bits: dict[int, int]) -> str:
    """Return the network around an address, such as 203.0.113.0/24."""
    return str(ip_network(f"{address}/{bits[address.version]}", strict=False))

"""Whose address is it, when a proxy stands in front?

Anybody can write `X-Forwarded-For`; only what a proxy of ours has appended to it is true.  So the header counts only
where the other end of the connection is such a proxy, and it is read from the right, which is where proxies append: the
first address there that is not one of them is the client's.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

CLIENTS_REMEMBERED = 20_000


class TrustedProxies:
    """The proxies whose word on a client's address counts, as networks such as 10.0.0.0/8 or fd00::/8."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks = [ip_network(network) for network in networks]
        self._found = lru_cache(CLIENTS_REMEMBERED)(self._find)  # a client is at one address for many posts

    def client(self, peer: str, forwarded_for: str) -> str:
        """Return the client's address: `peer`, unless that is a proxy which says for whom it asks.

        Args:
            peer: the address at the other end of the connection.
            forwarded_for: all `X-Forwarded-For` headers, joined by commas in the order in which they stand.
        """
        return self._found(peer, forwarded_for) if self._networks and forwarded_for else peer

    def _find(self, peer: str, forwarded_for: str) -> str:
        if not self._trusts(parsed(peer)):
            return peer
        client = peer
        for entry in reversed(forwarded_for.split(",")):
            address = parsed(_without_port(entry.strip()))
            if address is None:
                return peer  # no proxy of ours writes that
            client = str(address)
            if not self._trusts(address):
                break
        return client

    def _trusts(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._networks)


def parsed(text: str) -> Address | None:
    """Return an address, or None; an IPv4 address that is written as IPv6 is itself again."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _without_port(entry: str) -> str:
    """Return `203.0.113.7:4711` and `[2001:db8::7]:4711`, which some proxies write, without the port."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry

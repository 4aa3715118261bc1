"""Whose address is it, when a proxy stands in front?

Anybody can write `X-Forwarded-For`; only what a proxy of ours has appended to it is true.  So the header counts only
where the other end of the connection is such a proxy, and it is read from the right, which is where proxies append: the
first address there that is not one of them is the client's.

There are two ways to say it: `X-Forwarded-For`, `-Proto` and `-Host`, or `Forwarded` as RFC 7239 has it.  Only one of
them counts, by configuration: a proxy that writes the one lets the other pass as some client has written it.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Literal

Address = IPv4Address | IPv6Address
By = Literal["x-forwarded", "forwarded"]
Headers = Callable[[str], Sequence[str]]  # all that a header says, by its name in any case

_PAIR = re.compile(r'\s*(for|by|host|proto)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]*)\s*', re.IGNORECASE)
_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')

CLIENTS_REMEMBERED = 20_000


class TrustedProxies:
    """The proxies whose word on a client's address counts, as networks such as 10.0.0.0/8 or fd00::/8."""

    def __init__(self, networks: Iterable[str] = (), by: By = "x-forwarded") -> None:
        self._networks = [ip_network(network) for network in networks]
        self.by = by
        self._found = lru_cache(CLIENTS_REMEMBERED)(self._find)  # a client is at one address for many posts

    @property
    def header(self) -> str:
        """Return the header in which they say for whom they ask."""
        return "Forwarded" if self.by == "forwarded" else "X-Forwarded-For"

    def client(self, peer: str, forwarded_for: str) -> str:
        """Return the client's address: `peer`, unless that is a proxy which says for whom it asks.

        Args:
            peer: the address at the other end of the connection.
            forwarded_for: all `X-Forwarded-For` headers, or all `Forwarded` where those count, joined by commas in the
                order in which they stand.
        """
        return self._found(peer, forwarded_for) if self._networks and forwarded_for else peer

    def client_of(self, peer: str, headers: Headers) -> str:
        """Return the client's address, by the headers of a request."""
        return self.client(peer, ",".join(headers(self.header)))

    def scheme(self, peer: str, headers: Headers) -> str:
        """Return by which scheme the nearest proxy was asked, or nothing if it is none of ours or does not say."""
        return self._said(peer, headers, "X-Forwarded-Proto", "proto").lower()

    def host(self, peer: str, headers: Headers) -> str:
        """Return for which host the nearest proxy was asked, or nothing if it is none of ours or does not say."""
        return self._said(peer, headers, "X-Forwarded-Host", "host").lower()

    def _said(self, peer: str, headers: Headers, header: str, key: str) -> str:
        if not self._networks or not self.has(peer):
            return ""
        if self.by == "forwarded":
            elements = _elements(",".join(headers("Forwarded")))
            return elements[-1].get(key, "") if elements else ""
        return ",".join(headers(header)).rpartition(",")[2].strip()

    def has(self, peer: str) -> bool:
        """Whether the address at the other end of a connection is that of such a proxy."""
        return self._trusts(parsed(peer))

    def _find(self, peer: str, forwarded_for: str) -> str:
        if not self._trusts(parsed(peer)):
            return peer
        client = peer
        for entry in reversed(self._entries(forwarded_for)):
            address = parsed(_without_port(entry.strip()))
            if address is None:
                return peer  # no proxy of ours writes that
            client = str(address)
            if not self._trusts(address):
                break
        return client

    def _entries(self, said: str) -> list[str]:
        if self.by == "forwarded":
            return [element.get("for", "") for element in _elements(said)]
        return said.split(",")

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


def _elements(forwarded: str) -> list[dict[str, str]]:
    """Return what each proxy has said in `Forwarded`, the nearest last."""
    return [_pairs(element) for element in _ELEMENT.findall(forwarded)]


def _pairs(element: str) -> dict[str, str]:
    pairs = (_PAIR.fullmatch(pair) for pair in element.split(";"))
    return {pair[1].lower(): _unquoted(pair[2]) for pair in pairs if pair is not None}


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value

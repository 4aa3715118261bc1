"""Whose address a post counts under, and what is kept of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.http.addresses import Addresses, Keeping
from monitor.http.proxies import TrustedProxies

PROXY, OTHER_PROXY, CLIENT = "10.0.0.1", "fd00::1", "203.0.113.7"
proxies = TrustedProxies(["10.0.0.0/8", "fd00::/8"])


@pytest.mark.parametrize(
    ("forwarded_for", "client"),
    [
        (CLIENT, CLIENT),
        (f"6.6.6.6, {CLIENT}", CLIENT),  # the client wrote the first one itself
        (f"{CLIENT}, {OTHER_PROXY}", CLIENT),
        (f"{CLIENT}:4711", CLIENT),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        (f"::ffff:{CLIENT}", CLIENT),
        ("10.1.2.3", "10.1.2.3"),  # a client inside, with nothing but proxies around it
        ("10.1.2.3, 10.0.0.2", "10.1.2.3"),
        ("", PROXY),
        ("unknown", PROXY),
        (f"{CLIENT}, garbage", PROXY),
        (f"{CLIENT},", PROXY),
    ],
)
def test_a_proxy_of_ours_is_believed_whom_it_asks_for(forwarded_for: str, client: str) -> None:
    assert proxies.client(PROXY, forwarded_for) == client


@pytest.mark.parametrize("peer", [CLIENT, "2001:db8::1", "", "unix"])
def test_nobody_else_is(peer: str) -> None:
    assert proxies.client(peer, "6.6.6.6") == peer


def test_without_proxies_the_header_is_nothing() -> None:
    assert TrustedProxies().client(PROXY, CLIENT) == PROXY


def test_a_proxy_is_known_by_either_way_of_writing_its_address() -> None:
    assert proxies.client(f"::ffff:{PROXY}", CLIENT) == CLIENT


@given(st.text(max_size=80))
def test_no_client_can_choose_its_address_by_what_it_writes(claimed: str) -> None:
    assert proxies.client(PROXY, f"{claimed}, {CLIENT}") == CLIENT


@pytest.mark.parametrize(
    ("keeping", "address", "kept"),
    [
        ("truncated", CLIENT, "203.0.113.0/24"),
        ("truncated", "2001:db8:1:2::7", "2001:db8:1::/48"),
        ("truncated", f"::ffff:{CLIENT}", "203.0.113.0/24"),
        ("truncated", "fe80::1%eth0", "fe80::/48"),
        ("whole", CLIENT, CLIENT),
        ("none", CLIENT, None),
        ("whole", "nonsense", None),
        ("whole", "127.0.0.1", None),
    ],
)
def test_no_more_of_an_address_is_kept_than_is_configured(keeping: Keeping, address: str, kept: str | None) -> None:
    assert Addresses(keeping).place(address).kept == kept


def test_who_has_one_ipv6_address_has_the_whole_network_around_it() -> None:
    places = Addresses("none")
    assert places.place("2001:db8:1:2::7").counted_as == places.place("2001:db8:1:2:ffff::1").counted_as
    assert places.place("2001:db8:1:2::7").counted_as != places.place("2001:db8:1:3::7").counted_as
    assert places.place(CLIENT).counted_as != places.place("203.0.113.8").counted_as


def test_this_machine_is_a_proxy_with_everybody_behind_it() -> None:
    assert Addresses("whole").place("::1").counted_as is None


# --- Forwarded, and what else proxies say ---


def told(by: str, peer: str, **headers: str) -> tuple[str, str, str]:
    """Return the client, the scheme and the host, by the headers of a request."""
    proxies = TrustedProxies(["10.0.0.0/8"], "forwarded" if by == "forwarded" else "x-forwarded")
    said = {name.replace("_", "-").lower(): value for name, value in headers.items()}

    def every(name: str) -> list[str]:
        return [said[name.lower()]] if name.lower() in said else []

    return proxies.client_of(peer, every), proxies.scheme(peer, every), proxies.host(peer, every)


def test_forwarded_is_read_from_the_right_too() -> None:
    said = 'for=192.0.2.66;proto=http, for="[2001:db8::7]:4711";proto=https;host="watch.example.com", for=10.0.0.2'
    assert told("forwarded", "10.0.0.1", Forwarded=said) == ("2001:db8::7", "", "")
    nearest = 'for=192.0.2.66;proto=http, FOR=192.0.2.7;Proto=https;Host="watch.example.com"'
    assert told("forwarded", "10.0.0.1", Forwarded=nearest) == ("192.0.2.7", "https", "watch.example.com")


def test_only_one_of_both_ways_counts() -> None:
    both = {"Forwarded": "for=192.0.2.66", "X_Forwarded_For": "192.0.2.7", "X_Forwarded_Proto": "http, https"}
    assert told("x-forwarded", "10.0.0.1", **both) == ("192.0.2.7", "https", "")
    assert told("forwarded", "10.0.0.1", **both) == ("192.0.2.66", "", "")


def test_what_is_no_proxy_of_ours_says_nothing() -> None:
    said = {"X_Forwarded_For": "192.0.2.7", "X_Forwarded_Proto": "https", "X_Forwarded_Host": "a"}
    assert told("x-forwarded", "192.0.2.1", **said) == ("192.0.2.1", "", "")


def test_a_quoted_comma_and_nonsense_mislead_nobody() -> None:
    for nonsense in ('for="a,for=192.0.2.9"', "for", "=", ";;,", 'for="', "for=unknown", "for=_hidden"):
        assert told("forwarded", "10.0.0.1", Forwarded=nonsense)[0] == "10.0.0.1"

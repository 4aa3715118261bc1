"""Links of incidents, and which of them are ours."""

from urllib.parse import parse_qs, urlsplit

import pytest

from monitor.incident_links import IncidentLinks
from tests.alert_builders import make_alert, make_incident

INCIDENT = make_incident(make_alert(), id="i1-1")


def signed(secret=b"s" * 32, private="https://roomwatch.example.com/", public="https://watch.example.com/"):
    links = IncidentLinks(private, public)
    links.sign_with(secret)
    return links


def token_of(links):
    return parse_qs(urlsplit(links.of(INCIDENT)["acknowledge"]).query)["token"][0]


def test_a_link_is_the_same_in_every_process_that_knows_the_secret():
    assert signed().of(INCIDENT) == signed().of(INCIDENT)
    assert token_of(signed()) != token_of(signed(b"t" * 32))


def test_a_token_has_128_bits_and_is_that_of_one_incident():
    links, token = signed(), token_of(signed())
    assert len(token) == 22
    assert links.fits("i1-1", token)
    assert not links.fits("i1-2", token)
    assert not signed(b"t" * 32).fits("i1-1", token)


@pytest.mark.parametrize("token", ["", "ü", "\udcff", "A" * 22])
def test_anything_else_fits_nothing(token):
    assert not signed().fits("i1-1", token)
    assert not signed().fits("\udcff", token)


def test_without_a_secret_nothing_is_signed_and_nothing_fits():
    links = IncidentLinks("https://roomwatch.example.com", "https://watch.example.com")
    assert links.of(INCIDENT) == {"page": "https://roomwatch.example.com/#alerts"}
    assert not links.fits("i1-1", "")


def test_where_there_is_no_address_there_is_no_link():
    assert signed(private="", public="").of(INCIDENT) == {}

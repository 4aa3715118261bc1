"""Links of incidents, and which of them are ours."""

from urllib.parse import parse_qs, urlsplit

import pytest

from alerts.model import Kind
from monitor.incident_links import IncidentLinks, page_of
from tests.alert_builders import START, make_alert, make_incident
from tests.builders import ALICE, BOB, CAROL, ROOM

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
    assert links.of(INCIDENT) == {"page": "https://roomwatch.example.com/incidents/i1-1"}
    assert not links.fits("i1-1", "")


def test_where_there_is_no_address_there_is_no_link():
    assert signed(private="", public="").of(INCIDENT) == {}


def about(*entities, **given):
    return make_incident(*(make_alert(entity=each, fingerprint=each) for each in entities), id="i1-1", **given)


def test_trouble_of_somebody_leads_to_the_call_at_the_moment_when_it_began_with_whom_it_is_about():
    assert page_of(about(f"{ROOM}/{ALICE}")) == f"/rooms/{ROOM}?at={round(START * 1000)}&participant={ALICE}"


def test_trouble_of_a_room_leads_to_the_call():
    incident = make_incident(make_alert(entity=ROOM, kind=Kind.ROOM))
    assert page_of(incident) == f"/rooms/{ROOM}?at={round(START * 1000)}"


def test_two_of_one_call_are_compared_and_of_more_the_worst_two():
    for others in ((), (f"{ROOM}/{CAROL}",)):
        page = page_of(about(f"{ROOM}/{ALICE}", f"{ROOM}/{BOB}", *others))
        assert page.endswith(f"&participant={ALICE}&and={BOB}")


@pytest.mark.parametrize(
    "incident",
    [
        about(f"{ROOM}/{ALICE}", f"RM{'b' * 32}/{BOB}"),
        make_incident(make_alert(entity="us1", kind=Kind.REGION), id="i1-1"),
        make_incident(make_alert(entity="name:class/identity:bob"), id="i1-1"),
    ],
)
def test_what_is_not_in_one_call_leads_to_the_incident(incident):
    assert page_of(incident) == "/incidents/i1-1"


def test_the_name_of_somebody_without_a_sid_is_not_in_the_address():
    assert page_of(about(f"{ROOM}/identity:bob")) == f"/rooms/{ROOM}?at={round(START * 1000)}"

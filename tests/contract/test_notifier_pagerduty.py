"""What PagerDuty is told."""

import json

import pytest

from alerts.delivery import Rejected
from alerts.model import NotificationKind
from alerts.notifiers.base import Attempt
from alerts.notifiers.pagerduty import EU, PagerDuty, PagerDutyConfig
from tests.alert_builders import START, make_alert, make_incident, make_notification

ROUTING_KEY = "0123456789abcdef0123456789abcdef"
TRIGGER = make_notification()
RESOLVE = make_notification(kind=NotificationKind.RESOLVE, at=START + 60)
LINKS = {"page": "https://rw.example.com/incidents/i1", "acknowledge": "https://rw.example.com/incidents/i1/ack"}


def about(alert, **changes):
    return make_notification(alert=alert, **changes)


def pagerduty(**settings):
    return PagerDuty(PagerDutyConfig(**{"routing_key": ROUTING_KEY, **settings}))


def event(notification, **settings):
    return json.loads(pagerduty(**settings).render(notification, Attempt(START)).body)


def test_a_trigger_tells_pagerduty_what_where_and_how_badly():
    told = event(TRIGGER, source="acme-prod", external_url="https://rw.example.com")
    assert (told["event_action"], told["routing_key"], told["dedup_key"]) == ("trigger", ROUTING_KEY, TRIGGER.dedup_key)
    payload = told["payload"]
    assert (payload["summary"], payload["source"], payload["severity"]) == (
        "alice is cut off.",
        "acme-prod",
        "critical",
    )
    assert (payload["timestamp"], payload["component"], payload["class"]) == ("2025-11-21T01:53:20.000Z", "PA1", "Bad")
    assert payload["custom_details"]["identity"] == "alice"
    assert payload["custom_details"]["reason"] == "held: level <= 1 for 10 s"
    assert (told["client"], told["client_url"]) == ("Roomwatch", "https://rw.example.com")


def test_a_resolve_tells_pagerduty_the_key_and_no_more():
    assert event(RESOLVE) == {
        "routing_key": ROUTING_KEY,
        "event_action": "resolve",
        "dedup_key": TRIGGER.dedup_key,
    }


def test_pagerduty_links_to_a_runbook_that_has_an_address():
    online = make_alert(annotations={"summary": "x", "runbook_url": "https://example.com/runbook"})
    assert event(about(online))["links"] == [{"href": "https://example.com/runbook", "text": "Runbook"}]
    assert "links" not in event(TRIGGER)


def test_pagerduty_links_to_the_page_of_the_incident_and_to_its_acknowledgement():
    told = event(make_notification(links=LINKS))
    assert told["links"] == [
        {"href": LINKS["page"], "text": "Open"},
        {"href": LINKS["acknowledge"], "text": "Acknowledge"},
    ]
    assert told["client_url"] == LINKS["page"]


def test_pagerduty_is_not_asked_to_acknowledge_again():
    incident = make_incident(make_alert(), acknowledged_by="bob")
    told = event(make_notification(NotificationKind.UPDATE, incident=incident, links=LINKS))
    assert [link["text"] for link in told["links"]] == ["Open"]


@pytest.mark.parametrize("kind", [NotificationKind.UPDATE, NotificationKind.REPEAT])
def test_an_update_and_a_repeat_attach_to_what_is_open_under_the_same_key(kind):
    told = event(make_notification(kind))
    assert (told["event_action"], told["dedup_key"]) == ("trigger", TRIGGER.dedup_key)


def test_an_acknowledge_tells_pagerduty_the_key_and_no_more():
    assert event(make_notification(NotificationKind.ACKNOWLEDGE)) == {
        "routing_key": ROUTING_KEY,
        "event_action": "acknowledge",
        "dedup_key": TRIGGER.dedup_key,
    }


def test_pagerduty_is_told_which_alerts_an_incident_is_made_of():
    alerts = [make_alert(entity=f"PA{number}", annotations={}) for number in range(3)]
    details = event(make_notification(incident=make_incident(*alerts, firing_count=5)))["payload"]["custom_details"]
    assert details["firing"] == ["Bad PA0", "Bad PA1", "Bad PA2"]
    assert (details["firing_count"], details["not_listed"]) == (5, 2)


def test_a_summary_longer_than_pagerduty_takes_is_cut_visibly():
    summary = event(about(make_alert(annotations={"summary": "x" * 2000})))["payload"]["summary"]
    assert len(summary) == 1024
    assert summary.endswith("… [cut]")


def test_an_alert_without_words_still_has_a_summary():
    assert event(about(make_alert(annotations={})))["payload"]["summary"] == "Bad PA1"


def test_details_that_would_make_an_event_too_large_are_dropped_visibly():
    told = event(about(make_alert(details={"identity": "x" * 600_000})))
    assert told["payload"]["custom_details"] == {"details": "dropped: the event was larger than PagerDuty takes"}


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({}, "https://events.pagerduty.com/v2/enqueue"),
        ({"base_url": EU}, "https://events.eu.pagerduty.com/v2/enqueue"),
        ({"base_url": "http://127.0.0.1:1/"}, "http://127.0.0.1:1/v2/enqueue"),
    ],
)
def test_pagerduty_is_reached_where_the_account_lives(settings, url):
    assert pagerduty(**settings).render(TRIGGER, Attempt(START)).url == url


def test_what_pagerduty_complains_of_is_repeated():
    body = b'{"status":"invalid event","message":"Event object is invalid","errors":["\'summary\' is missing"]}'
    assert pagerduty().judge(400, {}, body) == Rejected(
        "answered 400 Bad Request: Event object is invalid; 'summary' is missing"
    )


def test_a_routing_key_of_the_wrong_length_is_refused_without_being_shown():
    with pytest.raises(ValueError, match="routing_key: expected 32 characters, got 6") as refused:
        pagerduty(routing_key="s3cret")
    assert "s3cret" not in str(refused.value)

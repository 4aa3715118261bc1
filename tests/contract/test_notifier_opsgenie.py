"""What Opsgenie and Jira Service Management are told."""

import json

import pytest

from alerts.model import NotificationKind, Severity
from alerts.notifiers.base import Attempt
from alerts.notifiers.opsgenie import (
    JIRA_SERVICE_MANAGEMENT,
    OPSGENIE_EU,
    Opsgenie,
    OpsgenieConfig,
    within,
)
from tests.alert_builders import START, make_alert, make_incident, make_notification

LINKS = {"page": "https://rw.example.com/i", "acknowledge": "https://rw.example.com/a"}
TRIGGER = make_notification(links=LINKS)


def opsgenie(**settings):
    return Opsgenie(OpsgenieConfig(**{"api_key": "k", **settings}))


def told(notification, **settings):
    request = opsgenie(**settings).render(notification, Attempt(START))
    return request.url, json.loads(request.body)


@pytest.mark.promise("P2")
@pytest.mark.parametrize("kind", [NotificationKind.TRIGGER, NotificationKind.REPEAT])
def test_a_trigger_and_a_repeat_create_the_one_alert_of_their_alias(kind):
    url, alert = told(make_notification(kind))
    assert url == "https://api.opsgenie.com/v2/alerts"
    assert alert["alias"] == TRIGGER.dedup_key


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        (NotificationKind.UPDATE, "notes"),
        (NotificationKind.ACKNOWLEDGE, "acknowledge"),
        (NotificationKind.RESOLVE, "close"),
    ],
)
def test_whatever_follows_is_done_to_the_alert_of_that_alias(kind, action):
    url, word = told(make_notification(kind, at=START + 60))
    assert url == f"https://api.opsgenie.com/v2/alerts/{TRIGGER.dedup_key}/{action}?identifierType=alias"
    assert "alice is cut off." in word["note"]


def test_an_alert_says_what_where_and_how_badly():
    request = opsgenie(tags=("video",)).render(TRIGGER, Attempt(START))
    alert = json.loads(request.body)
    assert request.headers["Authorization"] == "GenieKey k"
    assert (alert["message"], alert["priority"], alert["entity"]) == ("alice is cut off.", "P1", "PA1")
    assert (alert["tags"], alert["source"]) == (["video"], "roomwatch")
    assert alert["details"] == {
        "incident": TRIGGER.incident.id,
        "room_name": "class",
        "alertname": "Bad",
        "identity": "alice",
        "level": "0",
    }
    for said in ("Level 0 of 5.", "Open: https://rw.example.com/i", "Since: 2025-11-21 01:53:20 UTC"):
        assert said in alert["description"]


def test_who_acknowledged_is_named():
    incident = make_incident(make_alert(), acknowledged_by="bob")
    assert told(make_notification(NotificationKind.ACKNOWLEDGE, incident=incident))[1]["user"] == "bob"
    assert "user" not in told(make_notification(NotificationKind.UPDATE, incident=incident))[1]


@pytest.mark.parametrize(
    ("severity", "priority"), [(Severity.CRITICAL, "P2"), (Severity.WARNING, "P3"), (Severity.INFO, "P5")]
)
def test_priorities_are_the_usual_ones_unless_said_otherwise(severity, priority):
    notification = make_notification(alert=make_alert(severity=severity))
    assert told(notification, priorities={"critical": "P2"})[1]["priority"] == priority


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        (OPSGENIE_EU, "https://api.eu.opsgenie.com/v2/alerts"),
        (JIRA_SERVICE_MANAGEMENT, "https://api.atlassian.com/jsm/ops/integration/v2/alerts"),
        ("http://127.0.0.1:1/", "http://127.0.0.1:1/v2/alerts"),
    ],
)
def test_opsgenie_is_reached_where_the_account_lives(base_url, url):
    assert told(TRIGGER, base_url=base_url)[0] == url


@pytest.mark.promise("P17")
def test_details_are_kept_as_long_as_there_is_room():
    assert within(10, [("ab", "cd"), ("ef", "🔥🔥"), ("g", "")]) == {"ab": "cd", "ef": "🔥🔥"}
    assert within(9, [("ab", "cd"), ("ef", "🔥🔥"), ("g", "")]) == {"ab": "cd"}


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"api_key": ""}, "api_key: expected the key of an API integration"),
        ({"api_key": "s3cret\n"}, "api_key: expected the key of an API integration"),
        ({"tags": ("x" * 51,)}, "tags: expected at most 20 of at most 50 characters"),
        ({"tags": ("x",) * 21}, "tags: expected at most 20 of at most 50 characters"),
        ({"priorities": {"grave": "P1"}}, "priorities: expected critical, warning, info as one of P1.*got grave as P1"),
        ({"priorities": {"info": "P6"}}, "priorities: expected .*, got info as P6"),
    ],
)
def test_what_opsgenie_would_refuse_is_refused_without_showing_the_key(settings, complaint):
    with pytest.raises(ValueError, match=complaint) as refused:
        opsgenie(**settings)
    assert "s3cret" not in str(refused.value)

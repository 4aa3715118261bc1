"""What Microsoft Teams is told."""

import json

import pytest

from alerts.model import NotificationKind, Severity
from alerts.notifiers.base import Attempt
from alerts.notifiers.teams import Teams, TeamsConfig
from alerts.notifiers.wording import POSSIBLY_TWICE
from tests.alert_builders import START, make_alert, make_incident, make_notification

URL = "https://prod-00.westeurope.logic.azure.com:443/workflows/w?sig=x"


def teams(**settings):
    return Teams(TeamsConfig(**{"url": URL, **settings}))


def card(notification, **attempt):
    message = json.loads(teams().render(notification, Attempt(START, **attempt)).body)
    assert message["type"] == "message"
    [attachment] = message["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    return attachment["content"]


def lines(notification, **attempt):
    return ["".join(run["text"] for run in block["inlines"]) for block in card(notification, **attempt)["body"]]


def test_a_card_says_what_is_wrong_and_since_when():
    assert lines(make_notification()) == [
        "🔴 Critical",
        "alice is cut off.",
        "Level 0 of 5.",
        "Since: 2025-11-21 01:53:20 UTC",
        "Reason: held: level <= 1 for 10 s",
        "room_name: class",
        "alertname: Bad",
        "Incident: i1-f1-PA1",
    ]


def test_a_card_lists_its_alerts():
    alerts = [make_alert(entity=f"PA{number}", annotations={}) for number in range(2)]
    said = lines(make_notification(incident=make_incident(*alerts, firing_count=40)))
    assert said[1:5] == ["Bad PA0, and 39 more.", "• Bad PA0", "• Bad PA1", "… and 38 more"]


@pytest.mark.parametrize(
    ("kind", "severity", "colour"),
    [
        (NotificationKind.TRIGGER, Severity.CRITICAL, "attention"),
        (NotificationKind.TRIGGER, Severity.WARNING, "warning"),
        (NotificationKind.TRIGGER, Severity.INFO, "accent"),
        (NotificationKind.RESOLVE, Severity.CRITICAL, "good"),
    ],
)
def test_the_colour_of_the_headline_tells_how_bad_it_is(kind, severity, colour):
    notification = make_notification(kind, at=START + 60, alert=make_alert(severity=severity))
    assert card(notification)["body"][0]["inlines"][0]["color"] == colour


def test_nothing_from_outside_is_where_markup_means_anything():
    alert = make_alert(annotations={"summary": "[click](https://example.com) **x**"})
    shown = card(make_notification(alert=alert))
    assert {block["type"] for block in shown["body"]} == {"RichTextBlock"}
    assert {run["type"] for block in shown["body"] for run in block["inlines"]} == {"TextRun"}


def test_a_card_has_buttons_that_open_pages():
    links = {"page": "https://rw.example.com/i", "acknowledge": "https://rw.example.com/a"}
    assert [(each["type"], each["title"], each["url"]) for each in card(make_notification(links=links))["actions"]] == [
        ("Action.OpenUrl", "Open", links["page"]),
        ("Action.OpenUrl", "Acknowledge", links["acknowledge"]),
    ]


@pytest.mark.promise("P39")
def test_a_card_that_may_be_there_already_says_so():
    assert f"Note: {POSSIBLY_TWICE}" in lines(make_notification(), maybe_heard=True)


@pytest.mark.promise("P17")
def test_a_card_that_would_be_too_large_loses_its_end_visibly():
    many = "漢" * 1000
    alert = make_alert(annotations={"summary": many, "description": many}, labels=dict.fromkeys("abcdef", many))
    links = dict.fromkeys(("page", "acknowledge"), f"https://rw.example.com/{'x' * 900}")
    said = lines(make_notification(incident=make_incident(*[alert] * 12), links=links))
    assert said[1].startswith("漢")
    assert said[-1] == "… [cut]"


@pytest.mark.promise("P14")
def test_a_workflow_is_asked_four_times_a_second_at_most():
    assert (teams().budget.requests, teams().budget.per_s) == (4, 1.0)


def test_an_address_that_cannot_be_posted_to_is_refused_without_being_shown():
    with pytest.raises(ValueError, match="url: expected http") as refused:
        teams(url="logic.azure.com/s3cret")
    assert "s3cret" not in str(refused.value)

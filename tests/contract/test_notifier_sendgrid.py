"""Mail through SendGrid: what it says, where it belongs, and what the answers mean."""

import json

import pytest

from alerts.delivery import Delivered, Rejected, TryAgain
from alerts.model import NotificationKind
from alerts.notifiers.base import Attempt
from alerts.notifiers.sendgrid import EU, SendGrid, SendGridConfig
from tests.alert_builders import START, make_alert, make_incident, make_notification

TRIGGER = make_notification(links={"page": "https://rw.example.com/i/1", "acknowledge": "https://rw.example.com/a/1"})
RESOLVE = make_notification(NotificationKind.RESOLVE, at=START + 60)
DATE = "Fri, 21 Nov 2025 01:53:20 GMT"  # START


def sendgrid(**settings):
    given = {"api_key": "SG.s3cret", "sender": "rw@example.com", "to": ("anna@example.com", "bob@example.com")}
    return SendGrid(SendGridConfig(**{**given, **settings}))


def mail(notification=TRIGGER, *, maybe_heard=False, **settings):
    return json.loads(sendgrid(**settings).render(notification, Attempt(START, maybe_heard=maybe_heard)).body)


def text(*args, **settings):
    (content,) = mail(*args, **settings)["content"]
    assert content["type"] == "text/plain"
    return content["value"]


def test_mail_goes_to_everybody_at_once():
    sent = mail()
    assert sent["personalizations"] == [{"to": [{"email": "anna@example.com"}, {"email": "bob@example.com"}]}]
    assert sent["from"] == {"email": "rw@example.com", "name": "Roomwatch"}
    assert sent["subject"] == "[CRITICAL] alice is cut off."


@pytest.mark.parametrize(("settings", "host"), [({}, "api.sendgrid.com"), ({"base_url": EU}, "api.eu.sendgrid.com")])
def test_sendgrid_is_reached_where_the_account_lives(settings, host):
    request = sendgrid(**settings).render(TRIGGER, Attempt(START))
    assert request.url == f"https://{host}/v3/mail/send"
    assert request.headers["Authorization"] == "Bearer SG.s3cret"


def test_the_text_says_what_since_when_and_where_to_read_more():
    assert text() == (
        "CRITICAL: alice is cut off.\n\n"
        "Since 2025-11-21T01:53:20.000Z.\n\n"
        "Firing: alice is cut off.\nLevel 0 of 5.\ndocs/x.md#bad\n\n"
        "Read more: https://rw.example.com/i/1\n\n"
        "Acknowledge: https://rw.example.com/a/1\n"
    )
    assert "until 2025-11-21T01:54:20.000Z." in text(RESOLVE)


def test_alerts_that_are_not_listed_are_counted():
    alerts = [make_alert(entity=f"PA{number}") for number in range(60)]
    told = text(make_notification(incident=make_incident(*alerts, firing_count=500)))
    assert told.count("Firing: ") == 50
    assert "And 450 more." in told


def test_a_template_is_given_everything_there_is_to_say():
    sent = mail(template_id="d-1234")
    data = sent["personalizations"][0]["dynamic_template_data"]
    assert sent["template_id"] == "d-1234"
    assert "content" not in sent
    assert (data["subject"], data["severity"], data["kind"]) == ("[CRITICAL] alice is cut off.", "critical", "trigger")
    assert data["firing"][0]["summary"] == "alice is cut off."


def test_all_mail_about_an_incident_is_one_conversation_and_each_word_one_mail():
    first, again, last = mail()["headers"], mail(maybe_heard=True)["headers"], mail(RESOLVE)["headers"]
    assert first["Message-ID"] == again["Message-ID"] != last["Message-ID"]
    assert first["References"] == last["References"] == f"<{TRIGGER.dedup_key}@example.com>"
    assert first["Auto-Submitted"] == "auto-generated"
    reserved = {"x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"}
    assert not {name.lower() for name in first} & (reserved | {"to", "from", "subject", "reply-to", "cc", "bcc"})


def test_a_mail_can_be_found_again_by_the_notification():
    assert mail()["custom_args"] == {"notification_id": TRIGGER.id, "dedup_key": TRIGGER.dedup_key}


@pytest.mark.promise("P39")
def test_what_may_have_been_heard_says_so_when_it_is_said_again():
    assert text(maybe_heard=True).startswith("This mail may have reached you before.\n\n")
    assert mail(maybe_heard=True)["subject"] == mail()["subject"]


def test_a_subject_is_one_short_line():
    alert = make_alert(annotations={"summary": "a\nb\r\n" + "c" * 500})
    subject = mail(make_notification(alert=alert))["subject"]
    assert "\n" not in subject
    assert len(subject) == 200


def test_the_reference_is_sendgrids_name_for_the_mail():
    assert sendgrid().judge(202, {"X-Message-Id": "14c5d75ce93"}, b"") == Delivered("14c5d75ce93")


@pytest.mark.promise("P11")
@pytest.mark.parametrize(
    ("headers", "after_s"),
    [
        ({"X-RateLimit-Reset": "1763690007", "Date": DATE}, 7.0),
        ({"x-ratelimit-reset": "1763690007", "date": DATE}, 7.0),
        ({"X-RateLimit-Reset": "1763680000", "Date": DATE}, 0.0),
        ({"X-RateLimit-Reset": "1763999999", "Date": DATE}, 3600.0),
        ({"X-RateLimit-Reset": "1763690007"}, None),
        ({"X-RateLimit-Reset": "soon", "Date": DATE}, None),
        ({"X-RateLimit-Reset": "9" * 30, "Date": DATE}, None),
        ({"X-RateLimit-Reset": "1763690007", "Retry-After": "3", "Date": DATE}, 3.0),
    ],
)
def test_too_much_is_said_again_when_sendgrid_listens_again(headers, after_s):
    assert sendgrid().judge(429, headers, b"") == TryAgain("answered 429 Too Many Requests", after_s=after_s)


@pytest.mark.promise("P12")
@pytest.mark.parametrize(
    ("status", "words"), [(400, "Bad Request"), (401, "Unauthorized"), (403, "Forbidden"), (413, "")]
)
def test_what_sendgrid_refuses_is_refused_for_good(status, words):
    outcome = sendgrid().judge(status, {}, b'{"errors": [{"message": "anna@example.com is wrong"}]}')
    assert isinstance(outcome, Rejected)
    assert words in outcome.reason
    assert "anna" not in outcome.reason


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"api_key": ""}, "api_key: expected a key of SendGrid's"),
        ({"to": ()}, r"to: expected 1\.\.1000 addresses, got 0"),
        ({"to": ("anna@example.com", "anna")}, r"to\[1\]: expected an address such as ops@example.com"),
        ({"sender": "Anna <anna@example.com>"}, "sender: expected an address such as"),
        ({"template_id": "1234"}, "template_id: expected a dynamic template, which begins with d-"),
    ],
)
def test_what_sendgrid_would_refuse_is_refused_before(settings, complaint):
    with pytest.raises(ValueError, match=complaint) as refused:
        sendgrid(**settings)
    assert "anna" not in str(refused.value)

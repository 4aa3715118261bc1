"""Mail through SendGrid: what it says, where it belongs, and what the answers mean."""

import json

import pytest

from alerts.delivery import TryAgain
from alerts.model import NotificationKind
from alerts.notifiers.base import Attempt
from alerts.notifiers.letter import letter
from alerts.notifiers.sendgrid import EU, SendGrid, SendGridConfig
from alerts.notifiers.wording import POSSIBLY_TWICE
from tests.alert_builders import START, make_alert, make_notification

TRIGGER = make_notification(links={"page": "https://rw.example.com/i/1", "acknowledge": "https://rw.example.com/a/1"})
RESOLVE = make_notification(NotificationKind.RESOLVE, at=START + 60)
DATE = "Fri, 21 Nov 2025 01:53:20 GMT"  # START


def sendgrid(**settings):
    given = {
        "api_key": "SG.s3cret",
        "sender": "Roomwatch <rw@example.com>",
        "to": ("anna@example.com", "bob@example.com"),
    }
    return SendGrid(SendGridConfig(**{**given, **settings}))


def mail(notification=TRIGGER, *, maybe_heard=False, **settings):
    return json.loads(sendgrid(**settings).render(notification, Attempt(START, maybe_heard=maybe_heard)).body)


def text(*args, **settings):
    plain, html = mail(*args, **settings)["content"]
    assert (plain["type"], html["type"]) == ("text/plain", "text/html")
    return plain["value"]


def test_mail_goes_to_everybody_at_once():
    sent = mail()
    assert sent["personalizations"] == [{"to": [{"email": "anna@example.com"}, {"email": "bob@example.com"}]}]
    assert sent["from"] == {"email": "rw@example.com", "name": "Roomwatch"}
    assert sent["subject"] == "[FIRING:1] alice is cut off."
    assert mail(sender="rw@example.com")["from"] == {"email": "rw@example.com"}


@pytest.mark.parametrize(("settings", "host"), [({}, "api.sendgrid.com"), ({"base_url": EU}, "api.eu.sendgrid.com")])
def test_sendgrid_is_reached_where_the_account_lives(settings, host):
    request = sendgrid(**settings).render(TRIGGER, Attempt(START))
    assert request.url == f"https://{host}/v3/mail/send"
    assert request.headers["Authorization"] == "Bearer SG.s3cret"


def test_the_letter_is_that_of_any_other_mail():
    written = letter(TRIGGER, Attempt(START), "https://rw.example.com")
    forms = [each["value"] for each in mail(external_url="https://rw.example.com")["content"]]
    assert forms == [written.text, written.html]
    assert "https://rw.example.com/a/1" in text()


def test_a_template_is_given_everything_there_is_to_say():
    sent = mail(template_id="d-1234")
    data = sent["personalizations"][0]["dynamic_template_data"]
    assert sent["template_id"] == "d-1234"
    assert "content" not in sent
    assert (data["subject"], data["severity"], data["kind"]) == ("[FIRING:1] alice is cut off.", "critical", "trigger")
    assert data["firing"][0]["summary"] == "alice is cut off."


def test_all_mail_about_an_incident_is_one_conversation_and_each_word_one_mail():
    first, again, last = mail()["headers"], mail(maybe_heard=True)["headers"], mail(RESOLVE)["headers"]
    assert first["Message-ID"] == again["Message-ID"] != last["Message-ID"]
    assert last["References"] == first["Message-ID"] == f"<{TRIGGER.dedup_key}@example.com>"
    assert first["Auto-Submitted"] == "auto-generated"
    reserved = {"x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"}
    assert not {name.lower() for name in first} & (reserved | {"to", "from", "subject", "reply-to", "cc", "bcc"})


def test_a_mail_can_be_found_again_by_the_notification():
    assert mail()["custom_args"] == {"notification_id": TRIGGER.id, "dedup_key": TRIGGER.dedup_key}


@pytest.mark.promise("P39")
def test_what_may_have_been_heard_says_so_when_it_is_said_again():
    assert POSSIBLY_TWICE in text(maybe_heard=True)
    assert POSSIBLY_TWICE not in text()
    assert mail(maybe_heard=True)["subject"] == mail()["subject"]


def test_a_subject_is_one_short_line():
    alert = make_alert(annotations={"summary": "a\nb\r\n" + "c" * 500})
    subject = mail(make_notification(alert=alert))["subject"]
    assert "\n" not in subject
    assert subject.startswith("[FIRING:1] a b ccc")
    assert len(subject) < 250


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


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"api_key": ""}, "api_key: expected a key of SendGrid's"),
        ({"to": ()}, r"to: expected 1\.\.1000 addresses, got 0"),
        ({"to": ("anna@example.com", "anna")}, r"to\[1\]: expected an address such as ops@example.com"),
        ({"to": ("anna@example.com", "Anna@example.com")}, "to: expected each address once"),
        ({"sender": "Anna <anna>"}, "sender: expected an address such as"),
        ({"template_id": "1234"}, "template_id: expected a dynamic template, which begins with d-"),
    ],
)
def test_what_sendgrid_would_refuse_is_refused_before(settings, complaint):
    with pytest.raises(ValueError, match=complaint) as refused:
        sendgrid(**settings)
    assert "anna" not in str(refused.value)

"""One suite for every notifier in the registry: a new one is found here by its line there."""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import SMTP as WIRE
from types import MappingProxyType
from typing import Any

import pytest
from standardwebhooks import Webhook as ReferenceWebhook

from alerts.delivery import Delivered, Rejected, TryAgain
from alerts.model import NotificationKind
from alerts.notifiers.apprise import BODY_LIMIT
from alerts.notifiers.base import AppriseMessage, Attempt, HttpRequest, LogLine, Mail, Request, cut
from alerts.notifiers.log import LARGEST_LINE_BYTES
from alerts.notifiers.pagerduty import EU, EVENT_LIMIT_BYTES, PagerDuty, PagerDutyConfig
from alerts.notifiers.registry import NOTIFIERS
from alerts.notifiers.smtp import LARGEST_MAIL_BYTES
from alerts.notifiers.webhook import LARGEST_BODY_BYTES, Webhook, WebhookConfig
from tests.alert_builders import START, make_alert, make_incident, make_notification

ROUTING_KEY = "0123456789abcdef0123456789abcdef"
OLD_SECRET, NEW_SECRET = ("whsec_" + base64.b64encode(name * 24).decode() for name in (b"o", b"n"))


def body_of(request: Request) -> bytes:
    """Return what is sent, whatever it is carried by."""
    match request:
        case HttpRequest():
            return request.body
        case Mail():
            return request.message
        case LogLine():
            return request.text.encode()
        case AppriseMessage():
            return f"{request.title}\n{request.body}".encode()


def address_of(request: Request) -> str:
    """Return what somebody could echo of where it was sent."""
    match request:
        case HttpRequest() | AppriseMessage():
            return request.url
        case Mail():
            return " ".join((request.sender, *request.recipients))
        case LogLine():
            return request.origin


def from_json(request: Request) -> dict[str, Any]:
    return json.loads(body_of(request), parse_constant=pytest.fail)


def from_mail(request: Mail) -> dict[str, Any]:
    """Return the headers, and both texts; no line may be longer than mail allows, nor be anything but ASCII."""
    assert max(map(len, request.message.split(b"\r\n"))) <= 998
    assert request.message.isascii()
    mail = message_from_bytes(request.message, policy=WIRE)
    texts = {form: mail.get_body((form,)).get_content() for form in ("plain", "html")}
    return {**dict(mail.items()), **texts}


def from_apprise(request: AppriseMessage) -> dict[str, Any]:
    return {"title": request.title, "body": request.body, "type": request.type}


@dataclass(frozen=True)
class Known:
    """What the suite must know of a notifier to try it; `read` makes a mapping of what it renders."""

    settings: MappingProxyType
    secrets: tuple[str, ...]
    limit_bytes: int
    resolve: dict
    read: Callable[[Any], dict[str, Any]] = from_json
    speaks_http: bool = True


KNOWN = {
    "webhook": Known(
        settings=MappingProxyType(
            {
                "url": "https://me:pass-w0rd@hooks.example.com:8443/path-s3cret?token=query-s3cret",
                "secrets": (NEW_SECRET,),
            }
        ),
        secrets=("path-s3cret", "query-s3cret", "pass-w0rd", NEW_SECRET.removeprefix("whsec_")),
        limit_bytes=LARGEST_BODY_BYTES,
        resolve={"status": "resolved"},
    ),
    "pagerduty": Known(
        settings=MappingProxyType({"routing_key": ROUTING_KEY}),
        secrets=(ROUTING_KEY,),
        limit_bytes=EVENT_LIMIT_BYTES,
        resolve={"event_action": "resolve"},
    ),
    "smtp": Known(
        settings=MappingProxyType(
            {
                "host": "mail.example.com",
                "sender": "Roomwatch <roomwatch-s3cret@example.com>",
                "to": ("ops-s3cret@example.com", "boss-s3cret@example.com"),
                "username": "user-s3cret",
                "password": "pass-w0rd",
            }
        ),
        secrets=("roomwatch-s3cret", "ops-s3cret", "boss-s3cret", "user-s3cret", "pass-w0rd"),
        limit_bytes=LARGEST_MAIL_BYTES,
        resolve={"X-Roomwatch-Kind": "resolve"},
        read=from_mail,
        speaks_http=False,
    ),
    "log": Known(
        settings=MappingProxyType({"to": "stdout"}),
        secrets=(),
        limit_bytes=LARGEST_LINE_BYTES,
        resolve={"kind": "resolve"},
    ),
    "apprise": Known(
        settings=MappingProxyType({"url": "ntfy://me:pass-w0rd@ntfy.example.com/topic-s3cret"}),
        secrets=("topic-s3cret", "pass-w0rd"),
        limit_bytes=4 * BODY_LIMIT,
        resolve={"type": "success"},
        read=from_apprise,
    ),
}


def about(alert, kind=NotificationKind.TRIGGER):
    return make_notification(kind, alert=alert, at=START if kind is NotificationKind.TRIGGER else START + 60)


TRIGGER = make_notification()
RESOLVE = make_notification(kind=NotificationKind.RESOLVE, at=START + 60)
DATE = "Fri, 21 Nov 2025 01:20:00 GMT"
LATER = "Fri, 21 Nov 2025 01:20:07 GMT"


@pytest.fixture(params=sorted(NOTIFIERS))
def kind(request):
    return request.param


@pytest.fixture
def known(kind):
    return KNOWN[kind]


@pytest.fixture
def config(kind, known):
    return NOTIFIERS[kind].Config(**known.settings)


@pytest.fixture
def notifier(kind, config):
    return NOTIFIERS[kind](config)


STATUSES = [
    (200, {}, Delivered()),
    (202, {}, Delivered()),
    (204, {}, Delivered()),
    (302, {"Location": "https://elsewhere.example.com"}, Rejected("answered 302 Found")),
    (400, {}, Rejected("answered 400 Bad Request")),
    (401, {}, Rejected("answered 401 Unauthorized")),
    (403, {}, Rejected("answered 403 Forbidden")),
    (404, {}, Rejected("answered 404 Not Found")),
    (408, {}, TryAgain("answered 408 Request Timeout")),
    (410, {}, Rejected("answered 410 Gone")),
    (429, {}, TryAgain("answered 429 Too Many Requests")),
    (429, {"Retry-After": "7"}, TryAgain("answered 429 Too Many Requests", after_s=7)),
    (429, {"retry-after": LATER, "date": DATE}, TryAgain("answered 429 Too Many Requests", after_s=7)),
    (429, {"Retry-After": DATE, "Date": LATER}, TryAgain("answered 429 Too Many Requests", after_s=0)),
    (429, {"Retry-After": LATER}, TryAgain("answered 429 Too Many Requests")),
    (429, {"Retry-After": "soon"}, TryAgain("answered 429 Too Many Requests")),
    (429, {"Retry-After": "-7"}, TryAgain("answered 429 Too Many Requests")),
    (429, {"Retry-After": "9" * 400}, TryAgain("answered 429 Too Many Requests", after_s=3600)),
    (500, {}, TryAgain("answered 500 Internal Server Error")),
    (502, {}, TryAgain("answered 502 Bad Gateway", ambiguous=True)),
    (503, {"Retry-After": "120"}, TryAgain("answered 503 Service Unavailable", after_s=120)),
    (504, {}, TryAgain("answered 504 Gateway Timeout", ambiguous=True)),
    (599, {}, TryAgain("answered 599")),
]


@pytest.mark.parametrize(("status", "headers", "outcome"), STATUSES)
def test_a_status_means_the_same_to_every_notifier(known, notifier, status, headers, outcome):
    if known.speaks_http:
        assert notifier.judge(status, headers, b"") == outcome


@pytest.mark.parametrize("body", [b"\xff\x00", b"null", b"[]", b'{"errors": 7}', b"[" * 100_000, b'{"message": {}}'])
def test_an_answer_that_makes_no_sense_is_judged_by_its_status(known, notifier, body):
    verdict = Rejected("answered 400 Bad Request") if known.speaks_http else TryAgain("answered 400")
    assert notifier.judge(400, {}, body) == verdict


def test_no_secret_is_shown_by_anything_made_from_the_configuration(known, config, notifier):
    request = notifier.render(TRIGGER, Attempt(START))
    shown = f"{config!r} {config} {notifier!r} {request!r} {request.origin}"
    assert [secret for secret in known.secrets if secret in shown] == []


def test_no_secret_is_shown_though_the_service_echoes_what_it_was_sent(known, notifier):
    request = notifier.render(TRIGGER, Attempt(START))
    sent, address = body_of(request), address_of(request)
    echo = json.dumps({"message": f"no such {address}", "errors": [*known.secrets, sent.decode()]}).encode()
    for body in (echo, sent):
        outcome = notifier.judge(400, {"Echo": address}, body)
        assert [secret for secret in known.secrets if secret in repr(outcome)] == []


def test_a_resolve_says_so_and_carries_the_key_of_its_trigger(known, notifier):
    trigger, resolve = (known.read(notifier.render(each, Attempt(START))) for each in (TRIGGER, RESOLVE))
    assert known.resolve.items() <= resolve.items()
    assert not known.resolve.items() <= trigger.items()
    for message in (trigger, resolve):
        assert TRIGGER.dedup_key in json.dumps(message)


def test_a_repeat_of_an_attempt_has_the_same_body(notifier):
    first, second = (notifier.render(TRIGGER, Attempt(at)) for at in (START, START + 999))
    assert body_of(first) == body_of(second)


HUGE = {
    "emoji": "🔥" * 300_000,
    "right-to-left": "שלום " * 200_000,
    "half an emoji": "\ud83d" * 1000,
    "control characters": "\x00\x1b\u2028" * 20,
    "a megabyte": "x" * 1_000_000,
}


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE.keys())
@pytest.mark.parametrize("word", [TRIGGER, RESOLVE], ids=["trigger", "resolve"])
def test_whatever_an_alert_says_the_body_can_be_read_and_is_within_the_limit(known, notifier, word, text):
    alert = make_alert(
        annotations={"summary": text, "description": text, "runbook_url": "https://example.com/runbook"},
        details={"identity": text, **{f"detail_{number}": text for number in range(20)}, "level": float("nan")},
        labels={"room_name": text},
        value=float("inf"),
    )
    request = notifier.render(about(alert, word.kind), Attempt(START))
    assert len(body_of(request)) <= known.limit_bytes
    known.read(request)


def test_a_cut_is_visible_and_never_splits_an_emoji():
    assert cut("short", 10) == "short"
    assert cut("🔥" * 10, 20) == "🔥" * 10
    shortened = cut("🔥" * 11, 20)
    assert shortened == "🔥" * 6 + "… [cut]"
    assert len(shortened.encode("utf-16-le")) // 2 <= 20


# --- webhook ---------------------------------------------------------------------------------------------


def webhook(**settings):
    return Webhook(WebhookConfig(**{"url": "https://hooks.example.com/x", **settings}))


def test_a_webhook_is_told_in_the_shape_of_alertmanager():
    message = json.loads(webhook(external_url="https://rw.example.com").render(RESOLVE, Attempt(START)).body)
    assert (message["version"], message["status"], message["receiver"]) == ("4", "resolved", "ops")
    assert message["groupLabels"] == {"alertname": "Bad"}
    assert message["externalURL"] == "https://rw.example.com"
    assert message["notification_reason"] == "gone: room_ended"
    [alert] = message["alerts"]
    assert (
        alert["labels"]
        == message["commonLabels"]
        == {
            "alertname": "Bad",
            "severity": "critical",
            "kind": "participant",
            "room_name": "class",
        }
    )
    assert (alert["startsAt"], alert["endsAt"]) == ("2025-11-21T01:53:20.000Z", "2025-11-21T01:54:20.000Z")
    assert alert["roomwatch"]["details"] == {"identity": "alice", "level": 0.0, "rtt_ms": None}
    assert alert["roomwatch"]["entity"] == {"kind": "participant", "id": "PA1"}


def test_a_webhook_hears_that_a_firing_alert_has_no_end():
    [alert] = json.loads(webhook().render(TRIGGER, Attempt(START)).body)["alerts"]
    assert (alert["status"], alert["endsAt"]) == ("firing", "0001-01-01T00:00:00Z")


def test_details_that_would_make_a_webhook_too_large_are_dropped_visibly():
    alert = make_alert(details={f"detail_{number}": "x" * 600 for number in range(50)})
    message = json.loads(webhook().render(about(alert), Attempt(START)).body)
    assert message["alerts"][0]["roomwatch"] == "dropped: too large"


def test_a_webhook_names_as_many_alerts_as_fit_and_counts_the_others():
    alerts = [make_alert(entity=f"PA{number}", details={"x": "x" * 600}) for number in range(100)]
    incident = make_incident(*alerts[:90], firing_count=100)
    message = json.loads(webhook().render(make_notification(incident=incident), Attempt(START)).body)
    assert 5 < len(message["alerts"]) < 30
    assert message["truncatedAlerts"] == 100 - len(message["alerts"])


@pytest.mark.parametrize("trusted", [OLD_SECRET, NEW_SECRET], ids=["old", "new"])
def test_a_signature_convinces_a_receiver_with_either_secret(trusted):
    now = time.time()  # the reference implementation compares with its own clock
    request = webhook(secrets=(NEW_SECRET, OLD_SECRET)).render(TRIGGER, Attempt(now))
    heard = ReferenceWebhook(trusted).verify(request.body, dict(request.headers))
    assert heard["roomwatch"]["notification_id"] == request.headers["webhook-id"] == TRIGGER.id


def test_the_id_of_a_webhook_is_the_same_for_every_attempt_and_its_time_is_not():
    first, second = (
        webhook(secrets=(NEW_SECRET,)).render(TRIGGER, Attempt(START + pause_s)).headers for pause_s in (0, 60)
    )
    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 60
    assert "." not in first["webhook-id"]


def test_without_a_secret_a_webhook_is_not_signed():
    assert "webhook-signature" not in webhook().render(TRIGGER, Attempt(START)).headers


@pytest.mark.parametrize(
    "url",
    ["", "hooks.example.com/s3cret", "ftp://h/s3cret", "https:///s3cret", "https://[s3cret", "https://h:x/s3cret"],
)
def test_an_address_that_cannot_be_posted_to_is_refused_without_being_shown(url):
    with pytest.raises(ValueError, match="url: expected") as refused:
        webhook(url=url)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("secret", ["s3cret", "whsec_s3cret!", "whsec_", "whsec_s3cre"])
def test_a_secret_that_cannot_sign_is_refused_without_being_shown(secret):
    with pytest.raises(ValueError, match=r"secrets\[1\]: expected whsec_ followed by base64") as refused:
        webhook(secrets=(NEW_SECRET, secret))
    assert "s3cre" not in str(refused.value)


# --- PagerDuty -------------------------------------------------------------------------------------------


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

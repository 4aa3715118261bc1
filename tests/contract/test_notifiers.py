"""One suite for every notifier in the registry: a new one is found here by its line there.

What a service answers, and what that means, is data: `answers/NAME.toml`, a row for each answer.  What a service takes
is in `tests/vendor_limits.py`.
"""

import base64
import json
import re
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook as ReferenceWebhook

from alerts.delivery import Delivered, Outcome, Rejected, TryAgain
from alerts.model import NotificationKind, Severity
from alerts.notifiers.base import Attempt, HttpRequest, Request, cut, describe_status, target_of
from alerts.notifiers.registry import NOTIFIERS
from alerts.notifiers.webhook import Webhook, WebhookConfig
from tests import vendor_limits
from tests.alert_builders import START, make_alert, make_incident, make_notification
from tests.notifier_requests import body_of, echoes, json_of, line_of, mail_of, message_of, shown, text_of
from tests.twilio_forms import ACCOUNT_SID, PUBLIC_URL, SENDER, TO, fields_of

ROUTING_KEY = "0123456789abcdef0123456789abcdef"
OLD_SECRET, NEW_SECRET = ("whsec_" + base64.b64encode(name * 24).decode() for name in (b"o", b"n"))
ANSWERS = Path(__file__).with_name("answers")


@dataclass(frozen=True)
class Known:
    """What the suite must know of a notifier to try it.

    `resolves` says whether a request ends an incident, `check` asserts what the service takes, and `read` reads a
    request as the service would, and fails where it could not.  `accepted` is a body that goes with a yes, and `unsaid`
    are the words that the service has no way to say.
    """

    settings: MappingProxyType
    secrets: tuple[str, ...]
    resolves: Callable[[Request], bool]
    check: Callable[[Request], None]
    read: Callable[[Request], Any] = json_of
    accepted: bytes = b""
    unsaid: frozenset[NotificationKind] = frozenset()


def says(read=json_of, **expected):
    return lambda request: expected.items() <= read(request).items()


def begins(field, beginning, read=json_of):
    return lambda request: read(request)[field].startswith(beginning)


def says_resolved(request):
    return "Resolved" in body_of(request).decode()


def twilio(**known):
    """Return what is known of all that goes through Twilio."""
    account = {"account_sid": ACCOUNT_SID, "api_key": "SK" + "b" * 32, "api_secret": "api-s3cret"}
    settings = {**account, "auth_token": "auth-t0ken", "to": TO, "sender": SENDER, "callback_url": PUBLIC_URL}
    return Known(
        settings=MappingProxyType({**settings, **known.pop("settings", {})}),
        secrets=("api-s3cret", "auth-t0ken", TO.removeprefix("+"), SENDER.removeprefix("+")),
        read=fields_of,
        accepted=b'{"status": "queued"}',
        **known,
    )


def sendgrid(**settings):
    given = {"api_key": "SG.s3cret", "sender": "rw-s3cret@example.com", "to": ("anna-s3cret@example.com",)}
    return Known(
        settings=MappingProxyType({**given, **settings}),
        secrets=("SG.s3cret", "anna-s3cret", "rw-s3cret"),
        resolves=begins("subject", "[RESOLVED]"),
        check=vendor_limits.sendgrid,
    )


#: By the kind of receiver; what follows behind a space tells apart the ways in which one kind can be configured.
KNOWN = {
    "webhook": Known(
        settings=MappingProxyType(
            {
                "url": "https://me:pass-w0rd@hooks.example.com:8443/path-s3cret?token=query-s3cret",
                "secrets": (NEW_SECRET,),
            }
        ),
        secrets=("path-s3cret", "query-s3cret", "pass-w0rd", NEW_SECRET.removeprefix("whsec_")),
        resolves=says(status="resolved"),
        check=vendor_limits.webhook,
    ),
    "pagerduty": Known(
        settings=MappingProxyType({"routing_key": ROUTING_KEY, "webhook_secret": "webhook-s3cret"}),
        secrets=(ROUTING_KEY, "webhook-s3cret"),
        resolves=says(event_action="resolve"),
        check=vendor_limits.pagerduty,
    ),
    "pagerduty_change": Known(
        settings=MappingProxyType({"routing_key": ROUTING_KEY}),
        secrets=(ROUTING_KEY,),
        resolves=says_resolved,
        check=vendor_limits.pagerduty,
        unsaid=frozenset({NotificationKind.UPDATE, NotificationKind.REPEAT, NotificationKind.ACKNOWLEDGE}),
    ),
    "slack": Known(
        settings=MappingProxyType({"url": "https://hooks.slack.com/services/T0/B0/path-s3cret"}),
        secrets=("path-s3cret",),
        resolves=says_resolved,
        check=vendor_limits.slack,
        accepted=b"ok",
    ),
    "slack with a token": Known(
        settings=MappingProxyType(
            {"token": "xoxb-t0ken-s3cret", "channel": "C0123456789", "signing_secret": "signing-s3cret"}
        ),
        secrets=("t0ken-s3cret", "signing-s3cret"),
        resolves=says_resolved,
        check=vendor_limits.slack,
        accepted=b'{"ok":true}',
    ),
    "teams": Known(
        settings=MappingProxyType({"url": "https://prod-00.westeurope.logic.azure.com/workflows/w?sig=query-s3cret"}),
        secrets=("query-s3cret",),
        resolves=says_resolved,
        check=vendor_limits.teams,
    ),
    "opsgenie": Known(
        settings=MappingProxyType({"api_key": "genie-s3cret", "tags": ("video",)}),
        secrets=("genie-s3cret",),
        resolves=lambda request: "/close?" in request.url,
        check=vendor_limits.opsgenie,
    ),
    "twilio_sms": twilio(resolves=begins("Body", "Resolved: ", fields_of), check=vendor_limits.twilio_sms),
    "twilio_sms by a service": twilio(
        settings={"sender": "", "messaging_service_sid": "MG" + "d" * 32, "max_segments": 10},
        resolves=begins("Body", "Resolved: ", fields_of),
        check=vendor_limits.twilio_sms,
    ),
    "twilio_voice": twilio(
        settings={"call_on_resolve": True},
        resolves=lambda request: "<Gather" not in fields_of(request)["Twiml"],
        check=vendor_limits.twilio_voice,
        unsaid=frozenset({NotificationKind.UPDATE, NotificationKind.ACKNOWLEDGE}),
    ),
    "twilio_studio": twilio(
        settings={"flow_sid": "FW" + "c" * 32},
        resolves=lambda request: json.loads(fields_of(request)["Parameters"])["kind"] == "resolve",
        check=vendor_limits.twilio_studio,
    ),
    "sendgrid": sendgrid(),
    "sendgrid with a template": sendgrid(template_id="d-0123"),
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
        secrets=(
            *("roomwatch-s3cret@example.com", "ops-s3cret@example.com", "boss-s3cret@example.com"),
            *("user-s3cret", "pass-w0rd"),
        ),
        resolves=says(mail_of, **{"X-Roomwatch-Kind": "resolve"}),
        check=vendor_limits.mail,
        read=mail_of,
    ),
    "log": Known(
        settings=MappingProxyType({"to": "stdout"}),
        secrets=(),
        resolves=says(kind="resolve"),
        check=vendor_limits.log,
    ),
    "log for people": Known(
        settings=MappingProxyType({"to": "log"}),
        secrets=(),
        resolves=begins("text", "[RESOLVED]", line_of),
        check=vendor_limits.log,
        read=line_of,
    ),
    "apprise": Known(
        settings=MappingProxyType({"url": "ntfy://me:pass-w0rd@ntfy.example.com/topic-s3cret"}),
        secrets=("topic-s3cret", "pass-w0rd"),
        resolves=says(message_of, type="success"),
        check=vendor_limits.apprise,
        read=message_of,
    ),
}


def kind_of(name):
    return NOTIFIERS[name.partition(" ")[0]]


def make(name):
    return kind_of(name)(kind_of(name).Config(**KNOWN[name].settings))


def about(alert, kind=NotificationKind.TRIGGER, **changes):
    at = START if kind is NotificationKind.TRIGGER else START + 60
    return make_notification(kind, alert=alert, at=at, **changes)


TEST_MARK = re.compile(r'\bTEST\b|\bTest, nothing is wrong|"is_test":true')
TRIGGER = make_notification()
RESOLVE = make_notification(kind=NotificationKind.RESOLVE, at=START + 60)
DATE = "Fri, 21 Nov 2025 01:20:00 GMT"
LATER = "Fri, 21 Nov 2025 01:20:07 GMT"

#: Those that are answered by a status of HTTP.
OVER_HTTP = [name for name in sorted(KNOWN) if isinstance(make(name).render(TRIGGER, Attempt(START)), HttpRequest)]


@pytest.fixture(params=sorted(KNOWN))
def name(request):
    return request.param


@pytest.fixture
def known(name):
    return KNOWN[name]


@pytest.fixture
def config(name, known):
    return kind_of(name).Config(**known.settings)


@pytest.fixture
def notifier(name):
    return make(name)


def test_every_kind_of_receiver_is_known_to_this_suite():
    assert {name.partition(" ")[0] for name in KNOWN} == set(NOTIFIERS)


# --- words -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", NotificationKind)
def test_there_is_a_request_for_every_word_that_the_service_can_say(known, notifier, kind):
    request = notifier.render(make_notification(kind, at=START + 60), Attempt(START + 60, reference="C1:1.5"))
    assert (request is None) == (kind in known.unsaid)


def test_no_service_is_without_a_word_for_the_beginning_and_the_end(known):
    assert not known.unsaid & {NotificationKind.TRIGGER, NotificationKind.RESOLVE}


def test_a_resolve_says_so_and_carries_what_ties_it_to_its_trigger(known, notifier):
    trigger, resolve = (notifier.render(each, Attempt(START)) for each in (TRIGGER, RESOLVE))
    assert known.resolves(resolve)
    assert not known.resolves(trigger)
    for request in (trigger, resolve):
        assert TRIGGER.dedup_key in text_of(request) or TRIGGER.incident.id in text_of(request)


@pytest.mark.promise("P6")
@pytest.mark.parametrize("name", ["opsgenie", "pagerduty", "slack with a token", "webhook"])
def test_a_service_that_keeps_something_open_can_be_told_from_another_of_its_kind(name, known, notifier):
    key = next(key for key in ("api_key", "routing_key", "token", "url") if key in known.settings)
    other = kind_of(name)(kind_of(name).Config(**{**known.settings, key: known.settings[key][:-1] + "7"}))
    assert target_of(notifier) == target_of(make(name)) != target_of(other)
    assert [secret for secret in known.secrets if secret in target_of(notifier)] == []


@pytest.mark.promise("P33")
def test_a_word_that_only_tries_a_receiver_says_so_and_no_other_does(notifier):
    tried, meant = (notifier.render(make_notification(is_test=is_test), Attempt(START)) for is_test in (True, False))
    assert TEST_MARK.search(unquote_plus(body_of(tried).decode()))
    assert not TEST_MARK.search(unquote_plus(body_of(meant).decode()))


def test_a_repeat_of_an_attempt_has_the_same_body(notifier):
    first, again = (notifier.render(TRIGGER, Attempt(at)) for at in (START, START + 999))
    assert body_of(first) == body_of(again)


# --- answers ---------------------------------------------------------------------------------------------

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


@pytest.mark.promise("P11")
@pytest.mark.promise("P12")
@pytest.mark.parametrize("name", OVER_HTTP)
@pytest.mark.parametrize(("status", "headers", "outcome"), STATUSES)
def test_a_status_means_the_same_to_every_notifier(known, notifier, status, headers, outcome):
    body = known.accepted if status < 300 else b""
    assert notifier.judge(status, headers, body) == outcome


def answers(name):
    """Return the rows for a way to configure a kind, where its answers differ, or else for the kind."""
    own = ANSWERS / f"{name}.toml"
    file = own if own.exists() else ANSWERS / f"{name.partition(' ')[0]}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))["answers"]


ROWS = [pytest.param(name, row, id=f"{name}: {row['what']}") for name in OVER_HTTP for row in answers(name)]


def told_as(row):
    reason = re.sub(r"\{(\d+)\}", lambda status: describe_status(int(status[1])), row.get("reason", ""))
    match row["outcome"]:
        case "delivered":
            return Delivered(row.get("reference", ""))
        case "rejected":
            return Rejected(reason)
        case "try again" | "nobody knows" as outcome:
            return TryAgain(reason, after_s=row.get("after_s"), ambiguous=outcome == "nobody knows")


@pytest.mark.promise("P12")
@pytest.mark.parametrize(("name", "row"), ROWS)
def test_an_answer_means_what_the_service_means_by_it(name, row):
    heard = make(name).judge(row["status"], row.get("headers", {}), row.get("body", "").encode())
    assert heard == told_as(row)


@pytest.mark.promise("P12")
@pytest.mark.parametrize("name", OVER_HTTP)
def test_there_are_answers_of_every_outcome(name):
    assert {row["outcome"] for row in answers(name)} == {"delivered", "rejected", "try again", "nobody knows"}


@pytest.mark.promise("P40")
@pytest.mark.parametrize("name", OVER_HTTP)
@pytest.mark.parametrize("body", [b"\xff\x00", b"null", b"[]", b'{"errors": 7}', b"[" * 100_000, b'{"message": {}}'])
def test_an_answer_that_makes_no_sense_is_judged_by_its_status(notifier, body):
    assert notifier.judge(400, {}, body) == Rejected("answered 400 Bad Request")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.just("x" * 9000) | st.just(10**600),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
)
FIELDS = st.sampled_from(["ok", "error", "errors", "message", "channel", "ts", "requestId", "code", "thread_ts", "sid"])
BODIES = st.binary() | st.builds(lambda value: json.dumps(value).encode(), st.dictionaries(FIELDS, JSON))
NAMES = ["Retry-After", "Date", "X-RateLimit-Period-In-Sec", "X-RateLimit-Reset", "X-Message-Id", "Refused"]
HEADERS = st.dictionaries(st.sampled_from(NAMES), st.text() | st.integers().map(str) | st.just("x" * 9000))


@pytest.mark.promise("P40")
@pytest.mark.parametrize("name", sorted(KNOWN))
@given(status=st.integers(0, 999), headers=HEADERS, body=BODIES)
@settings(max_examples=settings.default.max_examples // 2)
def test_no_answer_is_too_strange_to_be_judged(name, status, headers, body):
    outcome = make(name).judge(status, headers, body)
    assert isinstance(outcome, Outcome)
    assert len(getattr(outcome, "reason", "")) < 500
    assert len(getattr(outcome, "reference", "")) < 500


# --- secrets ---------------------------------------------------------------------------------------------


@pytest.mark.promise("P38")
def test_no_secret_is_shown_by_anything_made_from_the_configuration(known, config, notifier):
    request = notifier.render(TRIGGER, Attempt(START))
    told = f"{config!r} {config} {notifier!r} {notifier.budget!r} {shown(request)}"
    assert [secret for secret in known.secrets if secret in told] == []


@pytest.mark.promise("P38")
@pytest.mark.parametrize("status", [200, 400, 429])
def test_no_secret_is_shown_though_the_service_echoes_what_it_was_sent(known, notifier, status):
    request = notifier.render(TRIGGER, Attempt(START))
    sent = [*echoes(request), *known.secrets]
    said = {"message": f"no such {sent[0]}", "errors": sent}
    codes = [{**said, "error": each} for each in sent] + [{"error": {"code": each}} for each in sent]
    names = [{"ok": True, "sid": each, "requestId": each, "channel": each, "ts": each} for each in sent]
    for body in (*(json.dumps(each).encode() for each in (said, *codes, *names)), *map(str.encode, sent)):
        outcome = notifier.judge(status, {"Echo": sent[0], "X-Message-Id": sent[0]}, body)
        assert [secret for secret in known.secrets if secret in repr(outcome)] == []


# --- limits ----------------------------------------------------------------------------------------------

HUGE = {
    "emoji": "🔥" * 300_000,
    "right-to-left": "שלום " * 200_000,
    "half an emoji": "\ud83d" * 1000,
    "control characters": "\x00\x1b\u2028" * 20,
    "a megabyte": "x" * 1_000_000,
    "markup": "&<>*_`~|[](){}\\\"'" * 50_000,
    "nothing": "",
    "blanks": " \n\t" * 10,
}


@pytest.mark.promise("P17")
@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE.keys())
@pytest.mark.parametrize("kind", NotificationKind)
def test_whatever_an_alert_says_the_service_can_take_it(known, notifier, kind, text):
    alert = make_alert(
        annotations={"summary": text, "description": text, "runbook_url": f"https://example.com/{text}"},
        details={"identity": text, **{f"detail_{number}": text for number in range(9)}, "level": float("nan")},
        labels={"room_name": text, text[:5000]: "x"},
        entity=text,
        value=float("inf"),
    )
    can_take(known, notifier, about(alert, kind, links={"page": f"https://example.com/{text}"}))


TEXTS = st.text(max_size=40).map(lambda text: text * 500) | st.text()
STRANGE = st.sampled_from(
    ["🔥", "é", "שלום ", "\u202e", "&", "<!channel>", "👩‍👩‍👧‍👦", "\ud83d", "\x00", "\n", '"', "漢"]
)
REPEATED = st.builds(lambda text, times: text * times, STRANGE, st.sampled_from([1, 99, 700, 3000, 40_000]))
ALERTS = st.builds(
    lambda summary, description, name, details: make_alert(
        annotations={"summary": summary, "description": description},
        labels={"room_name": name},
        details=details,
        entity=name,
    ),
    summary=TEXTS | REPEATED,
    description=TEXTS | REPEATED,
    name=TEXTS | REPEATED,
    details=st.dictionaries(TEXTS, REPEATED | st.floats() | st.none(), max_size=3),
)


@pytest.mark.promise("P17")
@pytest.mark.parametrize("name", sorted(KNOWN))
@given(
    alerts=st.lists(ALERTS, min_size=1, max_size=4),
    unlisted=st.integers(0, 10_000),
    kind=st.sampled_from(NotificationKind),
    severity=st.sampled_from(Severity),
    words=st.tuples(TEXTS, TEXTS | REPEATED, TEXTS),
    attempt=st.builds(Attempt, st.just(START), st.sampled_from(["", "C1:1.5", "nonsense", ":"]), st.booleans()),
)
@example([make_alert()] * 100, 400, NotificationKind.UPDATE, Severity.INFO, ("", "", ""), Attempt(START))
@settings(max_examples=settings.default.max_examples // 4)
def test_whatever_an_incident_is_made_of_the_service_can_take_it(
    name, alerts, unlisted, kind, severity, words, attempt
):
    cause, acknowledged_by, reason = words
    is_over = kind is NotificationKind.RESOLVE
    incident = make_incident(*alerts, ended_at=START + 60 if is_over else None, severity=severity, cause=cause)
    counts = {"resolved_count" if is_over else "firing_count": len(alerts) + unlisted}
    told = make_notification(kind, at=START + 60, incident=replace(incident, acknowledged_by=acknowledged_by, **counts))
    can_take(KNOWN[name], make(name), replace(told, reason=reason), attempt)


@pytest.mark.parametrize("kind", NotificationKind)
def test_an_incident_of_which_everything_was_erased_can_be_told_of(known, notifier, kind):
    erased = replace(make_incident(make_alert()), firing=(), resolved=(), firing_count=0, labels={})
    can_take(known, notifier, make_notification(kind, at=START + 60, incident=erased))


def can_take(known, notifier, notification, attempt=Attempt(START)):  # noqa: B008 - it is frozen
    request = notifier.render(notification, attempt)
    if request is not None:
        known.read(request)
        known.check(request)


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

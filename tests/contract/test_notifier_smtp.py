"""What a mail looks like, and what mail servers' replies mean."""

from email import message_from_bytes
from email.policy import SMTP as WIRE
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser

import pytest

from alerts.delivery import Delivered, Rejected, TryAgain
from alerts.model import NotificationKind, Severity
from alerts.notifiers.base import Attempt
from alerts.notifiers.smtp import MAIL_LIMIT_BYTES, Smtp, SmtpConfig
from alerts.notifiers.wording import POSSIBLY_TWICE
from tests.alert_builders import START, make_alert, make_incident, make_notification

TRIGGER = make_notification()
UPDATE, REPEAT, ACKNOWLEDGE, RESOLVE = (
    make_notification(kind, at=START + 60) for kind in list(NotificationKind) if kind is not NotificationKind.TRIGGER
)


def smtp(**settings):
    return Smtp(
        SmtpConfig(
            **{"host": "mail.example.com", "sender": "alerts@example.com", "to": ("ops@example.com",), **settings}
        )
    )


def mail(notification=TRIGGER, attempt=None, **settings):
    message = smtp(**settings).render(notification, attempt or Attempt(START)).message
    return message_from_bytes(message, policy=WIRE)


def text_of(message, form="plain"):
    return message.get_body((form,)).get_content().replace("\r\n", "\n")


# --- which server, and how safely ---


@pytest.mark.parametrize(
    ("settings", "port", "security"),
    [
        ({}, 587, "starttls"),
        ({"port": 25}, 25, "starttls"),
        ({"port": 465}, 465, "tls"),
        ({"port": 465, "security": "starttls"}, 465, "starttls"),
        ({"port": 25, "security": "none"}, 25, "none"),
    ],
)
def test_mail_is_encrypted_unless_somebody_says_otherwise(settings, port, security):
    request = smtp(**settings).render(TRIGGER, Attempt(START))
    assert (request.host, request.port, request.security) == ("mail.example.com", port, security)


def test_the_envelope_holds_the_bare_addresses():
    request = smtp(sender="The Watch <alerts@example.com>", to=("a@example.com", "b@example.com")).render(
        TRIGGER, Attempt(START)
    )
    assert (request.sender, request.recipients) == ("alerts@example.com", ("a@example.com", "b@example.com"))
    assert mail(sender="The Watch <alerts@example.com>")["From"] == "The Watch <alerts@example.com>"


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"host": ""}, "host: expected the name of a mail server"),
        ({"host": "s3cret host"}, "host: expected the name of a mail server"),
        ({"port": 0}, "port: expected a number from 1 to 65535, got 0"),
        ({"security": "ssl-s3cret"}, "security: expected one of starttls, tls, none, got another word"),
        ({"username": "me-s3cret"}, "username: expected username and password together"),
        ({"username": "me", "password": "s3cret", "security": "none"}, 'security: expected "starttls" or "tls"'),
        ({"sender": "s3cret"}, "sender: expected an address such as ops@example.com"),
        ({"sender": "s3cret@example.com\r\nBcc: x@example.com"}, "sender: expected an address"),
        ({"to": ()}, r"to: expected 1\.\.100 addresses, got 0"),
        ({"to": ("a@example.com",) * 101}, r"to: expected 1\.\.100 addresses, got 101"),
        ({"to": ("a@example.com", "s3cret")}, r"to\[1\]: expected an address"),
        ({"to": ("s3crét@example.com",)}, r"to\[0\]: expected an address such as ops@example.com, in ASCII"),
        ({"to": ("a@example.com>, <s3cret@example.com",)}, r"to\[0\]: expected an address"),
    ],
)
def test_what_no_server_would_take_is_refused_without_being_shown(settings, complaint):
    with pytest.raises(ValueError, match=complaint) as refused:
        smtp(**settings)
    assert "s3cr" not in str(refused.value)


# --- one thread, and no second copy ---


def test_every_attempt_at_a_mail_has_the_same_message_id_and_every_word_its_own():
    ids = [mail(each)["Message-ID"] for each in (TRIGGER, UPDATE, REPEAT, ACKNOWLEDGE, RESOLVE)]
    assert len(set(ids)) == 5
    assert all(each.endswith("@example.com>") for each in ids)
    later = Attempt(START + 300, maybe_heard=True)
    assert [mail(each, later)["Message-ID"] for each in (TRIGGER, UPDATE, REPEAT, ACKNOWLEDGE, RESOLVE)] == ids


@pytest.mark.parametrize("word", [UPDATE, REPEAT, ACKNOWLEDGE, RESOLVE], ids=lambda word: word.kind)
def test_all_that_is_said_of_an_incident_stands_in_the_thread_of_its_first_mail(word):
    first = mail(TRIGGER)
    assert first["References"] is None
    assert mail(word)["References"] == mail(word)["In-Reply-To"] == first["Message-ID"]


def test_a_test_is_no_part_of_a_thread_and_says_that_it_is_one():
    tried = mail(make_notification(is_test=True))
    assert tried["Message-ID"] != mail(TRIGGER)["Message-ID"]
    assert tried["Subject"].startswith("[TEST] [FIRING:1]")
    assert "nothing is wrong" in text_of(tried)


@pytest.mark.promise("P39")
def test_a_mail_that_may_have_come_before_says_so():
    repeated = mail(attempt=Attempt(START, maybe_heard=True))
    assert repeated["X-Roomwatch-Possible-Duplicate"] == "yes"
    assert POSSIBLY_TWICE in text_of(repeated)
    assert POSSIBLY_TWICE in text_of(repeated, "html")
    assert mail()["X-Roomwatch-Possible-Duplicate"] is None


# --- what programs go by ---


def test_nobody_answers_a_mail_by_itself_and_filters_find_it():
    told = mail()
    assert (told["Auto-Submitted"], told["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    assert told["List-Id"] == "Roomwatch alerts <ops.roomwatch.example.com>"
    assert (told["X-Roomwatch-Kind"], told["X-Roomwatch-Severity"]) == ("trigger", "critical")
    assert told["X-Roomwatch-Dedup-Key"] == TRIGGER.dedup_key
    assert told["Importance"] == "high"
    assert mail(RESOLVE)["Importance"] is None


def test_a_mail_bears_the_time_at_which_it_was_owed():
    assert parsedate_to_datetime(mail(RESOLVE)["Date"]).timestamp() == START + 60


# --- what people read ---


@pytest.mark.parametrize(
    ("word", "beginning"),
    [
        (TRIGGER, "[FIRING:1] alice"),
        (UPDATE, "[FIRING:1] alice"),
        (ACKNOWLEDGE, "[ACKNOWLEDGED] alice"),
        (RESOLVE, "[RESOLVED] alice"),
    ],
)
def test_a_subject_begins_with_how_it_stands(word, beginning):
    assert mail(word)["Subject"].startswith(beginning)


def test_a_subject_is_one_line_whatever_an_alert_says():
    alert = make_alert(annotations={"summary": "first\r\nBcc: x@example.com\u2028" + "long " * 100})
    told = mail(make_notification(alert=alert))
    assert told["Bcc"] is None
    assert told["Subject"].startswith("[FIRING:1] first Bcc: x@example.com long long")
    assert told["Subject"].endswith("… [cut]")


@pytest.mark.promise("P20")
def test_a_mail_lists_some_of_many_alerts_and_counts_the_others():
    alerts = [make_alert(entity=f"PA{number}", annotations={"summary": f"Number {number}."}) for number in range(100)]
    told = mail(make_notification(incident=make_incident(*alerts, firing_count=500)))
    assert told["Subject"] == "[FIRING:500] Number 0, and 499 more."
    for form in ("plain", "html"):
        assert "Number 24." in text_of(told, form)
        assert "Number 25." not in text_of(told, form)
        assert "… and 475 more" in text_of(told, form)


@pytest.mark.promise("P17")
def test_of_alerts_with_much_to_say_fewer_are_listed():
    alerts = [make_alert(entity=f"PA{number}", annotations={"description": "🔥" * 500}) for number in range(25)]
    notification = make_notification(incident=make_incident(*alerts))
    assert len(smtp().render(notification, Attempt(START)).message) <= MAIL_LIMIT_BYTES
    assert 3 <= text_of(mail(notification)).count("* Bad PA") < 25


def test_both_forms_say_what_is_known():
    alert = make_alert(
        annotations={"summary": "x", "description": "Level 0.", "runbook_url": "https://example.com/book"},
        severity=Severity.WARNING,
    )
    links = {"page": "https://rw.example.com/#/i1", "acknowledge": "https://rw.example.com/ack?t=1&u=2"}
    incident = make_incident(alert, cause="Twilio is down.")
    told = mail(make_notification(incident=incident, links=links), external_url="https://rw.example.com")
    for form in ("plain", "html"):
        text = text_of(told, form).replace("&amp;", "&")
        for wanted in (*links.values(), "Level 0.", "https://example.com/book", "x Twilio is down.", "Warning"):
            assert wanted in text
        assert "2025-11-21 01:53:20 UTC" in text


def test_who_looks_after_it_is_named_and_nobody_else_is_asked_to():
    links = {"acknowledge": "https://rw.example.com/ack"}
    incident = make_incident(make_alert(), acknowledged_by="bob")
    told = mail(make_notification(NotificationKind.ACKNOWLEDGE, incident=incident, links=links))
    for form in ("plain", "html"):
        assert "Acknowledged by bob" in text_of(told, form)
        assert links["acknowledge"] not in text_of(told, form)


def test_a_mail_leads_to_our_pages_though_there_is_no_closer_link():
    assert "Open: https://rw.example.com" in text_of(mail(external_url="https://rw.example.com"))
    assert "Open:" not in text_of(mail())


class Seen(HTMLParser):
    """The elements and addresses of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.addresses = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("href", "src")]


EVIL = '<script>alert(1)</script><img src="https://evil.example.com">"\'&amp;'


def test_what_an_alert_says_is_never_html():
    alert = make_alert(
        entity=EVIL,
        annotations={"summary": EVIL, "description": EVIL, "runbook_url": f"javascript:{EVIL}"},
        labels={EVIL: EVIL, "room_name": EVIL},
    )
    told = mail(make_notification(alert=alert, receiver=EVIL))
    seen = Seen(text_of(told, "html"))
    assert not {"script", "img"} & set(seen.tags)
    assert seen.addresses == []


# --- what servers answer ---

REPLIES = [
    (250, b"2.0.0 OK: queued as 4F3B21", Delivered("2.0.0 OK: queued as 4F3B21")),
    (250, b"2.6.0 <rw2-1@example.com> Queued", Delivered("2.6.0 [address] Queued")),
    (251, b"", Delivered()),
    (421, b"4.3.2 going down", TryAgain("answered 421 4.3.2 to DATA")),
    (450, b"mailbox of ops@example.com busy", TryAgain("answered 450 to DATA")),
    (452, b"4.2.2 full", TryAgain("answered 452 4.2.2 to DATA")),
    (535, b"5.7.8 ops@example.com", Rejected("answered 535 5.7.8 to DATA")),
    (550, b"5.1.1 <ops@example.com>: unknown", Rejected("answered 550 5.1.1 to DATA")),
    (554, b"5.7.1.2.3 what", Rejected("answered 554 to DATA")),
    (354, b"go on", TryAgain("answered 354 to DATA")),
    (-1, b"", TryAgain("answered -1 to DATA")),
    (0, b"\xff", TryAgain("answered 0 to DATA")),
]


@pytest.mark.promise("P12")
@pytest.mark.parametrize(("code", "text", "outcome"), REPLIES)
def test_a_reply_is_judged_by_its_first_digit_and_repeated_by_its_codes(code, text, outcome):
    assert smtp().judge(code, {"Command": "DATA"}, text) == outcome


def test_who_was_refused_is_part_of_the_reference():
    outcome = smtp().judge(250, {"Command": "the message", "Refused": "1 of 3, 550 5.1.1"}, b"OK 7")
    assert outcome == Delivered("OK 7 (refused: 1 of 3, 550 5.1.1)")

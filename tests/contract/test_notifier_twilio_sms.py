"""A text message: who is sent what, what it costs, and what Twilio's answers mean."""

import json
from base64 import b64decode

import pytest
from twilio.rest.api.v2010.account.message import MessageList

from alerts.model import NotificationKind
from alerts.notifiers.base import Attempt
from alerts.notifiers.twilio_sms import TwilioSms, TwilioSmsConfig
from alerts.reply_codes import reply_code
from alerts.sms_text import segments
from tests.alert_builders import START, make_alert, make_incident, make_notification
from tests.twilio_forms import ACCOUNT_SID, PUBLIC_URL, SENDER, SETTINGS, TO, fields_of, known_fields

TRIGGER = make_notification()
CODE = reply_code(TRIGGER.incident.id)


def sms(**settings):
    return TwilioSms(TwilioSmsConfig(**{**SETTINGS, **settings}))


def sent(notification=TRIGGER, *, maybe_heard=False, **settings):
    return fields_of(sms(**settings).render(notification, Attempt(START, maybe_heard=maybe_heard)))


def refused(status, code):
    return sms().judge(status, {}, json.dumps({"code": code, "message": f"No {TO}", "status": status}).encode())


def test_a_message_goes_to_one_number_with_a_short_life():
    assert sent(validity_s=600) == {
        "To": TO,
        "From": SENDER,
        "Body": "Critical: alice is cut off.",
        "ValidityPeriod": "600",
        "SmartEncoded": "true",
        "RiskCheck": "disable",
    }


def test_every_field_is_one_that_twilios_own_client_sends():
    service = {"sender": "", "messaging_service_sid": "MG" + "d" * 32, "callback_url": PUBLIC_URL}
    assert set(sent()) | set(sent(**service)) <= known_fields(MessageList)


def test_a_messaging_service_picks_the_number():
    fields = sent(sender="", messaging_service_sid="MG" + "d" * 32)
    assert fields["MessagingServiceSid"] == "MG" + "d" * 32
    assert "From" not in fields


@pytest.mark.parametrize(
    ("settings", "user"),
    [
        ({}, f"{ACCOUNT_SID}:auth-t0ken"),
        ({"api_key": "SK" + "b" * 32, "api_secret": "s3cret"}, f"SK{'b' * 32}:s3cret"),
    ],
    ids=["token", "key"],
)
def test_a_request_is_authorised_by_the_key_or_by_the_token(settings, user):
    request = sms(**settings).render(TRIGGER, Attempt(START))
    assert b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode() == user
    assert request.url == f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"


def test_the_text_says_how_bad_then_what_then_where_then_how_to_reply():
    text = sent(external_url="https://rw.example.com", callback_url=PUBLIC_URL)["Body"]
    assert text == f"Critical: alice is cut off.\nhttps://rw.example.com\nReply ACK {CODE}"


@pytest.mark.parametrize(
    ("kind", "beginning", "asks"),
    [
        (NotificationKind.UPDATE, "Critical, changed: ", True),
        (NotificationKind.REPEAT, "Critical, still going on: ", True),
        (NotificationKind.ACKNOWLEDGE, "Acknowledged: ", False),
        (NotificationKind.RESOLVE, "Resolved: ", False),
    ],
)
def test_each_word_begins_as_what_it_is_and_asks_only_while_somebody_is_wanted(kind, beginning, asks):
    text = sent(make_notification(kind), callback_url=PUBLIC_URL)["Body"]
    assert text.startswith(beginning)
    assert ("Reply ACK" in text) == asks


def test_who_looks_after_it_is_named_and_nobody_is_asked_again():
    incident = make_incident(make_alert(), acknowledged_by="anna")
    told = sent(make_notification(NotificationKind.ACKNOWLEDGE, incident=incident), callback_url=PUBLIC_URL)
    assert told["Body"] == "Acknowledged by anna: alice is cut off."
    repeated = sent(make_notification(NotificationKind.REPEAT, incident=incident), callback_url=PUBLIC_URL)
    assert "Reply" not in repeated["Body"]


def test_a_test_says_that_nothing_is_wrong():
    assert sent(make_notification(is_test=True))["Body"].startswith("Test, nothing is wrong: ")


@pytest.mark.parametrize("settings", [{}, {"sender": "Roomwatch"}, {"asks_for_reply": False}])
def test_nobody_is_asked_to_reply_where_no_reply_can_be_heard(settings):
    public = {} if not settings else {"callback_url": PUBLIC_URL}
    assert "Reply" not in sent(**settings, **public)["Body"]


@pytest.mark.promise("P39")
def test_what_may_have_been_heard_says_so_when_it_is_said_again():
    assert sent(maybe_heard=True)["Body"] == "Critical: (possible duplicate) alice is cut off."


@pytest.mark.promise("P17")
@pytest.mark.parametrize("most", [1, 3, 10])
@pytest.mark.parametrize("summary", ["x" * 5_000, "Иван " * 1_000, "🔥" * 5_000, "“quoted” " * 500])
def test_a_message_never_costs_more_than_one_is_ready_to_pay(most, summary):
    notification = make_notification(alert=make_alert(annotations={"summary": summary}))
    text = sent(
        notification,
        max_segments=most,
        external_url="https://rw.example.com/" + "p" * 60,
        callback_url=PUBLIC_URL,
    )["Body"]
    assert segments(text) <= most
    assert len(text) <= 1600
    assert "..." in text
    assert text.endswith(f"Reply ACK {reply_code(notification.incident.id)}")


def test_one_odd_character_does_not_double_the_cost():
    alert = make_alert(annotations={"summary": "“alice” is cut\u00a0off… 🔥"})
    assert sent(make_notification(alert=alert))["Body"] == 'Critical: "alice" is cut off...'


def test_a_link_that_would_leave_no_room_for_words_is_left_out():
    text = sent(max_segments=1, external_url="https://rw.example.com/" + "p" * 120)["Body"]
    assert text == "Critical: alice is cut off."


@pytest.mark.promise("P35")
def test_twilio_is_asked_to_tell_what_becomes_of_it():
    told_to = sent(callback_url=PUBLIC_URL + "/")["StatusCallback"]
    assert told_to == f"{PUBLIC_URL}/callbacks/notifications?notification={TRIGGER.id}#rc=5&rp=all"


@pytest.mark.promise("P38")
def test_what_twilio_complains_of_is_not_repeated_since_it_quotes_the_number():
    assert TO not in repr(refused(400, 21211))
    assert "491512345678" not in repr(sms()._config)


@pytest.mark.promise("P14")
@pytest.mark.parametrize(
    ("settings", "per_s"),
    [({}, 3.0), ({"max_segments": 1}, 2.0), ({"segments_per_s": 3.0, "max_segments": 10}, 10 / 3)],
)
def test_the_budget_is_what_a_number_may_send_and_what_is_not_taken_for_a_loop(settings, per_s):
    budget = sms(**settings).budget
    assert (budget.requests, budget.per_s) == (1, pytest.approx(per_s))
    assert SENDER not in budget.key


def test_receivers_with_one_sender_share_its_budget():
    assert sms().budget == sms(to="+447700900123").budget
    assert sms().budget != sms(sender="+15005550007").budget


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"to": "0151 2345678"}, "to: expected a number in E"),
        ({"sender": ""}, "sender: expected either sender or messaging_service_sid, got both or neither"),
        ({"messaging_service_sid": "MG1"}, "sender: expected either sender or messaging_service_sid, got both"),
        ({"sender": "", "messaging_service_sid": "MG1"}, "messaging_service_sid: expected MG and 32 hexadecimal"),
        ({"sender": "1234567890123"}, "sender: expected a number in E.164, a short code, or a name"),
        ({"account_sid": "AC1"}, "account_sid: expected AC and 32 hexadecimal digits"),
        ({"auth_token": ""}, "api_key: expected api_key with api_secret, or auth_token, got neither"),
        ({"api_key": "SK" + "b" * 32}, "api_key: expected api_key and api_secret together, got only one of them"),
        ({"api_key": "SK1", "api_secret": "x"}, "api_key: expected SK and 32 hexadecimal digits"),
        ({"max_segments": 0}, r"max_segments: expected 1\.\.10, got 0"),
        ({"validity_s": 99_999}, r"validity_s: expected 1\.\.36000, got 99999"),
        ({"segments_per_s": 0.0}, "segments_per_s: expected more than 0, got 0"),
        ({"callback_url": "watch.example.com"}, "callback_url: expected http"),
        ({"callback_url": "https://x/" + "y" * 600}, "callback_url: expected at most 500 characters, got 610"),
        ({"base_url": "ftp://x"}, "base_url: expected http"),
    ],
)
def test_what_twilio_would_refuse_is_refused_before(settings, complaint):
    with pytest.raises(ValueError, match=complaint) as found:
        sms(**settings)
    assert not any(number in str(found.value) for number in ("0151 2345678", "1234567890123", TO))

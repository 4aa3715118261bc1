"""A call: when it rings, what it says, and which digit it waits for."""

from xml.etree import ElementTree as ET

import pytest
from twilio.rest.api.v2010.account.call import CallList

from alerts.model import NotificationKind
from alerts.notifiers.base import Attempt
from alerts.notifiers.twilio_voice import TwilioVoice, TwilioVoiceConfig
from tests.alert_builders import START, make_alert, make_notification
from tests.twilio_forms import ACCOUNT_SID, PUBLIC_URL, SENDER, SETTINGS, TO, fields_of, known_fields

TRIGGER = make_notification()


def voice(**settings):
    return TwilioVoice(TwilioVoiceConfig(**{**SETTINGS, "callback_url": PUBLIC_URL, **settings}))


def sent(notification=TRIGGER, *, maybe_heard=False, **settings):
    return fields_of(voice(**settings).render(notification, Attempt(START, maybe_heard=maybe_heard)))


def document(*args, **settings):
    return ET.fromstring(sent(*args, **settings)["Twiml"])


def test_a_call_goes_to_one_number_and_rings_not_for_ever():
    fields = sent(ring_s=25)
    assert (fields["To"], fields["From"], fields["Timeout"]) == (TO, SENDER, "25")
    request = voice().render(TRIGGER, Attempt(START))
    assert request.url == f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json"


def test_every_field_is_one_that_twilios_own_client_sends():
    assert set(sent(machine_detection="Enable")) <= known_fields(CallList)


def test_it_says_what_is_wrong_twice_and_waits_for_a_digit():
    (gather,) = document(language="de-DE", voice="Polly.Vicki")
    (say,) = gather
    assert (gather.tag, gather.get("numDigits"), gather.get("method")) == ("Gather", "1", "POST")
    assert (say.get("loop"), say.get("language"), say.get("voice")) == ("2", "de-DE", "Polly.Vicki")
    assert say.text == "Roomwatch. Critical. alice is cut off. Press 1 to acknowledge. "


@pytest.mark.promise("P36")
def test_the_digit_is_told_to_us_with_the_incident_it_is_about():
    (gather,) = document()
    query = f"incident={TRIGGER.incident.id}&key={TRIGGER.dedup_key}"
    assert gather.get("action") == f"{PUBLIC_URL}/callbacks/voice?{query}#rc=5&rp=all"


def test_nobody_is_asked_for_a_digit_that_nobody_would_hear():
    (say,) = document(callback_url="")
    assert say.tag == "Say"
    assert "Press" not in say.text
    assert "StatusCallback" not in sent(callback_url="")


@pytest.mark.promise("P35")
def test_twilio_is_asked_to_tell_what_becomes_of_it():
    fields = sent()
    assert fields["StatusCallback"] == f"{PUBLIC_URL}/callbacks/notifications?notification={TRIGGER.id}#rc=5&rp=all"
    assert fields["StatusCallbackEvent"] == ["initiated", "ringing", "answered", "completed"]


@pytest.mark.parametrize("kind", [NotificationKind.UPDATE, NotificationKind.ACKNOWLEDGE, NotificationKind.RESOLVE])
def test_nobody_is_rung_for_what_can_wait(kind):
    assert voice().render(make_notification(kind), Attempt(START)) is None


def test_a_repeat_rings_again():
    (gather,) = document(make_notification(NotificationKind.REPEAT))
    assert "Critical, still going on" in gather[0].text


def test_whoever_wants_to_is_rung_when_it_is_over_and_asked_for_nothing():
    (say,) = document(make_notification(NotificationKind.RESOLVE), call_on_resolve=True)
    assert say.text == "Roomwatch. Resolved. alice is cut off. "


@pytest.mark.promise("P39")
def test_what_may_have_been_heard_says_so_when_it_is_said_again():
    (gather,) = document(maybe_heard=True)
    assert "You may have been called about this before." in gather[0].text


@pytest.mark.promise("P17")
@pytest.mark.parametrize(
    "summary",
    ["&" * 5_000, "<Hangup/>" * 1_000, "</Say><Dial>+1900</Dial>", "\x00\x0b\ufffe\ud83d", "🔥" * 5_000, "]]>"],
)
def test_whatever_is_said_the_document_is_xml_and_short_enough(summary):
    alert = make_alert(annotations={"summary": summary})
    settings = {"callback_url": f"https://{'w' * 480}.example", "language": "<" * 60, "voice": '"' * 60}
    twiml = sent(make_notification(alert=alert), **settings)["Twiml"]
    assert len(twiml) <= 4000
    (gather,) = ET.fromstring(twiml)
    assert [each.tag for each in gather] == ["Say"]


def test_mailboxes_are_told_apart_where_that_is_asked_for():
    assert "MachineDetection" not in sent()
    assert sent(machine_detection="DetectMessageEnd")["MachineDetection"] == "DetectMessageEnd"


@pytest.mark.promise("P14")
def test_one_call_a_second_for_all_who_share_an_account():
    budget = voice().budget
    assert (budget.requests, budget.per_s) == (1, 1.0)
    assert budget == voice(to="+447700900123").budget
    assert budget != voice(account_sid="AC" + "b" * 32).budget


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"sender": "Roomwatch"}, "sender: expected a number in E"),
        ({"ring_s": 601}, r"ring_s: expected 1\.\.600, got 601"),
        ({"voice": "v" * 61}, "voice: expected at most 60 characters, got 61"),
    ],
)
def test_what_twilio_would_refuse_is_refused_before(settings, complaint):
    with pytest.raises(ValueError, match=complaint):
        voice(**settings)

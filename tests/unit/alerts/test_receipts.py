"""What Twilio tells of a page afterwards, and what people answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.acknowledgement import Acknowledgement
from alerts.receipts import Receipt, decode_digit, decode_reply, decode_status, latest

AT = 1_763_690_000.0
MESSAGE, CALL = "SM" + "a" * 32, "CA" + "a" * 32


def message(status, **more):
    return decode_status({"MessageSid": MESSAGE, "MessageStatus": status, "To": "+491512345678", **more}, AT)


def call(status, **more):
    return decode_status({"CallSid": CALL, "CallStatus": status, "To": "+491512345678", **more}, AT)


@pytest.mark.parametrize(
    ("status", "is_final", "succeeded"),
    [
        ("accepted", False, False),
        ("queued", False, False),
        ("sending", False, False),
        ("sent", False, False),
        ("delivered", True, True),
        ("read", True, True),
        ("undelivered", True, False),
        ("failed", True, False),
        ("canceled", True, False),
        ("teleported", False, False),
    ],
)
@pytest.mark.promise("P35")
def test_a_message_has_arrived_or_is_lost_or_is_under_way(status, is_final, succeeded):
    assert message(status) == Receipt(MESSAGE, status, is_final, succeeded, "", AT)


@pytest.mark.parametrize(
    ("status", "is_final", "succeeded"),
    [
        ("queued", False, False),
        ("ringing", False, False),
        ("in-progress", False, False),
        ("completed", True, True),
        ("busy", True, False),
        ("no-answer", True, False),
        ("failed", True, False),
        ("canceled", True, False),
    ],
)
@pytest.mark.promise("P35")
def test_a_call_was_answered_or_is_lost_or_is_under_way(status, is_final, succeeded):
    assert call(status) == Receipt(CALL, status, is_final, succeeded, "", AT)


@pytest.mark.parametrize("machine", ["machine_start", "machine_end_beep", "fax"])
@pytest.mark.promise("P35")
def test_a_call_that_a_mailbox_took_reached_nobody(machine):
    assert call("completed", AnsweredBy=machine) == Receipt(
        CALL, "completed", True, False, f"answered by {machine}", AT
    )
    assert call("completed", AnsweredBy="human").succeeded


def test_why_a_message_is_lost_is_said_in_words():
    assert message("undelivered", ErrorCode="30003").detail == "30003, the phone is off or out of reach"
    assert message("failed", ErrorCode="39999").detail == "39999, see https://www.twilio.com/docs/errors/39999"
    assert message("failed", ErrorCode="+491512345678").detail == ""


@pytest.mark.promise("P38")
def test_nothing_of_a_form_is_kept_that_could_be_a_number():
    forged = message("+491512345678", MessageSid="+491512345678", ErrorMessage="+491512345678")
    answered = call("completed", AnsweredBy="+491512345678")
    assert "1512345678" not in repr(answered)
    assert "+491512345678" not in (forged.reference, forged.detail)


@pytest.mark.promise("P40")
def test_a_form_about_something_else_is_no_receipt():
    assert decode_status({"RecordingStatus": "completed"}, AT) is None
    assert decode_status({}, AT) is None


FIELDS = st.sampled_from(["MessageStatus", "CallStatus", "MessageSid", "ErrorCode", "AnsweredBy", "Body", "Digits"])


@pytest.mark.promise("P40")
@given(st.dictionaries(FIELDS, st.text()))
def test_no_form_at_all_breaks_the_reader(form):
    receipt = decode_status(form, AT)
    assert receipt is None or len(receipt.status) <= 20
    decode_reply(form, "anna", AT)
    decode_digit(form, "anna", AT, incident="i1-1", dedup_key="rw2-1")


def test_a_final_receipt_counts_more_than_one_that_comes_after_it():
    arrived, sent = message("delivered"), Receipt(MESSAGE, "sent", False, False, "", AT + 1)
    assert latest([arrived, sent]) == arrived
    assert latest([sent]) == sent
    assert latest([]) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ACK 1234", "1234"),
        ("ack1234", "1234"),
        (" Ack.\n", ""),
        ("OK", ""),
        ("Ok, 1234!", "1234"),
        ("okay 1234", "1234"),
        ("Quittiert 1234", "1234"),
        ("1234", "1234"),
    ],
)
@pytest.mark.promise("P36")
def test_a_reply_acknowledges(text, code):
    assert decode_reply({"Body": text}, "anna", AT) == Acknowledgement("anna", "sms", AT, incident=code)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "!?",
        "STOP",
        "no",
        "not ok",
        "ok wait",
        "okra",
        "ACK 12345",
        "ACK 123",
        "who is this?",
        "ok" + " " * 500,
    ],
)
def test_any_other_text_acknowledges_nothing(text):
    assert decode_reply({"Body": text}, "anna", AT) is None


@pytest.mark.promise("P36")
def test_the_digit_one_acknowledges_and_no_other_does():
    pressed = decode_digit({"Digits": "1"}, "anna", AT, incident="i1-1", dedup_key="rw2-1")
    assert pressed == Acknowledgement("anna", "voice", AT, dedup_key="rw2-1", incident="i1-1")
    for digits in ("", "2", "11", "#"):
        assert decode_digit({"Digits": digits}, "anna", AT, incident="i1-1", dedup_key="rw2-1") is None

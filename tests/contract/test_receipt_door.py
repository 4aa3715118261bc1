"""What Twilio is answered when it tells what became of a page, over real HTTP."""

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import aiohttp
import pytest
from twilio.request_validator import RequestValidator
from yarl import URL

from alerts.acknowledgement import Acknowledgement
from alerts.model import NotificationKind
from alerts.notifiers.base import Attempt
from alerts.receipts import Receipt
from alerts.reply_codes import reply_code
from monitor.config import build
from monitor.http.receipts import ReceiptDoor
from monitor.http.server import Listener
from monitor.metrics import Metrics
from monitor.store.ports import StoreFailed
from tests.alert_builders import START, make_notification
from tests.builders import ACCOUNT, AUTH_TOKEN
from tests.conftest import settings
from tests.twilio_forms import PUBLIC_URL, SENDER, TO, fields_of

PAGING_ACCOUNT, PAGING_TOKEN = "AC" + "b" * 32, "p" * 32
HIS_NUMBER = "+447700900123"
MESSAGE, CALL = "SM" + "a" * 32, "CA" + "a" * 32
TRIGGER = make_notification()

FROM_OURS = {"account_sid": ACCOUNT, "api_key": "SK" + "c" * 32, "api_secret": "x", "to": TO, "sender": SENDER}
FROM_ANOTHER = {"account_sid": PAGING_ACCOUNT, "auth_token": PAGING_TOKEN, "to": HIS_NUMBER, "sender": SENDER}
RECEIVERS = {
    "hook": {"kind": "webhook", "url": "http://127.0.0.1:9/"},
    "anna": {"kind": "twilio_sms", **FROM_OURS},
    "anna-call": {"kind": "twilio_voice", **FROM_OURS},
    "bob": {"kind": "twilio_voice", **FROM_ANOTHER},
}
CONFIG = build(settings(public={"url": PUBLIC_URL, "port": 0}, receivers=RECEIVERS))


class Keeper:
    """Takes note, and knows one open incident."""

    def __init__(self) -> None:
        self.receipts: list[tuple[str, Receipt]] = []
        self.acknowledgements: list[Acknowledgement] = []
        self.is_full = False

    async def receive(self, notification_id: str, receipt: Receipt) -> None:
        if self.is_full:
            raise StoreFailed("no room")
        self.receipts.append((notification_id, receipt))

    async def acknowledge(self, acknowledgement: Acknowledgement) -> str | None:
        self.acknowledgements.append(acknowledgement)
        known = ("", TRIGGER.incident.id, reply_code(TRIGGER.incident.id))
        return "alice & bob are cut off." if acknowledgement.incident in known else None


class Twilio:
    """Posts forms, signed."""

    def __init__(self, port: int, http: aiohttp.ClientSession) -> None:
        self._port = port
        self._http = http

    async def post(
        self, url: str, form: Mapping[str, str], *, account: str = ACCOUNT, token: str = AUTH_TOKEN, **headers: Any
    ) -> tuple[int, str]:
        """Post a form to an address that we gave out, and return the answer."""
        form = {"AccountSid": account, **form}
        asked = url.partition("#")[0]
        signature = RequestValidator(token).compute_signature(asked, form)
        parts = urlsplit(asked)
        target = URL(f"http://127.0.0.1:{self._port}{parts.path}?{parts.query}", encoded=True)
        signed = {"X-Twilio-Signature": signature, **headers}
        async with self._http.post(target, data=form, headers=signed) as response:
            return response.status, await response.text()


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def twilio(keeper: Keeper, metrics: Metrics) -> AsyncIterator[Twilio]:
    door = ReceiptDoor(CONFIG.accounts, CONFIG.notifiers, keeper, metrics, PUBLIC_URL, lambda: START)
    listener = await Listener.open("127.0.0.1", 0, door.routes())
    async with aiohttp.ClientSession() as http:
        yield Twilio(listener.port, http)
    await listener.close()


def sent(receiver: str, kind: NotificationKind = NotificationKind.TRIGGER) -> Any:
    """Return what Twilio would have got from a receiver."""
    request = CONFIG.notifiers[receiver].render(make_notification(kind), Attempt(START))
    return fields_of(request)


def words(document: str) -> str:
    (said,) = ET.fromstring(document)
    return said.text or ""


STATUS = f"{PUBLIC_URL}/callbacks/notifications?notification={TRIGGER.id}"
REPLIES = f"{PUBLIC_URL}/callbacks/replies"
DELIVERED = {"MessageSid": MESSAGE, "MessageStatus": "delivered", "To": TO}


@pytest.mark.promise("P35")
async def test_what_became_of_a_message_is_told_where_the_message_said(twilio: Twilio, keeper: Keeper) -> None:
    assert await twilio.post(sent("anna")["StatusCallback"], DELIVERED) == (204, "")
    arrived = Receipt(MESSAGE, "delivered", is_final=True, succeeded=True, detail="", at=START)
    assert keeper.receipts == [(TRIGGER.id, arrived)]


@pytest.mark.promise("P35")
async def test_what_became_of_a_call_is_told_by_another_account_of_ours(twilio: Twilio, keeper: Keeper) -> None:
    unanswered = {"CallSid": CALL, "CallStatus": "no-answer", "To": HIS_NUMBER}
    signed = {"account": PAGING_ACCOUNT, "token": PAGING_TOKEN}
    assert await twilio.post(sent("bob")["StatusCallback"], unanswered, **signed) == (204, "")
    ((about, receipt),) = keeper.receipts
    assert (about, receipt.is_final, receipt.succeeded) == (TRIGGER.id, True, False)


@pytest.mark.promise("P36")
async def test_a_pressed_digit_acknowledges_what_the_call_was_about(twilio: Twilio, keeper: Keeper) -> None:
    (gather,) = ET.fromstring(sent("anna-call")["Twiml"])
    pressed = {"CallSid": CALL, "Digits": "1", "To": TO}
    status, document = await twilio.post(gather.get("action"), pressed)
    assert (status, words(document)) == (200, "Thank you. Acknowledged: alice & bob are cut off.")
    known = {"dedup_key": TRIGGER.dedup_key, "incident": TRIGGER.incident.id}
    assert keeper.acknowledgements == [Acknowledgement("anna", "voice", START, **known)]


async def test_another_digit_acknowledges_nothing_and_hears_so(twilio: Twilio, keeper: Keeper) -> None:
    (gather,) = ET.fromstring(sent("anna-call")["Twiml"])
    status, document = await twilio.post(gather.get("action"), {"CallSid": CALL, "Digits": "9", "To": TO})
    assert (status, words(document)) == (200, "That acknowledges nothing. Goodbye.")
    assert keeper.acknowledgements == []


@pytest.mark.promise("P36")
async def test_a_reply_with_the_code_of_the_message_acknowledges_it(twilio: Twilio, keeper: Keeper) -> None:
    found = re.search(r"Reply (ACK \d{4})$", sent("anna")["Body"])
    assert found
    status, document = await twilio.post(REPLIES, {"From": TO, "To": SENDER, "Body": found[1]})
    assert (status, words(document)) == (200, "Acknowledged: alice & bob are cut off.")
    code = reply_code(TRIGGER.incident.id)
    assert keeper.acknowledgements == [Acknowledgement("anna", "sms", START, incident=code)]


async def test_a_reply_with_a_wrong_code_hears_that_it_did_not_count(twilio: Twilio) -> None:
    status, document = await twilio.post(REPLIES, {"From": TO, "Body": "ACK 0000"})
    assert (status, words(document)) == (200, "Nothing was acknowledged: no open incident is meant by that.")


async def test_who_is_not_a_receiver_acknowledges_nothing_and_is_not_answered(
    twilio: Twilio, keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        assert await twilio.post(REPLIES, {"From": "+15005550999", "Body": "OK"}) == (204, "")
    assert keeper.acknowledgements == []
    assert "…999" in caplog.text
    assert "5550999" not in caplog.text


async def test_small_talk_is_not_answered(twilio: Twilio, keeper: Keeper) -> None:
    assert await twilio.post(REPLIES, {"From": TO, "Body": "who is this?"}) == (204, "")
    assert keeper.acknowledgements == []


@pytest.mark.promise("P35")
async def test_what_is_not_signed_is_answered_403(twilio: Twilio, keeper: Keeper) -> None:
    for url in (STATUS, REPLIES, f"{PUBLIC_URL}/callbacks/voice?incident=i1&key=k"):
        form = {**DELIVERED, "From": TO, "Body": "OK", "Digits": "1"}
        assert (await twilio.post(url, form, token="another token"))[0] == 403
        assert (await twilio.post(url, form, account=PAGING_ACCOUNT))[0] == 403
        assert (await twilio.post(url, form, account="AC" + "0" * 32))[0] == 403
    assert (keeper.receipts, keeper.acknowledgements) == ([], [])


async def test_one_account_cannot_sign_for_an_address_it_was_not_given(twilio: Twilio, keeper: Keeper) -> None:
    other = STATUS.replace(TRIGGER.id, "another")
    signature = RequestValidator(AUTH_TOKEN).compute_signature(STATUS, {"AccountSid": ACCOUNT, **DELIVERED})
    assert (await twilio.post(other, DELIVERED, **{"X-Twilio-Signature": signature}))[0] == 403
    assert keeper.receipts == []


async def test_a_status_of_tomorrow_is_answered_204(twilio: Twilio, keeper: Keeper) -> None:
    assert (await twilio.post(STATUS, {"HologramStatus": "beamed"}))[0] == 204
    assert keeper.receipts == []


@pytest.mark.parametrize(
    "url",
    [f"{PUBLIC_URL}/callbacks/notifications", f"{PUBLIC_URL}/callbacks/voice?incident=i1", f"{STATUS}{'x' * 200}"],
)
async def test_what_is_about_nothing_is_answered_400(twilio: Twilio, url: str) -> None:
    assert (await twilio.post(url, DELIVERED))[0] == 400


async def test_too_much_is_answered_413_and_anything_else_415(twilio: Twilio) -> None:
    assert (await twilio.post(STATUS, {**DELIVERED, "Junk": "x" * 70_000}))[0] == 413
    assert (await twilio.post(STATUS, {f"f{number}": "" for number in range(300)}))[0] == 400
    assert (await twilio.post(STATUS, DELIVERED, **{"Content-Type": "text/plain"}))[0] == 415


async def test_what_cannot_be_kept_is_asked_for_again(twilio: Twilio, keeper: Keeper, metrics: Metrics) -> None:
    keeper.is_full = True
    assert (await twilio.post(STATUS, DELIVERED))[0] == 503
    keeper.is_full = False
    assert (await twilio.post(STATUS, DELIVERED))[0] == 204
    assert metrics.values["roomwatch_receipts_refused_total"][("store",)] == 1
    assert metrics.values["roomwatch_receipts_total"][("status",)] == 1

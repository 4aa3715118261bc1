"""What is answered to Twilio when it tells what became of a page, or what somebody replied to one?

POST /callbacks/notifications   the status of a message or a call; its address names the notification
POST /callbacks/replies         a text message to a number of ours; set it there as what is done with a message
POST /callbacks/voice           the digit that was pressed during a call; its address names the incident

204  taken, also a repeat and what this version does not know
200  the same, with a document that says to the person whether it counted
400  neither a form nor about anything         413  too large         415  not a form
403  not signed with a secret of the account that it names
503  it could not be stored; the addresses that we give out ask Twilio to try again

Whoever texts a number of ours can write anything.  What counts is who: a reply from a number that no receiver has is
taken and not listened to, and not answered either, so that two machines cannot keep each other talking.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from logging import getLogger
from typing import Protocol
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from aiohttp import web

from alerts.acknowledgement import Acknowledgement
from alerts.notifiers.base import Notifier
from alerts.notifiers.twilio import REPLIES_PATH, STATUS_PATH, VOICE_PATH, OfPhone
from alerts.phone_numbers import shown_number
from alerts.receipts import Receipt, decode_digit, decode_reply, decode_status
from monitor.http.body import Refused, read_body
from monitor.http.signature import Fields, Signatures, Signer
from monitor.metrics import Metrics
from monitor.store.ports import StoreFailed

_log = getLogger(__name__)

MAX_FORM_BYTES = 64 * 1024
MAX_FIELDS = 200
FORM = "application/x-www-form-urlencoded"
LONGEST_NAME = 200  # of a notification or an incident
_SPOKEN_LIMIT = 300

_REASONS = {403: "signature", 503: "store"}  # why it was refused, for metrics; anything else is malformed


class ReceiptKeeper(Protocol):
    """Who is told."""

    async def receive(self, notification_id: str, receipt: Receipt) -> None:
        """Take note of what became of a notification.

        Raises:
            StoreFailed: it was not kept.
        """

    async def acknowledge(self, acknowledgement: Acknowledgement) -> str | None:
        """Make it true, and return in a sentence what was acknowledged, None if nothing was meant.

        The incident of an acknowledgement is its id, or the code that was typed, or empty where one did not say
        (`alerts.reply_codes.incident_meant`).

        Raises:
            StoreFailed: it was not kept.
        """


Form = Mapping[str, str]
Take = Callable[[web.Request, Form], Awaitable[web.Response]]


class ReceiptDoor:
    """The three addresses, for the receivers that phones belong to."""

    def __init__(
        self,
        accounts: Iterable[Signer],
        notifiers: Mapping[str, Notifier],
        keeper: ReceiptKeeper,
        metrics: Metrics,
        public_url: str,
        now_s: Callable[[], float],
    ) -> None:
        self._accounts = tuple(accounts)
        self._public_url = public_url
        self.use(notifiers)
        self._keeper = keeper
        self._metrics = metrics
        self._now_s = now_s

    def use(self, notifiers: Mapping[str, Notifier]) -> None:
        """Believe and know the phones of these receivers from now on."""
        paging = [notifier.account for notifier in notifiers.values() if isinstance(notifier, OfPhone)]
        self._signatures = Signatures([*self._accounts, *paging], self._public_url)
        self._people = _people(notifiers)

    def routes(self) -> list[web.RouteDef]:
        """Return what Twilio may tell us."""
        return [
            web.post(STATUS_PATH, self._answering(self._take_status)),
            web.post(REPLIES_PATH, self._answering(self._take_reply)),
            web.post(VOICE_PATH, self._answering(self._take_digit)),
        ]

    def _answering(self, take: Take) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            try:
                return await take(request, await self._signed_form(request))
            except StoreFailed:
                refused = Refused(503, "it could not be stored; send it again", retry_after_s=5)
            except Refused as error:
                refused = error
            self._metrics.add("roomwatch_receipts_refused_total", _REASONS.get(refused.status, "malformed"))
            headers = {} if refused.retry_after_s is None else {"Retry-After": str(refused.retry_after_s)}
            return web.json_response({"error": str(refused)}, status=refused.status, headers=headers)

        return answer

    async def _signed_form(self, request: web.Request) -> Form:
        """Return the form of a request, once it is certain that the account in it has signed it."""
        if request.content_type != FORM:
            raise Refused(415, f"Content-Type: expected {FORM}, got {request.content_type[:60]!r}")
        fields = _fields(await read_body(request, MAX_FORM_BYTES, MAX_FORM_BYTES))
        form = dict(fields)
        if form.get("AccountSid") not in self._signatures.signers(request.headers, request.raw_path, fields):
            raise Refused(403, "X-Twilio-Signature: expected one by a secret of the account in AccountSid")
        return form

    # --- what Twilio tells ---------------------------------------------------------------------------

    async def _take_status(self, request: web.Request, form: Form) -> web.Response:
        notification_id = _named(request, "notification")
        receipt = decode_status(form, self._now_s())
        if receipt is not None:
            await self._keeper.receive(notification_id, receipt)
        self._metrics.add("roomwatch_receipts_total", "status")
        return web.Response(status=204)

    # --- what people say -----------------------------------------------------------------------------

    async def _take_reply(self, _: web.Request, form: Form) -> web.Response:
        sender = form.get("From", "")
        by = self._people.get(sender)
        acknowledgement = None if by is None else decode_reply(form, by, self._now_s())
        self._metrics.add("roomwatch_receipts_total", "reply")
        if acknowledgement is None:
            _log.info("a text message from %s acknowledges nothing", shown_number(sender) if by is None else by)
            return web.Response(status=204)
        what = await self._keeper.acknowledge(acknowledgement)
        return _document(f"<Message>{escape(_worded(what))}</Message>")

    async def _take_digit(self, request: web.Request, form: Form) -> web.Response:
        incident, dedup_key = _named(request, "incident"), _named(request, "key")
        by = self._people.get(form.get("To", ""), "somebody on the phone")
        said = decode_digit(form, by, self._now_s(), incident=incident, dedup_key=dedup_key)
        self._metrics.add("roomwatch_receipts_total", "digit")
        if said is None:
            return _document("<Say>That acknowledges nothing. Goodbye.</Say>")
        what = await self._keeper.acknowledge(said)
        return _document(f"<Say>{'Thank you. ' if what else ''}{escape(_worded(what))}</Say>")


def _people(notifiers: Mapping[str, Notifier]) -> dict[str, str]:
    """Return whose telephone number is which: people are known by the name of their receiver, the first of several."""
    people: dict[str, str] = {}
    for name, notifier in notifiers.items():
        if isinstance(notifier, OfPhone):
            people.setdefault(notifier.phone, name)
    return people


def _fields(body: bytes) -> Fields:
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise Refused(
            400, f"body: expected a form in UTF-8 of at most {MAX_FIELDS} fields, got something else"
        ) from None


def _named(request: web.Request, what: str) -> str:
    name = request.query.get(what, "")
    if not 0 < len(name) <= LONGEST_NAME:
        raise Refused(400, f"{what}: expected 1..{LONGEST_NAME} characters, got {len(name)}")
    return name


def _worded(acknowledged: str | None) -> str:
    if acknowledged is None:
        return "Nothing was acknowledged: no open incident is meant by that."
    return f"Acknowledged: {acknowledged[:_SPOKEN_LIMIT]}"


def _document(content: str) -> web.Response:
    return web.Response(text=f"<Response>{content}</Response>", content_type="text/xml")

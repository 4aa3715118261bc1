"""What is answered to Twilio when it calls back?

Two things arrive at one address: status callbacks, as a form or, where Twilio was told to use GET, as a query; and
deliveries of Event Streams, which are JSON.

204  stored; also for a repeat, and for events that this version does not know
400  neither a status callback nor CloudEvents
403  not signed with a secret of every account that it names; of such a delivery nothing is kept
413  too large                    415  neither a form nor JSON
503  the daemon is behind.  Event Streams try again; a status callback does only if its URL says so (`#rc=5&rp=all`)
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from logging import getLogger
from urllib.parse import parse_qsl

from aiohttp import web

from collectors import callbacks, event_streams
from collectors.base import Malformed
from collectors.events import Event
from monitor.http.body import Refused, read_body
from monitor.http.signature import Fields, Signatures
from monitor.metrics import Metrics
from monitor.pipeline import Behind, Pipeline
from monitor.settings import Account

_log = getLogger(__name__)

MAX_FORM_BYTES = 64 * 1024
MAX_FIELDS = 200
MAX_DELIVERY_BYTES = 1024 * 1024
FORM = "application/x-www-form-urlencoded"
JSON = ("application/json", "application/cloudevents+json", "application/cloudevents-batch+json")

_REASONS = {403: "signature", 503: "behind"}  # why a callback was refused, for metrics; anything else is malformed

Take = Callable[[web.Request], Awaitable[None]]


class Callbacks:
    """`POST /callbacks/twilio`, and `GET` where Twilio was told to."""

    def __init__(
        self,
        accounts: Iterable[Account],
        pipeline: Pipeline,
        metrics: Metrics,
        public_url: str,
        now_ms: Callable[[], int],
        on_event: Callable[[Event], None] = lambda _: None,
    ) -> None:
        self._signatures = Signatures(accounts, public_url)
        self._pipeline = pipeline
        self._metrics = metrics
        self._now_ms = now_ms
        self._on_event = on_event

    async def post(self, request: web.Request) -> web.Response:
        """Take one callback, or one delivery of Event Streams, or say why not."""
        if request.content_type == FORM:
            return await self._answer(request, self._take_form)
        return await self._answer(request, self._take_delivery)

    async def get(self, request: web.Request) -> web.Response:
        """Take one callback that came as a query, or say why not."""
        return await self._answer(request, self._take_query)

    async def _answer(self, request: web.Request, take: Take) -> web.Response:
        try:
            await take(request)
        except Refused as refused:
            self._metrics.add("roomwatch_callbacks_refused_total", _REASONS.get(refused.status, "malformed"))
            response = web.json_response({"error": str(refused)}, status=refused.status)
            if refused.retry_after_s is not None:
                response.headers["Retry-After"] = str(refused.retry_after_s)
            return response
        return web.Response(status=204)

    # --- status callbacks ----------------------------------------------------------------------------

    async def _take_form(self, request: web.Request) -> None:
        body = await read_body(request, MAX_FORM_BYTES, MAX_FORM_BYTES)
        try:
            fields = _fields(body.decode())
        except ValueError:
            raise Refused(400, "body: expected a form in UTF-8, got something else") from None
        await self._take_callback(dict(fields), self._signatures.signers(request.headers, request.raw_path, fields))

    async def _take_query(self, request: web.Request) -> None:
        try:
            fields = _fields(request.raw_path.partition("?")[2])
        except ValueError:
            raise Refused(400, f"query: expected at most {MAX_FIELDS} fields, got more") from None
        await self._take_callback(dict(fields), self._signatures.signers(request.headers, request.raw_path))

    async def _take_callback(self, form: callbacks.Form, signers: frozenset[str]) -> None:
        if form.get("AccountSid") not in signers:
            raise Refused(403, "X-Twilio-Signature: expected one by a secret of the account in AccountSid")
        try:
            event = callbacks.decode(form)
        except Malformed as error:
            raise Refused(400, str(error)) from None
        if event is None:
            _log.info("callback of an unknown event ignored: %.60r", form.get("StatusCallbackEvent"))
        else:
            delay_s = (self._now_ms() - event.seen_at_ms) / 1000
            await self._store([event])
            self._metrics.observe("roomwatch_callback_delay_seconds", max(0.0, delay_s))
        self._metrics.add("roomwatch_callbacks_total", callbacks.event_name(form))

    # --- Event Streams -------------------------------------------------------------------------------

    async def _take_delivery(self, request: web.Request) -> None:
        if request.content_type not in JSON:
            raise Refused(415, f"Content-Type: expected {FORM} or {JSON[0]}, got {request.content_type[:60]!r}")
        body = await read_body(request, MAX_DELIVERY_BYTES, MAX_DELIVERY_BYTES)
        signers = self._signatures.signers_of_body(request.headers, request.raw_path, body)
        if not signers:
            raise Refused(403, "X-Twilio-Signature: expected one by a secret of the account, over bodySHA256, too")
        try:
            delivery = event_streams.decode(body, self._now_ms())
        except Malformed as error:
            raise Refused(400, str(error)) from None
        if any(summary.account_sid not in signers for summary in delivery.summaries):
            raise Refused(403, "data.account_sid: expected the account that signed, got another")
        await self._store(delivery.summaries)
        self._count(delivery)

    def _count(self, delivery: event_streams.Decoded) -> None:
        for summary in delivery.summaries:
            self._metrics.add("roomwatch_callbacks_total", event_streams.event_name(summary))
        for kind, times in delivery.ignored.items():
            _log.info("stream events of another type ignored: %d of %.80r", times, kind)
            self._metrics.add("roomwatch_callbacks_total", "other", by=times)

    # --- both ----------------------------------------------------------------------------------------

    async def _store(self, events: Sequence[Event]) -> None:
        for event in events:
            self._on_event(event)
        try:
            news = await asyncio.gather(*[self._pipeline.offer(event) for event in events])
        except Behind:
            raise Refused(503, "the daemon is behind; send it again", retry_after_s=5) from None
        repeats = news.count(False)
        if repeats:
            self._metrics.add("roomwatch_callbacks_repeats_total", by=repeats)


def _fields(text: str) -> Fields:
    # The SIDs of a room and of its people come with each of its callbacks, and are remembered for long: once will do.
    found = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    return [(name, sys.intern(value)) for name, value in found]

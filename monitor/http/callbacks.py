"""What is answered to Twilio when it calls back?

204  stored; also for a repeat, and for an event that this version does not know
400  not a status callback        403  not signed with an auth token of the account that it names
413  too large                    415  not a form
503  the daemon is behind; Twilio tries again only if the callback URL says so (`#rc=5&rp=all`)
"""

from collections.abc import Iterable
from logging import getLogger
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import MultiDict
from twilio.request_validator import RequestValidator

from collectors.base import Malformed
from collectors.callbacks import decode, event_name
from collectors.events import Event
from monitor.http.body import Refused, read_body
from monitor.metrics import Metrics
from monitor.pipeline import Behind, Pipeline
from monitor.settings import Account

_log = getLogger(__name__)

MAX_BODY_BYTES = 64 * 1024
FORM = "application/x-www-form-urlencoded"

_REASONS = {403: "signature", 503: "behind"}  # why a callback was refused, for metrics; anything else is malformed


class Callbacks:
    """`POST /callbacks/twilio`."""

    def __init__(self, accounts: Iterable[Account], pipeline: Pipeline, metrics: Metrics, public_url: str) -> None:
        self._validators = {a.account_sid: [RequestValidator(token) for token in a.auth_tokens()] for a in accounts}
        self._pipeline = pipeline
        self._metrics = metrics
        self._public_url = public_url.rstrip("/")

    async def post(self, request: web.Request) -> web.Response:
        """Take one callback, or say why not."""
        try:
            await self._take(request)
        except Refused as refused:
            self._metrics.add("roomwatch_callbacks_refused_total", _REASONS.get(refused.status, "malformed"))
            response = web.json_response({"error": str(refused)}, status=refused.status)
            if refused.retry_after_s is not None:
                response.headers["Retry-After"] = str(refused.retry_after_s)
            return response
        return web.Response(status=204)

    async def _take(self, request: web.Request) -> None:
        if request.content_type != FORM:
            raise Refused(415, f"Content-Type: expected {FORM}, got {request.content_type[:60]!r}")
        body = await read_body(request, MAX_BODY_BYTES, MAX_BODY_BYTES)
        try:
            pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=200)
        except ValueError:
            raise Refused(400, "body: expected a form in UTF-8, got something else") from None
        form = dict(pairs)
        if not self._is_signed(request, pairs, form.get("AccountSid", "")):
            raise Refused(403, "X-Twilio-Signature: expected one by the account's auth token")
        try:
            event = decode(form)
        except Malformed as error:
            raise Refused(400, str(error)) from None
        if event is None:
            _log.info("callback of an unknown event ignored: %.60r", form.get("StatusCallbackEvent"))
        else:
            await self._store(event)
        self._metrics.add("roomwatch_callbacks_total", event_name(form))

    async def _store(self, event: Event) -> None:
        try:
            is_news = await self._pipeline.offer(event)
        except Behind:
            raise Refused(503, "the daemon is behind; nothing was kept", retry_after_s=5) from None
        if not is_news:
            self._metrics.add("roomwatch_callbacks_repeats_total")

    def _is_signed(self, request: web.Request, pairs: list[tuple[str, str]], account_sid: str) -> bool:
        """Whether one of the account's tokens signed this, over the URL as the world knows it, not as it got here."""
        signature = request.headers.get("X-Twilio-Signature")
        if not signature:
            return False
        url = self._public_url + request.raw_path
        params = MultiDict(pairs)
        validators = self._validators.get(account_sid, [])
        return any(validator.validate(url, params, signature) for validator in validators)

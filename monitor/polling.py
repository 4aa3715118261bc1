"""How is a source asked again and again, without ever asking in vain?

One `Poll` for each source of each account.  It collects, and hands on only what it has not handed on before: a room
that stands as it stood needs no second row in the log.  A source that goes away is logged once, and once more when it
is back; meanwhile what is known stays, with the time at which it was known.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from logging import getLogger

import msgspec

from collectors.base import CollectError, Collector
from collectors.events import Event, Sighting, TelemetryBatch
from monitor.live import Live
from monitor.metrics import Metrics
from monitor.pipeline import Behind, Pipeline

_log = getLogger(__name__)


class Poll:
    """One source of one account."""

    def __init__(
        self,
        account_sid: str,
        collector: Collector,
        live: Live,
        pipeline: Pipeline,
        now_ms: Callable[[], int],
    ) -> None:
        self.account_sid = account_sid
        self.last_success_ms: int | None = None
        self.error = ""
        self._collector = collector
        self._live = live
        self._pipeline = pipeline
        self._now_ms = now_ms
        self._handed_on: dict[str, Sighting] = {}

    @property
    def resource(self) -> str:
        """Return what is polled."""
        return self._collector.resource

    @property
    def is_up(self) -> bool:
        """Whether the last poll worked; before the first one nobody knows, which is not well."""
        return self.last_success_ms is not None and not self.error

    async def poll(self) -> None:
        """Ask once, and hand on what is new."""
        try:
            events = await self._collector.collect(self._live, self._now_ms())
            await self._hand_on(events)
        except CollectError as error:
            self._failed(str(error))
        except Behind:
            self._failed("the store is behind; what was seen will be asked for again")
        else:
            self._succeeded()

    async def _hand_on(self, events: Sequence[Event]) -> None:
        handed_on: dict[str, Sighting] = {}
        taken: list[Awaitable[bool]] = []
        for event in events:
            if isinstance(event, TelemetryBatch):
                continue
            key, timeless = _key(event), msgspec.structs.replace(event, seen_at_ms=0)
            if self._handed_on.get(key) == timeless:
                self._live.apply(event)  # nothing new in it but its time: the room is still there
            else:
                taken.append(self._pipeline.offer(event))
            handed_on[key] = timeless
        await asyncio.gather(*taken)
        self._handed_on = handed_on

    def _succeeded(self) -> None:
        if self.error:
            _log.info("%s of account %s can be read again", self.resource, _short(self.account_sid))
        self.error, self.last_success_ms = "", self._now_ms()

    def _failed(self, why: str) -> None:
        if not self.error:
            _log.warning("%s of account %s cannot be read: %s", self.resource, _short(self.account_sid), why)
        self.error = why


class RequestCounter:
    """Counts what requests to Twilio come to (`collectors.twilio.Observer`)."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def on_request(self, resource: str, code: str, seconds: float) -> None:
        """Count one request."""
        self._metrics.add("roomwatch_twilio_requests_total", resource, code)
        self._metrics.observe("roomwatch_twilio_request_duration_seconds", seconds)

    def on_retry(self, resource: str, kind: str) -> None:
        """Count one retry."""
        self._metrics.add("roomwatch_twilio_retries_total", resource, kind)

    def on_throttled(self, resource: str, retry_after_s: float | None) -> None:
        """Count one 429."""
        self._metrics.add("roomwatch_twilio_throttled_total")
        _log.debug("throttled while asking for %s; asked to pause: %s s", resource, retry_after_s)

    def on_key_changed(self, account_sid: str, now_using: str) -> None:
        """Say which key opens the account from now on."""
        _log.warning("account %s is opened by its %s key from now on", _short(account_sid), now_using)

    def on_server_date(self, server_s: float, at_s: float) -> None:
        """Show how far Twilio's clock is ahead of ours."""
        self._metrics.set("roomwatch_twilio_clock_offset_seconds", server_s - at_s)


def _key(event: Sighting) -> str:
    for name in ("composition_sid", "participant_sid", "room_sid"):
        if sid := getattr(event, name, None):
            return str(sid)
    return repr(event)


def _short(account_sid: str) -> str:
    return f"{account_sid[:4]}…{account_sid[-4:]}"

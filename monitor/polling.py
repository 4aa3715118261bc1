"""How is a source asked again and again, without ever asking in vain?

One `Poll` for each source of each account.  It collects, and hands on only what it has not handed on before: a room
that stands as it stood needs no second row in the log.  A source that goes away is logged once, and once more when it
is back; meanwhile what is known stays, with the time at which it was known.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from logging import getLogger

import msgspec

from collectors.base import CollectError, Collector, Known
from collectors.events import (
    CompositionsListed,
    Event,
    HooksListed,
    RecordingsListed,
    RoomLooked,
    StaysListed,
    SummariesListed,
)
from collectors.observations import TelemetryBatch
from collectors.rest.twilio import Observer
from monitor.metrics import Metrics
from monitor.pipeline import Behind, Pipeline
from monitor.recent import Recent
from monitor.store.shared import PollState

_log = getLogger(__name__)

HANDED_ON_KEPT = 50_000  # the latest, and as many more
HANDED_ON_FOR_MS = 6 * 3_600_000  # at least, of those: what is shown again after that costs a second row in the log
LEAST_STALE_AFTER_S = 60.0
POLLS_MISSED = 3
WAKE_EVERY_S = 10.0
RETRY_EVERY_S = 60.0
DUE_RATIO = 0.8  # of the interval: wakes come with a jitter, and one that is a little early must not be in vain
_PASSING = (
    CompositionsListed,
    RoomLooked,
    RecordingsListed,
    HooksListed,
    SummariesListed,
    StaysListed,
)  # about our own asking: not worth a row in the log


class Poll:
    """One source of one account, which goes by its name."""

    def __init__(
        self,
        account: str,
        collector: Collector,
        known: Known,
        pipeline: Pipeline,
        now_ms: Callable[[], int],
        interval_s: Callable[[], float] = lambda: LEAST_STALE_AFTER_S,
    ) -> None:
        self.account = account
        self.last_success_ms: int | None = None
        self.error = ""
        self.failures_in_a_row = 0
        self.unread_in_a_row = 0  # of those, with nothing from Twilio that could be read
        self._asked_at_ms = 0
        self._collector = collector
        self._known = known
        self._pipeline = pipeline
        self._now_ms = now_ms
        self.interval_s = interval_s
        self._handed_on: Recent[int, int] = Recent(HANDED_ON_KEPT, HANDED_ON_FOR_MS)

    @property
    def resource(self) -> str:
        """Return what is polled."""
        return self._collector.resource

    @property
    def stale_after_s(self) -> float:
        """After how long without a success what is known is old: some polls in a row have then come to nothing."""
        return max(LEAST_STALE_AFTER_S, POLLS_MISSED * self.interval_s())

    @property
    def is_up(self) -> bool:
        """Whether the last poll worked; before the first one nobody knows, which is not well."""
        return self.last_success_ms is not None and not self.error

    @property
    def state(self) -> PollState:
        """Return how it goes, for those who do not poll."""
        return PollState(self.resource, self.last_success_ms, self.error, self.failures_in_a_row)

    def show(self, state: PollState) -> None:
        """Show how it goes where somebody else polls."""
        self.last_success_ms, self.error = state.last_success_ms, state.error
        self.failures_in_a_row = state.failures_in_a_row

    def wake_every_s(self) -> float:
        """How often to be woken: what goes on may shorten the interval long before it is over."""
        return min(self.interval_s(), WAKE_EVERY_S)

    async def wake(self) -> None:
        """Ask if it is time to; a poll that came to nothing is repeated before the next one would be due."""
        if self._now_ms() - self._asked_at_ms >= DUE_RATIO * self._wait_s() * 1000:
            await self.poll()

    @property
    def due_at_ms(self) -> int | None:
        """When it will be asked again, if nothing shortens the interval, or None before the first time."""
        return self._asked_at_ms + int(self._wait_s() * 1000) if self._asked_at_ms else None

    def _wait_s(self) -> float:
        return min(self.interval_s(), RETRY_EVERY_S) if self.error else self.interval_s()

    async def poll(self) -> None:
        """Ask once, and hand on what is new as it comes."""
        self._asked_at_ms = self._now_ms()
        try:
            async with aclosing(self._collector.collect(self._known, self._now_ms())) as told:
                async for events in told:
                    await self._hand_on(events)
        except CollectError as error:
            self.unread_in_a_row += 1
            self._failed(str(error))
        except Behind:
            self._failed("the store is behind; what was seen will be asked for again")
        else:
            self._succeeded()

    async def _hand_on(self, events: Sequence[Event]) -> None:
        fresh: list[Event] = []
        known: list[Event] = []
        for event in events:
            (fresh if self._is_news(event) else known).append(event)
        await asyncio.gather(*[self._pipeline.offer(event) for event in fresh])
        for event in known:  # nothing new in it but its time: the room is still there
            self._pipeline.refresh(event)
        for event in events:
            if not isinstance(event, _PASSING):
                self._handed_on.put(_key(event), _told_by(event), self._now_ms())

    def _is_news(self, event: Event) -> bool:
        return not isinstance(event, _PASSING) and self._handed_on.get(_key(event)) != _told_by(event)

    def _succeeded(self) -> None:
        if self.error:
            _log.info("%s of account %s can be read again", self.resource, self.account)
        self.error, self.last_success_ms = "", self._now_ms()
        self.failures_in_a_row = self.unread_in_a_row = 0

    def _failed(self, why: str) -> None:
        if not self.error:
            _log.warning("%s of account %s cannot be read: %s", self.resource, self.account, why)
        self.error = why
        self.failures_in_a_row += 1


class RequestCounter(Observer):
    """Counts what requests to Twilio come to (`collectors.rest.twilio.Observer`)."""

    def __init__(self, metrics: Metrics, account: str) -> None:
        self._metrics = metrics
        self._account = account

    def on_request(self, resource: str, code: str, seconds: float) -> None:
        """Count one request."""
        self._metrics.add("roomwatch_twilio_requests_total", self._account, resource, code)
        self._metrics.observe("roomwatch_twilio_request_duration_seconds", seconds)

    def on_retry(self, resource: str, kind: str) -> None:  # noqa: ARG002 - why it is sent again says enough
        """Count a request that is sent again."""
        self._metrics.add("roomwatch_twilio_retries_total", self._account, kind)

    def on_key_changed(self, account_sid: str, now_using: str) -> None:  # noqa: ARG002 - the name says more
        """Say that another key opens the account from now on."""
        self._metrics.add("roomwatch_twilio_key_changes_total", self._account)
        _log.warning("account %s: the other API key opens it, now using the %s one", self._account, now_using)

    def on_server_date(self, server_s: float, at_s: float) -> None:
        """Show how far Twilio's clock is ahead of ours."""
        self._metrics.set("roomwatch_twilio_clock_offset_seconds", server_s - at_s, self._account)

    def on_throttled(self, resource: str, retry_after_s: float | None) -> None:  # noqa: ARG002 - the account counts
        """Count a 429, and how long Twilio asked us to wait."""
        self._metrics.add("roomwatch_twilio_throttled_total", self._account)
        self._metrics.add("roomwatch_twilio_throttled_seconds_total", self._account, by=retry_after_s or 0.0)


def _told_by(event: Event) -> int:
    """Return a number for what an event tells, but for when; of another one it is another, as good as certainly.

    Fifty thousand events are remembered for hours; as themselves, with what they are about, each would take a kilobyte.
    """
    timeless = event if isinstance(event, TelemetryBatch) else msgspec.structs.replace(event, seen_at_ms=0)
    return hash(msgspec.msgpack.encode(timeless))


def _key(event: Event) -> int:
    """Return a number for what the event is about; what is the same about the same thing is not handed on twice."""
    return hash((type(event), *(getattr(event, name, None) for name in _NAMES)))


_NAMES = ("composition_sid", "recording_sid", "hook_sid", "participant_sid", "room_sid", "category", "first_day")

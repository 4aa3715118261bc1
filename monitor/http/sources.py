"""Where does what we know come from, does it still come, and may we go on asking?

    GET /api/v1/sources         what is polled, the budget for it, callbacks and telemetry
    GET /api/v1/blind-spots     what neither browsers nor Twilio tell (`monitor.blind_spots`)

Counts are since the daemon started; two answers make a rate.
"""

from collections.abc import Callable, Sequence

from aiohttp import web
from msgspec import Struct

from collectors.rest.outcome import Outcome
from monitor.account_watch import AccountWatch
from monitor.blind_spots import BlindSpots, blind_spots
from monitor.blindness import Sight
from monitor.callback_address import callback_address
from monitor.http.operations import Operation, Operations
from monitor.http.questions import answering
from monitor.live import Live
from monitor.metrics import Metrics
from monitor.pipeline import Pipeline
from monitor.polling import Poll
from monitor.settings import Telemetry


class PollView(Struct, frozen=True):
    """One thing that is polled.  It is asked every `interval_s`, sooner again after an error."""

    resource: str
    is_up: bool
    last_success_ms: int | None
    due_at_ms: int | None
    interval_s: float
    stale_after_s: float
    failures_in_a_row: int
    error: str


class RequestBudgetView(Struct, frozen=True):
    """What may be asked of an account.

    `requests_per_s` and `burst_requests` are declared, `rate_per_s` is what is allowed now, which is less for a while
    after a 429; `remaining` could be sent at once.  `used` counts requests by answer; `circuit` is closed, open (Twilio
    has not answered for so long that it is asked seldom) or half_open.
    """

    requests_per_s: float
    burst_requests: int
    rate_per_s: float
    remaining: float
    in_flight: int
    concurrency_limit: int
    waiting: int
    used: dict[str, int]
    throttled: int
    retries: int
    last_throttled_ms: int | None
    circuit: str
    is_auth_lost: bool


class CallbackHealthView(Struct, frozen=True):
    """Whether the callbacks of an account arrive: `judged` changes were found by polls, so many no callback told."""

    is_trusted: bool
    is_silent: bool
    judged: int
    missed: int
    missed_in_a_row: int
    missed_ratio: float | None


class TroubleView(Struct, frozen=True):
    """A trouble that an account has, in a word and in words."""

    trouble: str
    since_ms: int
    detail: str


class AccountSourcesView(Struct, frozen=True):
    """Everything that is known of one account's side of things."""

    account: str
    account_sid: str
    polls: list[PollView]
    budget: RequestBudgetView
    callbacks: CallbackHealthView
    troubles: list[TroubleView]


class CallbacksView(Struct, frozen=True):
    """What came in by callbacks; `address` is what Twilio has to call, empty where that is not configured."""

    address: str
    received: dict[str, int]
    repeats: int
    refused: dict[str, int]


class TelemetryInView(Struct, frozen=True):
    """What came in from browsers; `posts` by answer."""

    posts: dict[str, int]
    events: int
    refused_events: int
    ignored_events: int
    repeats: int
    late_posts: int
    wrong_clock_posts: int
    last_at_ms: int | None


class QueueView(Struct, frozen=True):
    """How much waits to be stored, and how much may."""

    events: int
    capacity_events: int


class SourcesView(Struct, frozen=True):
    """Everything that we are told by, in the order of the configuration."""

    now_ms: int
    accounts: list[AccountSourcesView]
    callbacks: CallbacksView
    telemetry: TelemetryInView
    queue: QueueView


OPERATIONS: Operations = {
    "/api/v1/sources": Operation(
        "sources",
        "What is polled and how that goes, the request budget, callbacks, telemetry; counts are since the start.",
        SourcesView,
    ),
    "/api/v1/blind-spots": Operation("blindSpots", "What neither browsers nor Twilio tell.", BlindSpots),
}


class Sources:
    """Answers questions about what comes in.

    Args:
        watches: one for each account.
        live: the picture.
        metrics: what was counted.
        pipeline: what waits to be stored.
        public_url: how the world reaches us.
        telemetry: what is accepted from browsers.
        sight: what is not seen at all.
        now_ms: what time it is.
    """

    def __init__(
        self,
        watches: Sequence[AccountWatch],
        live: Live,
        metrics: Metrics,
        pipeline: Pipeline,
        *,
        public_url: str,
        telemetry: Telemetry,
        sight: Callable[[], Sight],
        now_ms: Callable[[], int],
    ) -> None:
        self._watches = watches
        self._live = live
        self._metrics = metrics
        self._pipeline = pipeline
        self._public_url = public_url
        self._telemetry = telemetry
        self._sight = sight
        self._now_ms = now_ms

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/api/v1/sources", answering(self.sources)),
            web.get("/api/v1/blind-spots", answering(self.blind_spots)),
        ]

    async def sources(self, _: web.Request) -> SourcesView:
        """Answer with everything that we are told by."""
        return SourcesView(
            self._now_ms(),
            [self._account(watch) for watch in self._watches],
            _callbacks(self._metrics, self._public_url),
            _telemetry(self._metrics),
            QueueView(self._pipeline.queue_events, self._pipeline.capacity_events),
        )

    async def blind_spots(self, _: web.Request) -> BlindSpots:
        """Answer with what nobody tells."""
        sight = self._sight()
        blind = [*sight.accounts.values(), *([sight.browsers] if sight.browsers else ())]
        return blind_spots(
            self._live, blind, self._now_ms(), self._telemetry.clock_wrong_after_s, asks_twilio=bool(self._watches)
        )

    def _account(self, watch: AccountWatch) -> AccountSourcesView:
        known, health = self._live.accounts[watch.sid], self._live.account_book.callbacks[watch.sid]
        return AccountSourcesView(
            account=watch.name,
            account_sid=watch.sid,
            polls=[_poll(poll) for poll in watch.polls],
            budget=_budget(watch, self._metrics),
            callbacks=CallbackHealthView(
                is_trusted=health.is_trusted,
                is_silent=health.is_silent,
                judged=health.judged,
                missed=health.missed,
                missed_in_a_row=health.missed_in_a_row,
                missed_ratio=health.missed_ratio,
            ),
            troubles=[
                TroubleView(trouble.value, since_ms, known.details.get(trouble, ""))
                for trouble, since_ms in known.troubles.items()
            ],
        )


def _poll(poll: Poll) -> PollView:
    return PollView(
        poll.resource,
        poll.is_up,
        poll.last_success_ms,
        poll.due_at_ms,
        poll.interval_s(),
        poll.stale_after_s,
        poll.failures_in_a_row,
        poll.error,
    )


def _budget(watch: AccountWatch, metrics: Metrics) -> RequestBudgetView:
    twilio, limits = watch.twilio, watch.twilio.budget.limits
    throttled_at_s = twilio.last_at_s.get(Outcome.THROTTLED)
    return RequestBudgetView(
        requests_per_s=limits.requests_per_s,
        burst_requests=limits.burst_requests,
        rate_per_s=twilio.rate_per_s(),
        remaining=twilio.budget_remaining(),
        in_flight=twilio.budget.in_flight,
        concurrency_limit=twilio.concurrency_limit(),
        waiting=sum(twilio.waiting().values()),
        used=_by_last(metrics, "roomwatch_twilio_requests_total", watch.name),
        throttled=int(metrics.values["roomwatch_twilio_throttled_total"].get((watch.name,), 0)),
        retries=sum(_by_last(metrics, "roomwatch_twilio_retries_total", watch.name).values()),
        last_throttled_ms=None if throttled_at_s is None else int(throttled_at_s * 1000),
        circuit=twilio.circuit.value,
        is_auth_lost=twilio.auth_lost,
    )


def _callbacks(metrics: Metrics, public_url: str) -> CallbacksView:
    return CallbacksView(
        callback_address(public_url) if public_url else "",
        _by_last(metrics, "roomwatch_callbacks_total"),
        int(metrics.total("roomwatch_callbacks_repeats_total")),
        _by_last(metrics, "roomwatch_callbacks_refused_total"),
    )


def _telemetry(metrics: Metrics) -> TelemetryInView:
    def total(name: str) -> int:
        return int(metrics.total(f"roomwatch_telemetry_{name}_total"))

    last_s = metrics.values["roomwatch_telemetry_last_timestamp_seconds"].get((), 0)
    return TelemetryInView(
        posts=_by_last(metrics, "roomwatch_telemetry_posts_total"),
        events=total("events"),
        refused_events=total("events_refused"),
        ignored_events=total("events_ignored"),
        repeats=total("repeats"),
        late_posts=total("late_posts"),
        wrong_clock_posts=total("wrong_clock_posts"),
        last_at_ms=int(last_s * 1000) or None,
    )


def _by_last(metrics: Metrics, name: str, *first: str) -> dict[str, int]:
    """Return the counts of a family by their last label, of those that begin with some labels, and not zero."""
    counts: dict[str, int] = {}
    for labels, count in metrics.values[name].items():
        if count and labels[: len(first)] == first:
            counts[labels[-1]] = counts.get(labels[-1], 0) + int(count)
    return counts

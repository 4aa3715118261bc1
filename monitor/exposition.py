"""What does Prometheus read?

A scrape is answered from memory: counters as they stand, and the live picture looked at once.  The number of series
does not depend on the number of rooms.  Exemplars, which name a room and a participant by their SIDs, are no series;
only OpenMetrics has a place for them.
"""

import platform
from collections.abc import Collection, Iterator, Mapping, Sequence
from math import nan
from types import MappingProxyType
from typing import NamedTuple

from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar

from alerts.breaker import Circuit
from alerts.model import Alert, Group
from alerts.silences import Silence
from collectors.error_codes import BY_CODE
from collectors.events import Trouble
from monitor import build_info
from monitor.alert_metrics import set_alerts, set_incidents, set_silences
from monitor.call_metrics import set_calls
from monitor.census import Census
from monitor.error_budgets import ErrorBudgets
from monitor.histograms import Histogram
from monitor.live import Live
from monitor.metrics import FAMILIES, Family, Metrics
from monitor.naming import Naming
from monitor.polling import Poll
from monitor.self_metrics import OwnWork, set_own_work
from monitor.slo_metrics import set_listed_slos, set_slos
from monitor.store.ports import OutboxCounts, Size

EXEMPLAR_AGE_S = 900.0  # what happened longer ago is looked for elsewhere

_OF_WHO_ASKS = (
    "roomwatch_twilio_budget_remaining_requests",
    "roomwatch_twilio_budget_capacity_requests",
    "roomwatch_twilio_rate_limit_requests_per_second",
    "roomwatch_twilio_concurrency_limit",
    "roomwatch_twilio_waiting_requests",
    "roomwatch_twilio_breaker_open",
)
_OLDEST_COMPOSITION = "roomwatch_open_composition_oldest_timestamp_seconds"


class AccountUse(NamedTuple):
    """What one Twilio account has left, and what keeps requests to it from being sent at once."""

    account: str
    sid: str
    unsettled_rooms: int
    budget_remaining_requests: float
    rate_per_s: float
    concurrency_limit: float
    breaker_open: bool
    waiting: int
    budget_capacity_requests: float = 0.0
    trusts_callbacks: bool = False
    is_asked: bool = True  # by this process


class House(NamedTuple):
    """What a scrape looks at besides the counters."""

    alerts: list[Alert]
    outbox: OutboxCounts
    polls: Sequence[Poll]
    queue_events: int
    queue_capacity_events: int
    accounts: Sequence[AccountUse]
    naming: Naming
    size: Size
    census: Census
    breakers: Mapping[str, Circuit] = MappingProxyType({})
    budgets: ErrorBudgets | None = None
    now_s: float = 0.0
    mutes: Mapping[str, str] = MappingProxyType({})  # of alerts that fire, by fingerprint, why nobody is told
    incidents: Sequence[Group] = ()
    silences: Sequence[Silence] = ()
    regions: Sequence[str] = ()  # media regions that have series of their own
    queue_oldest_at_s: float | None = None
    loop_lag_s: float | None = None
    loop_tasks: int = 0
    own_work: OwnWork = OwnWork()


def exposition(
    metrics: Metrics,
    live: Live,
    house: House,
    accept: str,
    shown: Collection[str] = FAMILIES.keys(),
    *,
    shows_process: bool = True,
) -> tuple[bytes, str]:
    """Return the page and its content type, as text or OpenMetrics, whichever `accept` asks for.

    It has the families that are `shown`, and what Python and the system tell of the process, if that is.
    """
    look_up(metrics, live, house)
    registry = CollectorRegistry()
    process = (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR) if shows_process else ()
    for collector in (_Exposition(metrics, shown), *process):
        registry.register(collector)
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def look_up(metrics: Metrics, live: Live, house: House) -> None:
    """Set the gauges that are not counted but read off the picture, and count what was noted."""
    metrics.count_samples(since_ms=int((house.now_s - EXEMPLAR_AGE_S) * 1000))
    set_calls(metrics, live, house.naming, house.regions, house.now_s * 1000)
    set_alerts(metrics, house.alerts, house.mutes)
    set_incidents(metrics, house.incidents)
    set_silences(metrics, house.silences, house.now_s)
    _set_outbox(metrics, house)
    _set_polls(metrics, house.polls)
    _set_accounts(metrics, house.accounts)
    _set_troubles(metrics, live, house)
    if house.budgets is not None:
        set_slos(metrics, house.budgets, {use.sid: use.account for use in house.accounts}, house.now_s)
        set_listed_slos(metrics, house.budgets, house.naming.values.get("tenant", ()), house.regions)
    _set_house(metrics, house)
    set_own_work(metrics, house.own_work)


def _set_outbox(metrics: Metrics, house: House) -> None:
    metrics.set("roomwatch_outbox_waiting", house.outbox.waiting)
    metrics.set("roomwatch_outbox_dead", house.outbox.dead)
    metrics.set("roomwatch_outbox_oldest_timestamp_seconds", house.outbox.oldest_waiting_at_s or 0)
    for receiver, circuit in house.breakers.items():
        metrics.set("roomwatch_receiver_circuit_open", circuit is not Circuit.CLOSED, receiver)


def _set_house(metrics: Metrics, house: House) -> None:
    metrics.set("roomwatch_pipeline_queue_events", house.queue_events)
    metrics.set("roomwatch_pipeline_queue_capacity_events", house.queue_capacity_events)
    metrics.set("roomwatch_pipeline_queue_oldest_timestamp_seconds", house.queue_oldest_at_s or 0)
    metrics.set("roomwatch_store_database_bytes", house.size.database_bytes)
    metrics.set("roomwatch_store_wal_bytes", house.size.wal_bytes)
    metrics.set("roomwatch_store_free_bytes", house.size.free_bytes)
    metrics.set("roomwatch_store_full", house.size.is_full)
    metrics.set("roomwatch_store_damages_total", house.size.damages)
    metrics.set("roomwatch_log_unsettled_timestamp_seconds", (house.size.unsettled_since_ms or 0) / 1000)
    metrics.set("roomwatch_store_disk_free_bytes", _or_nan(house.size.disk_free_bytes))
    metrics.set("roomwatch_event_loop_lag_seconds", _or_nan(house.loop_lag_s))
    metrics.set("roomwatch_event_loop_tasks", house.loop_tasks)
    metrics.set("roomwatch_build_info", 1, *build_info.present(), platform.python_version())


def _or_nan(value: float | None) -> float:
    """Return a number; what is not known is not zero."""
    return nan if value is None else value


def _set_polls(metrics: Metrics, polls: Sequence[Poll]) -> None:
    for poll in polls:
        metrics.set("roomwatch_twilio_up", poll.is_up, poll.account, poll.resource)
        metrics.set("roomwatch_twilio_stale_after_seconds", poll.stale_after_s, poll.account, poll.resource)
        last_success_s = (poll.last_success_ms or 0) / 1000
        metrics.set("roomwatch_twilio_last_success_timestamp_seconds", last_success_s, poll.account, poll.resource)


def _set_accounts(metrics: Metrics, accounts: Sequence[AccountUse]) -> None:
    for use in accounts:
        metrics.set("roomwatch_callbacks_trusted", use.trusts_callbacks, use.account)
        if not use.is_asked:
            for family in _OF_WHO_ASKS:
                metrics.values[family].pop((use.account,), None)
            continue
        metrics.set("roomwatch_twilio_budget_remaining_requests", use.budget_remaining_requests, use.account)
        metrics.set("roomwatch_twilio_budget_capacity_requests", use.budget_capacity_requests, use.account)
        metrics.set("roomwatch_twilio_rate_limit_requests_per_second", use.rate_per_s, use.account)
        metrics.set("roomwatch_twilio_concurrency_limit", use.concurrency_limit, use.account)
        metrics.set("roomwatch_twilio_waiting_requests", use.waiting, use.account)
        metrics.set("roomwatch_twilio_breaker_open", use.breaker_open, use.account)


def _set_troubles(metrics: Metrics, live: Live, house: House) -> None:
    """Show how many things are in which trouble, and which troubles each account has."""
    census = house.census
    for family, counts in (
        ("roomwatch_troubled_rooms", census.rooms),
        ("roomwatch_troubled_compositions", census.compositions),
        ("roomwatch_troubled_recordings", census.recordings),
    ):
        for (trouble,) in metrics.values[family]:
            metrics.set(family, counts[trouble], trouble)
    recordings = live.recordings.values()
    metrics.set("roomwatch_open_recordings", sum(not recording.is_troubled for recording in recordings))
    metrics.set("roomwatch_open_recording_oldest_timestamp_seconds", (census.oldest_recording_ms or 0) / 1000)
    for (status,) in metrics.values[_OLDEST_COMPOSITION]:
        metrics.set(_OLDEST_COMPOSITION, census.oldest_compositions_ms.get(status, 0) / 1000, status)
    for use in house.accounts:
        _set_standing(metrics, live, use, census.accounts[use.sid])
    names = {use.sid: use.account for use in house.accounts}
    for (sid, what, code), count in live.account_book.failed.items():
        code_label = "none" if code is None else str(code) if code in BY_CODE else "other"
        metrics.set(f"roomwatch_{what}_total", count, names.get(sid, "other"), code_label)


def _set_standing(metrics: Metrics, live: Live, use: AccountUse, values: Mapping[str, float | None]) -> None:
    for trouble in Trouble:
        metrics.set("roomwatch_account_trouble", values[trouble] or 0, use.account, trouble)
    metrics.set("roomwatch_callbacks_missed_total", live.account_book.callbacks[use.sid].missed, use.account)
    metrics.set("roomwatch_concurrency_ratio", values["concurrency_ratio"] or 0, use.account)
    metrics.set("roomwatch_unsettled_rooms", use.unsettled_rooms, use.account)
    currency = live.accounts[use.sid].currency
    if currency is not None:
        for cost in ("day_cost", "month_cost_forecast"):
            if (amount := values[cost]) is not None:
                metrics.set(f"roomwatch_usage_{cost}", amount, use.account, currency)


class _Exposition(Collector):
    """Hands the counted families to prometheus_client, as they stand at this scrape."""

    def __init__(self, metrics: Metrics, shown: Collection[str]) -> None:
        self._metrics = metrics
        self._shown = shown

    def collect(self) -> Iterator[Metric]:
        """Return one metric family after the other, in the order of the table."""
        for name, family in FAMILIES.items():
            if name not in self._shown:
                continue
            if family.kind == "histogram":
                yield _histograms(name, family, self._metrics.histograms[name])
            else:
                yield _values(name, family, self._metrics.values[name])


def _values(name: str, family: Family, values: dict[tuple[str, ...], float]) -> Metric:
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = kind(name, family.help, labels=family.labels)
    for labels, value in values.items():
        metric.add_metric(labels, value)
    return metric


def _histograms(name: str, family: Family, histograms: dict[tuple[str, ...], Histogram]) -> Metric:
    metric = HistogramMetricFamily(name, family.help, labels=family.labels)
    for labels, histogram in histograms.items():
        metric.add_metric(labels, list(_cumulative(histogram)), histogram.total)
    return metric


def _cumulative(histogram: Histogram) -> Iterator[tuple[str, float] | tuple[str, float, Exemplar]]:
    running = 0
    bounds = (*map(str, histogram.bounds), "+Inf")
    for bucket, (bound, count) in enumerate(zip(bounds, histogram.counts, strict=True)):
        running += count
        shown = histogram.exemplars.get(bucket)
        if shown is None:
            yield bound, running
        else:
            yield bound, running, Exemplar(shown.labels, shown.value, shown.at_ms / 1000)

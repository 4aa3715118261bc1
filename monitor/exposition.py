"""What does Prometheus read?

A scrape is answered from memory: counters as they stand, and the live picture looked at once.  The number of series
does not depend on the number of rooms.
"""

import platform
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from alerts.breaker import Circuit
from alerts.model import Alert
from collectors.error_codes import BY_CODE
from collectors.events import Trouble
from monitor import __version__
from monitor.census import Census
from monitor.entities import Participant, Room
from monitor.error_budgets import ErrorBudgets
from monitor.live import Live
from monitor.metrics import FAMILIES, LEVELS, Family, Histogram, Metrics
from monitor.naming import Naming
from monitor.polling import Poll
from monitor.slo_metrics import set_slos
from monitor.store.ports import OutboxCounts, Size


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


def exposition(metrics: Metrics, live: Live, house: House, accept: str) -> tuple[bytes, str]:
    """Return the page and its content type, as text or OpenMetrics, whichever `accept` asks for."""
    look_up(metrics, live, house)
    registry = CollectorRegistry()
    for collector in (_Exposition(metrics), PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
        registry.register(collector)
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def look_up(metrics: Metrics, live: Live, house: House) -> None:
    """Set the gauges that are not counted but read off the picture."""
    participants = list(live.participants())
    metrics.set("roomwatch_live_rooms", len(live.rooms))
    _set_all(metrics, "roomwatch_live_participants", ((level_label(p),) for p in participants))
    _set_named(metrics, live, house.naming)
    metrics.set("roomwatch_reconnecting_participants", sum(p.reconnecting for p in participants))
    compositions = ((c.status.value,) for c in live.compositions.values() if not c.is_expected)
    _set_all(metrics, "roomwatch_open_compositions", compositions)
    _set_all(metrics, "roomwatch_alerts", ((a.state.value, a.severity.value) for a in house.alerts))
    metrics.set("roomwatch_outbox_waiting", house.outbox.waiting)
    metrics.set("roomwatch_outbox_dead", house.outbox.dead)
    metrics.set("roomwatch_outbox_oldest_timestamp_seconds", house.outbox.oldest_waiting_at_s or 0)
    for receiver, circuit in house.breakers.items():
        metrics.set("roomwatch_receiver_circuit_open", circuit is not Circuit.CLOSED, receiver)
    _set_polls(metrics, house.polls)
    _set_accounts(metrics, house.accounts)
    _set_troubles(metrics, live, house)
    if house.budgets is not None:
        set_slos(metrics, house.budgets, {use.sid: use.account for use in house.accounts}, house.now_s)
    metrics.set("roomwatch_pipeline_queue_events", house.queue_events)
    metrics.set("roomwatch_pipeline_queue_capacity_events", house.queue_capacity_events)
    metrics.set("roomwatch_store_database_bytes", house.size.database_bytes)
    metrics.set("roomwatch_store_wal_bytes", house.size.wal_bytes)
    metrics.set("roomwatch_store_free_bytes", house.size.free_bytes)
    metrics.set("roomwatch_store_full", house.size.is_full)
    metrics.set("roomwatch_build_info", 1, __version__, platform.python_version())


def level_label(participant: Participant) -> str:
    """Return the level as a word: idle is not well, and unknown is not zero."""
    if participant.level is None:
        return "unknown"
    return "idle" if participant.is_idle and participant.level == 5 else str(participant.level)


def _set_all(metrics: Metrics, name: str, seen: Iterable[tuple[str, ...]]) -> None:
    counts = Counter(seen)
    for labels in metrics.values[name]:
        metrics.set(name, counts[labels], *labels)


def _set_named(metrics: Metrics, live: Live, naming: Naming) -> None:
    """Show rooms and participants by each label that is taken from names, with all of its values and no other."""
    if not naming.values:
        return
    named = [(naming.labels(room.name), _level_labels(room)) for room in live.rooms.values()]
    for label, values in naming.values.items():
        family = _NAMED[label]
        rooms = Counter(labels[label] for labels, _ in named)
        people = Counter((labels[label], level) for labels, levels in named for level in levels)
        for value in values:
            metrics.set(f"{family}_live_rooms", rooms[value], value)
            for level in LEVELS:
                metrics.set(f"{family}_live_participants", people[value, level], value, level)


_NAMED = {"tenant": "roomwatch_tenant", "resource_kind": "roomwatch_kind"}


def _level_labels(room: Room) -> list[str]:
    return [level_label(participant) for participant in room.participants.values()]


def _set_polls(metrics: Metrics, polls: Sequence[Poll]) -> None:
    for poll in polls:
        metrics.set("roomwatch_twilio_up", poll.is_up, poll.account, poll.resource)
        metrics.set("roomwatch_twilio_stale_after_seconds", poll.stale_after_s, poll.account, poll.resource)
        last_success_s = (poll.last_success_ms or 0) / 1000
        metrics.set("roomwatch_twilio_last_success_timestamp_seconds", last_success_s, poll.account, poll.resource)


def _set_accounts(metrics: Metrics, accounts: Sequence[AccountUse]) -> None:
    for use in accounts:
        metrics.set("roomwatch_twilio_budget_remaining_requests", use.budget_remaining_requests, use.account)
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

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """Return one metric family after the other, in the order of the table."""
        for name, family in FAMILIES.items():
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


def _cumulative(histogram: Histogram) -> Iterator[tuple[str, float]]:
    running = 0
    for bound, count in zip((*histogram.bounds, float("inf")), histogram.counts, strict=True):
        running += count
        yield ("+Inf" if bound == float("inf") else str(bound)), running

"""What does Prometheus read?

A scrape is answered from memory: counters as they stand, and the live picture looked at once.  The number of series
does not depend on the number of rooms.
"""

import platform
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from alerts.model import Alert
from monitor import __version__
from monitor.entities import Participant
from monitor.live import Live
from monitor.metrics import FAMILIES, Family, Histogram, Metrics
from monitor.polling import Poll
from monitor.store.ports import OutboxCounts, Size


class House(NamedTuple):
    """What a scrape looks at besides the counters."""

    alerts: list[Alert]
    outbox: OutboxCounts
    polls: Sequence[Poll]
    queue_events: int
    queue_capacity_events: int
    budget_remaining_requests: float
    size: Size


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
    metrics.set("roomwatch_reconnecting_participants", sum(p.reconnecting for p in participants))
    compositions = ((composition.status.value,) for composition in live.compositions.values())
    _set_all(metrics, "roomwatch_open_compositions", compositions)
    _set_all(metrics, "roomwatch_alerts", ((a.state.value, a.severity.value) for a in house.alerts))
    metrics.set("roomwatch_outbox_waiting", house.outbox.waiting)
    metrics.set("roomwatch_outbox_dead", house.outbox.dead)
    metrics.set("roomwatch_outbox_oldest_timestamp_seconds", house.outbox.oldest_waiting_at_s or 0)
    _set_polls(metrics, house.polls)
    metrics.set("roomwatch_pipeline_queue_events", house.queue_events)
    metrics.set("roomwatch_pipeline_queue_capacity_events", house.queue_capacity_events)
    metrics.set("roomwatch_twilio_budget_remaining_requests", house.budget_remaining_requests)
    metrics.set("roomwatch_store_database_bytes", house.size.database_bytes)
    metrics.set("roomwatch_store_wal_bytes", house.size.wal_bytes)
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


def _set_polls(metrics: Metrics, polls: Sequence[Poll]) -> None:
    """Show each resource as its worst account has it: one that can be read must not hide one that cannot."""
    for resource in {poll.resource for poll in polls}:
        same = [poll for poll in polls if poll.resource == resource]
        last_success_ms = min(poll.last_success_ms or 0 for poll in same)
        metrics.set("roomwatch_twilio_up", all(poll.is_up for poll in same), resource)
        metrics.set("roomwatch_twilio_last_success_timestamp_seconds", last_success_ms / 1000, resource)


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

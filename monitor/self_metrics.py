"""What is shown of the daemon's own work?  Pure."""

from collections.abc import Iterable
from math import nan
from typing import NamedTuple

from monitor.chores import Chore
from monitor.metrics import Metrics


class OwnWork(NamedTuple):
    """How the daemon's own work stands at a scrape; times are since the epoch, None is never, or not known."""

    chores: Iterable[tuple[str, Chore]] = ()
    evaluated_at_s: float | None = None
    dispatched_at_s: float | None = None
    waiting_writes: int = 0
    write_began_at_s: float | None = None
    log_began_at_s: float | None = None
    streams: int = 0
    streams_capacity: int = 0
    connections: Iterable[tuple[str, int, int]] = ()  # of each listener, how many there are and how many there may be
    memory_limit_bytes: int | None = None
    threads: int = 0


def set_own_work(metrics: Metrics, work: OwnWork) -> None:
    """Show how the daemon's own work stands."""
    metrics.set("roomwatch_evaluation_timestamp_seconds", work.evaluated_at_s or 0)
    metrics.set("roomwatch_dispatch_timestamp_seconds", work.dispatched_at_s or 0)
    metrics.set("roomwatch_store_waiting_writes", work.waiting_writes)
    metrics.set("roomwatch_store_write_timestamp_seconds", work.write_began_at_s or 0)
    metrics.set("roomwatch_store_wal_restart_timestamp_seconds", work.log_began_at_s or 0)
    metrics.set("roomwatch_call_streams", work.streams)
    metrics.set("roomwatch_call_streams_capacity", work.streams_capacity)
    for listener, count, capacity in work.connections:
        metrics.set("roomwatch_http_connections", count, listener)
        metrics.set("roomwatch_http_connections_capacity", capacity, listener)
    metrics.set("roomwatch_memory_limit_bytes", nan if work.memory_limit_bytes is None else work.memory_limit_bytes)
    metrics.set("roomwatch_threads", work.threads)
    for name, chore in work.chores:
        metrics.set("roomwatch_chore_interval_seconds", chore.every_s, name)
        metrics.set("roomwatch_chore_last_success_timestamp_seconds", chore.done_at_s or 0, name)
        metrics.set("roomwatch_chore_duration_seconds", nan if chore.took_s is None else chore.took_s, name)
        metrics.set("roomwatch_chore_failures_total", chore.failures, name)

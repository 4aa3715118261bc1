"""Who looks at what does not tell of itself when it changes?

Sources grow stale in silence, error budgets burn by the clock, and the daemon does not notice by itself that its outbox
is stuck.  So every few seconds somebody goes round, looks, and says that each of them has changed; the rules are shown
them, like anything else, at the next look.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from logging import getLogger
from typing import Protocol

from alerts.model import Kind, Reading
from monitor.blindness import DAEMON, Sight
from monitor.daemon_readings import Vitals, of_daemon
from monitor.entities import Change, Ref
from monitor.error_budgets import ErrorBudgets
from monitor.live import Live
from monitor.loop_lag import LoopLag
from monitor.metrics import Metrics
from monitor.pipeline import Pipeline
from monitor.polling import Poll
from monitor.process_limits import ProcessUse, process_use
from monitor.readings import Read
from monitor.slo_readings import of_slo
from monitor.source_readings import CALLBACKS, TELEMETRY, TELEMETRY_STALE_AFTER_S, SourceState, of_source
from monitor.store.ports import Store, StoreFailed

_log = getLogger(__name__)

ROUND_EVERY_S = 5.0
DEAD_FOR_S = 3600.0
COMMITS = "roomwatch_pipeline_commit_duration_seconds"


class Watched(Protocol):
    """An account as far as its sources are concerned."""

    @property
    def name(self) -> str:
        """Return what it is called in the configuration."""

    @property
    def sid(self) -> str:
        """Return its SID."""

    @property
    def polls(self) -> Sequence[Poll]:
        """Return what is polled of it."""


class Rounds:
    """Looks at sources, error budgets, and the daemon itself."""

    def __init__(
        self,
        store: Store,
        live: Live,
        pipeline: Pipeline,
        metrics: Metrics,
        budgets: ErrorBudgets,
        accounts: Sequence[Watched],
        *,
        instance: str,
        now_s: Callable[[], float],
        on_change: Callable[[Sequence[Change]], None],
        sight: Callable[[], Sight],
        overdue: Callable[[], Sequence[str]] = tuple,
        use: Callable[[], ProcessUse] = process_use,
        certificate_ends_s: Callable[[], Mapping[str, float]] = dict,
    ) -> None:
        self._sight = sight
        self._overdue = overdue
        self._use = use
        self._certificate_ends_s = certificate_ends_s  # by listener, of those that show one
        self.process = ProcessUse()  # at the last round
        self._store = store
        self._live = live
        self._pipeline = pipeline
        self._metrics = metrics
        self._budgets = budgets
        self._accounts = accounts
        self._instance = instance
        self._now_s = now_s
        self._on_change = on_change
        self._started_at_s = now_s()
        self._commits = (0, 0.0)  # how many, and their seconds, at the round before
        self._vitals = Vitals()
        self._sources: Mapping[str, SourceState] = {}  # at the last round
        self.loop_lag = LoopLag(now_s)

    async def go(self) -> None:
        """Look at everything once."""
        try:
            self._vitals = await self._take_vitals()
        except StoreFailed as error:
            _log.error("the outbox could not be looked at: %s", error)
        self._sources = self._look_at_sources()
        self._live.judge_minutes()
        sources = [Ref("source", key) for key in self._sources]
        refs = [DAEMON, *sources, *self._budgets.refs()]
        self._on_change([Change(ref) for ref in refs])

    @property
    def readers(self) -> Mapping[Kind, Read]:
        """Return how rules are shown what is looked at here."""
        return {Kind.DAEMON: self._read_daemon, Kind.SOURCE: self._read_source, Kind.SLO: self._read_slo}

    # --- the daemon ---------------------------------------------------------------------------------------

    def _read_daemon(self, key: str, _now_s: float) -> Reading | None:
        if key != DAEMON.key:
            return None
        return of_daemon(self._instance, self._vitals, self._sight(), self._overdue(), self._first_to_end())

    def _first_to_end(self) -> str:
        """Return the listener whose certificate ends first, if there is any."""
        ends_s = self._certificate_ends_s()
        return min(ends_s, key=lambda listener: ends_s[listener], default="")

    async def _take_vitals(self) -> Vitals:
        now_s, alerts = self._now_s(), self._store.alerts
        self.process, write_began_s = self._use(), self._store.writing.began_s
        ends_s = self._certificate_ends_s()
        size = await self._store.size()
        oldest_at_s = (await alerts.outbox_counts()).oldest_waiting_at_s
        return Vitals(
            outbox_oldest_s=0.0 if oldest_at_s is None else now_s - oldest_at_s,
            dead_notifications=await alerts.dead_since(now_s - DEAD_FOR_S),
            queue_ratio=self._pipeline.queue_events / self._pipeline.capacity_events,
            event_loop_lag_s=self.loop_lag.worst_s,
            disk_full=self._store.is_full,
            commit_s=self._mean_commit_s(),
            open_files_ratio=self.process.open_files_ratio,
            memory_ratio=self.process.memory_ratio,
            wal_bytes=size.wal_bytes,
            damages=size.damages,
            write_s=0.0 if write_began_s is None else time.monotonic() - write_began_s,
            overdue_chores=len(self._overdue()),
            certificate_left_s=min(ends_s.values()) - now_s if ends_s else None,
        )

    def _mean_commit_s(self) -> float | None:
        """Return the mean time of the commits since the round before, or None if there was none."""
        histogram = self._metrics.histograms[COMMITS][()]
        count, seconds = sum(histogram.counts), histogram.total
        (before, seconds_before), self._commits = self._commits, (count, seconds)
        return (seconds - seconds_before) / (count - before) if count > before else None

    # --- sources ------------------------------------------------------------------------------------------

    def _read_source(self, key: str, now_s: float) -> Reading | None:
        self._sources = self._sources or self._look_at_sources()  # before the first round
        state = self._sources.get(key)
        return None if state is None else of_source(state, now_s)

    def _look_at_sources(self) -> Mapping[str, SourceState]:
        polled = [self._polled(account, poll) for account in self._accounts for poll in account.polls]
        told = [self._telemetry(), *(self._callbacks(account) for account in self._accounts)]
        return {state.key: state for state in (*told, *polled)}

    def _polled(self, account: Watched, poll: Poll) -> SourceState:
        return SourceState(
            poll.resource,
            account.sid,
            account.name,
            self._started_at_s,
            None if poll.last_success_ms is None else poll.last_success_ms / 1000,
            poll.stale_after_s,
            failures_in_a_row=poll.failures_in_a_row,
            error=poll.error,
        )

    def _callbacks(self, account: Watched) -> SourceState:
        health = self._live.account_book.callbacks[account.sid]
        return SourceState(CALLBACKS, account.sid, account.name, failures_in_a_row=health.missed_in_a_row)

    def _telemetry(self) -> SourceState:
        last_s = self._metrics.values["roomwatch_telemetry_last_timestamp_seconds"].get((), 0.0)
        return SourceState(
            TELEMETRY,
            started_at_s=self._started_at_s,
            last_success_at_s=last_s or None,
            stale_after_s=TELEMETRY_STALE_AFTER_S,
            is_expected=self._live.crowds.everybody.known > 0,
        )

    # --- error budgets ------------------------------------------------------------------------------------

    def _read_slo(self, key: str, now_s: float) -> Reading | None:
        found = self._budgets.find(key)
        names = {account.sid: account.name for account in self._accounts}
        return None if found is None else of_slo(key, *found, now_s, names)

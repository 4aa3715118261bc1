"""What does the daemon show of itself to those who ask: pages, API and Prometheus?

`Showing` gathers it from the parts when it is asked for, and changes none of them.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import msgspec
from aiohttp import web

from monitor.account_watch import AccountWatch
from monitor.alerting import Alerting
from monitor.census import take
from monitor.clock import SteadyClock
from monitor.config import Config
from monitor.doors import Doors
from monitor.error_budgets import ErrorBudgets
from monitor.exposition import House, exposition
from monitor.fleet_metrics import OF_ALL, of_one_replica
from monitor.following import Following
from monitor.housekeeping import Housekeeping
from monitor.http import log_level
from monitor.http.audit_door import AuditDoor
from monitor.http.call_doors import call_routes
from monitor.http.live import LiveRoutes
from monitor.http.media import MediaRoutes
from monitor.http.samples import SamplesView, samples_view
from monitor.http.settings import Settings
from monitor.http.sources import Sources
from monitor.http.views import live_view
from monitor.limits import Limits
from monitor.live import Live
from monitor.metrics import FAMILIES, Metrics
from monitor.pipeline import Pipeline
from monitor.polling import Poll
from monitor.reloading import Reloading
from monitor.rounds import Rounds
from monitor.self_metrics import OwnWork
from monitor.self_watch import SelfWatch
from monitor.store.ports import Size, Store
from monitor.streaming import MOST_WATCHES, Watches

RESOLVED_SHOWN_S = 3600.0
RESOLVED_SHOWN = 20

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a daemon that there is something to show of."""

    store: Store
    clock: SteadyClock
    limits: Limits
    live: Live
    metrics: Metrics
    pipeline: Pipeline
    alerting: Alerting
    housekeeping: Housekeeping
    rounds: Rounds
    budgets: ErrorBudgets
    self_watch: SelfWatch
    doors: Doors
    reloading: Reloading
    call_watches: Watches
    watches: Sequence[AccountWatch]
    following: Following | None = None


class Showing:
    """Shows a daemon.

    Args:
        parts: what it is made of.
        config: returns the configuration as it is now.
        is_demo: the pages say that none of it is real.
    """

    def __init__(self, parts: Parts, config: Callable[[], Config], *, is_demo: bool) -> None:
        self._parts = parts
        self._config = config
        self._is_demo = is_demo
        self._started_at_ms = parts.clock.now_ms()

    # --- pages and API ------------------------------------------------------------------------------------

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the private door that ask about more than the door itself."""
        parts, private = self._parts, self._config().private
        calls = call_routes(
            parts.store,
            parts.live,
            parts.alerting.inquiry,
            parts.call_watches,
            resolve=parts.housekeeping.resolve,
            kept_since_ms=self._samples_kept_since_ms,
            private_url=private.url,
            most_streams_each=private.streams_per_visitor,
            now_ms=parts.clock.now_ms,
        )
        live = LiveRoutes(self._live_view, self._samples).routes()
        house = [*self._house_routes(), *parts.reloading.routes(), *log_level.routes()]
        return [*live, *calls, *house, *parts.alerting.routes()]

    def _house_routes(self) -> list[web.RouteDef]:
        parts, config, now_ms = self._parts, self._config(), self._parts.clock.now_ms
        sources = Sources(
            parts.watches,
            parts.live,
            parts.metrics,
            parts.pipeline,
            public_url=config.public.url,
            telemetry=config.telemetry,
            sight=lambda: parts.alerting.evaluation.sight,
            now_ms=now_ms,
        )
        return [
            *MediaRoutes(parts.live, parts.limits.compositions, now_ms).routes(),
            *sources.routes(),
            *AuditDoor(parts.store.audit).routes(),
            *Settings(self._config, parts.reloading, self._started_at_ms).routes(),
        ]

    def _samples_kept_since_ms(self) -> int:
        return self._config().storage.keeping().bounds_ms(self._parts.clock.now_ms())["raw"]

    def _samples(self, room: str, participant: str) -> SamplesView | None:
        return samples_view(self._parts.live, room, participant)

    async def _live_view(self) -> bytes:
        parts, now_s, evaluation = self._parts, self._parts.clock.now_s(), self._parts.alerting.evaluation
        resolved = await parts.store.alerts.ended(now_s - RESOLVED_SHOWN_S, RESOLVED_SHOWN)
        view = live_view(
            parts.live,
            parts.metrics,
            polls_of(parts.watches),
            evaluation.engine.alerts,
            resolved,
            await parts.store.alerts.outbox_counts(),
            incidents={told: group.incident for group in evaluation.groups.open_incidents() for told in group.told},
            limits=parts.limits.compositions,
            clock_wrong_after_s=self._config().telemetry.clock_wrong_after_s,
            now_s=now_s,
            demo=self._is_demo,
        )
        return _encode(view)

    # --- Prometheus ---------------------------------------------------------------------------------------

    async def exposition(self, accept: str) -> tuple[bytes, str]:
        """Return the page of metrics, in the format that is accepted, and its content type."""
        parts, began_s = self._parts, time.perf_counter()
        following = parts.following
        shown: Collection[str] = FAMILIES.keys()
        if following is not None:
            parts.metrics.set("roomwatch_log_behind_seconds", following.behind_s)
            shown = of_one_replica(decides=parts.alerting.is_deciding)
        page = exposition(parts.metrics, parts.live, await self._house(), accept, shown)
        parts.metrics.set("roomwatch_exposition_duration_seconds", time.perf_counter() - began_s)
        return page

    async def fleet_exposition(self, accept: str) -> tuple[bytes, str]:
        """Return the page of what is the same whichever replica is asked, and its content type."""
        house = await self._house()
        return exposition(self._parts.metrics, self._parts.live, house, accept, OF_ALL, shows_process=False)

    async def _house(self) -> House:
        parts, config = self._parts, self._config()
        outbox, size = await parts.store.alerts.outbox_counts(), await parts.store.size()
        now_s, evaluation = parts.clock.now_s(), parts.alerting.evaluation
        return House(
            alerts=list(evaluation.engine.alerts),
            outbox=outbox,
            polls=polls_of(parts.watches),
            queue_events=parts.pipeline.queue_events,
            queue_capacity_events=parts.pipeline.capacity_events,
            accounts=[watch.use() for watch in parts.watches],
            naming=config.naming,
            size=size,
            census=take(parts.live, parts.limits, now_s),
            breakers=parts.alerting.dispatcher.breakers,
            budgets=parts.budgets,
            now_s=now_s,
            mutes=evaluation.groups.mutes(),
            incidents=evaluation.groups.open_incidents(),
            silences=parts.alerting.silences.all(now_s),
            regions=config.metrics.regions,
            queue_oldest_at_s=parts.pipeline.waiting_since_s,
            loop_lag_s=parts.rounds.loop_lag.worst_s,
            loop_tasks=len(asyncio.all_tasks()),
            own_work=self._own_work(size, now_s),
        )

    def _own_work(self, size: Size, now_s: float) -> OwnWork:
        parts, writing = self._parts, self._parts.store.writing
        return OwnWork(
            chores=parts.self_watch.chores,
            evaluated_at_s=parts.alerting.evaluation.looked_at_s,
            dispatched_at_s=parts.alerting.dispatcher.came_round_at,
            waiting_writes=writing.waiting,
            write_began_at_s=None if writing.began_s is None else now_s - (time.monotonic() - writing.began_s),
            log_began_at_s=size.log_began_at_s,
            streams=parts.call_watches.count,
            streams_capacity=MOST_WATCHES,
            connections=parts.doors.occupancy(),
            memory_limit_bytes=parts.rounds.process.memory_limit_bytes,
            threads=threading.active_count(),
        )


def polls_of(watches: Sequence[AccountWatch]) -> list[Poll]:
    """Return every source of every account."""
    return [poll for watch in watches for poll in watch.polls]

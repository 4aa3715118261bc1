"""How does the daemon come together, start and stop?

This is the one place that knows every part.  `Daemon` builds them, and `_live_until` is their life: it reads as the
order in which they come up and, in reverse, go down.
"""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from logging import getLogger
from pathlib import Path

import msgspec
from aiohttp import web

from alerts.model import Kind, Reading
from collectors.events import Event
from monitor.account_watch import AccountWatch
from monitor.agenda import Agenda
from monitor.alerting import Alerting, public_url_of
from monitor.blindness import LOOK_EVERY_S as BLINDNESS_EVERY_S
from monitor.callback_address import callback_url
from monitor.canary import Canary
from monitor.census import take
from monitor.clock import SteadyClock
from monitor.config import Config
from monitor.error_budgets import ErrorBudgets
from monitor.exposition import House, exposition
from monitor.housekeeping import (
    EXPIRE_EVERY_S,
    LOOK_FOR_ROOM_EVERY_S,
    RETAIN_EVERY_S,
    SETTLE_EVERY_S,
    Housekeeping,
)
from monitor.http import pages
from monitor.http.addresses import Addresses
from monitor.http.admission import Admission
from monitor.http.callbacks import Callbacks
from monitor.http.connections import Plain, room_for
from monitor.http.front import Front
from monitor.http.ingest import Ingest
from monitor.http.ingest_auth import IngestAuthority
from monitor.http.ingest_routes import IngestRoutes
from monitor.http.login import Login
from monitor.http.origins import AllowedOrigins
from monitor.http.proxies import TrustedProxies
from monitor.http.questions import AskedCalls
from monitor.http.rooms import Rooms
from monitor.http.samples import SamplesView, samples_view
from monitor.http.server import Listener, private_routes, public_routes
from monitor.http.trends import Trends
from monitor.http.verdicts import Verdicts
from monitor.http.views import live_view
from monitor.limits import AccountLimits, CompositionLimits, Limits, RoomLimits
from monitor.live import Live
from monitor.local_access import LocalAccess, address_of, grant, withdraw
from monitor.loop_lag import TRY_EVERY_S
from monitor.metrics import RETRIES, Metrics
from monitor.pipeline import Pipeline
from monitor.polling import Poll
from monitor.pseudonyms import Pseudonyms
from monitor.reloading import Reloading
from monitor.rounds import ROUND_EVERY_S, Rounds
from monitor.scheduler import Scheduler
from monitor.settings import Canary as CanarySettings
from monitor.settings import Privacy
from monitor.store.memory import MemoryStore
from monitor.store.ports import Store
from monitor.store.scopes import scopes_of
from monitor.store.sqlite import SqliteStore

_log = getLogger(__name__)

DRAIN_S = 10.0  # how long a stop waits for receivers; what is not delivered by then stays in the outbox
RESOLVED_SHOWN_S = 3600.0
RESOLVED_SHOWN = 20
RESOLVED_MIRRORED = 10_000

_encode = msgspec.json.Encoder().encode


async def open_store(config: Config) -> Store:
    """Return the store that the configuration asks for."""
    if config.storage.path == ":memory:":
        return MemoryStore(scopes_of(config.naming))
    storage, scopes = config.storage, scopes_of(config.naming)
    return await SqliteStore.open(Path(storage.path), storage.synchronous, storage.reserve_bytes, scopes)


def limits_of(config: Config) -> Limits:
    """Return what readings are to be measured against."""
    compositions, quotas = config.compositions, config.limits
    return Limits(
        CompositionLimits(compositions.limit_floor_s, compositions.limit_room_ratio, compositions.missing_after_s),
        RoomLimits(quotas.room_grace_s),
        AccountLimits(quotas.concurrent_rooms, quotas.concurrent_participants, config.usage.month_budget),
    )


def pseudonyms_of(privacy: Privacy) -> Pseudonyms | None:
    """Return the pseudonyms that people are to be known by, or None where they are known by name."""
    if privacy.identities == "plain" or privacy.pseudonym_key is None:
        return None
    return Pseudonyms(privacy.pseudonym_key.get_secret_value().encode())


class Daemon:
    """Every part of Roomwatch, put together.  Built inside a running event loop."""

    def __init__(
        self, config: Config, store: Store, *, demo: bool = False, reread: Callable[[], Config] | None = None
    ) -> None:
        self.config = config
        self.store = store
        self.clock = SteadyClock()
        self._limits = limits_of(config)
        self.budgets = ErrorBudgets(config.objectives)
        self.live = Live(
            [account.account_sid for account in config.accounts],
            self.clock.now_ms(),
            naming=config.naming,
            limits=self._limits.compositions,
            on_outcome=self.budgets.count,
        )
        agenda = Agenda(self.live, int(config.polling.participants_every_s * 1000))
        self.metrics = Metrics()
        self.is_ready = False
        self.public: Listener | None = None
        self.private: Listener | None = None
        self.login_token: str | None = None
        self._demo = demo
        self._pseudonyms = pseudonyms_of(config.privacy)
        self.alerting = Alerting(config, store, self.live, self.metrics, self.clock, self._limits, self._read_elsewhere)
        self.evaluation = self.alerting.evaluation
        self.pipeline = Pipeline(
            store.log,
            self.live,
            self.metrics,
            self.evaluation.notice,
            capacity_events=config.pipeline.capacity_events,
            now_ms=self.clock.now_ms,
            veil=self._pseudonyms.veil if self._pseudonyms else lambda event: event,
            is_full=lambda: store.is_full,
        )
        self.housekeeping = Housekeeping(
            store,
            self.live,
            agenda,
            self.pipeline,
            self.metrics,
            self.evaluation.notice,
            storage=config.storage,
            picture=config.live,
            now_ms=self.clock.now_ms,
            budgets=self.budgets,
        )
        self.reloading = Reloading(config, reread or (lambda: config), self.reload, self.metrics, self.clock.now_s)
        self._scheduler = Scheduler()
        self.canary: Canary | None = None
        self._watches = [
            AccountWatch(account, config.polling, self.live, agenda, self.pipeline, self.metrics, self.clock.now_s)
            for account in config.accounts
        ]
        self.heartbeat = self.alerting.beat_for(self.pipeline, self._watches)
        self.rounds = Rounds(
            store,
            self.live,
            self.pipeline,
            self.metrics,
            self.budgets,
            self._watches,
            instance=config.alerts.instance,
            now_s=self.clock.now_s,
            on_change=self.evaluation.notice,
            sight=lambda: self.evaluation.sight,
        )
        self._expect_series()

    # --- life ---------------------------------------------------------------------------------------------

    async def run(self, stop: asyncio.Event, on_started: Callable[[], None] = lambda: None) -> None:
        """Live until `stop` is set; a part that breaks takes the whole down, for somebody to start it anew."""
        try:
            await self._restore()
            await self._live_until(stop, on_started)
            self._keep_budgets()
            await self.housekeeping.save_picture()
        finally:
            # However it ended: the threads of an open store would keep the process from ending with it.
            await self._let_go()
        _log.info("stopped")

    async def _live_until(self, stop: asyncio.Event, on_started: Callable[[], None]) -> None:
        async with self.alerting.connections(), asyncio.TaskGroup() as group:
            storing = group.create_task(self.pipeline.run())
            reloading = group.create_task(self.reloading.run())
            self.alerting.start(group)
            self._schedule(group)
            await self._open_doors()
            self.is_ready = True
            on_started()

            await stop.wait()

            self.is_ready = False
            _log.info("stopping")
            reloading.cancel()
            await self._shut_doors()
            await self._scheduler.stop()
            self.pipeline.close()
            await storing
            await self.alerting.stop()

    async def _restore(self) -> None:
        await self.housekeeping.restore()
        for watch in self._watches:
            watch.restore_budget()
        if not self.config.canary.enabled:
            self.live.account_book.forget_canaries()
        await self.alerting.restore()

    def _schedule(self, group: asyncio.TaskGroup) -> None:
        every, config = self._scheduler.every, self.config
        for watch in self._watches:
            watch.schedule(self._scheduler)
        if config.canary.enabled:
            self.canary = self._canary(config.canary)
            every(config.canary.every_s, self.canary.run)
        if config.heartbeat.url is not None:
            every(config.heartbeat.every_s, self.heartbeat.beat, at_once=True)
        every(config.storage.checkpoint_every_s, self._checkpoint)
        every(ROUND_EVERY_S, self.rounds.go, at_once=True)
        every(TRY_EVERY_S, self.rounds.loop_lag.measure)
        every(min(BLINDNESS_EVERY_S, config.alerts.blind_after_s / 2), self.alerting.look_at_sight)
        every(EXPIRE_EVERY_S, self.housekeeping.expire)
        every(SETTLE_EVERY_S, self.housekeeping.settle)
        every(LOOK_FOR_ROOM_EVERY_S, self.store.look_for_room)
        every(RETAIN_EVERY_S, self.housekeeping.retain, at_once=True)
        self._scheduler.start(group)

    async def _checkpoint(self) -> None:
        self._keep_budgets()
        await self.housekeeping.save_picture_now_and_then()

    def _keep_budgets(self) -> None:
        for watch in self._watches:
            watch.keep_budget()

    async def _open_doors(self) -> None:
        config, now_s = self.config, self.clock.now_s
        ingest = Ingest(self._admission(), self.pipeline, self.metrics, config.telemetry, now_s)
        callbacks = Callbacks(
            config.accounts, self.pipeline, self.metrics, public_url_of(config), self.clock.now_ms, on_event=self._heard
        )
        login = Login(config.private, self.store.sessions, now_s, pages.built_files() / pages.LOGIN_PAGE)
        answers = [*self._call_routes(), *self.alerting.routes(), *self.reloading.routes()]
        private = private_routes(
            login, self._live_view, self._samples, answers, self._exposition, lambda: self.is_ready
        )
        self.private = await Listener.open(config.private.host, config.private.port, private, guard=login)
        if config.storage.path != ":memory:":
            address = address_of(self.private.host, self.private.port)
            grant(Path(config.storage.path), LocalAccess(address, login.new_local_token()))
        max_connections = room_for(config.public.max_connections)
        way_in = partial(Front, ingest=ingest) if config.public.fast_ingest else Plain
        self.public = await Listener.open(
            config.public.host,
            config.public.port,
            [*public_routes(IngestRoutes(ingest), callbacks), *self.alerting.doors()],
            way_in=partial(way_in, max_connections=max_connections),
        )
        self.login_token = login.new_one_time_token()

    async def _shut_doors(self) -> None:
        if self.config.storage.path != ":memory:":
            withdraw(Path(self.config.storage.path))
        for door in (self.public, self.private):
            if door is not None:
                await door.close()

    async def _let_go(self) -> None:
        await self.store.close()
        for watch in self._watches:
            await watch.close()

    # --- parts --------------------------------------------------------------------------------------------

    def _admission(self) -> Admission:
        settings, config = self.config.telemetry, self.config
        origins = AllowedOrigins(settings.allowed_origins)
        return Admission(
            IngestAuthority(config.accounts, settings.ingest_keys, settings.token_grace_s, origins),
            self.live,
            self.metrics,
            settings,
            TrustedProxies(config.public.trusted_proxies),
            Addresses(config.privacy.addresses),
            self._pseudonyms,
        )

    def _call_routes(self) -> list[web.RouteDef]:
        store, resolve = self.store, self.housekeeping.resolve
        calls = AskedCalls(store.archive, self.live, self.clock.now_ms)
        return [
            *Rooms(store, calls, resolve).routes(),
            *Verdicts(calls, self.alerting.inquiry).routes(),
            *Trends(store.rollups, store.samples, resolve, self.clock.now_ms).routes(),
        ]

    def _expect_series(self) -> None:
        accounts = [account.name for account in self.config.accounts]
        self.metrics.expect("roomwatch_twilio_throttled_total", accounts)
        self.metrics.expect("roomwatch_twilio_key_changes_total", accounts)
        for family in ("join_failures", "disconnects", "reconnects"):
            self.metrics.expect(f"roomwatch_{family}_total", accounts, ["none"])
        self.metrics.expect("roomwatch_twilio_retries_total", accounts, RETRIES)

    def _canary(self, settings: CanarySettings) -> Canary:
        sids = [account.account_sid for account in self.config.accounts]
        which = sids.index(settings.account_sid) if settings.account_sid else 0
        return Canary(
            self.config.accounts[which],
            self._watches[which].twilio,
            self.pipeline.offer,
            self.clock.now_ms,
            timeout_s=settings.timeout_s,
            compose=settings.compose,
            callback_url=callback_url(self.config.public.url),
            hears=True,
        )

    def _read_elsewhere(self, kind: Kind, key: str, now_s: float) -> Reading | None:
        return self.rounds.readers[kind](key, now_s)

    def _heard(self, event: Event) -> None:
        account_sid: str | None = getattr(event, "account_sid", None)
        if account_sid is not None:
            self.alerting.hear_callback(account_sid)
        if self.canary is not None:
            self.canary.hear(event, time.monotonic())

    @property
    def polls(self) -> list[Poll]:
        """Every source of every account."""
        return [poll for watch in self._watches for poll in watch.polls]

    def addresses(self) -> list[str]:
        """Return a line for each thing that can be reached; an address with a token in it works once."""
        if self.public is None or self.private is None:
            return []
        private = self.config.private.url.rstrip("/") or f"http://{self.private.host}:{self.private.port}"
        public = self.config.public.url.rstrip("/") or f"http://{self.public.host}:{self.public.port}"
        once = f"login?token={self.login_token}   (works once)" if self.login_token else ""
        return [
            f"Pages:      {private}/{once}",
            f"Metrics:    {private}/metrics",
            f"Telemetry:  {public}/v1/telemetry",
            f"Callbacks:  {public}/callbacks/twilio",
        ]

    async def reload(self, config: Config) -> None:
        """Go by what can change of another configuration while it runs (`monitor.reloading`).

        Raises:
            StoreFailed: what ends by it could not be written; reload again.
        """
        await self.alerting.reload(config)
        self.config = self.alerting.config

    # --- what is shown ------------------------------------------------------------------------------------

    async def _exposition(self, accept: str) -> tuple[bytes, str]:
        house = House(
            alerts=list(self.evaluation.engine.alerts),
            outbox=await self.store.alerts.outbox_counts(),
            polls=self.polls,
            queue_events=self.pipeline.queue_events,
            queue_capacity_events=self.pipeline.capacity_events,
            accounts=[watch.use() for watch in self._watches],
            naming=self.config.naming,
            size=await self.store.size(),
            census=take(self.live, self._limits, self.clock.now_s()),
            breakers=self.alerting.dispatcher.breakers,
            budgets=self.budgets,
            now_s=self.clock.now_s(),
        )
        return exposition(self.metrics, self.live, house, accept)

    def _samples(self, room: str, participant: str) -> SamplesView | None:
        return samples_view(self.live, room, participant)

    async def _live_view(self) -> bytes:
        now_s = self.clock.now_s()
        resolved = await self.store.alerts.ended(now_s - RESOLVED_SHOWN_S, RESOLVED_SHOWN)
        view = live_view(
            self.live,
            self.metrics,
            self.polls,
            self.evaluation.engine.alerts,
            resolved,
            await self.store.alerts.outbox_counts(),
            limits=self._limits.compositions,
            clock_wrong_after_s=self.config.telemetry.clock_wrong_after_s,
            now_s=now_s,
            demo=self._demo,
        )
        return _encode(view)

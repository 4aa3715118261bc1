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

from alerts.delivery import Delivered, Outcome, Rejected
from alerts.dispatcher import Dispatcher
from alerts.engine import Engine
from alerts.model import Reason
from alerts.signals import with_watchers
from alerts.transport import Transport
from collectors.events import Event
from monitor.account_watch import AccountWatch
from monitor.agenda import Agenda
from monitor.blindness import BROWSERS, TWILIO, Blindness, Posts, last_seen_s
from monitor.blindness import LOOK_EVERY_S as BLINDNESS_EVERY_S
from monitor.callback_address import callback_url
from monitor.canary import Canary
from monitor.census import take
from monitor.clock import SteadyClock
from monitor.config import Config
from monitor.evaluation import Evaluation
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
from monitor.inquiry import Inquiry
from monitor.limits import AccountLimits, CompositionLimits, Limits, RoomLimits
from monitor.live import Live
from monitor.metrics import FAILURES, RETRIES, Metrics
from monitor.pipeline import Pipeline
from monitor.polling import Poll
from monitor.pseudonyms import Pseudonyms
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

    def __init__(self, config: Config, store: Store, *, demo: bool = False) -> None:
        self.config = config
        self.store = store
        self.clock = SteadyClock()
        self.live = Live([account.account_sid for account in config.accounts], self.clock.now_ms())
        agenda = Agenda(self.live, int(config.polling.participants_every_s * 1000))
        self.metrics = Metrics()
        self._expect_series()
        self.is_ready = False
        self.public: Listener | None = None
        self.private: Listener | None = None
        self.login_token: str | None = None
        self._demo = demo
        self._limits = limits_of(config)
        self._pseudonyms = pseudonyms_of(config.privacy)
        self._transport = Transport()
        self.dispatcher = Dispatcher(
            store.alerts, config.notifiers, self._transport, self.clock.now_s, on_attempt=self._count_attempt
        )
        self.evaluation = Evaluation(
            Engine(config.rules),
            self.live,
            store.alerts,
            self.metrics,
            routing=config.routing,
            limits=self._limits,
            naming=config.naming,
            instance=config.alerts.instance,
            now_s=self.clock.now_s,
            on_owed=self.dispatcher.wake,
        )
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
        )
        self._scheduler = Scheduler()
        self.blindness = Blindness(config.alerts.blind_after_s)
        self.canary: Canary | None = None
        self._watches = [
            AccountWatch(account, config.polling, self.live, agenda, self.pipeline, self.metrics, self.clock.now_s)
            for account in config.accounts
        ]

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
        async with self._transport, asyncio.TaskGroup() as group:
            delivering = group.create_task(self.dispatcher.run())
            storing = group.create_task(self.pipeline.run())
            evaluating = group.create_task(self.evaluation.run())
            self._schedule(group)
            await self._open_doors()
            self.is_ready = True
            on_started()

            await stop.wait()

            self.is_ready = False
            _log.info("stopping")
            await self._shut_doors()
            await self._scheduler.stop()
            self.pipeline.close()
            await storing
            self.evaluation.close()
            await evaluating
            await self.dispatcher.drain(DRAIN_S)
            await delivering

    async def _restore(self) -> None:
        await self.housekeeping.restore()
        alerts = await self.store.alerts.load_alerts()
        await self.evaluation.take_up(alerts, last_seen_s(self.live, alerts))
        for watch in self._watches:
            watch.restore_budget()
        if not self.config.canary.enabled:
            self.live.account_book.forget_canaries()
        await self.evaluation.end_removed_rules()
        await self._look_at_sight()
        self.evaluation.notice_everything()

    def _schedule(self, group: asyncio.TaskGroup) -> None:
        every, config = self._scheduler.every, self.config
        for watch in self._watches:
            watch.schedule(self._scheduler)
        if config.canary.enabled:
            self.canary = self._canary(config.canary)
            every(config.canary.every_s, self.canary.run)
        every(config.storage.checkpoint_every_s, self._checkpoint)
        every(min(BLINDNESS_EVERY_S, config.alerts.blind_after_s / 2), self._look_at_sight)
        every(EXPIRE_EVERY_S, self.housekeeping.expire)
        every(SETTLE_EVERY_S, self.housekeeping.settle)
        every(LOOK_FOR_ROOM_EVERY_S, self.store.look_for_room)
        every(RETAIN_EVERY_S, self.housekeeping.retain, at_once=True)
        self._scheduler.start(group)

    async def _checkpoint(self) -> None:
        self._keep_budgets()
        await self.housekeeping.save_picture_now_and_then()

    async def _look_at_sight(self) -> None:
        answers = self.metrics.values["roomwatch_telemetry_posts_total"]
        posts = Posts(taken=answers.get(("202",), 0), refused=answers.get(("503",), 0))
        sight = self.blindness.look(self.live, posts, self.clock.now_s())
        self.metrics.set("roomwatch_blind", bool(sight.accounts), TWILIO)
        self.metrics.set("roomwatch_blind", bool(sight.browsers), BROWSERS)
        self.evaluation.see(sight)

    def _keep_budgets(self) -> None:
        for watch in self._watches:
            watch.keep_budget()

    async def _open_doors(self) -> None:
        config, now_s = self.config, self.clock.now_s
        ingest = Ingest(self._admission(), self.pipeline, self.metrics, config.telemetry, now_s)
        public_url = config.public.url or f"http://{config.public.host}:{config.public.port}"
        callbacks = Callbacks(
            config.accounts, self.pipeline, self.metrics, public_url, self.clock.now_ms, on_event=self._heard
        )
        login = Login(config.private, self.store.sessions, now_s, pages.built_files() / pages.LOGIN_PAGE)
        private = private_routes(
            login, self._live_view, self._samples, self._call_routes(), self._exposition, lambda: self.is_ready
        )
        self.private = await Listener.open(config.private.host, config.private.port, private, guard=login)
        max_connections = room_for(config.public.max_connections)
        way_in = partial(Front, ingest=ingest) if config.public.fast_ingest else Plain
        self.public = await Listener.open(
            config.public.host,
            config.public.port,
            public_routes(IngestRoutes(ingest), callbacks),
            way_in=partial(way_in, max_connections=max_connections),
        )
        self.login_token = login.new_one_time_token()

    async def _shut_doors(self) -> None:
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
            *Verdicts(calls, Inquiry(store, self.live, resolve)).routes(),
            *Trends(store.rollups, store.samples, resolve, self.clock.now_ms).routes(),
        ]

    def _expect_series(self) -> None:
        receivers = list(self.config.notifiers)
        rules = [each.name for rule in self.config.rules for each in with_watchers(rule)]
        self.metrics.expect("roomwatch_notifications_total", receivers)
        self.metrics.expect("roomwatch_notifications_failed_total", receivers, FAILURES)
        self.metrics.expect("roomwatch_alert_transitions_total", rules, Reason)
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

    def _heard(self, event: Event) -> None:
        account_sid: str | None = getattr(event, "account_sid", None)
        if account_sid is not None:
            self.blindness.eyes.hear_callback(account_sid, self.clock.now_s())
        if self.canary is not None:
            self.canary.hear(event, time.monotonic())

    def _count_attempt(self, receiver: str, outcome: Outcome, seconds: float) -> None:
        self.metrics.add("roomwatch_notifications_total", receiver)
        self.metrics.observe("roomwatch_notification_duration_seconds", seconds)
        if not isinstance(outcome, Delivered):
            reason = "rejected" if isinstance(outcome, Rejected) else "unknown" if outcome.ambiguous else "unavailable"
            self.metrics.add("roomwatch_notifications_failed_total", receiver, reason)

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

"""How does the daemon come together, start and stop?

This is the one place that knows every part.  `Daemon` builds them, and `_live_until` is their life: it reads as the
order in which they come up and, in reverse, go down.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from logging import getLogger
from pathlib import Path
from secrets import token_bytes

import msgspec
from aiohttp import web

from alerts.alertmanager import Origin
from alerts.delivery import AttemptMade, Delivered, Outcome, Rejected, TryAgain
from alerts.dispatcher import Dispatcher
from alerts.engine import Engine
from alerts.groups import Groups
from alerts.heartbeat import RECEIVER as HEARTBEAT
from alerts.mirror import Mirror
from alerts.model import Alert, Kind, Notification, Reading, Reason
from alerts.notifiers.base import Notifier
from alerts.signals import with_watchers
from alerts.transport import Transport
from collectors.events import Event
from monitor.account_watch import AccountWatch
from monitor.acknowledging import Acknowledging
from monitor.agenda import Agenda
from monitor.blindness import BROWSERS, TWILIO, Blindness, Posts, last_seen_s
from monitor.blindness import LOOK_EVERY_S as BLINDNESS_EVERY_S
from monitor.callback_address import callback_url
from monitor.canary import Canary
from monitor.census import take
from monitor.clock import SteadyClock
from monitor.config import Config
from monitor.error_budgets import ErrorBudgets
from monitor.evaluation import Evaluation
from monitor.explanation import Explainer
from monitor.exposition import House, exposition
from monitor.heartbeat import Heartbeat, notifier_of
from monitor.housekeeping import (
    EXPIRE_EVERY_S,
    LOOK_FOR_ROOM_EVERY_S,
    RETAIN_EVERY_S,
    SETTLE_EVERY_S,
    Housekeeping,
)
from monitor.http import pages
from monitor.http.acknowledge import AcknowledgeDoor
from monitor.http.addresses import Addresses
from monitor.http.admission import Admission
from monitor.http.callbacks import Callbacks
from monitor.http.connections import Plain, room_for
from monitor.http.explanations import Explanations
from monitor.http.front import Front
from monitor.http.incidents import IncidentRoutes
from monitor.http.ingest import Ingest
from monitor.http.ingest_auth import IngestAuthority
from monitor.http.ingest_routes import IngestRoutes
from monitor.http.login import Login
from monitor.http.notifications import Notifications
from monitor.http.origins import AllowedOrigins
from monitor.http.proxies import TrustedProxies
from monitor.http.questions import AskedCalls
from monitor.http.receipts import ReceiptDoor
from monitor.http.receiver_views import ReceiverRoutes
from monitor.http.receivers import ReceiverDoor
from monitor.http.rooms import Rooms
from monitor.http.samples import SamplesView, samples_view
from monitor.http.server import Listener, private_routes, public_routes
from monitor.http.silences import SilenceRoutes
from monitor.http.trends import Trends
from monitor.http.verdicts import Verdicts
from monitor.http.views import live_view
from monitor.incident_answers import IncidentAnswers
from monitor.incident_links import SECRET_BYTES, SIGNED_WITH
from monitor.inquiry import Inquiry
from monitor.limits import AccountLimits, CompositionLimits, Limits, RoomLimits
from monitor.live import Live
from monitor.local_access import LocalAccess, address_of, grant, withdraw
from monitor.loop_lag import TRY_EVERY_S
from monitor.metrics import FAILURES, RETRIES, Metrics
from monitor.pipeline import Pipeline
from monitor.policy import links_of, policy_of
from monitor.polling import Poll
from monitor.pseudonyms import Pseudonyms
from monitor.reloading import RELOADED, Reloading
from monitor.rounds import ROUND_EVERY_S, Rounds
from monitor.scheduler import Scheduler
from monitor.self_check import SelfCheck
from monitor.settings import Canary as CanarySettings
from monitor.settings import Privacy
from monitor.silence_answers import SilenceAnswers
from monitor.silencing import Silences
from monitor.store.memory import MemoryStore
from monitor.store.ports import Store
from monitor.store.scopes import scopes_of
from monitor.store.sqlite import SqliteStore
from monitor.suspicion import Suspicion

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


def public_url_of(config: Config) -> str:
    """Return the address over which callbacks are signed: the listener's own where no other is configured."""
    return config.public.url or f"http://{config.public.host}:{config.public.port}"


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
        self._links = links_of(config)
        self._transport = Transport()
        self.dispatcher = Dispatcher(
            store.alerts,
            self._receivers(config),
            self._transport,
            self.clock.now_s,
            on_attempt=self._count_attempt,
            on_dead=self._fall_back,
        )
        self.evaluation = Evaluation(
            Engine(config.rules),
            Groups(policy_of(config, self._links)),
            self.live,
            store.alerts,
            self.metrics,
            limits=self._limits,
            naming=config.naming,
            now_s=self.clock.now_s,
            on_owed=self.dispatcher.wake,
            elsewhere={kind: partial(self._read_elsewhere, kind) for kind in (Kind.SOURCE, Kind.DAEMON, Kind.SLO)},
        )
        self.acknowledging = Acknowledging(
            self.evaluation, store.receipts, self._notifiers, self.metrics, self.clock.now_s
        )
        self._receipts = ReceiptDoor(
            config.accounts, config.notifiers, self.acknowledging, self.metrics, public_url_of(config), self.clock.now_s
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
            budgets=self.budgets,
        )
        self.inquiry = Inquiry(store, self.live, self.housekeeping.resolve)
        self.suspicion = Suspicion(store.archive, self.live, self.inquiry, self.clock.now_s, on_found=self._look_again)
        self.evaluation.groups.use_policy(policy_of(config, self._links, self.suspicion.of))
        self.mirror = self._mirror()
        self.evaluation.on_change += [self.suspicion.notice, lambda _: self.mirror.wake()]
        self.silences = Silences(store.silences, self.clock.now_s, on_change=self._mute_anew)
        self._expect_series()
        self.reloading = Reloading(config, reread or (lambda: config), self.reload, self.metrics, self.clock.now_s)
        self._scheduler = Scheduler()
        self.blindness = Blindness(config.alerts.blind_after_s)
        self.canary: Canary | None = None
        self._watches = [
            AccountWatch(account, config.polling, self.live, agenda, self.pipeline, self.metrics, self.clock.now_s)
            for account in config.accounts
        ]
        self.heartbeat = self._heartbeat()
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
            reloading = group.create_task(self.reloading.run())
            suspecting = group.create_task(self.suspicion.run())
            mirroring = group.create_task(self.mirror.run())
            self._schedule(group)
            await self._open_doors()
            self.is_ready = True
            on_started()

            await stop.wait()

            self.is_ready = False
            _log.info("stopping")
            reloading.cancel()
            suspecting.cancel()
            await self._shut_doors()
            await self._scheduler.stop()
            self.pipeline.close()
            await storing
            self.evaluation.close()
            await evaluating
            mirroring.cancel()  # what it has not shown yet it shows after the next start
            await self.dispatcher.drain(DRAIN_S)
            await delivering

    async def _restore(self) -> None:
        self._links.sign_with(await self.store.secrets.secret(SIGNED_WITH, token_bytes(SECRET_BYTES)))
        await self.housekeeping.restore()
        alerts, groups = await self.store.alerts.load_alerts(), await self.store.incidents.load_groups()
        await self.evaluation.take_up(alerts, groups, last_seen_s(self.live, alerts))
        await self.silences.load()
        for watch in self._watches:
            watch.restore_budget()
        if not self.config.canary.enabled:
            self.live.account_book.forget_canaries()
        await self.evaluation.end_what_is_no_more(set(self.config.notifiers))
        await self._look_at_sight()
        self.evaluation.notice_everything()

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
        callbacks = Callbacks(
            config.accounts, self.pipeline, self.metrics, public_url_of(config), self.clock.now_ms, on_event=self._heard
        )
        login = Login(config.private, self.store.sessions, now_s, pages.built_files() / pages.LOGIN_PAGE)
        answers = [*self._call_routes(), *self._silence_routes(), *self._incident_routes()]
        private = private_routes(
            login,
            self._live_view,
            self._samples,
            [*answers, *Notifications(self.store.alerts, now_s, self.dispatcher.wake).routes(), *self._alert_routes()],
            self._exposition,
            lambda: self.is_ready,
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
            [*public_routes(IngestRoutes(ingest), callbacks), *self._answering_doors()],
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

    def _mute_anew(self) -> None:
        """Let groups know who is silenced now, and look at those of which that may be true or no longer be."""
        self.evaluation.groups.use_silences(self.silences.all(self.clock.now_s()))
        self.evaluation.notice(())

    def _look_again(self, group: str) -> None:
        """Look at a group of which it has become known what is behind it."""
        self.evaluation.groups.look_again(group)
        self.evaluation.notice(())

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
            *Verdicts(calls, self.inquiry).routes(),
            *Trends(store.rollups, store.samples, resolve, self.clock.now_ms).routes(),
            *self.reloading.routes(),
        ]

    def _answering_doors(self) -> list[web.RouteDef]:
        """Return where people and services answer to what they were told."""
        keeper, now_s = self.acknowledging, self.clock.now_s
        proxies = TrustedProxies(self.config.public.trusted_proxies)
        return [
            *self._receipts.routes(),
            *ReceiverDoor(self._notifiers, keeper, self.metrics, now_s).routes(),
            *AcknowledgeDoor(self._links, self.evaluation.groups, keeper, proxies, now_s).routes(),
        ]

    def _notifiers(self) -> Mapping[str, Notifier]:
        """Return the receivers there are now."""
        return self.config.notifiers

    def _incident_routes(self) -> list[web.RouteDef]:
        groups, now_s = self.evaluation.groups, self.clock.now_s
        return IncidentRoutes(
            IncidentAnswers(self.store, groups, self.acknowledging, now_s), self.clock.now_ms
        ).routes()

    def _silence_routes(self) -> list[web.RouteDef]:
        firing = lambda: self.evaluation.engine.alerts  # noqa: E731 - a reload makes another engine
        return SilenceRoutes(SilenceAnswers(self.silences, firing, self.clock.now_s)).routes()

    def _receivers(self, config: Config) -> Mapping[str, Notifier]:
        """Return whom words may be owed to: those that are configured, and the daemon's own."""
        return {**config.notifiers, HEARTBEAT: notifier_of(self.config.heartbeat)}

    def _heartbeat(self) -> Heartbeat:
        settings, alerts = self.config.heartbeat, self.store.alerts
        check = SelfCheck(
            alerts,
            self.dispatcher,
            self.evaluation,
            self.pipeline,
            self._watches,
            outbox_late_s=settings.outbox_late_s,
            polling_silent_s=settings.polling_silent_s,
            now_s=self.clock.now_s,
        )
        return Heartbeat(
            settings,
            self.config.alerts.instance,
            check.look,
            self.evaluation.owe,
            alerts.drop_said,
            self._transport,
            self.metrics,
            self.clock.now_s,
        )

    def _alert_routes(self) -> list[web.RouteDef]:
        explainer = Explainer(self.store, self.live, self.housekeeping.resolve, lambda: self.config)
        receivers = ReceiverRoutes(
            self.store.alerts,
            lambda: self.config,
            lambda: self.dispatcher.breakers,
            self.evaluation.owe,
            self.clock.now_s,
        )
        return [*Explanations(explainer, self.clock.now_ms).routes(), *receivers.routes()]

    def _expect_series(self) -> None:
        receivers = list(self.config.notifiers)
        rules = [each.name for rule in self.config.rules for each in with_watchers(rule)]
        self.metrics.expect("roomwatch_notifications_total", receivers)
        self.metrics.expect("roomwatch_notifications_failed_total", receivers, FAILURES)
        self.metrics.expect("roomwatch_notifications_dead_total", receivers)
        self.metrics.expect("roomwatch_alert_transitions_total", rules, Reason)
        self.metrics.expect("roomwatch_alertmanager_posts_total", self.mirror.members)
        self.metrics.expect("roomwatch_alertmanager_posts_failed_total", self.mirror.members, FAILURES)
        self.metrics.expect("roomwatch_alertmanager_last_success_timestamp_seconds", self.mirror.members)
        self.metrics.expect("roomwatch_heartbeat_failures_total", ["audit", "delivery"])
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

    def _mirror(self) -> Mirror:
        settings, instance = self.config.alertmanager, self.config.alerts.instance
        return Mirror(
            settings.urls,
            lambda: self.evaluation.engine.alerts,
            self._ended,
            self._transport,
            self.clock.now_s,
            self._count_post,
            origin=Origin(instance, self.config.private.url, settings.refresh_s),
            headers=settings.headers(),
        )

    async def _ended(self, since_s: float) -> list[Alert]:
        return [ended.alert for ended in await self.store.alerts.ended(since_s, RESOLVED_MIRRORED)]

    def _read_elsewhere(self, kind: Kind, key: str, now_s: float) -> Reading | None:
        return self.rounds.readers[kind](key, now_s)

    def _heard(self, event: Event) -> None:
        account_sid: str | None = getattr(event, "account_sid", None)
        if account_sid is not None:
            self.blindness.eyes.hear_callback(account_sid, self.clock.now_s())
        if self.canary is not None:
            self.canary.hear(event, time.monotonic())

    def _count_post(self, member: str, outcome: Outcome) -> None:
        self.metrics.add("roomwatch_alertmanager_posts_total", member)
        if isinstance(outcome, Delivered):
            self.metrics.set("roomwatch_alertmanager_last_success_timestamp_seconds", self.clock.now_s(), member)
        else:
            self.metrics.add("roomwatch_alertmanager_posts_failed_total", member, _failure(outcome))

    def _count_attempt(self, notification: Notification, made: AttemptMade) -> None:
        if notification.receiver == HEARTBEAT and made.outcome == "delivered" and made.status:
            self.heartbeat.taken(made.at)
        self.metrics.add("roomwatch_notifications_total", notification.receiver)
        self.metrics.observe("roomwatch_notification_duration_seconds", made.duration_s)
        if made.outcome == "delivered":
            self.metrics.observe("roomwatch_notification_delay_seconds", made.at - notification.created_at)
        else:
            self.metrics.add("roomwatch_notifications_failed_total", notification.receiver, made.outcome)

    async def _fall_back(self, notification: Notification, reason: str) -> None:  # noqa: ARG002 - it is in the outbox
        """Tell somebody else of what a receiver could not be told."""
        self.metrics.add("roomwatch_notifications_dead_total", notification.receiver)
        to, incident = self.config.alerts.fallback_receiver, notification.incident.id
        if to is not None and to != notification.receiver and not notification.is_test:
            groups, failed = self.evaluation.groups, notification.receiver
            await self.evaluation.do(lambda now_s: groups.hand_on(incident, failed, to, now_s))

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
        self.dispatcher.use(self._receivers(config))
        policy = policy_of(config, self._links, self.suspicion.of)
        await self.evaluation.go_by(config.rules, policy, set(config.notifiers))
        self._receipts.use(config.notifiers)
        self.config = replace(self.config, **{name: getattr(config, name) for name in RELOADED})
        self._expect_series()

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
            breakers=self.dispatcher.breakers,
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


def _failure(outcome: Rejected | TryAgain) -> str:
    """Return the word that metrics have for it (`monitor.metrics.FAILURES`)."""
    if isinstance(outcome, Rejected):
        return "rejected"
    return "unknown" if outcome.ambiguous else "unavailable"

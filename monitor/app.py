"""How does the daemon come together, start and stop?

This is the one place that knows every part.  `Daemon` builds them, and `_live_until` is their life: it reads as the
order in which they come up and, in reverse, go down.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from functools import partial
from logging import getLogger
from math import nan
from typing import Any

from alerts.model import Kind, Reading, State
from collectors.events import Event, Source
from collectors.observations import TelemetryBatch
from monitor import log
from monitor.account_watch import AccountWatch
from monitor.agenda import Agenda
from monitor.alerting import Alerting, public_url_of
from monitor.attendance import NOTED_EVERY_S, Attendance
from monitor.blindness import LOOK_EVERY_S as BLINDNESS_EVERY_S
from monitor.callback_address import callback_url
from monitor.canary import Canary
from monitor.clock import SteadyClock
from monitor.clock_check import clock_behind
from monitor.company import Company, alone
from monitor.config import Config
from monitor.config_file import Fingerprint
from monitor.configured_limits import limits_of
from monitor.doors import Doors
from monitor.duties.duties import Duties
from monitor.duties.work import POLLER, Work, poller
from monitor.error_budgets import ErrorBudgets
from monitor.folding import Fold
from monitor.following import Following
from monitor.housekeeping import EXPIRE_EVERY_S, LOOK_FOR_ROOM_EVERY_S, Housekeeping
from monitor.http.addresses import Addresses
from monitor.http.admission import Admission
from monitor.http.callbacks import Callbacks
from monitor.http.ingest import Ingest
from monitor.http.ingest_auth import IngestAuthority
from monitor.http.ingest_routes import IngestRoutes
from monitor.http.origins import AllowedOrigins
from monitor.http.proxies import TrustedProxies
from monitor.http.server import private_routes, public_routes
from monitor.http.web_files import LOOK_EVERY_S as WEB_FILES_EVERY_S
from monitor.live import Live
from monitor.log import counted
from monitor.loop_lag import TRY_EVERY_S
from monitor.metrics import RETRIES, Metrics
from monitor.others import LOOK_EVERY_S as LOOK_AT_OTHERS_EVERY_S
from monitor.others import Others
from monitor.outcomes import Outcome
from monitor.pipeline import Pipeline
from monitor.polling import Poll
from monitor.privacy import pseudonyms_of
from monitor.reloading import WATCH_EVERY_S, Reloading
from monitor.rounds import ROUND_EVERY_S, Rounds
from monitor.self_watch import SelfWatch
from monitor.settings import Canary as CanarySettings
from monitor.showing import Parts, Showing, polls_of
from monitor.stalls.writer_watch import LOOK_EVERY_S as WRITER_EVERY_S
from monitor.store.ports import Store
from monitor.streaming import Watches
from monitor.supervision.activation import Sockets
from monitor.supervision.status_line import Standing, status_line
from monitor.supervision.supervisor import START_AT_MOST_S, STOP_AT_MOST_S, Supervisor
from monitor.supervision.vigil import Vigil
from monitor.timetable import Timetable

_log = getLogger(__name__)

DRAIN_S = 10.0  # how long a stop waits for receivers; what is not delivered by then stays in the outbox
CATCH_UP_EVERY_S = 10.0  # with what is to be told of oneself now and then


class Daemon:
    """Every part of Roomwatch, put together.  Built inside a running event loop."""

    def __init__(
        self,
        config: Config,
        store: Store,
        *,
        company: Company | None = None,
        demo: bool = False,
        reread: Callable[[], Config] | None = None,
        fingerprint: Callable[[Config], Fingerprint] | None = None,
        watches_config: bool = False,
        supervisor: Supervisor | None = None,
        sockets: Sockets = Sockets(),  # noqa: B008 - none, and nothing changes it
    ) -> None:
        self.config = config
        self._supervisor = supervisor or Supervisor()
        self._watches_config = watches_config
        self.store = store
        self.company = company or alone(store)
        self.clock = SteadyClock()
        self.attendance = Attendance(self.clock.now_s())
        self._limits = limits_of(config)
        self.budgets = ErrorBudgets(config.objectives)
        self.live = Live(
            [account.account_sid for account in config.accounts],
            self.clock.now_ms(),
            naming=config.naming,
            limits=self._limits.compositions,
            on_outcome=self._count_outcome,
        )
        agenda = Agenda(self.live, int(config.polling.participants_every_s * 1000))
        self.metrics = Metrics(shows_exemplars=config.metrics.exemplars)
        self.is_ready = False
        self.doors = Doors(config, store, self.metrics, self.clock.now_s, sockets)
        self._pseudonyms = pseudonyms_of(config.privacy)
        self.alerting = self._new_alerting()
        self.evaluation = self.alerting.evaluation
        self.call_watches = Watches()
        self.fold = Fold(self.live, self.alerting.notice, self._follow)
        self.following = self._following()
        self.pipeline = self._new_pipeline()
        self.housekeeping = self._new_housekeeping(agenda)
        self.reloading = Reloading(
            config,
            reread or (lambda: config),
            self.reload,
            self.metrics,
            self.clock.now_s,
            fingerprint=fingerprint,
            supervisor=self._supervisor,
        )
        self._vigil = Vigil(self._supervisor, store.try_writing, self.alerting.dispatcher)
        self.self_watch = SelfWatch(self.metrics, lambda: store.writing, self.clock.now_s)
        self._timetable = Timetable(self.clock, self.self_watch.chores)
        self._watches = self._new_watches(agenda)
        self.heartbeat = self.alerting.beat_for(self.pipeline, self._watches)
        self.rounds = self._new_rounds()
        self.canary = self._canary(config.canary) if config.canary.enabled else None
        self.duties = self._duties()
        self.others = self._others()
        self.showing = Showing(self._parts(), lambda: self.config, is_demo=demo)
        self._expect_series()

    # --- life ---------------------------------------------------------------------------------------------

    async def run(self, stop: asyncio.Event, on_started: Callable[[], None] = lambda: None) -> None:
        """Live until `stop` is set; a part that breaks takes the whole down, for somebody to start it anew."""
        try:
            with (
                counted(
                    partial(self.metrics.add, "roomwatch_log_lines_total"),
                    partial(self.metrics.add, "roomwatch_log_lines_held_total"),
                ),
                self.self_watch.on_duty(),
            ):
                async with self._supervisor.taking_long("takes up what was there", START_AT_MOST_S):
                    await self._restore()
                await self._live_until(stop, on_started)
        finally:
            # However it ended: the threads of an open store would keep the process from ending with it.
            self._supervisor.stopping()
            await self._let_go()
        _log.info("stopped")

    async def _live_until(self, stop: asyncio.Event, on_started: Callable[[], None]) -> None:
        async with self.alerting.connections(), asyncio.TaskGroup() as group, AsyncExitStack() as going:
            storing = group.create_task(self.pipeline.run())
            asides = [group.create_task(each) for each in self._asides()]
            self.alerting.start(group)
            await going.enter_async_context(self.duties.shared())
            going.push_async_callback(self._store_the_rest, storing)
            self._schedule()
            await going.enter_async_context(self._timetable.kept())
            await self._open_doors()
            self.is_ready = True
            self._supervisor.ready()
            self._tell_standing()
            vigil = group.create_task(self._vigil.run())
            on_started()

            await stop.wait()

            self.is_ready = False
            self._supervisor.stopping()
            _log.info("stopping")
            async with self._supervisor.taking_long("tells what can still be told", STOP_AT_MOST_S):
                await self._shut_doors()
                await going.aclose()
                await self.alerting.stop()
            for task in (*asides, vigil):
                task.cancel()

    async def _store_the_rest(self, storing: asyncio.Task[None]) -> None:
        """See what was taken stored, once nobody asks for more, and before the picture is saved."""
        await self.duties.leave(name for name in self.duties.names if name.startswith(POLLER))
        self.pipeline.close()
        await storing

    def _asides(self) -> Iterator[Coroutine[Any, Any, None]]:
        yield self.reloading.run()
        if self.following is not None:
            yield self.following.run()

    async def _restore(self) -> None:
        await self.duties.enrol()
        await self.housekeeping.restore()
        if self.following is not None:
            await self.following.catch_up()
        for watch in self._watches:
            watch.restore_budget()
        if not self.config.canary.enabled:
            self.live.account_book.forget_canaries()
        await self._look_at_the_clock()
        await self.alerting.restore()
        if self.others is not None:
            await self.others.look()

    async def _look_at_the_clock(self) -> None:
        ahead = clock_behind(await self.store.log.newest_at_ms(), self.clock.now_ms())
        if ahead:
            _log.warning("%s", ahead)

    def _schedule(self) -> None:
        every, chore, config = self._timetable.every, self._timetable.chore, self.config
        chore("rounds", ROUND_EVERY_S, self.rounds.go, at_once=True)
        chore("sight", min(BLINDNESS_EVERY_S, config.alerts.blind_after_s / 2), self.alerting.look_at_sight)
        chore("expiry", EXPIRE_EVERY_S, self.housekeeping.expire)
        chore("disk", LOOK_FOR_ROOM_EVERY_S, self._look_at_the_disk)
        every(NOTED_EVERY_S, self._attend)
        every(TRY_EVERY_S, self.rounds.loop_lag.measure)
        every(WRITER_EVERY_S, self.self_watch.writer.look)
        every(CATCH_UP_EVERY_S, self._tell_what_is_due)
        if self._watches_config:
            every(WATCH_EVERY_S, self.reloading.look)
        every(WEB_FILES_EVERY_S, self.doors.look_at_files)
        if self.others is not None:
            every(LOOK_AT_OTHERS_EVERY_S, self.others.look)
            every(config.storage.checkpoint_every_s, self.others.look_what_is_saved)

    def _note_duty(self, name: str, is_held: bool) -> None:
        label = self._label_of(name)
        self.metrics.set("roomwatch_duty_held", is_held, label)
        self.metrics.add("roomwatch_duty_changes_total", label)

    def _label_of(self, duty: str) -> str:
        return next((f"{POLLER}{watch.name}" for watch in self._watches if poller(watch.sid) == duty), duty)

    async def _attend(self) -> None:
        self.attendance.note(self.clock.now_s())

    async def _look_at_the_disk(self) -> None:
        await self.store.look_for_room()
        await self.store.try_disk_again()

    def _why_not_ready(self) -> str:
        if not self.is_ready:
            return "expected to be ready, and am not"
        refusal = self.store.refusal
        return f"expected a disk that takes what is written, got: {refusal}" if refusal else ""

    async def _tell_what_is_due(self) -> None:
        log.catch_up()
        self._tell_standing()

    def _tell_standing(self) -> None:
        self._supervisor.status(status_line(self._standing()))

    def _standing(self) -> Standing:
        wrong = {
            f"the configuration was not reloaded: {self.reloading.error}": bool(self.reloading.error),
            "the disk is full, telemetry is refused": self.store.is_full,
            f"the disk takes nothing: {self.store.refusal}": bool(self.store.refusal),
            f"blind: {self.evaluation.sight.why}": self.evaluation.sight.is_blind,
            f"silent: {' and '.join(self._vigil.silent)}": bool(self._vigil.silent),
        }
        firing = sum(alert.state is State.FIRING for alert in self.evaluation.engine.alerts)
        everybody = self.live.crowds.everybody
        return Standing(everybody.rooms, everybody.participants, firing, [words for words in wrong if wrong[words]])

    def _keep_budgets(self) -> None:
        for watch in self._watches:
            watch.keep_budget()

    async def _open_doors(self) -> None:
        config = self.config
        ingest = Ingest(self._admission(), self.pipeline, self.metrics, config.telemetry, self.clock.now_s)
        callbacks = Callbacks(
            config.accounts, self.pipeline, self.metrics, public_url_of(config), self.clock.now_ms, on_event=self._knock
        )
        await self.doors.open(
            ingest,
            [*public_routes(IngestRoutes(ingest), callbacks), *self.alerting.doors()],
            lambda login: private_routes(
                login,
                self.showing.routes(),
                self.showing.exposition,
                self.showing.fleet_exposition,
                self._why_not_ready,
            ),
        )

    async def _shut_doors(self) -> None:
        self.call_watches.close()  # or the private door would wait for those who look
        await self.doors.shut()

    async def _let_go(self) -> None:
        await self.store.close()
        for watch in self._watches:
            await watch.close()

    # --- parts --------------------------------------------------------------------------------------------

    def _new_alerting(self) -> Alerting:
        return Alerting(
            self.config,
            self.store,
            self.live,
            self.metrics,
            self.clock,
            self._limits,
            self._read_elsewhere,
            self.attendance,
            self.company.inbox,
            lambda: self.following.behind_s if self.following is not None else 0.0,
        )

    def _new_pipeline(self) -> Pipeline:
        return Pipeline(
            self.store.log,
            self.fold,
            self.metrics,
            capacity_events=self.config.pipeline.capacity_events,
            now_ms=self.clock.now_ms,
            veil=self._pseudonyms.veil if self._pseudonyms else lambda event: event,
            is_full=lambda: self.store.is_full,
            on_stored=None if self.following is None else self.following.wake,
        )

    def _new_housekeeping(self, agenda: Agenda) -> Housekeeping:
        return Housekeeping(
            self.store,
            self.live,
            agenda,
            self.fold,
            self.metrics,
            self.alerting.notice,
            storage=self.config.storage,
            picture=self.config.live,
            now_ms=self.clock.now_ms,
            budgets=self.budgets,
            missed_s=self.attendance.missed_s,
        )

    def _new_watches(self, agenda: Agenda) -> list[AccountWatch]:
        return [
            AccountWatch(
                account,
                self.config.polling,
                self.live,
                agenda,
                self.pipeline,
                self.metrics,
                self.clock.now_s,
                self.company.budget,
            )
            for account in self.config.accounts
        ]

    def _new_rounds(self) -> Rounds:
        return Rounds(
            self.store,
            self.live,
            self.pipeline,
            self.metrics,
            self.budgets,
            self._watches,
            instance=self.config.alerts.instance,
            now_s=self.clock.now_s,
            on_change=self.alerting.notice,
            sight=lambda: self.evaluation.sight,
            overdue=self.self_watch.chores.overdue,
            certificate_ends_s=self.doors.certificate_ends_s,
        )

    def _following(self) -> Following | None:
        shared = self.company.shared
        return None if shared is None else Following(shared.log, self.fold, self.metrics)

    def _duties(self) -> Duties:
        work = Work(
            self.config,
            self.company,
            self.clock,
            self.self_watch.chores,
            self.alerting,
            self.housekeeping,
            self._watches,
            self.canary,
            self._keep_budgets,
            None if self.following is None else self.following.catch_up,
        )
        company, todo = self.company, work.duties()
        for name in todo:  # that nobody has a duty is seen only if each says that it has not
            self.metrics.set("roomwatch_duty_held", False, self._label_of(name))
        return Duties(company.leases, company.me, todo, ttl_s=company.ttl_s, on_change=self._note_duty)

    def _others(self) -> Others | None:
        shared = self.company.shared
        if shared is None:
            return None
        return Others(shared, self.duties, self.alerting, self.housekeeping, self._watches)

    def _parts(self) -> Parts:
        return Parts(
            self.store,
            self.clock,
            self._limits,
            self.live,
            self.metrics,
            self.pipeline,
            self.alerting,
            self.housekeeping,
            self.rounds,
            self.budgets,
            self.self_watch,
            self.doors,
            self.reloading,
            self.call_watches,
            self._watches,
            self.following,
        )

    def _admission(self) -> Admission:
        settings, config = self.config.telemetry, self.config
        origins = AllowedOrigins(settings.allowed_origins)
        return Admission(
            IngestAuthority(config.accounts, settings.ingest_keys, settings.token_grace_s, origins),
            self.live,
            self.metrics,
            settings,
            TrustedProxies(config.public.trusted_proxies, config.public.forwarded_by),
            Addresses(config.privacy.addresses),
            self._pseudonyms,
        )

    def _expect_series(self) -> None:
        accounts = [account.name for account in self.config.accounts]
        self.metrics.expect("roomwatch_twilio_throttled_total", accounts)
        self.metrics.expect("roomwatch_twilio_throttled_seconds_total", accounts)
        self.metrics.expect("roomwatch_callbacks_last_timestamp_seconds", accounts)
        self.metrics.set("roomwatch_exposition_duration_seconds", nan)
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

    def _knock(self, event: Event) -> None:
        """Hear of what Twilio tells here, where this process is the only one that it tells."""
        if self.following is None:
            self._heard(event)

    def _follow(self, event: Event) -> None:
        """Hear of what is in the picture now, whoever took it."""
        self.call_watches.hear(event)
        if self.following is None:
            return
        if isinstance(event, TelemetryBatch):
            self.alerting.hear_post()
            self.metrics.set("roomwatch_telemetry_last_timestamp_seconds", event.received_at_ms / 1000)
        elif event.source in (Source.CALLBACK, Source.STREAM):
            self._heard(event)

    def _heard(self, event: Event) -> None:
        account_sid: str | None = getattr(event, "account_sid", None)
        if account_sid is not None:
            self.alerting.hear_callback(account_sid)
            self._note_callback(account_sid)
        if self.canary is not None:
            self.canary.hear(event, time.monotonic())

    def _note_callback(self, account_sid: str) -> None:
        for account in self.config.accounts:
            if account.account_sid == account_sid:
                now_s = self.clock.now_s()
                self.metrics.set("roomwatch_callbacks_last_timestamp_seconds", now_s, account.name)

    def _count_outcome(self, outcome: Outcome) -> None:
        self.budgets.count(outcome)
        if outcome.took_s is not None:
            self.metrics.observe("roomwatch_composition_duration_seconds", outcome.took_s)

    @property
    def polls(self) -> list[Poll]:
        """Every source of every account."""
        return polls_of(self._watches)

    async def reload(self, config: Config) -> None:
        """Go by what can change of another configuration while it runs (`monitor.reloading`).

        Raises:
            StoreFailed: what ends by it could not be written; reload again.
        """
        await self.alerting.reload(config)
        before, self.config = self.config, self.alerting.config
        if self.config.log != before.log:  # or what was set since by hand would be undone by any reload
            log.set_format(self.config.log.format)
            log.set_level(self.config.log.level)
        await self.doors.use(self.config.private)

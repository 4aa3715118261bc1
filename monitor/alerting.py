"""How do the parts come together that decide who is told, and tell them?

`Alerting` builds them: rules and groups, silences and what else mutes, the outbox and its receivers, what looks for the
cause of an incident, and what is heard back.  What they are about, the live picture, it is given; whoever starts and
stops the daemon starts and stops it.

Who is told is decided by one process (`deciding`), which takes up what is stored and believes nothing of before.  Where
there are others, they send what is owed, hand on what they are told, and show alerts as they are stored (`look`).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from logging import getLogger
from secrets import token_bytes

from aiohttp import web

from alerts.alertmanager import Origin
from alerts.delivery import AttemptMade, Delivered, Outcome, Rejected, TryAgain
from alerts.dispatcher import Dispatcher
from alerts.engine import Engine
from alerts.group_book import Policy
from alerts.groups import Groups
from alerts.heartbeat import RECEIVER as HEARTBEAT
from alerts.mirror import Mirror
from alerts.model import Alert, Group, Kind, Notification, Reading, Reason
from alerts.notifiers.base import Notifier, target_of
from alerts.signals import with_watchers
from alerts.transport import Transport
from monitor import request_ids
from monitor.account_watch import AccountWatch
from monitor.acknowledging import Acknowledging
from monitor.attendance import Attendance
from monitor.audit import Audit
from monitor.blindness import BROWSERS, LOG, TWILIO, Blindness, Posts, last_seen_s
from monitor.clock import SteadyClock
from monitor.config import Config
from monitor.entities import Change
from monitor.evaluation import Evaluation
from monitor.explanation import Explainer
from monitor.handing_on import HandingOn
from monitor.heartbeat import Heartbeat, notifier_of
from monitor.http.acknowledge import AcknowledgeDoor
from monitor.http.explanations import Explanations
from monitor.http.incidents import IncidentRoutes
from monitor.http.notifications import Notifications
from monitor.http.proxies import TrustedProxies
from monitor.http.receipts import ReceiptDoor
from monitor.http.receiver_views import ReceiverRoutes
from monitor.http.receivers import ReceiverDoor
from monitor.http.rules import RuleRoutes
from monitor.http.silences import SilenceRoutes
from monitor.incident_answers import IncidentAnswers
from monitor.incident_links import SECRET_BYTES, SIGNED_WITH
from monitor.inquiry import Inquiry
from monitor.limits import Limits
from monitor.live import Live
from monitor.metrics import FAILURES, Metrics
from monitor.pipeline import Pipeline
from monitor.places import resolve
from monitor.policy import links_of, policy_of
from monitor.reloading import taken
from monitor.self_check import SelfCheck
from monitor.silence_answers import SilenceAnswers
from monitor.silencing import Silences
from monitor.store.ports import Store, StoreFailed
from monitor.store.shared import Inbox
from monitor.suspicion import Suspicion

_log = getLogger(__name__)

DRAIN_S = 10.0  # how long a stop waits for receivers; what is not delivered by then stays in the outbox
RESOLVED_MIRRORED = 10_000

ELSEWHERE = (Kind.SOURCE, Kind.DAEMON, Kind.SLO)  # what rules are over that is not in the picture
ReadElsewhere = Callable[[Kind, str, float], Reading | None]


def public_url_of(config: Config) -> str:
    """Return the address over which callbacks are signed: the listener's own where no other is configured."""
    return config.public.url or f"http://{config.public.host}:{config.public.port}"


class Alerting:
    """Every part that has to do with alerts.

    Args:
        config: of which it goes by another one after a reload.
        store: where it is kept.
        live: what it is about.
        metrics: where it is counted.
        clock: the time.
        limits: what readings are measured against.
        read_elsewhere: how to read what is not in the picture.
        attendance: when this process was not there.
        inbox: what is for whoever decides; None where that is this process, always.
        behind_s: how old the picture is, where it follows what others store.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        live: Live,
        metrics: Metrics,
        clock: SteadyClock,
        limits: Limits,
        read_elsewhere: ReadElsewhere,
        attendance: Attendance,
        inbox: Inbox | None = None,
        behind_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._behind_s = behind_s
        self._posts = 0.0
        self.is_deciding = False
        self._shown: tuple[object, object, object] = (None, None, None)  # of what others decided, when it last changed
        self._inbox = inbox
        self.config = config
        self._store = store
        self._live = live
        self._metrics = metrics
        self._now_s, self._now_ms = clock.now_s, clock.now_ms
        self._missed_s = attendance.missed_s
        self._listened_s = clock.now_s()  # when it was last looked whether browsers are heard
        self._links = links_of(config)
        self._transport = Transport()
        self.dispatcher = Dispatcher(
            store.alerts,
            self._receivers(config),
            self._transport,
            self._now_s,
            on_attempt=self._count_attempt,
            on_dead=self._fall_back,
        )
        self.inquiry = Inquiry(store, live, partial(resolve, live))
        self.suspicion = Suspicion(store.archive, live, self.inquiry, self._now_s, on_found=self._look_again)
        self.evaluation = Evaluation(
            Engine(config.rules),
            Groups(self._policy(config)),
            live,
            store.alerts,
            metrics,
            limits=limits,
            naming=config.naming,
            now_s=self._now_s,
            on_owed=self.dispatcher.wake,
            elsewhere={kind: partial(read_elsewhere, kind) for kind in ELSEWHERE},
            missed_s=attendance.missed_s,
        )
        self.silences = Silences(store.silences, self._now_s, on_change=self._mute_anew)
        self.blindness = Blindness(config.alerts.blind_after_s)
        self.mirror = self._mirror()
        self.evaluation.on_change += [self.suspicion.notice, lambda _: self.mirror.wake()]
        self.acknowledging = Acknowledging(
            self.evaluation,
            store.receipts,
            self._notifiers,
            metrics,
            self._now_s,
            Audit(store.audit, self._now_s, request_ids.current).by_word,
        )
        self.handing_on = HandingOn(self.acknowledging, lambda: self.is_deciding, self.look, inbox)
        self._receipts = ReceiptDoor(
            config.accounts, config.notifiers, self.handing_on, metrics, public_url_of(config), self._now_s
        )
        self.dispatcher.tell_of_deaths(is_ours=False)
        self._expect_series()

    # --- life ---------------------------------------------------------------------------------------------

    def connections(self) -> AbstractAsyncContextManager[object]:
        """Return what is open for as long as anybody is told of anything."""
        return self._transport

    async def restore(self) -> None:
        """Take up what everybody needs to know who tells or hears anything, once the picture is restored."""
        self._links.sign_with(await self._store.secrets.secret(SIGNED_WITH, token_bytes(SECRET_BYTES)))
        await self.silences.load()
        await self.look_at_sight()

    def start(self, group: asyncio.TaskGroup) -> None:
        """Begin to tell."""
        self._delivering = group.create_task(self.dispatcher.run())

    async def stop(self) -> None:
        """Tell what can still be told; the rest stays in the outbox."""
        await self.dispatcher.drain(DRAIN_S)
        await self._delivering

    @asynccontextmanager
    async def deciding(self, store: Store, inbox: Inbox | None, rested_s: float | None = None) -> AsyncIterator[None]:
        """Decide who is told, for the length of a block, and write that down in this store.

        Nobody did for `rested_s`, or since what is stored last tells of, where that is not known.

        Raises:
            StoreFailed: it could not be begun; nothing was decided.
        """
        await self._take_up(store, rested_s)
        self.is_deciding = True
        try:
            async with asyncio.TaskGroup() as group:
                asides = [group.create_task(each) for each in (self.suspicion.run(), self.mirror.run())]
                if inbox is not None:
                    asides.append(group.create_task(self.handing_on.take_up(inbox)))
                evaluating = group.create_task(self.evaluation.run())
                self.dispatcher.tell_of_deaths(is_ours=True)
                self.dispatcher.wake()  # whoever decided before may not have come to tell of it
                yield
                self.evaluation.close()
                await evaluating
                for aside in asides:
                    aside.cancel()  # what the mirror has not shown yet it shows after the next start
        finally:
            self.is_deciding = False
            self.dispatcher.tell_of_deaths(is_ours=False)
            self.evaluation.write_to(self._store.alerts)

    async def _take_up(self, store: Store, rested_s: float | None) -> None:
        """Begin anew with what is stored."""
        self._shown = (None, None, None)
        self.evaluation.begin(self.config.rules, self._policy(self.config), store.alerts)
        alerts, groups = await store.alerts.load_alerts(), await store.incidents.load_groups()
        watched_until_s = last_seen_s(self._live, alerts) if rested_s is None else self._now_s() - rested_s
        await self.evaluation.take_up(alerts, groups, watched_until_s)
        await self.silences.load()
        self.evaluation.groups.use_silences(self.silences.all(self._now_s()))
        await self.evaluation.end_what_is_no_more(await self._within_reach(self.config))
        await self.look_at_sight()
        self.evaluation.notice_everything()
        self.heartbeat.begin()

    async def look(self) -> None:
        """Look what others decided, so that it can be shown; and what they silenced, wherever it is decided.

        Raises:
            StoreFailed: it is shown as before.
        """
        await self.silences.load()
        if not self.is_deciding:
            alerts, groups = await self._store.alerts.load_alerts(), await self._store.incidents.load_groups()
            if not self.is_deciding:
                self._show(alerts, groups)

    def _show(self, alerts: Sequence[Alert], groups: Sequence[Group]) -> None:
        """Show what others decided, if it is not shown already: a store that has no news gives what it gave before."""
        shown = self.config, alerts, groups
        if any(now is not then for now, then in zip(shown, self._shown, strict=True)):
            self.evaluation.show(self.config.rules, self._policy(self.config), alerts, groups)
            self._shown = shown

    def notice(self, changes: Sequence[Change]) -> None:
        """Remember what changed until the next look, if that is taken here."""
        if self.is_deciding:
            self.evaluation.notice(changes)

    async def reload(self, config: Config) -> None:
        """Go by what can change of another configuration while it runs (`monitor.reloading`).

        Raises:
            StoreFailed: what ends by it could not be written; reload again.
        """
        self.dispatcher.use(self._receivers(config))
        if self.is_deciding:
            await self.evaluation.go_by(config.rules, self._policy(config), await self._within_reach(config))
        self._receipts.use(config.notifiers)
        self.config = taken(self.config, config)
        self._expect_series()

    async def look_at_sight(self) -> None:
        """Look whether there is something that nobody tells."""
        answers = self._metrics.values["roomwatch_telemetry_posts_total"]
        now_s = self._now_s()
        if self._missed_s(self._listened_s, now_s):
            self.blindness.ears.begin_anew()
        self._listened_s = now_s
        taken = answers.get(("202",), 0) if self._inbox is None else self._posts
        posts = Posts(taken, refused=answers.get(("503",), 0))
        sight = self.blindness.look(self._live, posts, now_s, self._behind_s())
        self._metrics.set("roomwatch_blind", bool(sight.accounts), TWILIO)
        self._metrics.set("roomwatch_blind", bool(sight.browsers), BROWSERS)
        self._metrics.set("roomwatch_blind", bool(sight.log), LOG)
        self.evaluation.see(sight)

    def hear_post(self) -> None:
        """Take note that a browser told something, whichever replica took it."""
        self._posts += 1

    def hear_callback(self, account_sid: str) -> None:
        """Take note that Twilio told something of an account."""
        self.blindness.eyes.hear_callback(account_sid, self._now_s())

    def _mute_anew(self) -> None:
        """Let groups know who is silenced now, and look at those of which that may be true or no longer be."""
        self.evaluation.groups.use_silences(self.silences.all(self._now_s()))
        self.evaluation.notice(())

    def _look_again(self, group: str) -> None:
        """Look at a group of which it has become known what is behind it."""
        self.evaluation.groups.look_again(group)
        self.evaluation.notice(())

    def _policy(self, config: Config) -> Policy:
        return policy_of(config, self._links, self.suspicion.of)

    # --- receivers ----------------------------------------------------------------------------------------

    def _notifiers(self) -> Mapping[str, Notifier]:
        return self.config.notifiers

    def _receivers(self, config: Config) -> Mapping[str, Notifier]:
        """Return whom words may be owed to: those that are configured, and the daemon's own."""
        return {**config.notifiers, HEARTBEAT: notifier_of(self.config.heartbeat)}

    async def _within_reach(self, config: Config) -> Collection[str]:
        """Return the receivers that there are, under their names or, if they were renamed, under others."""
        present = {target for notifier in config.notifiers.values() if (target := target_of(notifier))}
        remembered = await self._store.alerts.targets({})
        return {*config.notifiers, *(name for name, target in remembered.items() if target in present)}

    def _count_attempt(self, notification: Notification, made: AttemptMade) -> None:
        if notification.receiver == HEARTBEAT and made.outcome == "delivered" and made.status:
            self.heartbeat.taken(made.at)
        self._metrics.add("roomwatch_notifications_total", notification.receiver)
        self._metrics.observe("roomwatch_notification_duration_seconds", made.duration_s)
        if made.outcome == "delivered":
            self._metrics.observe("roomwatch_notification_delay_seconds", made.at - notification.created_at)
        else:
            self._metrics.add("roomwatch_notifications_failed_total", notification.receiver, made.outcome)

    async def _fall_back(self, notification: Notification, reason: str) -> None:  # noqa: ARG002 - it is in the outbox
        """Tell somebody else of what a receiver could not be told."""
        self._metrics.add("roomwatch_notifications_dead_total", notification.receiver)
        to, incident = self.config.alerts.fallback_receiver, notification.incident.id
        if to is not None and to != notification.receiver and not notification.is_test:
            groups, failed = self.evaluation.groups, notification.receiver
            await self.evaluation.do(lambda now_s: groups.hand_on(incident, failed, to, now_s))

    def _expect_series(self) -> None:
        expect, receivers, members = self._metrics.expect, list(self.config.notifiers), self.mirror.members
        rules = [each.name for rule in self.config.rules for each in with_watchers(rule)]
        expect("roomwatch_notifications_total", receivers)
        expect("roomwatch_notifications_failed_total", receivers, FAILURES)
        expect("roomwatch_notifications_dead_total", receivers)
        expect("roomwatch_alert_transitions_total", rules, Reason)
        expect("roomwatch_firing_alerts", rules)
        expect("roomwatch_alertmanager_posts_total", members)
        expect("roomwatch_alertmanager_posts_failed_total", members, FAILURES)
        expect("roomwatch_alertmanager_last_success_timestamp_seconds", members)
        expect("roomwatch_heartbeat_failures_total", ["audit", "delivery"])

    # --- Alertmanagers, and whoever watches the watcher ---------------------------------------------------

    def _mirror(self) -> Mirror:
        settings, instance = self.config.alertmanager, self.config.alerts.instance
        return Mirror(
            settings.urls,
            lambda: self.evaluation.engine.alerts,
            self._ended,
            self._transport,
            self._now_s,
            self._count_post,
            origin=Origin(instance, self.config.private.url, settings.refresh_s),
            headers=settings.headers(),
        )

    async def _ended(self, since_s: float) -> list[Alert]:
        try:
            ended = await self._store.alerts.ended(since_s, RESOLVED_MIRRORED)
        except StoreFailed as error:  # what fires is shown all the same, and what ended at the next look
            _log.warning("Alertmanagers are not told what ended: %s", error)
            return []
        return [each.alert for each in ended]

    def _count_post(self, member: str, outcome: Outcome) -> None:
        self._metrics.add("roomwatch_alertmanager_posts_total", member)
        if isinstance(outcome, Delivered):
            self._metrics.set("roomwatch_alertmanager_last_success_timestamp_seconds", self._now_s(), member)
        else:
            self._metrics.add("roomwatch_alertmanager_posts_failed_total", member, _failure(outcome))

    def beat_for(self, pipeline: Pipeline, watches: Sequence[AccountWatch]) -> Heartbeat:
        """Return the heartbeat, which beats while all of this and these work."""
        settings, alerts = self.config.heartbeat, self._store.alerts
        check = SelfCheck(
            alerts,
            self.dispatcher,
            self.evaluation,
            pipeline,
            watches,
            outbox_late_s=settings.outbox_late_s,
            polling_silent_s=settings.polling_silent_s,
            now_s=self._now_s,
        )
        self.heartbeat = Heartbeat(
            settings,
            self.config.alerts.instance,
            check.look,
            self.evaluation.owe,
            alerts.drop_said,
            self._transport,
            self._metrics,
            self._now_s,
        )
        return self.heartbeat

    # --- doors --------------------------------------------------------------------------------------------

    def doors(self) -> list[web.RouteDef]:
        """Return where people and services answer to what they were told."""
        proxies = TrustedProxies(self.config.public.trusted_proxies, self.config.public.forwarded_by)
        return [
            *self._receipts.routes(),
            *ReceiverDoor(self._notifiers, self.handing_on, self._metrics, self._now_s).routes(),
            *AcknowledgeDoor(self._links, self.evaluation.groups, self.handing_on, proxies, self._now_s).routes(),
        ]

    def routes(self) -> list[web.RouteDef]:
        """Return what may be asked about alerts, and done to them."""
        store, groups = self._store, self.evaluation.groups
        look = None if self._inbox is None else self.look
        incidents = IncidentAnswers(store, groups, self.handing_on, self._now_s, look)
        # A reload makes another engine and another configuration: whoever wants them asks for them each time.
        silences = SilenceAnswers(self.silences, lambda: self.evaluation.engine.alerts, self._now_s)
        explainer = Explainer(store, self._live, partial(resolve, self._live), lambda: self.config)
        receivers = ReceiverRoutes(
            store.alerts, lambda: self.config, lambda: self.dispatcher.breakers, self.evaluation.owe, self._now_s
        )
        return [
            *IncidentRoutes(incidents, self._now_ms).routes(),
            *SilenceRoutes(silences).routes(),
            *Notifications(store.alerts, store.receipts, self._now_s, self.dispatcher.wake).routes(),
            *Explanations(explainer, self._now_ms).routes(),
            *receivers.routes(),
            *RuleRoutes(lambda: self.config).routes(),
        ]


def _failure(outcome: Rejected | TryAgain) -> str:
    """Return the word that metrics have for it (`monitor.metrics.FAILURES`)."""
    if isinstance(outcome, Rejected):
        return "rejected"
    return "unknown" if outcome.ambiguous else "unavailable"

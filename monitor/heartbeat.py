"""Does the daemon tell the world that it is well, and only then?

Every minute it is audited (`alerts.audit`).  If all is well a beat is owed, like any page, and the dispatcher delivers
it to the address of whoever watches from outside (`alerts.heartbeat`).  If not, nothing is owed; the silence is the
alarm, and the log says why.  Whoever prefers to be told can have the reasons sent at once, beside the outbox.
"""

import asyncio
from collections.abc import Awaitable, Callable
from logging import getLogger

from alerts import heartbeat
from alerts.audit import Facts, Limits, audit
from alerts.model import Notification
from alerts.times_in_words import in_words
from alerts.transport import Answer, Transport
from monitor.metrics import Metrics
from monitor.settings import Heartbeat as Settings
from monitor.store.ports import StoreFailed

_log = getLogger(__name__)

KEPT_S = 3600.0  # what was said an hour ago is worth no row
MISSED_BEATS = 3  # owed and not taken, before anybody is told of it

Owe = Callable[[Callable[[float], tuple[Notification, ...]]], Awaitable[None]]


class Heartbeat:
    """Beats for as long as all is well.

    Args:
        settings: how often, and where to.
        instance: the name of this daemon.
        look: looks the house over.
        owe: has a notification owed.
        forget: drops what was said in a lane before a moment.
        transport: carries complaints.
        metrics: where it is counted.
        now_s: the time.
    """

    def __init__(
        self,
        settings: Settings,
        instance: str,
        look: Callable[[float], Awaitable[Facts]],
        owe: Owe,
        forget: Callable[[str, float], Awaitable[int]],
        transport: Transport,
        metrics: Metrics,
        now_s: Callable[[], float],
    ) -> None:
        self.notifier = notifier_of(settings)
        self._settings = settings
        self._limits = limits_of(settings)
        self._instance = instance
        self._look = look
        self._owe = owe
        self._forget = forget
        self._transport = transport
        self._metrics = metrics
        self._now_s = now_s
        self._taken_at_s = now_s()  # when a beat was last taken, or when this began
        self._failures: tuple[str, ...] = ()

    def begin(self) -> None:
        """Begin to beat: whether others were heard before is not known here."""
        self._taken_at_s = self._now_s()

    def taken(self, at_s: float) -> None:
        """Take note that a beat was delivered."""
        self._taken_at_s = at_s
        self._metrics.set("roomwatch_heartbeat_last_success_timestamp_seconds", at_s)

    async def beat(self) -> None:
        """Look the house over, and say that all is well if it is."""
        failures = await self._failures_now()
        late_s = self._now_s() - self._taken_at_s
        if failures:
            self._metrics.add("roomwatch_heartbeat_failures_total", "audit")
        elif late_s > MISSED_BEATS * self._settings.every_s:
            self._metrics.add("roomwatch_heartbeat_failures_total", "delivery")
            failures = (f"no heartbeat has been taken for {in_words(late_s)}",)
        self._tell(failures)
        if failures and self._settings.report_failures:
            await self._report(failures)

    async def _failures_now(self) -> tuple[str, ...]:
        """Return why there is no beat, or nothing if one is owed now."""
        try:
            async with asyncio.timeout(self._settings.every_s):
                failures = audit(await self._look(self._now_s()), self._limits)
                if not failures:
                    await self._owe(self._words)
                    await self._forget(heartbeat.lane(self._instance), self._now_s() - KEPT_S)
        except TimeoutError:
            return (f"the store did not answer within {in_words(self._settings.every_s)}",)
        except StoreFailed as error:
            return (f"nothing can be stored: {error}",)
        return failures

    def _words(self, now_s: float) -> tuple[Notification, ...]:
        return (heartbeat.beat(self._instance, now_s),)

    def _tell(self, failures: tuple[str, ...]) -> None:
        """Log what is new of it."""
        if failures and not self._failures:
            _log.error("no heartbeat: %s", "; ".join(failures))
        elif self._failures and not failures:
            _log.info("the heartbeat is back")
        self._failures = failures

    async def _report(self, failures: tuple[str, ...]) -> None:
        answer = await self._transport.exchange(self.notifier.complaint(failures))
        if not isinstance(answer, Answer):
            _log.warning("the failure could not be reported: %s", getattr(answer, "reason", ""))


def notifier_of(settings: Settings) -> heartbeat.Heartbeat:
    """Return what words beats; without an address in the settings it sends nothing."""
    url = "" if settings.url is None else settings.url.get_secret_value()
    return heartbeat.Heartbeat(url, settings.method, settings.every_s)


def limits_of(settings: Settings) -> Limits:
    """Return how late each part of the house may be."""
    return Limits(
        settings.evaluation_late_s, settings.outbox_late_s, settings.pipeline_late_s, settings.polling_silent_s
    )

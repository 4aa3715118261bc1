"""What is answered to a service that tells what people did with an incident there?

POST /callbacks/receivers/{receiver}   what that receiver's service sends: PagerDuty's webhooks, Slack's buttons

200  taken, also what says nothing and what is about nothing that is open: to be told again would not change that
403  not signed with the receiver's secret, or long ago        404  no such receiver, or one that hears nothing
413  too large                                                 503  it could not be stored; the service tries again
"""

from collections.abc import Callable, Mapping
from logging import getLogger

from aiohttp import web

from alerts.acknowledgement import Hears, Untrusted
from alerts.notifiers.base import Notifier
from monitor.acknowledging import Listener
from monitor.http.body import Refused, read_packed
from monitor.metrics import Metrics
from monitor.store.ports import StoreFailed

_log = getLogger(__name__)

PATH = "/callbacks/receivers/{receiver}"
MAX_BODY_BYTES = 256 * 1024  # an event with a whole incident in it

_REASONS = {403: "signature", 503: "store"}  # why it was refused, for metrics; anything else is malformed


class ReceiverDoor:
    """The address of each receiver that hears something."""

    def __init__(
        self,
        notifiers: Callable[[], Mapping[str, Notifier]],
        acknowledging: Listener,
        metrics: Metrics,
        now_s: Callable[[], float],
    ) -> None:
        self._notifiers = notifiers
        self._acknowledging = acknowledging
        self._metrics = metrics
        self._now_s = now_s

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.post(PATH, self.take)]

    async def take(self, request: web.Request) -> web.Response:
        """Take what a service tells, or say why not."""
        try:
            await self._take(request)
        except Refused as refused:
            self._metrics.add("roomwatch_receipts_refused_total", _REASONS.get(refused.status, "malformed"))
            return web.json_response({"error": str(refused)}, status=refused.status)
        self._metrics.add("roomwatch_receipts_total", "event")
        return web.Response()

    async def _take(self, request: web.Request) -> None:
        name = request.match_info["receiver"]
        notifier = self._notifiers().get(name)
        if not isinstance(notifier, Hears):
            raise Refused(404, f"expected the name of a receiver that hears, got {name[:60]!r}")
        body = await read_packed(request, MAX_BODY_BYTES)  # as it was signed
        try:
            words = notifier.hear(request.headers, body, self._now_s())
            for word in words:
                await self._acknowledging.hear(word)
        except Untrusted as error:
            _log.warning("what came for receiver %s was not believed: %s", name, error)
            raise Refused(403, str(error)) from None
        except StoreFailed:
            raise Refused(503, "it could not be stored; send it again") from None

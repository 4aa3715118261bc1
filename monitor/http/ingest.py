"""What is answered to a browser that posts telemetry?

    202  taken, durable: what was refused, event by event, is named
    400  not JSON, or not the shape of version 1; the message has the path of the fault
    401  no token, or one that proves nothing        403  a token for another room or person, or a foreign page
    408  the body did not come in time               413  too large, packed or unpacked
    415  neither JSON nor text
    429  this client sends too much                  503  the daemon is behind; nothing was kept

Both last ones say when to come back.  The rules themselves are in `monitor.http.admission`.

Which server took the post in makes no difference here: it hands over an `Arrival`, and is handed an `Answer` once.
"""

from collections.abc import Callable
from functools import partial
from logging import getLogger

import msgspec
from msgspec import Struct

from collectors.telemetry import Decoded, kept
from monitor.http.admission import Admission, Arrival, ForeignOrigin
from monitor.http.body import Refused
from monitor.http.origins import AllowedOrigins
from monitor.metrics import Metrics
from monitor.pipeline import Behind, Fate, Pipeline
from monitor.settings import Telemetry
from monitor.store.ports import Entry

TAKEN = 202
BEHIND_RETRY_AFTER_S = 5

_log = getLogger(__name__)
_encode = msgspec.json.Encoder().encode


class Answer(Struct, frozen=True, gc=False):
    """What is to be sent back, as JSON; `allowed_origin` is for `Access-Control-Allow-Origin`."""

    status: int
    body: bytes
    retry_after_s: int | None
    allowed_origin: str | None


Reply = Callable[[Answer], None]


class Ingest:
    """Takes telemetry in."""

    def __init__(
        self,
        admission: Admission,
        pipeline: Pipeline,
        metrics: Metrics,
        settings: Telemetry,
        now_s: Callable[[], float],
    ) -> None:
        self._admission = admission
        self._pipeline = pipeline
        self._metrics = metrics
        self._settings = settings
        self._now_s = now_s
        self._origins = AllowedOrigins(settings.origins())
        self._counted = metrics.values["roomwatch_telemetry_posts_total"]

    @property
    def max_body_bytes(self) -> int:
        """Return how large a body may be as it comes; whoever reads it need not read on."""
        return self._settings.max_body_bytes

    @property
    def forwarded_header(self) -> str:
        """Return the header in which proxies of ours say for whom they ask."""
        return self._admission.forwarded_header

    def take(self, arrival: Arrival, reply: Reply) -> None:
        """Take one post; `reply` is called once: at once with a refusal, or as soon as the post is durable."""
        try:
            batch, decoded, body = self._admission.admit(arrival, self._now_s())
            entry = Entry(batch, kept(batch, decoded, body))
            self._pipeline.submit(entry, partial(self._settle, decoded, arrival.origin, reply))
        except ForeignOrigin as refused:
            self._answer(_refusal(refused, None), reply)
        except Refused as refused:
            self.refuse(refused, arrival.origin, reply)
        except Behind:
            self._refuse_behind(arrival.origin, reply)

    def refuse(self, refused: Refused, origin: str, reply: Reply) -> None:
        """Say why not: here, and where a body is given up before it is whole."""
        self._answer(_refusal(refused, self.allowed_origin(origin)), reply)

    def allowed_origin(self, origin: str) -> str | None:
        """Return what `Access-Control-Allow-Origin` says to a page from `origin`, or None.

        It goes by the origins of all keys together: who asks beforehand whether they may post shows no key.
        """
        return self._origins.header(origin)

    # --- what became of it? -------------------------------------------------------------------------------

    def _settle(self, decoded: Decoded, origin: str, reply: Reply, fate: Fate) -> None:
        if fate is Fate.LOST:
            self._refuse_behind(origin, reply)
            return
        if fate is Fate.REPEAT:
            self._metrics.add("roomwatch_telemetry_repeats_total")
        self._answer(Answer(TAKEN, self._said(decoded), None, self.allowed_origin(origin)), reply)

    def _refuse_behind(self, origin: str, reply: Reply) -> None:
        refused = Refused(503, "the daemon is behind; nothing was kept", retry_after_s=BEHIND_RETRY_AFTER_S)
        self.refuse(refused, origin, reply)

    def _said(self, decoded: Decoded) -> bytes:
        if decoded.is_exact:
            return b'{"accepted":%d,"rejected":[]}' % decoded.count
        ignored = sum(decoded.ignored.values())
        self._metrics.add("roomwatch_telemetry_events_refused_total", by=len(decoded.refusals))
        self._metrics.add("roomwatch_telemetry_events_ignored_total", by=ignored)
        self._metrics.add("roomwatch_telemetry_fields_ignored_total", by=decoded.ignored_fields)
        said: dict[str, object] = {"accepted": decoded.count, "rejected": decoded.refusals}
        if ignored:
            said["ignored"] = ignored
        if decoded.ignored_fields:
            said["ignored_fields"] = decoded.ignored_fields
        return _encode(said)

    def _answer(self, answer: Answer, reply: Reply) -> None:
        self._counted[(str(answer.status),)] += 1
        reply(answer)


def note_refusal(answer: Answer) -> None:
    """Log why a post was refused, for whoever has asked to know that much."""
    _log.debug("telemetry refused: %d %s", answer.status, answer.body.decode("utf-8", "replace")[:200])


def _refusal(refused: Refused, allowed_origin: str | None) -> Answer:
    return Answer(refused.status, _encode({"error": str(refused)}), refused.retry_after_s, allowed_origin)

"""What is answered to a browser that posts telemetry?

    202  taken, durable: what was refused, event by event, is named
    400  not JSON, or not the shape of version 1; the message has the path of the fault
    401  no token, or one that proves nothing        403  a token for another room or person
    413  too large, packed or unpacked               415  neither JSON nor text
    429  this client sends too much                  503  the daemon is behind; nothing was kept

Both last ones say when to come back.

Which server took the post in makes no difference here: it hands over an `Arrival`, and is handed an `Answer` once.
"""

from collections.abc import Callable
from functools import partial
from math import ceil

import msgspec
from msgspec import Struct

from collectors.base import Malformed
from collectors.observations import TelemetryBatch
from collectors.telemetry import Decoded, decode, kept
from monitor.http.body import Refused, unpacked
from monitor.http.ingest_auth import Forbidden, Grant, IngestAuthority, Unauthorised, check
from monitor.http.rate import RateLimit
from monitor.live import Live
from monitor.metrics import Metrics
from monitor.pipeline import Behind, Fate, Pipeline
from monitor.settings import Telemetry
from monitor.store.ports import Entry

BEHIND_RETRY_AFTER_S = 5
CONTENT_TYPES = ("application/json", "text/plain")  # the second so that `sendBeacon` needs no preflight

_encode = msgspec.json.Encoder().encode


class Arrival(Struct, frozen=True, gc=False):
    """A post as it arrived, its body still packed; headers as they came, or an empty string."""

    peer: str  # the address at the other end of the connection
    forwarded_for: str
    content_type: str
    packing: str
    token: str | None
    origin: str
    body: bytes


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
        authority: IngestAuthority,
        pipeline: Pipeline,
        live: Live,
        metrics: Metrics,
        settings: Telemetry,
        now_s: Callable[[], float],
    ) -> None:
        self._authority = authority
        self._pipeline = pipeline
        self._live = live
        self._metrics = metrics
        self._settings = settings
        self._now_s = now_s
        self._rate = RateLimit(settings.posts_per_s, settings.burst_posts)
        self._counted = metrics.values["roomwatch_telemetry_posts_total"]

    @property
    def max_body_bytes(self) -> int:
        """Return how large a body may be as it comes; whoever reads it need not read on."""
        return self._settings.max_body_bytes

    def take(self, arrival: Arrival, reply: Reply) -> None:
        """Take one post; `reply` is called once: at once with a refusal, or as soon as the post is durable."""
        try:
            batch, decoded, body = self._admitted(arrival)
            entry = Entry(batch, kept(batch, decoded, body))
            self._pipeline.submit(entry, partial(self._settle, decoded, arrival.origin, reply))
        except Refused as refused:
            self.refuse(refused, arrival.origin, reply)
        except Behind:
            self._refuse_behind(arrival.origin, reply)

    def refuse(self, refused: Refused, origin: str, reply: Reply) -> None:
        """Say why not: here, and where a body is given up before it is whole."""
        body = _encode({"error": str(refused)})
        self._answer(Answer(refused.status, body, refused.retry_after_s, self.allowed_origin(origin)), reply)

    def allowed_origin(self, origin: str) -> str | None:
        """Return what `Access-Control-Allow-Origin` says to a page from `origin`, or None."""
        allowed = self._settings.allowed_origins
        if "*" in allowed:
            return "*"
        return origin if origin in allowed else None

    # --- may it come in? ----------------------------------------------------------------------------------

    def _admitted(self, arrival: Arrival) -> tuple[TelemetryBatch, Decoded, bytes]:
        content_type = arrival.content_type
        if content_type not in CONTENT_TYPES and _media_type(content_type) not in CONTENT_TYPES:
            expected = " or ".join(CONTENT_TYPES)
            raise Refused(415, f"Content-Type: expected {expected}, got {_media_type(content_type)[:60]!r}")
        now_s = self._now_s()
        try:
            grant = self._authority.grant(arrival.token, now_s)
            body = unpacked(arrival.body, arrival.packing, self._settings.max_inflated_bytes)
            decoded = decode(body, int(now_s * 1000))
            check(grant, decoded.batch, self._live.room_name)
        except Unauthorised as error:
            raise Refused(401, str(error)) from None
        except Malformed as error:
            raise Refused(400, str(error)) from None
        except Forbidden as error:
            raise Refused(403, str(error)) from None
        batch = self._completed(decoded.batch, grant)
        wait_s = self._rate.wait_s((arrival.peer, batch.session or batch.identity), now_s)
        if wait_s:
            raise Refused(429, "expected fewer posts from this client", retry_after_s=ceil(wait_s))
        return batch, decoded, body

    def _completed(self, batch: TelemetryBatch, grant: Grant) -> TelemetryBatch:
        """Add what the client left out and we know: who the token says it is and whose, and the SID of its room."""
        if batch.identity and batch.room_sid and grant.account_sid is None:
            return batch
        return msgspec.structs.replace(
            batch,
            account_sid=grant.account_sid,
            identity=batch.identity or grant.identity,
            room_sid=batch.room_sid or self._live.room_sid(batch.room_name),
        )

    # --- what became of it? -------------------------------------------------------------------------------

    def _settle(self, decoded: Decoded, origin: str, reply: Reply, fate: Fate) -> None:
        if fate is Fate.LOST:
            self._refuse_behind(origin, reply)
            return
        if fate is Fate.REPEAT:
            self._metrics.add("roomwatch_telemetry_repeats_total")
        self._answer(Answer(202, self._said(decoded), None, self.allowed_origin(origin)), reply)

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
        if not decoded.refusals and not ignored:
            return b'{"accepted":%d,"rejected":[]}' % decoded.count
        return _encode({"accepted": decoded.count, "rejected": decoded.refusals, "ignored": ignored})

    def _answer(self, answer: Answer, reply: Reply) -> None:
        self._counted[(str(answer.status),)] += 1
        reply(answer)


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()

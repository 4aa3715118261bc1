"""What is answered to a browser that posts telemetry?

    202  taken, durable: what was refused, event by event, is named
    400  not JSON, or not the shape of version 1; the message has the path of the fault
    401  no token, or one that proves nothing        403  a token for another room or person
    413  too large, packed or unpacked               415  neither JSON nor text
    429  this client sends too much                  503  the daemon is behind; nothing was kept

Both last ones say when to come back.
"""

from collections.abc import Callable
from math import ceil

import msgspec
from aiohttp import web

from collectors.base import Malformed
from collectors.observations import TelemetryBatch
from collectors.telemetry import Decoded, decode
from monitor.http.body import Refused, read_body
from monitor.http.ingest_auth import Forbidden, Grant, IngestAuthority, Unauthorised, check
from monitor.http.rate import RateLimit
from monitor.live import Live
from monitor.metrics import Metrics
from monitor.pipeline import Behind, Pipeline
from monitor.settings import Telemetry

BEHIND_RETRY_AFTER_S = 5
CONTENT_TYPES = ("application/json", "text/plain")  # the second so that `sendBeacon` needs no preflight

_encode = msgspec.json.Encoder().encode


class Ingest:
    """`POST /v1/telemetry`."""

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

    async def post(self, request: web.Request) -> web.Response:
        """Take one post, or say why not."""
        try:
            response = _json(202, await self._take(request))
        except Refused as refused:
            response = _json(refused.status, _encode({"error": str(refused)}))
            if refused.retry_after_s is not None:
                response.headers["Retry-After"] = str(refused.retry_after_s)
        self._metrics.add("roomwatch_telemetry_posts_total", str(response.status))
        self._allow_origin(request, response)
        return response

    async def preflight(self, request: web.Request) -> web.Response:
        """Tell a browser that it may post from another origin."""
        response = web.Response(status=204)
        response.headers["Access-Control-Allow-Methods"] = "POST"
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Content-Encoding"
        response.headers["Access-Control-Max-Age"] = "86400"
        self._allow_origin(request, response)
        return response

    async def _take(self, request: web.Request) -> bytes:
        if request.content_type not in CONTENT_TYPES:
            raise Refused(
                415, f"Content-Type: expected {' or '.join(CONTENT_TYPES)}, got {request.content_type[:60]!r}"
            )
        now_s = self._now_s()
        try:
            grant = self._authority.grant(_token(request), now_s)
            body = await read_body(request, self._settings.max_body_bytes, self._settings.max_inflated_bytes)
            decoded = decode(body, int(now_s * 1000))
            check(grant, decoded.batch, self._live.room_name)
        except Unauthorised as error:
            raise Refused(401, str(error)) from None
        except Malformed as error:
            raise Refused(400, str(error)) from None
        except Forbidden as error:
            raise Refused(403, str(error)) from None
        batch = self._completed(decoded.batch, grant)
        wait_s = self._rate.wait_s((request.remote, batch.session or batch.identity), now_s)
        if wait_s:
            raise Refused(429, "expected fewer posts from this client", retry_after_s=ceil(wait_s))
        await self._store(batch)
        return self._answer(decoded)

    def _completed(self, batch: TelemetryBatch, grant: Grant) -> TelemetryBatch:
        """Add what the client left out and we know: who the token says it is and whose, and the SID of its room."""
        return msgspec.structs.replace(
            batch,
            account_sid=grant.account_sid,
            identity=batch.identity or grant.identity,
            room_sid=batch.room_sid or self._live.room_sid(batch.room_name),
        )

    async def _store(self, batch: TelemetryBatch) -> None:
        try:
            is_news = await self._pipeline.offer(batch)
        except Behind:
            raise Refused(503, "the daemon is behind; nothing was kept", retry_after_s=BEHIND_RETRY_AFTER_S) from None
        if not is_news:
            self._metrics.add("roomwatch_telemetry_repeats_total")

    def _answer(self, decoded: Decoded) -> bytes:
        accepted = len(decoded.batch.observations)
        if not decoded.refusals and not decoded.ignored:
            return b'{"accepted":%d,"rejected":[]}' % accepted
        ignored = sum(decoded.ignored.values())
        self._metrics.add("roomwatch_telemetry_events_refused_total", by=len(decoded.refusals))
        self._metrics.add("roomwatch_telemetry_events_ignored_total", by=ignored)
        return _encode({"accepted": accepted, "rejected": decoded.refusals, "ignored": ignored})

    def _allow_origin(self, request: web.Request, response: web.Response) -> None:
        response.headers["Access-Control-Expose-Headers"] = "Retry-After"  # or no script could obey it
        origin, allowed = request.headers.get("Origin"), self._settings.allowed_origins
        if "*" in allowed:
            response.headers["Access-Control-Allow-Origin"] = "*"
        elif origin in allowed:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Vary"] = "Origin"


def _token(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else request.query.get("token")


def _json(status: int, body: bytes) -> web.Response:
    return web.Response(status=status, body=body, content_type="application/json")

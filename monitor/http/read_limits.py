"""Does somebody ask too often for what is costly?

What reads much of the history (`is_costly` in `monitor.http.operations`) is counted for each session and each token, in
a bucket of its own, so that a script that asks in a loop slows nobody down but itself.  What comes out of memory is not
counted, and neither are metrics and health.  Whoever asks is told how much is left, in `RateLimit` and
`RateLimit-Policy` as the IETF's draft has them, and with a 429 when to come back, in `Retry-After`.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from hashlib import sha256
from math import ceil

from aiohttp import web

from collectors.rest.token_bucket import TokenBucket
from monitor.http.problems import problem
from monitor.http.visitors import Way, visitor_if_known
from monitor.recent import Recent

ASKERS_REMEMBERED = 1_000  # the latest, and as many more
_NAME = '"costly"'

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ReadLimits:
    """Counts costly questions.

    Args:
        per_minute: how many each may ask in the long run.
        burst: how many at once.
        costly: what is counted, by paths as the routes have them, or `METHOD path` where that is not GET.
        clock_s: a clock that never goes back.
        cookie: in which a session is.
    """

    def __init__(
        self, per_minute: float, burst: int, costly: Collection[str], clock_s: Callable[[], float], cookie: str
    ) -> None:
        self._per_s = per_minute / 60
        self._burst = burst
        self._costly = costly
        self._clock_s = clock_s
        self._cookie = cookie
        self._buckets: Recent[str, TokenBucket] = Recent(ASKERS_REMEMBERED)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a question through, if it is not one too many."""
        if _route(request) not in self._costly:
            return await handler(request)
        bucket, now_s = self._bucket(asker(request, self._cookie)), self._clock_s()
        wait_s = bucket.wait_s(now_s)
        if wait_s > 0:
            return self._refuse(wait_s, self._headers(bucket, now_s))
        bucket.take(now_s)
        headers = self._headers(bucket, now_s)
        response = await handler(request)
        if not response.prepared:
            response.headers.update(headers)
        return response

    def _bucket(self, who: str) -> TokenBucket:
        bucket = self._buckets.get(who)
        if bucket is None:
            bucket = TokenBucket(self._per_s, self._burst)
            self._buckets.put(who, bucket)
        return bucket

    def _headers(self, bucket: TokenBucket, now_s: float) -> dict[str, str]:
        left = max(0.0, bucket.tokens(now_s))
        whole_s, fill_s = self._burst / self._per_s, (self._burst - left) / self._per_s
        return {
            "RateLimit-Policy": f"{_NAME};q={self._burst};w={ceil(whole_s)}",
            "RateLimit": f"{_NAME};r={int(left)};t={ceil(fill_s)}",
        }

    def _refuse(self, wait_s: float, headers: Mapping[str, str]) -> web.Response:
        detail = f"expected at most {self._burst} costly questions at once and {self._per_s * 60:g} a minute, got more"
        return problem(429, detail, headers={**headers, "Retry-After": str(ceil(wait_s))})


def asker(request: web.Request, cookie: str) -> str:
    """Return who asks: by the token or session that let them in, or their name; nothing that would let others in."""
    visitor = visitor_if_known(request)
    match visitor and visitor.way:
        case None:
            given = f"from {request.remote}"
        case Way.SESSION:
            given = f"session {request.cookies.get(cookie)}"
        case _:
            given = f"{visitor}"
    return sha256(given.encode("utf-8", "surrogateescape")).hexdigest()


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    path = "" if resource is None else resource.canonical
    return path if request.method in ("GET", "HEAD") else f"{request.method} {path}"

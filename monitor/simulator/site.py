"""What do all of Twilio's products share?  Credentials, limits, latency, and the envelope of their answers."""

import asyncio
import base64
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import orjson
from aiohttp import hdrs, web

from monitor.simulator import errors
from monitor.simulator.account import SimulatedAccount
from monitor.simulator.backstage import PREFIX, RequestTally
from monitor.simulator.errors import TwilioError
from monitor.simulator.limits import TokenBucket
from monitor.simulator.listing import PageRequest, SortKey, cut, page_urls
from monitor.simulator.outages import Outages
from monitor.simulator.shapes import Json, Shapes
from monitor.simulator.world import World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
T = TypeVar("T")


class Site:
    """One account's view of a world over HTTP; `clock` says what time it is there."""

    def __init__(
        self, world: World, account: SimulatedAccount, clock: Callable[[], float], callback_url: str | None
    ) -> None:
        self.world = world
        self.account = account
        self.clock = clock
        self.policy = world.scenario.rest
        self.tally = RequestTally()
        self._callback_url = callback_url
        self._outages = Outages(self.policy)
        self._reads = TokenBucket(self.policy.reads_per_s)
        self._writes = TokenBucket(self.policy.writes_per_s)
        self._concurrent = 0

    # --- answers -------------------------------------------------------------------------------------

    def shapes(self, request: web.Request) -> Shapes:
        """Return the shapes of resources at the address the caller used."""
        return Shapes(f"{request.scheme}://{request.host}", self.account.account_sid, self._callback_url)

    def answer(self, body: Json, status: int = 200) -> web.Response:
        """Answer with one resource."""
        return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")

    def answer_list(
        self,
        request: web.Request,
        key: str,
        items: Iterable[T],
        sort_key: Callable[[T], SortKey],
        shape: Callable[[T], Json],
        largest: int,
    ) -> web.Response:
        """Answer with the page of `items` that was asked for."""
        page = cut(items, PageRequest.of(request.query, largest), sort_key)
        base_url = f"{request.scheme}://{request.host}"
        urls = page_urls(f"{base_url}{request.path}", request.query, page)
        meta = {
            "key": key,
            "page": page.request.number,
            "page_size": page.request.size,
            "first_page_url": urls["first"],
            "previous_page_url": urls["previous"],
            "url": urls["this"],
            "next_page_url": urls["next"],
        }
        return self.answer({key: [shape(item) for item in page.items], "meta": meta})

    # --- at the door ---------------------------------------------------------------------------------

    @web.middleware
    async def door(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request in if it may come in, and say every no in Twilio's words."""
        if request.path.startswith(PREFIX):
            return await handler(request)
        self.tally.came(request)
        started = time.perf_counter()
        with self._counted() as concurrent:
            await asyncio.sleep(self.policy.latency_ms / 1000)
            try:
                befallen = await self._outages.befall(request, self._elapsed_s())
                response = await self._admit(request, handler) if befallen is None else befallen
            except TwilioError as error:
                response = self._refusal(error)
            except web.HTTPNotFound:
                response = self._refusal(errors.not_found(request.path))
            except web.HTTPMethodNotAllowed:
                response = self._refusal(TwilioError(*errors.METHOD_NOT_ALLOWED))
        self.tally.answered(response.status)
        response.headers["Twilio-Request-Id"] = f"RQ{uuid.uuid4().hex}"
        response.headers["Twilio-Concurrent-Requests"] = str(concurrent)
        response.headers["Twilio-Request-Duration"] = f"{time.perf_counter() - started:.3f}"
        return response

    async def _admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not self._is_authorized(request):
            raise TwilioError(*errors.UNAUTHORIZED)
        bucket = self._reads if request.method == hdrs.METH_GET else self._writes
        if not bucket.take(self.clock()):
            raise TwilioError(*errors.TOO_MANY_REQUESTS)
        return await handler(request)

    def _is_authorized(self, request: web.Request) -> bool:
        unauthorized, revoked = self.policy.unauthorized, self.policy.key_revoked
        if unauthorized is not None and unauthorized.is_on(self._elapsed_s()):
            return False
        user, password = _credentials(request.headers.get(hdrs.AUTHORIZATION, ""))
        key_revoked = revoked is not None and revoked.is_on(self._elapsed_s())
        return self.account.opens(user, password, key_revoked=key_revoked)

    def _elapsed_s(self) -> float:
        return self.world.elapsed_s(self.clock())

    def _refusal(self, error: TwilioError) -> web.Response:
        response = self.answer(error.body(), error.status)
        if error.status == 429 and self.policy.retry_after_ms is not None:
            response.headers[hdrs.RETRY_AFTER] = str(-(-self.policy.retry_after_ms // 1000))
        if error.status == 401:
            response.headers[hdrs.WWW_AUTHENTICATE] = 'Basic realm="Twilio API"'
        return response

    @contextmanager
    def _counted(self) -> Iterator[int]:
        self._concurrent += 1
        try:
            yield self._concurrent
        finally:
            self._concurrent -= 1


def _credentials(authorization: str) -> tuple[str, str]:
    """Read a header of HTTP Basic authentication; whatever is none gives credentials that open nothing."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        decoded = base64.b64decode(encoded if scheme.lower() == "basic" else "", validate=True).decode()
    except ValueError:
        return "", ""
    user, _, password = decoded.partition(":")
    return user, password


def sid_of(item: Any) -> SortKey:
    """Return the place in a list of anything that has a SID and was created."""
    return item.created_at, item.sid

"""How does one request to Twilio become one answer?

Whatever it takes happens here: waiting for a turn at the gate, sending under a time limit, trying the other key after a
401, and sending again what failed for a moment.  All of an account's requests share one `Exchange`: its connections,
its gate, its keys.  What comes out is an answer, or a `CollectError` that says what kind of trouble there was.
"""

import asyncio
import random
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit, urlunsplit

import aiohttp

from collectors.base import CollectError
from collectors.rest.answers import Answer, Attempt, judged
from collectors.rest.budget import Priority, Sent
from collectors.rest.gate import Gate, NotAsked
from collectors.rest.keyring import Credentials, Keyring
from collectors.rest.outcome import Outcome
from collectors.rest.retries import Retries, backoff_s, date_s

REPEATABLE = ("GET", "HEAD")

_random = random.SystemRandom()


class Observer:
    """Who wants to know what requests come to; of what it does not care about it takes no note."""

    def on_request(self, resource: str, code: str, seconds: float) -> None:
        """Take note of one request: its answer's status, or `timeout` or `network` where there was none."""

    def on_retry(self, resource: str, kind: str) -> None:
        """Take note that a request is about to be sent again, after trouble of this kind."""

    def on_throttled(self, resource: str, retry_after_s: float | None) -> None:
        """Take note of a 429, and of the pause that it asked for, if any."""

    def on_key_changed(self, account_sid: str, now_using: str) -> None:
        """Take note that another key opens the account from now on: `active` or `next`, as configured."""

    def on_server_date(self, server_s: float, at_s: float) -> None:
        """Take note of what Twilio's clock showed, in whole seconds, and what ours did when the answer came."""


class Allowance(Protocol):
    """What may be asked of an account by all who ask, besides what its own budget says."""

    async def spend(self) -> None:
        """Wait until one more request may go.

        Raises:
            NotAsked: none may, for reasons that do not pass while one waits.
        """

    async def pause(self, pause_s: float) -> None:
        """Let nobody ask for so long."""


class Request(NamedTuple):
    """A request as the client library wants it, but for the authorization."""

    resource: str
    method: str
    url: str
    params: Mapping[str, Any] | None = None
    data: Mapping[str, Any] | None = None
    headers: Mapping[str, str] | None = None
    allow_redirects: bool = False


class Exchange:
    """One account's way to Twilio.  Built inside a running event loop."""

    def __init__(
        self,
        keyring: Keyring,
        gate: Gate,
        observer: Observer,
        *,
        timeout_s: float,
        base_url: str = "",
        now_s: Callable[[], float] = time.time,
        allowance: Allowance | None = None,
    ) -> None:
        self.gate = gate
        self._allowance = allowance
        self._keyring = keyring
        self._observer = observer
        self._timeout_s = timeout_s
        self._base_url = base_url.rstrip("/")
        self.now_s = now_s
        # A kept connection that turns out to be dead is replaced by aiohttp itself, once, without our noticing.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),  # the gate bounds what is under way, and nothing else
            timeout=aiohttp.ClientTimeout(total=timeout_s),  # until the last byte of the answer
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self) -> None:
        """Let go of the connections, and send away whoever waits for one."""
        self.gate.close()
        await self._session.close()

    async def ask(self, request: Request, priority: Priority) -> Answer:
        """Return Twilio's answer, after as many attempts as are sensible.

        Raises:
            CollectError: Twilio could not be reached, or said no; a `NotAsked` if nothing was sent at all.
        """
        budget = self.gate.budget
        is_repeatable = request.method in REPEATABLE
        retries = Retries(budget.retry_quota, budget.limits.most_attempts, is_repeatable=is_repeatable)
        attempt = await self._attempt(request, priority)
        while retries.granted(attempt.outcome):
            self._observer.on_retry(request.resource, attempt.outcome)
            await self._back_off(retries.made, attempt)
            try:
                attempt = await self._attempt(request, priority)
            except NotAsked:
                break  # what went wrong before says more than that there is no second chance
        if attempt.outcome is Outcome.ANSWERED:
            retries.succeeded()
        try:
            if isinstance(attempt.result, CollectError):
                raise attempt.result
            return attempt.result
        finally:
            del attempt  # the error in it will know this frame: a circle

    async def _back_off(self, retry: int, attempt: Attempt) -> None:
        """Wait before a retry; a pause that Twilio asked for is kept by the gate, for all requests."""
        if attempt.retry_after_s is None:
            limits = self.gate.budget.limits
            pause_s = backoff_s(retry, _random.random(), limits.backoff_base_s, limits.backoff_cap_s)
            await asyncio.sleep(pause_s)

    async def _attempt(self, request: Request, priority: Priority) -> Attempt:
        """Wait for a turn and use it; whatever happens, it is given back."""
        sent = await self.gate.enter(priority)
        await self._spend(sent)
        outcome, retry_after_s = Outcome.ABANDONED, None
        try:
            attempt = await self._with_a_key_that_opens(request)
            outcome, retry_after_s = attempt.outcome, attempt.retry_after_s
        finally:
            self.gate.leave(sent, outcome, retry_after_s)
        if self._allowance is not None and outcome is Outcome.THROTTLED and retry_after_s is not None:
            await self._allowance.pause(retry_after_s)
        return attempt

    async def _spend(self, sent: Sent) -> None:
        """Take one of the requests that all who ask have together."""
        if self._allowance is None:
            return
        try:
            await self._allowance.spend()
        except BaseException:
            self.gate.withdraw(sent)
            raise

    async def _with_a_key_that_opens(self, request: Request) -> Attempt:
        first, *others = self._keyring.in_order()
        attempt = await self._send(request, self._keyring.key(first))
        for name in others:
            if attempt.outcome is not Outcome.UNAUTHORIZED:
                break
            self.gate.charge()
            attempt = await self._send(request, self._keyring.key(name))
            if attempt.outcome is Outcome.ANSWERED and self._keyring.opened(name):
                self._observer.on_key_changed(self._keyring.account_sid, name)
        return attempt

    async def _send(self, request: Request, key: Credentials) -> Attempt:
        started_s = time.perf_counter()
        attempt, code = await self._sent(request, key)
        self._observer.on_request(request.resource, code, time.perf_counter() - started_s)
        if attempt.outcome is Outcome.THROTTLED:
            self._observer.on_throttled(request.resource, attempt.retry_after_s)
        return attempt

    async def _sent(self, request: Request, key: Credentials) -> tuple[Attempt, str]:
        try:
            answer = await self._carried(request, key)
        except TimeoutError:
            error = CollectError("timeout", f"{request.resource}: expected an answer in {self._timeout_s:g} s")
            return Attempt(Outcome.TIMEOUT, error), "timeout"
        except (aiohttp.ClientError, OSError, UnicodeError) as error:
            why = f"{request.resource}: expected an answer, got {type(error).__name__}"
            return Attempt(Outcome.NETWORK, CollectError("network", why)), "network"
        self._tell_date(answer)
        return judged(request.resource, answer, self.now_s()), str(answer.status)

    async def _carried(self, request: Request, key: Credentials) -> Answer:
        async with self._session.request(
            request.method,
            self._rebased(request.url),
            params=request.params,
            data=request.data,
            headers={**(request.headers or {}), "Authorization": _authorization(key)},
            allow_redirects=request.allow_redirects,
        ) as answer:
            return Answer(answer.status, await answer.text(), answer.headers)

    def _rebased(self, url: str) -> str:
        """Return the URL with the base URL's host: for all products, and for the absolute addresses of next pages."""
        if not self._base_url:
            return url
        base, parts = urlsplit(self._base_url), urlsplit(url)
        return urlunsplit((base.scheme, base.netloc, base.path + parts.path, parts.query, ""))

    def _tell_date(self, answer: Answer) -> None:
        server_s = date_s(answer.headers.get("Date", ""))
        if server_s is not None:
            self._observer.on_server_date(server_s, self.now_s())


def _authorization(key: Credentials) -> str:
    return "Basic " + b64encode(f"{key.username}:{key.password}".encode()).decode()

"""How is Twilio's REST API asked?

Through the official client, whose one door to the network is replaced by `Transport`.  The official one waits for ever,
never sees a 429, and logs parameters that may hold identities; this one has a timeout, spends a budget, translates
every failure into a `CollectError`, and tells an observer what each request came to.
"""

import asyncio
import json
import time
from base64 import b64encode
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from twilio.base.exceptions import TwilioException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from collectors.base import CollectError
from collectors.budget import TokenBucket

AUTH_CODES = (401, 403)
MAX_PAUSE_S = 60.0

_RESOURCES = {"Rooms": "rooms", "Participants": "participants", "Compositions": "compositions"}


@dataclass(frozen=True)
class Credentials:
    """Who we are to Twilio: an API key, or the account's own auth token."""

    account_sid: str
    username: str
    password: str = field(repr=False)


class Observer(Protocol):
    """Who wants to know what requests come to."""

    def on_request(self, resource: str, code: str, seconds: float) -> None:
        """Take note of one request: its answer's status, or `timeout` or `network` where there was none."""


class Transport(AsyncTwilioHttpClient):  # type: ignore[misc]  # the package ships no types
    """The official client's HTTP layer, with a timeout, a budget and a voice.  Built inside a running event loop."""

    def __init__(self, bucket: TokenBucket, observer: Observer, *, timeout_s: float, base_url: str = "") -> None:
        super().__init__()
        self._bucket = bucket
        self._observer = observer
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._base_url = base_url.rstrip("/")
        self._throttled_in_a_row = 0

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109, ARG002 - the signature is the library's; ours is set once
        allow_redirects: bool = False,
    ) -> Response:
        """Return a successful answer.

        Raises:
            CollectError: Twilio could not be reached, said no, or did not make sense.
        """
        await asyncio.sleep(self._bucket.reserve(time.monotonic()))
        resource = resource_of(url)
        started = time.perf_counter()
        try:
            async with self.session.request(
                method.upper(),
                self._rebased(url),
                params=params,
                data=data,
                headers=_with_authorization(headers, auth),
                timeout=self._timeout,
                allow_redirects=allow_redirects,
            ) as answer:
                status, text, answer_headers = answer.status, await answer.text(), answer.headers
        except TimeoutError:
            self._observer.on_request(resource, "timeout", time.perf_counter() - started)
            raise CollectError("timeout", f"{resource}: expected an answer in {self._timeout.total:g} s") from None
        except (aiohttp.ClientError, OSError, UnicodeDecodeError) as error:
            self._observer.on_request(resource, "network", time.perf_counter() - started)
            raise CollectError("network", f"{resource}: expected an answer, got {type(error).__name__}") from None
        self._observer.on_request(resource, str(status), time.perf_counter() - started)
        if not 200 <= status < 300:
            raise self._refusal(resource, status, text, answer_headers)
        self._throttled_in_a_row = 0
        return Response(status, text, answer_headers)

    def _rebased(self, url: str) -> str:
        """Return the URL with the base URL's host: also for the absolute addresses of next pages."""
        if not self._base_url:
            return url
        base, parts = urlsplit(self._base_url), urlsplit(url)
        return urlunsplit((base.scheme, base.netloc, base.path + parts.path, parts.query, ""))

    def _refusal(self, resource: str, status: int, text: str, headers: Mapping[str, str]) -> CollectError:
        code = _error_code(text)
        said = f"{resource}: expected 200, got {status}" + (f" with code {code}" if code else "")
        if status == 429:
            self._throttled_in_a_row += 1
            pause_s = _retry_after_s(headers) or min(MAX_PAUSE_S, 2.0 ** (self._throttled_in_a_row - 1))
            self._bucket.pause(time.monotonic(), pause_s)
            return CollectError("throttled", said, retry_after_s=pause_s)
        kind = "auth" if status in AUTH_CODES else "not_found" if status == 404 else "refused"
        return CollectError(kind if status < 500 else "server", said)


@dataclass(frozen=True)
class Twilio:
    """One account: the official client over our transport, and the budget it spends."""

    account_sid: str
    client: Client
    transport: Transport
    bucket: TokenBucket

    @property
    def video(self) -> Any:
        """Return Twilio's Video API, version 1."""
        return self.client.video.v1

    def budget_remaining(self) -> int:
        """Return how many requests could be made at once."""
        return self.bucket.remaining(time.monotonic())

    async def close(self) -> None:
        """Let go of the connections."""
        await self.transport.close()


def connect(
    credentials: Credentials,
    bucket: TokenBucket,
    observer: Observer,
    *,
    timeout_s: float,
    base_url: str = "",
    region: str = "",
    edge: str = "",
) -> Twilio:
    """Return an account that can be asked; nothing is sent yet."""
    transport = Transport(bucket, observer, timeout_s=timeout_s, base_url=base_url)
    client = Client(
        credentials.username,
        credentials.password,
        account_sid=credentials.account_sid,
        region=region or None,
        edge=edge or None,
        http_client=transport,
    )
    return Twilio(credentials.account_sid, client, transport, bucket)


@contextmanager
def understood(resource: str) -> Iterator[None]:
    """Turn whatever the client library stumbles over into a `CollectError`."""
    try:
        yield
    except CollectError:
        raise
    except (TwilioException, ValueError, ArithmeticError, KeyError, TypeError, AttributeError) as error:
        raise CollectError("garbage", f"{resource}: expected Twilio's JSON, got {type(error).__name__}") from error


async def or_none(answer: Awaitable[Any]) -> Any:
    """Return what Twilio answers, or None where it knows of no such thing: not in this account, or not any more."""
    try:
        return await answer
    except CollectError as error:
        if error.kind == "not_found":
            return None
        raise


def resource_of(url: str) -> str:
    """Return which resource an address is about: the last one that its path names."""
    named = [_RESOURCES[part] for part in urlsplit(url).path.split("/") if part in _RESOURCES]
    return named[-1] if named else "other"


def to_ms(moment: datetime | str | None) -> int | None:
    """Return a moment as the client library gives it: a datetime, or text where it has fractions of a second."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if moment is None:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def to_int(value: str | float | None) -> int | None:
    """Return a number as the client library gives it, which may be text."""
    return None if value is None else int(value)


def _with_authorization(headers: Mapping[str, str] | None, auth: tuple[str, str] | None) -> dict[str, str]:
    given = dict(headers or {})
    if auth is not None:
        given["Authorization"] = "Basic " + b64encode(f"{auth[0]}:{auth[1]}".encode()).decode()
    return given


def _error_code(text: str) -> int | None:
    try:
        body = json.loads(text)
    except ValueError:
        return None
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, int) else None


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    text = headers.get("Retry-After", "")
    return min(float(text), MAX_PAUSE_S) if text.isascii() and text.isdigit() else None

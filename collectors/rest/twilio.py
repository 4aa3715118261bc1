"""How is Twilio's REST API asked?

Through the official client, whose one door to the network is replaced by `Transport`.  The official one waits for ever,
never sees a 429, and logs parameters that may hold identities; this one hands every request to the account's
`Exchange`, which has a time limit, spends a budget, and ends every failure in a `CollectError`.

`connect` makes an account that can be asked; `Twilio.at` gives a view of it whose requests are more or less urgent.
"""

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from twilio.base.exceptions import TwilioException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from twilio.rest.insights import Insights  # noqa: F401 - the client loads it at the first question, in everybody's way
from twilio.rest.video import Video  # noqa: F401 - likewise: a tenth of a second

from collectors.base import CollectError
from collectors.rest.breaker import Circuit
from collectors.rest.budget import Budget, Priority
from collectors.rest.exchange import Allowance, Exchange, Observer, Request
from collectors.rest.gate import Gate
from collectors.rest.keyring import Credentials, Keyring
from collectors.rest.outcome import Outcome

__all__ = ["Credentials", "Observer", "Transport", "Twilio", "connect", "or_none", "resource_of", "understood"]

_RESOURCES = {
    "Rooms": "rooms",
    "Participants": "participants",
    "Recordings": "recordings",
    "Compositions": "compositions",
    "CompositionHooks": "composition_hooks",
    "Usage": "usage",
    "Alerts": "alerts",
}


class Transport(AsyncTwilioHttpClient):  # type: ignore[misc]  # the package ships no types
    """The official client's HTTP layer: hands requests to an exchange, all with the same priority."""

    def __init__(self, exchange: Exchange, priority: Priority) -> None:
        super().__init__(pool_connections=False)  # the session is the exchange's
        self._exchange = exchange
        self._priority = priority

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,  # noqa: ARG002 - the exchange knows which of the keys opens
        timeout: float | None = None,  # noqa: ASYNC109, ARG002 - the signature is the library's; ours is set once
        allow_redirects: bool = False,
    ) -> Response:
        """Return an answer that is no error.

        Raises:
            CollectError: Twilio could not be reached, or said no.
        """
        request = Request(resource_of(url), method.upper(), url, params, data, headers, allow_redirects)
        answer = await self._exchange.ask(request, self._priority)
        return Response(answer.status, answer.text, answer.headers)

    async def close(self) -> None:
        """Do nothing: the exchange is closed by whoever connected."""


@dataclass(frozen=True)
class Twilio:
    """One account, as asked with one priority.  All views of an account share connections, keys and budget."""

    credentials: Credentials
    exchange: Exchange
    priority: Priority = Priority.LIVE
    region: str = ""
    edge: str = ""

    def at(self, priority: Priority) -> "Twilio":
        """Return a view whose requests wait with this priority."""
        return Twilio(self.credentials, self.exchange, priority, self.region, self.edge)

    @property
    def account_sid(self) -> str:
        """Return which account this is."""
        return self.credentials.account_sid

    @cached_property
    def client(self) -> Client:
        """The official client."""
        return Client(
            self.credentials.username,
            self.credentials.password,
            account_sid=self.account_sid,
            region=self.region or None,
            edge=self.edge or None,
            http_client=Transport(self.exchange, self.priority),
        )

    @property
    def video(self) -> Any:
        """Return Twilio's Video API, version 1."""
        return self.client.video.v1

    @property
    def insights(self) -> Any:
        """Return the Log Analyzer's API, version 1; its `rooms` are summaries."""
        return self.client.insights.v1

    @property
    def monitor(self) -> Any:
        """Return Twilio's Monitor API, version 1; it has the alerts."""
        return self.client.monitor.v1

    async def close(self) -> None:
        """Let go of the connections, for all views."""
        await self.exchange.close()

    # --- how it stands ------------------------------------------------------------------------------------

    @property
    def budget(self) -> Budget:
        """Return the account's budget, to be saved and restored."""
        return self.exchange.gate.budget

    def budget_remaining(self) -> int:
        """Return how many requests could be made at once."""
        return self.budget.remaining(self.exchange.now_s())

    def rate_per_s(self) -> float:
        """Return the rate that is allowed now."""
        return self.budget.rate_per_s

    def concurrency_limit(self) -> int:
        """Return how many requests may be under way."""
        return self.budget.concurrency_limit

    def waiting(self) -> Mapping[Priority, int]:
        """Return how many requests wait, by priority."""
        return self.exchange.gate.waiting()

    @property
    def circuit(self) -> Circuit:
        """Whether Twilio is believed to be there."""
        return self.budget.circuit

    @property
    def auth_lost(self) -> bool:
        """Whether none of the keys opened the account when they were last tried."""
        return self.budget.auth_lost

    @property
    def last_at_s(self) -> Mapping[Outcome, float]:
        """Return when a request last came to each outcome, since the start."""
        return self.budget.last_at_s


def connect(
    credentials: Credentials,
    budget: Budget,
    observer: Observer,
    *,
    timeout_s: float,
    next_credentials: Credentials | None = None,
    base_url: str = "",
    region: str = "",
    edge: str = "",
    now_s: Callable[[], float] = time.time,
    allowance: Allowance | None = None,
) -> Twilio:
    """Return an account that can be asked; nothing is sent yet.  To be called inside a running event loop.

    Where others ask, too, an `allowance` says what all of them may.
    """
    exchange = Exchange(
        Keyring(credentials, next_credentials),
        Gate(budget, now_s),
        observer,
        timeout_s=timeout_s,
        base_url=base_url,
        now_s=now_s,
        allowance=allowance,
    )
    return Twilio(credentials, exchange, region=region, edge=edge)


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
    """Return which resource an address is about: the last one that its path names.

    After the version, a path is names and SIDs by turns: /v1/Rooms/RM…/Participants/PA….  What Insights says of Video
    is a summary all the way down.
    """
    names = [part.removesuffix(".json") for part in urlsplit(url).path.split("/")[2::2]]
    if names[:1] == ["Video"]:
        return "summaries"
    known = [_RESOURCES[name] for name in names if name in _RESOURCES]
    return known[-1] if known else "other"


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

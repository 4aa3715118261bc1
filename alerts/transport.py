"""How does one request leave, and what can go wrong with it?

Over HTTP as one POST on a connection of its own, under one time limit, with no redirect followed and no more of the
answer read than anybody could want.  What goes wrong comes back as an outcome, never as an exception, and it is told
apart whether the receiver can have heard us: before there is a connection it cannot; afterwards nobody knows.

No reason given here holds more of the address than scheme and host, and none quotes an exception: the path of a
webhook is a password, and exceptions like to quote it.

Mail (`alerts.mail_transport`), messages by Apprise (`alerts.apprise_transport`) and log lines (`alerts.log_transport`)
leave in ways of their own, under the same promises.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from types import TracebackType
from typing import Self

import aiohttp

from alerts.apprise_transport import AppriseThreads
from alerts.delivery import Rejected, TryAgain
from alerts.log_transport import write
from alerts.mail_transport import MAIL_TIMEOUT_S, Reply, converse
from alerts.notifiers.base import AppriseMessage, HttpRequest, LogLine, Mail, Request

TIMEOUT_S = 10.0
ANSWER_LIMIT_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered; its body may echo what it was sent."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Transport:
    """Carries requests; open while it is used as a context."""

    def __init__(self, timeout_s: float = TIMEOUT_S, mail_timeout_s: float = MAIL_TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._mail_timeout_s = mail_timeout_s
        self._apprise = AppriseThreads()

    async def __aenter__(self) -> Self:
        # Half of the time may go into connecting: what fails there can be repeated without a second thought.
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._timeout_s, connect=self._timeout_s / 2),
            # Pages are rare.  A connection kept from the last one may be dead, and would leave us not knowing.
            # The dispatcher bounds how many there are; a bound here would let slow receivers delay others.
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            headers={"User-Agent": "roomwatch", "Accept-Encoding": "identity"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._apprise.close()
        await self._session.close()

    async def exchange(self, request: Request) -> Answer | TryAgain | Rejected:
        """Return the receiver's answer, or why there is none."""
        match request:
            case HttpRequest():
                return await self._over_http(request)
            case Mail():
                return await self._by_mail(request)
            case LogLine():
                return _accepted() if (failed := write(request)) is None else failed
            case AppriseMessage():
                failed = await self._apprise.send(request, self._timeout_s)
                return _accepted() if failed is None else failed

    async def _over_http(self, request: HttpRequest) -> Answer | TryAgain | Rejected:
        try:
            async with self._session.request(
                request.method, request.url, headers=request.headers, data=request.body, allow_redirects=False
            ) as response:
                return Answer(response.status, _dated(response.headers), await _beginning(response.content))
        except aiohttp.InvalidURL:
            return Rejected("the address is malformed")
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return TryAgain(f"could not connect to {request.origin}: {type(error).__name__}")
        except TimeoutError:
            return TryAgain(f"no answer from {request.origin} within {self._timeout_s:g} s", ambiguous=True)
        except (aiohttp.ClientError, OSError) as error:
            return TryAgain(f"{request.origin} did not finish its answer: {type(error).__name__}", ambiguous=True)

    async def _by_mail(self, mail: Mail) -> Answer | TryAgain | Rejected:
        reply = await converse(mail, self._mail_timeout_s)
        if not isinstance(reply, Reply):
            return reply
        headers = {"Command": reply.command, "Refused": reply.refused}
        return Answer(reply.code, headers, reply.text.encode("utf-8", "replace"))


def _accepted() -> Answer:
    """Return the answer of what can only say yes or fail."""
    return Answer(HTTPStatus.OK, {}, b"")


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    """Return as much of the body as arrives, up to the limit: the status has said what matters already."""
    body = bytearray()
    with suppress(aiohttp.ClientError, TimeoutError, OSError):
        while len(body) < ANSWER_LIMIT_BYTES:
            chunk = await content.read(ANSWER_LIMIT_BYTES - len(body))
            if not chunk:
                break
            body += chunk
    return bytes(body)


def _dated(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return the headers with the time of arrival where the answer bears no date of its own."""
    return {"Date": formatdate(usegmt=True), **{name.title(): value for name, value in headers.items()}}

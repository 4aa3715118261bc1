"""Who keeps Alertmanagers up to date?

One loop for each member of a cluster: each is sent everything, since none can be relied on to tell the others, and
none waits for another.  A loop looks at what fires and what has ended, sends what its member does not know yet or has
not heard for a while, and sleeps until the next repeat is due or somebody says that alerts changed.  At the start a
member knows nothing, so everything is sent at once; a member that failed is tried again sooner than the next repeat.

What a member knows is kept in memory only.  To send it once too often costs nothing: the same labels with the same
start are the same alert.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from alerts.alertmanager import PATH, RESOLVED_FOR_S, Origin, Sent, batches, due, shown
from alerts.delivery import Delivered, Outcome, Rejected, TryAgain
from alerts.model import Alert
from alerts.notifiers.base import HttpRequest, judge_status
from alerts.transport import Answer, Transport

logger = logging.getLogger(__name__)

#: In a storm alerts change many times a second; a member is told of them together.
BETWEEN_LOOKS_S = 1.0

RETRY_BASE_S = 1.0
_RETRY_SHARE = 0.25  # of the refresh, at most: what a member has missed it shall have long before an alert ends


class PostObserver(Protocol):
    """Somebody who counts posts."""

    def __call__(self, member: str, outcome: Outcome) -> None:
        """Take note of one post."""


def unobserved(member: str, outcome: Outcome) -> None:
    """Take no note."""


class Member:
    """One Alertmanager, and what it is known to know."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = f"{url.rstrip('/')}{PATH}"
        self._headers = {"Content-Type": "application/json", **headers}
        self.sent: dict[str, Sent] = {}
        self.woken = asyncio.Event()
        self.failures = 0  # in a row

    @property
    def name(self) -> str:
        """The part of its address that is fit to be shown."""
        return self.request(b"").origin

    def request(self, body: bytes) -> HttpRequest:
        """Return the post of a batch."""
        return HttpRequest("POST", self._url, self._headers, body)

    def remember(self, batch: Iterable[Alert], now: float) -> None:
        """Take note of what was sent."""
        self.sent |= {alert.fingerprint: Sent(now, alert) for alert in batch}

    def forget_all_but(self, wanted: Mapping[str, Alert]) -> None:
        """Forget what needs no repeating any more."""
        self.sent = {fingerprint: sent for fingerprint, sent in self.sent.items() if fingerprint in wanted}


class Mirror:
    """Shows every alert to every Alertmanager."""

    def __init__(
        self,
        urls: Sequence[str],
        alerts: Callable[[], Iterable[Alert]],
        resolved: Callable[[float], Awaitable[Iterable[Alert]]],
        transport: Transport,
        now: Callable[[], float],
        on_result: PostObserver = unobserved,
        *,
        origin: Origin,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._members = [Member(url, headers or {}) for url in urls]
        self._alerts = alerts
        self._resolved = resolved
        self._transport = transport
        self._now = now
        self._on_result = on_result
        self._origin = origin

    @property
    def members(self) -> list[str]:
        """Return the names of the members, as they are shown."""
        return [member.name for member in self._members]

    def wake(self) -> None:
        """Look now: alerts changed."""
        for member in self._members:
            member.woken.set()

    async def run(self) -> None:
        """Keep every member up to date until cancelled."""
        async with asyncio.TaskGroup() as group:
            for member in self._members:
                group.create_task(self._keep_up_to_date(member))

    async def _keep_up_to_date(self, member: Member) -> None:
        while True:
            member.woken.clear()
            outcome = await self._tell_what_is_due(member)
            self._take_note(member, outcome)
            if isinstance(outcome, TryAgain):
                await asyncio.sleep(self._retry_pause_s(member, outcome))  # and is not woken before
            else:
                await asyncio.sleep(BETWEEN_LOOKS_S)
                await self._sleep(member)

    async def _tell_what_is_due(self, member: Member) -> Outcome:
        """Send what is due, and return what came of it, the worst of it if of several posts."""
        now = self._now()
        wanted = shown(self._alerts(), await self._ended(now), now)
        member.forget_all_but(wanted)
        worst: Outcome = Delivered()
        for batch, body in batches(due(wanted, member.sent, now, self._origin.refresh_s), self._origin, now):
            outcome = await self._post(member, body)
            if isinstance(outcome, TryAgain):
                return outcome
            # Of a batch that it objects to it has taken what is sound.  That is not sent again sooner than usual, and
            # the other batches have done nothing wrong.
            member.remember(batch, now)
            worst = outcome if isinstance(outcome, Rejected) else worst
        return worst

    async def _ended(self, now: float) -> Iterable[Alert]:
        try:
            return await self._resolved(now - RESOLVED_FOR_S)
        except Exception as error:  # noqa: BLE001 - what fires must be shown though what ended cannot be read
            logger.warning("could not read which alerts ended: %s", type(error).__name__)
            return ()

    async def _post(self, member: Member, body: bytes) -> Outcome:
        answer = await self._transport.exchange(member.request(body))
        outcome = judge_status(answer.status, answer.headers) if isinstance(answer, Answer) else answer
        self._on_result(member.name, outcome)
        return outcome

    def _take_note(self, member: Member, outcome: Outcome) -> None:
        if isinstance(outcome, Delivered):
            if member.failures:
                logger.info("%s is up to date again", member.name)
            member.failures = 0
            return
        if not member.failures:
            logger.warning("%s is not up to date: %s", member.name, outcome.reason)
        member.failures += 1

    def _retry_pause_s(self, member: Member, outcome: TryAgain) -> float:
        longest_s = self._origin.refresh_s * _RETRY_SHARE
        pause_s = min(RETRY_BASE_S * 2.0 ** min(member.failures - 1, 10), longest_s)
        return max(pause_s, min(outcome.after_s or 0.0, self._origin.refresh_s))

    async def _sleep(self, member: Member) -> None:
        """Sleep until woken, or until something has to be repeated."""
        next_at = min((sent.at for sent in member.sent.values()), default=None)
        pause_s = None if next_at is None else max(next_at + self._origin.refresh_s - self._now(), 0.0)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await member.woken.wait()

"""How does `roomwatch receivers test` try a receiver out, with a daemon or without?

With a daemon it goes the whole way: the daemon owes the receiver a trigger and a resolve, its dispatcher delivers them,
and its record says how that went.  Without one the same words are sent from here, by the same notifier and over the
same transport; only the outbox is not tried.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import NamedTuple
from urllib.parse import quote

from alerts.attempting import attempt
from alerts.delivery import Delivered, in_a_word
from alerts.model import Owed, Severity
from alerts.notifiers.base import Notifier
from alerts.transport import Transport
from alerts.trial import trial
from monitor.asked_daemon import AskedDaemon, session
from monitor.config import Config
from monitor.failures import CommandFailed
from monitor.http.notifications import AttemptView, NotificationLife
from monitor.http.receiver_views import TrialAsked, TrialOwed
from monitor.local_access import LocalAccess, granted

LOOK_EVERY_S = 0.2
WAITING = "waiting"


class Tried(NamedTuple):
    """One attempt at one of the words: `outcome` is delivered, rejected, unavailable or unknown."""

    kind: str
    number: int
    outcome: str
    duration_s: float
    status: str = ""
    error: str = ""


class Settled(NamedTuple):
    """One of the words is done with, or still waits when nobody wants to wait any longer."""

    kind: str
    state: str
    error: str = ""
    reference: str = ""


Report = Tried | Settled


async def try_out(config: Config, name: str, severity: Severity, wait_s: float) -> AsyncIterator[Report]:
    """Try a receiver out, and yield how it goes.

    Raises:
        CommandFailed: there is no such receiver, or the daemon cannot be asked.
    """
    notifier = config.notifiers.get(name)
    if notifier is None:
        known = ", ".join(config.notifiers) or "none is configured"
        raise CommandFailed(f"expected the name of a receiver ({known}), got {name[:60]!r}")
    access = None if config.database is None else granted(config.database)
    reports = _by_daemon(access, name, severity, wait_s) if access else _from_here(config, name, notifier, severity)
    async for report in reports:
        yield report


# --- through the daemon ----------------------------------------------------------------------------------


async def _by_daemon(access: LocalAccess, name: str, severity: Severity, wait_s: float) -> AsyncIterator[Report]:
    until = time.monotonic() + wait_s
    async with session() as http:
        daemon = AskedDaemon(http, access)
        path = f"/receivers/{quote(name, safe='')}/test"
        owed = await daemon.ask("POST", path, TrialOwed, TrialAsked(severity))
        for notification_id in owed.notifications:
            async for report in _followed(daemon, notification_id, until):
                yield report


async def _followed(daemon: AskedDaemon, notification_id: str, until: float) -> AsyncIterator[Report]:
    """Yield the attempts at a notification as they are made, and in the end how it stands."""
    seen = 0
    while True:
        life = await daemon.ask("GET", f"/notifications/{quote(notification_id, safe='')}", NotificationLife)
        word = life.notification
        for made in life.attempts:
            if made.number > seen:
                yield _tried(word.kind, made)
                seen = made.number
        if word.state != WAITING or time.monotonic() >= until:
            yield Settled(word.kind, word.state, word.last_error, word.reference)
            return
        await asyncio.sleep(LOOK_EVERY_S)


def _tried(kind: str, made: AttemptView) -> Tried:
    return Tried(kind, made.number, made.outcome, made.duration_ms / 1000, made.status, made.error)


# --- without one -----------------------------------------------------------------------------------------


async def _from_here(config: Config, name: str, notifier: Notifier, severity: Severity) -> AsyncIterator[Report]:
    reference = ""
    async with Transport() as transport:
        for word in trial(name, severity, config.alerts.instance, time.time()):
            began = time.monotonic()
            tried = await attempt(Owed(word, reference=reference), notifier, transport, time.time())
            outcome, duration_s = tried.outcome, time.monotonic() - began
            error = "" if isinstance(outcome, Delivered) else outcome.reason
            yield Tried(word.kind.value, 1, in_a_word(outcome), duration_s, tried.status, error)
            if not isinstance(outcome, Delivered):
                yield Settled(word.kind.value, "dead", error)
                return
            reference = outcome.reference
            yield Settled(word.kind.value, "delivered", reference=reference)

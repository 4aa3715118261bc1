"""How does `roomwatch silences` list, make and end silences, with a daemon or without?

A daemon that runs is asked, so that it knows at once; it has the database, and nobody else may write to it.  Where
none runs, the command takes the database for itself, and the next daemon finds there what was left.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from urllib.parse import quote

from monitor import asked_daemon
from monitor.asked_daemon import AskedDaemon
from monitor.audit import by_hand
from monitor.clock import SteadyClock
from monitor.settings import Storage
from monitor.silence_answers import (
    PreviewAsked,
    PreviewView,
    SilenceAnswers,
    SilenceAsked,
    SilencesView,
    SilenceView,
)
from monitor.silencing import Silences
from monitor.store.ports import AuditLog
from monitor.store.sqlite import SqliteStore


class Answers(Protocol):
    """Whoever can be asked about silences."""

    async def list(self, *, expired: bool = False) -> SilencesView:
        """Return the silences that are not over, or the latest of all."""

    async def add(self, asked: SilenceAsked) -> SilenceView:
        """Make a silence."""

    async def expire(self, silence_id: str, by: str) -> SilenceView:
        """End a silence."""

    async def preview(self, asked: PreviewAsked) -> PreviewView:
        """Return what a silence would be about."""


def whoever_has(storage: Storage) -> AbstractAsyncContextManager[Answers]:
    """Give whoever answers for a database (`monitor.asked_daemon.whoever_has`)."""
    return asked_daemon.whoever_has(storage, _Daemon, _own_answers)


async def _own_answers(store: SqliteStore) -> Answers:
    clock, alerts = SteadyClock(), await store.alerts.load_alerts()
    silences = Silences(store.silences, clock.now_s)
    await silences.load()
    return _Alone(store.audit, clock.now_s, SilenceAnswers(silences, lambda: alerts, clock.now_s))


class _Alone:
    """Does with silences what is wanted, where no daemon does, and has it written down."""

    def __init__(self, audit: AuditLog, now_s: Callable[[], float], answers: SilenceAnswers) -> None:
        self._audit = audit
        self._now_s = now_s
        self._answers = answers

    async def list(self, *, expired: bool = False) -> SilencesView:
        """Return the silences that are not over, or the latest of all."""
        return await self._answers.list(expired=expired)

    async def add(self, asked: SilenceAsked) -> SilenceView:
        """Make a silence."""
        async with by_hand(self._audit, self._now_s, "silences add"):
            return await self._answers.add(asked)

    async def expire(self, silence_id: str, by: str) -> SilenceView:
        """End a silence."""
        async with by_hand(self._audit, self._now_s, f"silences expire {silence_id}"):
            return await self._answers.expire(silence_id, by)

    async def preview(self, asked: PreviewAsked) -> PreviewView:
        """Return what a silence would be about."""
        return await self._answers.preview(asked)


class _Daemon:
    """The daemon, asked about silences."""

    def __init__(self, daemon: AskedDaemon) -> None:
        self._daemon = daemon

    async def list(self, *, expired: bool = False) -> SilencesView:
        """Return the silences that are not over, or the latest of all."""
        return await self._daemon.ask("GET", "/silences?expired=true" if expired else "/silences", SilencesView)

    async def add(self, asked: SilenceAsked) -> SilenceView:
        """Make a silence."""
        return await self._daemon.ask("POST", "/silences", SilenceView, asked)

    async def expire(self, silence_id: str, by: str) -> SilenceView:
        """End a silence."""
        path = f"/silences/{quote(silence_id, safe='')}?by={quote(by, safe='')}"
        return await self._daemon.ask("DELETE", path, SilenceView)

    async def preview(self, asked: PreviewAsked) -> PreviewView:
        """Return what a silence would be about."""
        return await self._daemon.ask("POST", "/silences/preview", PreviewView, asked)


def lines_of(silence: SilenceView) -> Iterator[str]:
    """Return a silence in words."""
    yield f"{silence.id}  {silence.state:<7}  {_when(silence.starts_at_ms)} to {_when(silence.ends_at_ms)}"
    yield f"    {{{', '.join(silence.matchers)}}}"
    ended = f"; ended by {silence.ended_by}" if silence.ended_by else ""
    yield f"    {silence.author}: {silence.reason}{ended}"


def lines_of_preview(found: PreviewView) -> Iterator[str]:
    """Return in words which alerts are meant."""
    yield f"{found.count or 'no'} firing alert{'' if found.count == 1 else 's'} would be silenced"
    yield from (f"    {alert.severity:<8}  {alert.rule}  {alert.summary or alert.entity}" for alert in found.alerts)
    if found.count > len(found.alerts):
        yield f"    and {found.count - len(found.alerts)} more"


def _when(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000).astimezone().isoformat(" ", "minutes")

"""How do `roomwatch incidents` and `roomwatch acknowledge` work, with a daemon or without?

A daemon that runs is asked.  Where none runs, the command takes the database for itself: who was told hears from the
next daemon that somebody looks after it, and that one escalates no further.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from functools import partial
from typing import Protocol
from urllib.parse import quote

from alerts.group_book import Grouped, Policy
from alerts.groups import Groups
from monitor import asked_daemon
from monitor.acknowledging import Acknowledging
from monitor.asked_daemon import AskedDaemon
from monitor.audit import by_hand
from monitor.clock import SteadyClock
from monitor.incident_answers import (
    AcknowledgeAsked,
    IncidentAnswers,
    IncidentLife,
    IncidentsPage,
    IncidentView,
    SaidView,
)
from monitor.metrics import Metrics
from monitor.settings import Storage
from monitor.store.ports import AlertHistory, IncidentsWanted
from monitor.store.sqlite import SqliteStore

LISTED = 50


class Answers(Protocol):
    """Whoever can be asked about incidents."""

    async def page(self, wanted: IncidentsWanted) -> IncidentsPage:
        """Return the latest incidents."""

    async def get(self, incident_id: str) -> IncidentLife:
        """Return one incident, and all that was said of it."""

    async def acknowledge(self, incident_id: str, asked: AcknowledgeAsked) -> IncidentView:
        """Have somebody look after an incident."""


def whoever_has(storage: Storage, policy: Policy) -> AbstractAsyncContextManager[Answers]:
    """Give whoever answers for a database (`monitor.asked_daemon.whoever_has`)."""
    return asked_daemon.whoever_has(storage, _Daemon, partial(_own_answers, policy=policy))


async def _own_answers(store: SqliteStore, policy: Policy) -> IncidentAnswers:
    now_s, groups = SteadyClock().now_s, Groups(policy)
    groups.restore(await store.incidents.load_groups(), await store.alerts.load_alerts())
    acknowledging = Acknowledging(_Alone(groups, store.alerts, now_s), store.receipts, dict, Metrics(), now_s)
    return _OwnAnswers(store, groups, acknowledging, now_s)


class _OwnAnswers(IncidentAnswers):
    """Answers where no daemon does, and has it written down who looks after an incident."""

    async def acknowledge(self, incident_id: str, asked: AcknowledgeAsked) -> IncidentView:
        async with by_hand(self._store.audit, self._now_s, f"acknowledge {incident_id}"):
            return await super().acknowledge(incident_id, asked)


class _Alone:
    """Does to incidents what is wanted, where no daemon does (`monitor.acknowledging.Deeds`)."""

    def __init__(self, groups: Groups, store: AlertHistory, now_s: Callable[[], float]) -> None:
        self.groups = groups
        self._store = store
        self._now_s = now_s

    async def do(self, deed: Callable[[float], Grouped | None]) -> bool:
        grouped = deed(self._now_s())
        if grouped is None:
            return False
        await self._store.record(grouped.judgement)
        self.groups.adopt(grouped, is_look=False)
        return True


class _Daemon:
    """The daemon, asked about incidents."""

    def __init__(self, daemon: AskedDaemon) -> None:
        self._daemon = daemon

    async def page(self, wanted: IncidentsWanted) -> IncidentsPage:
        only_open = "&open=true" if wanted.is_open_only else ""
        return await self._daemon.ask("GET", f"/incidents?limit={wanted.limit}{only_open}", IncidentsPage)

    async def get(self, incident_id: str) -> IncidentLife:
        return await self._daemon.ask("GET", f"/incidents/{quote(incident_id, safe='')}", IncidentLife)

    async def acknowledge(self, incident_id: str, asked: AcknowledgeAsked) -> IncidentView:
        path = f"/incidents/{quote(incident_id, safe='')}/acknowledge"
        return await self._daemon.ask("POST", path, IncidentView, asked)


def lines_of(incident: IncidentView) -> Iterator[str]:
    """Return an incident in words."""
    until = "" if incident.ended_at_ms is None else f" to {_when(incident.ended_at_ms)}"
    state = "open" if incident.is_open else "over"
    yield f"{incident.id}  {state}  {incident.severity:<8}  {_when(incident.started_at_ms)}{until}"
    yield f"    {incident.summary}"
    if incident.acknowledged_by:
        yield f"    acknowledged by {incident.acknowledged_by}"
    elif incident.escalation is not None and incident.escalation.next_step_at_ms is not None:
        yield f"    nobody has acknowledged it; others are told at {_when(incident.escalation.next_step_at_ms)}"


def lines_of_life(life: IncidentLife) -> Iterator[str]:
    """Return an incident in words, with its alerts and what was said of it."""
    yield from lines_of(life.incident)
    for alert in life.alerts:
        yield f"    {alert.severity:<8}  {alert.rule}  {alert.summary or alert.entity}"
    for said in reversed(life.notifications):
        yield from _lines_of_said(said)
    for note in life.notes:
        yield f"    {_when(note.at_ms)}  not told: {note.text}"


def _lines_of_said(said: SaidView) -> Iterator[str]:
    told = said.notification
    error = f": {told.last_error}" if told.last_error else ""
    yield f"    {_when(told.created_at)}  {told.kind} to {told.receiver}: {told.reason}  [{told.state}{error}]"
    for receipt in said.receipts:
        detail = f", {receipt.detail}" if receipt.detail else ""
        yield f"        {_when(receipt.at_ms)}  {receipt.status}{detail}"


def _when(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000).astimezone().isoformat(" ", "seconds")

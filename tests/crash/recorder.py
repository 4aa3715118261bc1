"""Alerts that fire and end without pause, and a dispatcher that tells of them: `python -m tests.crash.recorder DB URL`.

It lives until it is killed.  What it has recorded and told, its database says.
"""

import asyncio
import sys
import time
from dataclasses import replace
from itertools import count
from pathlib import Path

from alerts.dispatcher import Dispatcher
from alerts.model import Alert, Judgement, NotificationKind, Reason, State, Transition
from alerts.notifiers.webhook import Webhook, WebhookConfig
from alerts.transport import Transport
from monitor.store.sqlite import SqliteStore
from tests.alert_builders import make_alert, make_incident, make_notification

AT_ONCE = 5  # alerts that fire at any time


def fired(number: int, now: float) -> Judgement:
    """Return what it comes to that an alert fires."""
    alert = make_alert(fingerprint=f"f1-{number}", entity=f"PA{number}", episode=f"e1-{number}-{now}", since=now)
    return _changed(alert, NotificationKind.TRIGGER, now)


def ended(before: Judgement, now: float) -> Judgement:
    """Return what it comes to that it ends."""
    (alert,) = before.alerts
    return _changed(replace(alert, state=State.INACTIVE, since=now), NotificationKind.RESOLVE, now)


def _changed(alert: Alert, kind: NotificationKind, now: float) -> Judgement:
    is_over = kind is NotificationKind.RESOLVE
    before, reason = (State.FIRING, Reason.CLEARED) if is_over else (State.PENDING, Reason.HELD)
    transition = Transition(
        alert.fingerprint, alert.rule, alert.entity, before, alert.state, now, reason, episode=alert.episode
    )
    incident = make_incident(alert, ended_at=now if is_over else None, id=alert.episode)
    told = make_notification(kind, receiver="hook", at=now, incident=incident)
    return Judgement((alert,), (transition,), notifications=(told,))


async def live(database: Path, url: str) -> None:
    """Record and tell for ever."""
    store = await SqliteStore.open(database)
    async with Transport(timeout_s=5) as transport, asyncio.TaskGroup() as group:
        dispatcher = Dispatcher(store.alerts, {"hook": Webhook(WebhookConfig(url))}, transport, time.time)
        group.create_task(dispatcher.run())
        print("ready", flush=True)  # noqa: T201 - whoever waits for it reads this
        standing: list[Judgement] = []
        for number in count():
            standing.append(fired(number, time.time()))
            await store.alerts.record(standing[-1])
            if len(standing) > AT_ONCE:
                await store.alerts.record(ended(standing.pop(0), time.time()))
            dispatcher.wake()


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1]), sys.argv[2]))

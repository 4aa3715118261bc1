"""How does somebody far away know that a page would reach anybody?

By a word that goes the way of every page: owed in a transaction, found by the dispatcher, sent, and answered.  Its
receiver is not of the configuration: it is the daemon's own, and its address that of a service which raises the alarm
when nothing comes.  So what arrives there proves the whole way, and what is stuck anywhere on it lets nothing arrive.

A beat is worth its minute only.  One that could not be sent in time is not sent at all: a backlog that is let loose
would say "all is well" about the past.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from alerts.delivery import Outcome, Rejected, TryAgain
from alerts.fingerprint import dedup_key, notification_id
from alerts.model import Incident, Notification, NotificationKind, Severity
from alerts.notifiers.base import CHAT_PATIENCE_S, Attempt, HttpRequest, judge_status

RECEIVER = "heartbeat"
_TEXT = {"Content-Type": "text/plain; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The wording of a beat (`alerts.notifiers.base.Notifier`); without an address nothing is ever sent."""

    url: str = field(repr=False)
    method: str
    fresh_for_s: float

    budget = None
    give_up_after_s = CHAT_PATIENCE_S

    def render(self, notification: Notification, attempt: Attempt) -> HttpRequest | None:
        """Return the request, or None for a beat whose time is over."""
        is_stale = attempt.at - notification.created_at > self.fresh_for_s
        return None if is_stale or not self.url else HttpRequest(self.method, self.url, _TEXT, b"ok\n")

    def judge(self, status: int, headers: Mapping[str, str], body: bytes) -> Outcome:  # noqa: ARG002 - it says yes or no
        """Return what the answer means; no beat is ever given up, for the next one takes its place."""
        outcome = judge_status(status, headers)
        return TryAgain(outcome.reason) if isinstance(outcome, Rejected) else outcome

    def complaint(self, reasons: tuple[str, ...]) -> HttpRequest:
        """Return the request that says why there is no beat, as Healthchecks takes it."""
        return HttpRequest("POST", f"{self.url.rstrip('/')}/fail", _TEXT, "\n".join(reasons).encode())


def beat(instance: str, now: float) -> Notification:
    """Return the beat of a moment; a later one says all that an earlier one did."""
    key = _key(instance)
    return Notification(
        id=notification_id(key, NotificationKind.REPEAT, round(now * 1000)),
        receiver=RECEIVER,
        kind=NotificationKind.REPEAT,
        dedup_key=key,
        incident=Incident(RECEIVER, "", Severity.INFO, now),
        created_at=now,
        reason="all is well",
    )


def lane(instance: str) -> str:
    """Return the lane in which all beats of a daemon go."""
    return f"{RECEIVER}/{_key(instance)}"


def _key(instance: str) -> str:
    return dedup_key(instance, RECEIVER, RECEIVER)

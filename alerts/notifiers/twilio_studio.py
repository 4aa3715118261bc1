"""How is a Studio flow started?

By an execution of it (Studio's REST API, version 2): the flow decides what happens, to whom, and in which order, and
reads what it is about from `flow.data`.  It is started for every word there is, and `kind` tells which; a flow that is
for triggers only splits on that.

With one person a flow has one conversation at a time.  While it goes on Studio refuses another with 409, which
means no more than "later".
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from alerts.delivery import Outcome, Rejected, TryAgain
from alerts.model import Notification
from alerts.notifiers.base import (
    PAGER_PATIENCE_S,
    Attempt,
    Budget,
    Headers,
    HttpRequest,
    checked_url,
    cut,
    json_body,
    rfc3339,
    shown_key,
)
from alerts.notifiers.headline import headline
from alerts.notifiers.twilio import TwilioAccount, checked_sid, judge_twilio, page_url
from alerts.phone_numbers import checked_number
from alerts.reply_codes import reply_code

API = "https://studio.twilio.com"

LONGEST_TEXT = 500
MOST_ALERTS = 5
CONFLICT = 409
_UNTIL_IT_IS_OVER_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioStudioConfig(TwilioAccount):
    """`flow_sid` is which flow, `to` with whom, `sender` a number of yours."""

    flow_sid: str
    to: str = field(repr=False)
    sender: str = field(repr=False)
    base_url: str = API

    def __post_init__(self) -> None:
        """Refuse what Twilio would."""
        TwilioAccount.__post_init__(self)
        checked_url(self.base_url, "base_url")
        checked_sid(self.flow_sid, "FW", "flow_sid")
        checked_number(self.to, "to")
        checked_number(self.sender, "sender")


class TwilioStudio:
    """The wording of a flow's execution."""

    Config: ClassVar[type[TwilioStudioConfig]] = TwilioStudioConfig

    def __init__(self, config: TwilioStudioConfig) -> None:
        self._config = self.account = config
        self.phone = config.to
        self.budget = Budget(1, 1.0, f"twilio_studio:{shown_key(config.account_sid)}")

    give_up_after_s = PAGER_PATIENCE_S

    def render(self, notification: Notification, attempt: Attempt) -> HttpRequest:
        """Return the execution."""
        config = self._config
        parameters = json_body(_parameters(notification, attempt, page_url(notification, config))).decode()
        url = f"{config.base_url.rstrip('/')}/v2/Flows/{config.flow_sid}/Executions"
        return config.post(url, [("To", config.to), ("From", config.sender), ("Parameters", parameters)])

    def judge(self, status: int, headers: Headers, body: bytes) -> Outcome:
        """Return what the answer means; the reference is the execution's SID."""
        outcome = judge_twilio(status, headers, body)
        if status == CONFLICT and isinstance(outcome, Rejected):
            return TryAgain("the flow is still at work with this person", after_s=_UNTIL_IT_IS_OVER_S)
        return outcome


def _parameters(notification: Notification, attempt: Attempt, link: str) -> dict[str, Any]:
    incident = notification.incident
    return {
        "kind": notification.kind.value,
        "headline": headline(notification),
        "severity": incident.severity.value,
        "summary": cut(incident.summary, LONGEST_TEXT),
        "cause": cut(incident.cause, LONGEST_TEXT),
        "reason": cut(notification.reason, LONGEST_TEXT),
        "alerts": [
            cut(each.annotations.get("summary", each.rule), LONGEST_TEXT) for each in incident.alerts[:MOST_ALERTS]
        ],
        "firing_count": incident.firing_count,
        "started_at": rfc3339(incident.started_at),
        "acknowledged_by": cut(incident.acknowledged_by, LONGEST_TEXT),
        "link": link,
        "reply_code": reply_code(incident.id),
        "incident": incident.id,
        "dedup_key": notification.dedup_key,
        "notification_id": notification.id,
        "possible_duplicate": attempt.maybe_heard,
        "is_test": notification.is_test,
    }

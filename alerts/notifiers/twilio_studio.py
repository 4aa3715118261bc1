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
    json_body,
    rfc3339,
    shown_key,
)
from alerts.notifiers.twilio import TwilioAccount, checked_sid, judge_twilio
from alerts.notifiers.wording import NAME_LIMIT, alert_line, one_line, page_url, standing, summary
from alerts.phone_numbers import checked_number
from alerts.reply_codes import reply_code

API = "https://studio.twilio.com"

TEXT_LIMIT = 500
ALERTS_LISTED = 5
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
        parameters = json_body(_parameters(notification, attempt, config.external_url)).decode()
        fields = [("To", config.to), ("From", config.sender), ("Parameters", parameters)]
        return config.post(f"/v2/Flows/{config.flow_sid}/Executions", fields)

    def judge(self, status: int, headers: Headers, body: bytes) -> Outcome:
        """Return what the answer means; the reference is the execution's SID."""
        outcome = judge_twilio(status, headers, body)
        if status == CONFLICT and isinstance(outcome, Rejected):
            return TryAgain("the flow is still at work with this person", after_s=_UNTIL_IT_IS_OVER_S)
        return outcome


def _parameters(notification: Notification, attempt: Attempt, external_url: str) -> dict[str, Any]:
    incident = notification.incident
    return {
        "kind": notification.kind.value,
        "headline": standing(notification),
        "severity": incident.severity.value,
        "summary": summary(notification, TEXT_LIMIT),
        "cause": one_line(incident.cause, TEXT_LIMIT),
        "reason": one_line(notification.reason, TEXT_LIMIT),
        "alerts": [alert_line(alert, TEXT_LIMIT) for alert in incident.alerts[:ALERTS_LISTED]],
        "firing_count": incident.firing_count,
        "started_at": rfc3339(incident.started_at),
        "acknowledged_by": one_line(incident.acknowledged_by, NAME_LIMIT),
        "link": page_url(notification, external_url),
        "reply_code": reply_code(incident.id),
        "incident": incident.id,
        "dedup_key": notification.dedup_key,
        "notification_id": notification.id,
        "possible_duplicate": attempt.maybe_heard,
        "is_test": notification.is_test,
    }

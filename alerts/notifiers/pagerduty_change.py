"""How does PagerDuty hear of what shall wake nobody?

As change events: they page nobody, and stand beside a service's incidents as what else went on at the time.  So route
incidents of low severity here, and whoever is paged for a grave one sees them next to it.

A change event is a point in time.  The beginning and the end of an incident are told; what lies between has no word
here.  There is no dedup key in PagerDuty's sense, so a beginning that is sent twice shows twice, with the same key in
its details.

The limits are those of other events.  Keys of global rulesets, which begin with R, are not taken.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from alerts.delivery import Outcome
from alerts.model import Notification, NotificationKind
from alerts.notifiers.base import (
    CHAT_PATIENCE_S,
    Attempt,
    Headers,
    HttpRequest,
    checked_url,
    cut,
    post_json,
    rfc3339,
)
from alerts.notifiers.pagerduty import (
    DROPPED,
    SUMMARY_LIMIT,
    US,
    budget,
    check_routing_key,
    details,
    event_links,
    fitting,
    judge,
)
from alerts.notifiers.wording import POSSIBLY_TWICE, headline, summary

_TOLD = (NotificationKind.TRIGGER, NotificationKind.RESOLVE)


@dataclass(frozen=True, slots=True)
class PagerDutyChangeConfig:
    """`routing_key` is the integration key of a service; accounts in Europe set `base_url` to the EU address."""

    routing_key: str = field(repr=False)
    base_url: str = US
    source: str = "roomwatch"

    def __post_init__(self) -> None:
        """Refuse what PagerDuty would."""
        checked_url(self.base_url, "base_url")
        check_routing_key(self.routing_key)
        if self.routing_key.startswith("R"):
            raise ValueError(
                "routing_key: expected the key of a service, got that of a global ruleset (it begins with R)"
            )


class PagerDutyChange:
    """The wording of PagerDuty's change events."""

    Config: ClassVar[type[PagerDutyChangeConfig]] = PagerDutyChangeConfig

    def __init__(self, config: PagerDutyChangeConfig) -> None:
        self._config = config
        self.budget = budget(config.routing_key)  # counted with the other events of the same key

    give_up_after_s = CHAT_PATIENCE_S

    def render(self, notification: Notification, attempt: Attempt) -> HttpRequest | None:
        """Return the event, without its details if it would be too large with them."""
        if notification.kind not in _TOLD:
            return None
        instead = {**DROPPED, "dedup_key": notification.dedup_key}
        url = f"{self._config.base_url.rstrip('/')}/v2/change/enqueue"
        return post_json(url, fitting(self._event(notification, attempt), instead))

    def judge(self, status: int, headers: Headers, body: bytes) -> Outcome:
        """Return what the answer means, in PagerDuty's words where it gives any."""
        return judge(status, headers, body, self._config.routing_key)

    def _event(self, notification: Notification, attempt: Attempt) -> dict[str, Any]:
        incident = notification.incident
        at = incident.ended_at if incident.ended_at is not None else incident.started_at
        note = {"note": POSSIBLY_TWICE} if attempt.maybe_heard else {}
        return {
            "routing_key": self._config.routing_key,
            "payload": {
                "summary": cut(f"{headline(notification)}: {summary(notification, SUMMARY_LIMIT)}", SUMMARY_LIMIT),
                "timestamp": rfc3339(at),
                "source": self._config.source,
                "custom_details": {**details(notification), **note, "dedup_key": notification.dedup_key},
            },
            "links": event_links(notification),
        }

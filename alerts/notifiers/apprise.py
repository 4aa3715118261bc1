"""How is a service told for which there is no notifier of its own?

Through the library Apprise, which reaches more than a hundred by an address each, such as `ntfy://` or `matrix://`.  It
is for the long tail: it knows neither dedup keys nor resolves, and does not say why something failed.  For what wakes
people that is not enough, so PagerDuty and Opsgenie are refused here; both have a notifier of their own.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from alerts.apprise_library import NoApprise, service_at
from alerts.delivery import Outcome
from alerts.model import Notification, NotificationKind, Severity
from alerts.notifiers.base import CHAT_PATIENCE_S, AppriseMessage, Attempt, Headers, cut, judge_status
from alerts.notifiers.letter import letter

PAGERS = ("pagerduty", "opsgenie")
TITLE_LIMIT = 250
BODY_LIMIT = 4000
_ALERTS_LISTED = 10

_TYPES = {Severity.CRITICAL: "failure", Severity.WARNING: "warning", Severity.INFO: "info"}


@dataclass(frozen=True, slots=True)
class AppriseConfig:
    """`url` is the service's address as Apprise writes it, and holds its keys."""

    url: str = field(repr=False)
    external_url: str = ""

    def __post_init__(self) -> None:
        """Refuse what Apprise would not understand, and what it should not be used for."""
        scheme = self.url.partition(":")[0].strip().lower()
        if scheme in PAGERS:
            raise ValueError(
                f'url: expected kind = "{scheme}" for this, as Apprise cannot resolve there, got {scheme}://'
            )
        try:
            service = service_at(self.url)
        except NoApprise:
            raise ValueError(
                "kind: expected Apprise to be installed (pip install roomwatch[apprise]), found none"
            ) from None
        if service is None:
            raise ValueError("url: expected an address that Apprise knows, such as ntfy://topic, got something else")


class Apprise:
    """The wording of a short message."""

    Config: ClassVar[type[AppriseConfig]] = AppriseConfig

    def __init__(self, config: AppriseConfig) -> None:
        self._config = config

    budget = None
    give_up_after_s = CHAT_PATIENCE_S

    def render(self, notification: Notification, attempt: Attempt) -> AppriseMessage:
        """Return the message; services that take less get the beginning of it."""
        written = letter(notification, attempt, self._config.external_url, _ALERTS_LISTED)
        title, text = cut(written.subject, TITLE_LIMIT), cut(written.text, BODY_LIMIT)
        return AppriseMessage(self._config.url, title, text, _type(notification))

    def judge(self, status: int, headers: Headers, body: bytes) -> Outcome:  # noqa: ARG002 - it says yes or no
        """Return what the transport made of a yes."""
        return judge_status(status, headers)


def _type(notification: Notification) -> str:
    if notification.kind is NotificationKind.RESOLVE:
        return "success"
    return "info" if notification.kind is NotificationKind.ACKNOWLEDGE else _TYPES[notification.incident.severity]

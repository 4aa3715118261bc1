"""Which services can be told?

One line for each.  A class carries the type of its configuration as `Config`, and is made from one.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from alerts.notifiers.apprise import Apprise
from alerts.notifiers.base import Notifier
from alerts.notifiers.log import Log
from alerts.notifiers.opsgenie import Opsgenie
from alerts.notifiers.pagerduty import PagerDuty
from alerts.notifiers.pagerduty_change import PagerDutyChange
from alerts.notifiers.sendgrid import SendGrid
from alerts.notifiers.slack import Slack
from alerts.notifiers.smtp import Smtp
from alerts.notifiers.teams import Teams
from alerts.notifiers.twilio_sms import TwilioSms
from alerts.notifiers.twilio_studio import TwilioStudio
from alerts.notifiers.twilio_voice import TwilioVoice
from alerts.notifiers.webhook import Webhook


class NotifierClass(Protocol):
    """What a line of the registry leads to."""

    @property
    def Config(self) -> type[Any]:  # noqa: N802 - it is a class
        """The frozen dataclass that this service's settings are read into."""

    def __call__(self, config: Any) -> Notifier:
        """Return the notifier of one receiver."""


NOTIFIERS: Mapping[str, NotifierClass] = {
    "opsgenie": Opsgenie,
    "pagerduty": PagerDuty,
    "pagerduty_change": PagerDutyChange,
    "slack": Slack,
    "teams": Teams,
    "sendgrid": SendGrid,
    "twilio_sms": TwilioSms,
    "twilio_studio": TwilioStudio,
    "twilio_voice": TwilioVoice,
    "webhook": Webhook,
    "smtp": Smtp,
    "log": Log,
    "apprise": Apprise,
}


_KINDS: Mapping[object, str] = {each: kind for kind, each in NOTIFIERS.items()}


def kind_of(notifier: Notifier) -> str:
    """Return the kind under which a notifier is configured."""
    return _KINDS.get(type(notifier), type(notifier).__name__)

"""What does a configuration say about groups of alerts?"""

from collections.abc import Callable

from alerts.group_book import Policy, not_known
from alerts.inhibition import Inhibitors
from alerts.storms import Limits
from monitor.config import Config


def policy_of(config: Config, cause_of: Callable[[str], str] = not_known) -> Policy:
    """Return by what groups are made and told of; `cause_of` may know what is behind one."""
    alerting = config.alerts
    return Policy(
        config.routing,
        Inhibitors(config.inhibitions),
        config.time_windows,
        storms=Limits(alerting.storm_groups, alerting.storm_labels),
        instance=alerting.instance,
        cause_of=cause_of,
    )

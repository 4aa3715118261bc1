"""What does a configuration say about groups of alerts?"""

from collections.abc import Callable

from alerts.group_book import Policy, not_known
from alerts.inhibition import Inhibitors
from alerts.storms import Limits
from monitor.config import Config
from monitor.incident_links import IncidentLinks
from monitor.settings import is_local


def links_of(config: Config) -> IncidentLinks:
    """Return what makes the links of incidents; only those that lead somewhere from anywhere."""
    public_url = config.public.url
    return IncidentLinks(config.private.url, "" if is_local(public_url) else public_url)


def policy_of(config: Config, links: IncidentLinks, cause_of: Callable[[str], str] = not_known) -> Policy:
    """Return by what groups are made and told of; `cause_of` may know what is behind one."""
    alerting = config.alerts
    return Policy(
        config.routing,
        Inhibitors(config.inhibitions),
        config.time_windows,
        storms=Limits(alerting.storm_groups, alerting.storm_labels),
        instance=alerting.instance,
        cause_of=cause_of,
        links_of=links.of,
    )

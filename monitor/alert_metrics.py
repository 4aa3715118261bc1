"""What does Prometheus see of alerts, incidents and silences?

What there is now is looked up at each scrape.  What began and ended is counted when it is committed, from the incidents
that were open before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from alerts.model import Alert, Group, Judgement, State
from alerts.muting import muted_by
from alerts.silences import Silence
from monitor.metrics import Metrics


def set_alerts(metrics: Metrics, alerts: Sequence[Alert], mutes: Mapping[str, str]) -> None:
    """Show the alerts there are; `mutes` says of those of which nobody is told why."""
    metrics.set_counts("roomwatch_alerts", ((each.state.value, each.severity.value) for each in alerts))
    metrics.set_counts("roomwatch_firing_alerts", ((each.rule,) for each in alerts if each.state is State.FIRING))
    metrics.set_counts("roomwatch_muted_alerts", ((muted_by(why),) for why in mutes.values()))


def set_incidents(metrics: Metrics, incidents: Sequence[Group]) -> None:
    """Show the incidents that are open."""
    neglected = [each for each in incidents if not each.acknowledged_by]
    metrics.set_counts("roomwatch_open_incidents", ((each.severity.value,) for each in incidents))
    metrics.set_counts("roomwatch_unacknowledged_incidents", ((each.severity.value,) for each in neglected))
    oldest_at_s = min((each.opened_at for each in neglected), default=0.0)
    metrics.set("roomwatch_incident_oldest_timestamp_seconds", oldest_at_s)


def set_silences(metrics: Metrics, silences: Iterable[Silence], now_s: float) -> None:
    """Show the silences that are not over."""
    states = (("active" if each.is_active(now_s) else "pending",) for each in silences)
    metrics.set_counts("roomwatch_silences", states)


def count_incidents(metrics: Metrics, before: Iterable[Group], judgement: Judgement) -> None:
    """Count incidents that begin, are looked after, and end; `before` are those that were open."""
    known = {each.key: each for each in before}
    for group in judgement.groups:
        was = known.get(group.key)
        if group.incident and (was is None or was.incident != group.incident):
            metrics.add("roomwatch_incidents_total", group.severity.value)
        elif was is not None and group.acknowledged_by and not was.acknowledged_by:
            delay_s = (group.acknowledged_at or judgement.at) - group.opened_at
            metrics.observe("roomwatch_incident_acknowledgement_delay_seconds", delay_s)
    for was in _ended(known, judgement):
        metrics.observe("roomwatch_incident_duration_seconds", judgement.at - was.opened_at)


def _ended(known: Mapping[str, Group], judgement: Judgement) -> Iterator[Group]:
    after = {group.key: group.incident for group in judgement.groups} | dict.fromkeys(judgement.over, "")
    return (was for key, was in known.items() if after.get(key, was.incident) != was.incident)

"""Have many groups one cause?

Where a region or an account fails, hundreds of groups begin to wait within seconds, each of them right and all of them
one incident.  When the first of them is due, those that wait beside it, with the same trouble and under the same plan,
are compared: most of them share a value of one of a few labels, and so they become one group, a *storm*, which says
what they share.  What joins later and shares it too belongs to it, for as long as it is open.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alerts.model import Alert

SHARED_RATIO = 0.6  # of the groups that wait; with fewer, what they share is chance
SMALLEST_CROWD = 3  # alerts of which it is worth saying what they share


@dataclass(frozen=True, slots=True)
class Limits:
    """How many groups make a storm (0: none do), and the labels by which one is found, the most telling first."""

    groups: int = 5
    labels: tuple[str, ...] = ("region", "tenant", "account")


@dataclass(frozen=True, slots=True)
class Storm:
    """What the groups of these keys share."""

    labels: Mapping[str, str]
    keys: tuple[str, ...]


def find_storm(waiting: Mapping[str, Sequence[Alert]], limits: Limits) -> Storm | None:
    """Return the storm that groups which wait under one plan make, given their alerts, or None if they make none."""
    if not limits.groups or len(waiting) < limits.groups:
        return None
    labels = {key: _shared([alert.all_labels for alert in alerts]) for key, alerts in waiting.items()}
    keys = _most_alike(labels, limits) or tuple(waiting)
    return Storm(_shared([labels[key] for key in keys]), keys)


def _most_alike(labels: Mapping[str, Mapping[str, str]], limits: Limits) -> tuple[str, ...]:
    """Return the groups that share the most telling label that most of them share."""
    least = max(limits.groups, SHARED_RATIO * len(labels))
    for name in limits.labels:
        [(value, count)] = Counter(each.get(name, "") for each in labels.values()).most_common(1)
        if value and count >= least:
            return tuple(key for key, each in labels.items() if each.get(name) == value)
    return ()


def belongs(alert: Alert, labels: Mapping[str, str]) -> bool:
    """Whether an alert shares what a storm shares."""
    own = alert.all_labels
    return all(own.get(name) == value for name, value in labels.items())


def in_common(alerts: Sequence[Alert], limits: Limits) -> str:
    """Return in words what all of many alerts share, or nothing."""
    if len(alerts) < SMALLEST_CROWD:
        return ""
    shared = _shared([alert.all_labels for alert in alerts])
    name = next((each for each in (*limits.labels, "room_name") if each in shared), None)
    return f"All {len(alerts)} share {name} {shared[name]}." if name else ""


def _shared(each: Sequence[Mapping[str, str]]) -> dict[str, str]:
    first, *others = each
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}

"""What does an Alertmanager have to be sent so that it shows what we see?

It is no receiver that is told a word once, but a mirror of states: an alert that fires is sent again and again, each
time with an end a little in the future, and so ends by itself should we fall silent; one that is over is sent as over
for a quarter of an hour, so that who missed it learns of it.  To an Alertmanager an alert *is* its labels: the same
labels are the same alert, however often it is sent and whoever sends it.  So the entity is one of the labels.

Names of labels are letters, digits and underscores; what else is in them becomes an underscore.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from alerts.model import Alert, State
from alerts.notifiers.base import json_body, rfc3339
from alerts.notifiers.wording import one_line

PATH = "/api/v2/alerts"

RESOLVED_FOR_S = 15 * 60.0
REFRESHES_TO_LIVE = 4  # as many may fail before an alert ends that nobody sends any more

BATCH_ALERTS = 64
BATCH_BYTES = 512_000

#: With these an alert stays well below a batch, whatever it says.
LABELS = 30
ANNOTATIONS = 30
LONGEST_NAME = 100
LONGEST_LABEL = 500
LONGEST_ANNOTATION = 2000

_FORBIDDEN = re.compile(r"[^a-zA-Z0-9_]")


@dataclass(frozen=True, slots=True)
class Origin:
    """Who sends: the name of this daemon, where its pages are, and how often it repeats itself."""

    instance: str
    page_url: str = ""
    refresh_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Sent:
    """When an alert was last sent, and as what."""

    at: float
    alert: Alert

    def is_outdated(self, alert: Alert, now: float, refresh_s: float) -> bool:
        """Whether the alert has to be sent again."""
        was = self.alert
        has_changed = (was.episode, was.state, was.labels) != (alert.episode, alert.state, alert.labels)
        return has_changed or now >= self.at + refresh_s


def shown(alerts: Iterable[Alert], resolved: Iterable[Alert], now: float) -> dict[str, Alert]:
    """Return by fingerprint what the mirror has to show: what fires, and what has ended of late and fires no more."""
    latest: dict[str, Alert] = {}
    for alert in resolved:
        known = latest.get(alert.fingerprint)
        if alert.since >= now - RESOLVED_FOR_S and (known is None or known.since < alert.since):
            latest[alert.fingerprint] = alert
    return latest | {alert.fingerprint: alert for alert in alerts if alert.state is State.FIRING}


def due(wanted: Mapping[str, Alert], sent: Mapping[str, Sent], now: float, refresh_s: float) -> Iterator[Alert]:
    """Yield what has to be sent now: what is new or has changed, and what was last sent a refresh ago.

    Of an alert that fires under other labels than before (the name of its room was learned meanwhile) the one before is
    ended: to an Alertmanager these are two.
    """
    for fingerprint, alert in wanted.items():
        before = sent.get(fingerprint)
        if before is None:
            yield alert
        elif before.is_outdated(alert, now, refresh_s):
            if before.alert.state is State.FIRING and before.alert.labels != alert.labels:
                yield replace(before.alert, state=State.INACTIVE, since=now)
            yield alert


def batches(alerts: Iterable[Alert], origin: Origin, now: float) -> Iterator[tuple[Sequence[Alert], bytes]]:
    """Yield bodies to post, none of them too large, each with the alerts that are in it."""
    batch: list[Alert] = []
    parts: list[bytes] = []
    size = 0
    for alert in alerts:
        part = json_body(rendered(alert, origin, now))
        if batch and (len(batch) >= BATCH_ALERTS or size + len(part) > BATCH_BYTES):
            yield batch, _array(parts)
            batch, parts, size = [], [], 0
        batch.append(alert)
        parts.append(part)
        size += len(part) + 1
    if batch:
        yield batch, _array(parts)


def rendered(alert: Alert, origin: Origin, now: float) -> dict[str, Any]:
    """Return one alert as Alertmanager's API takes it."""
    fires = alert.state is State.FIRING
    ends_at = now + REFRESHES_TO_LIVE * origin.refresh_s if fires else alert.since
    return {
        "labels": _labels(alert, origin.instance),
        "annotations": _annotations(alert),
        "startsAt": rfc3339(ends_at if alert.fired_at is None else min(alert.fired_at, ends_at)),
        "endsAt": rfc3339(ends_at),
        **({"generatorURL": origin.page_url} if origin.page_url else {}),
    }


def _labels(alert: Alert, instance: str) -> dict[str, str]:
    # Ours come last: no label of a rule may hide what tells one alert from another.
    identity = {
        "alertname": alert.rule,
        "severity": alert.severity.value,
        "kind": alert.kind.value,
        "entity": alert.entity,
        "instance": instance,
    }
    return _named(alert.labels, LABELS, LONGEST_LABEL) | _named(identity, LABELS, LONGEST_LABEL)


def _annotations(alert: Alert) -> dict[str, str]:
    details = {name: _text(value) for name, value in alert.details.items() if value is not None}
    return _named({**details, **alert.annotations}, ANNOTATIONS, LONGEST_ANNOTATION)


def _named(texts: Mapping[str, str], most: int, longest: int) -> dict[str, str]:
    """Return texts under names that Alertmanager takes; an empty label would be none."""
    named = {_name(name): one_line(text, longest) for name, text in sorted(texts.items())}
    return {name: text for name, text in list(named.items())[:most] if text}


def _name(name: str) -> str:
    clean = _FORBIDDEN.sub("_", name[:LONGEST_NAME])
    return clean if clean and not clean[0].isdigit() else f"_{clean}"


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _array(parts: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(parts) + b"]"

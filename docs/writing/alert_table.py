"""Which alerts are shipped, as a page: those about calls, and Prometheus' about Roomwatch itself."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from alerts.default_inhibitions import DEFAULT_INHIBITIONS
from alerts.default_rules import DEFAULT_RULES
from alerts.model import Kind, Rule
from docs.writing.config_schema import in_words
from docs.writing.markdown import code, page, prose, table
from monitor.objectives import DEFAULT_OBJECTIVES

PROMETHEUS = Path(__file__).parents[2] / "dashboards" / "prometheus" / "alerting.yml"

_INTRODUCTION = """\
# Alerts

Every alert that is shipped, with its conditions; a name leads to its runbook: what it means, how to check, what to
do. Roomwatch's own rules can be [changed, switched off and added to](rules.md). How severe one is says how soon
somebody is wanted: *critical* at any hour, *warning* on the same day, *info* when there is time.

This page is written by `python -m docs.writing` from the rules themselves.

## About calls, Twilio and the daemon

Roomwatch's own rules, which its [receivers](receivers.md) are told of. What the words in a condition mean is in
[the configuration](configuration.md#rules).
"""

_ABOUT_ITSELF = """\
## About Roomwatch, by Prometheus

Who watches the watcher: rules of Prometheus over [metrics](metrics.md), in
[dashboards/prometheus/alerting.yml](../dashboards/prometheus/alerting.yml), on top of the recording rules in
[recording.yml](../dashboards/prometheus/recording.yml). They are told by Alertmanager, and so on a day when
Roomwatch tells nothing.
"""

_SUBJECTS = {
    Kind.PARTICIPANT: "a participant",
    Kind.ROOM: "a room",
    Kind.COMPOSITION: "a composition",
    Kind.RECORDING: "a recording",
    Kind.ACCOUNT: "an account",
    Kind.REGION: "everybody in a media region",
    Kind.TENANT: "everybody of a tenant",
    Kind.SOURCE: "a source of an account, or telemetry",
    Kind.DAEMON: "the daemon",
    Kind.SLO: "an objective",
}


def markdown() -> str:
    """Return the page."""
    return page([_INTRODUCTION, *_own(), *_inhibitions(), *_objectives(), _ABOUT_ITSELF, *_of_prometheus()])


def _own() -> Iterator[str]:
    for kind, about in _SUBJECTS.items():
        rules = [rule for rule in DEFAULT_RULES if rule.over is kind]
        yield f"### Over {about}"
        yield ""
        yield from table(("alert", "severity", "raises", "clears", "what it says"), map(_row, rules))


def _row(rule: Rule) -> tuple[str, ...]:
    kept = f", and trouble was last seen {in_words(rule.keep_firing_for_s)} ago" if rule.keep_firing_for_s else ""
    return (
        _runbook(rule.name),
        rule.severity.value,
        _condition(str(rule.raise_when), rule.hold_for_s),
        _condition(str(rule.clear_when), rule.clear_for_s) + kept,
        prose(rule.summary),
    )


def _condition(text: str, for_s: float) -> str:
    return code(text) + (f" for {in_words(for_s)}" if for_s else "")


def _runbook(name: str) -> str:
    return f"[{name}](runbooks/{name}.md)"


def _inhibitions() -> Iterator[str]:
    yield "### Who is not told meanwhile"
    yield ""
    yield (
        "[Inhibitions](silences.md) that are shipped: while the one fires, the other is shown and recorded, and "
        "nobody is told of it."
    )
    yield ""
    rows = (
        (code(each.name), _all(each.source), _all(each.target), ", ".join(code(label) for label in each.equal))
        for each in DEFAULT_INHIBITIONS
    )
    yield from table(("name", "while this fires", "this is not told", "with the same"), rows)


def _all(matchers: Iterable[Any]) -> str:
    return " and ".join(code(str(each)) for each in matchers)


def _objectives() -> Iterator[str]:
    yield "### The objectives behind the error budgets"
    yield ""
    rows = ((code(each.name), code(each.over.value), f"{each.target_ratio * 100:g} %") for each in DEFAULT_OBJECTIVES)
    yield from table(("objective", "over", "share that is to end well"), rows)


def of_prometheus() -> list[dict[str, Any]]:
    """Return the alerting rules of Prometheus."""
    groups = yaml.safe_load(PROMETHEUS.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def _of_prometheus() -> Iterator[str]:
    rows = (
        (
            _runbook(rule["alert"]),
            rule["labels"]["severity"],
            code(" ".join(rule["expr"].split())) + (f" for {rule['for']}" if rule.get("for", "0m") != "0m" else ""),
            prose(rule["annotations"]["summary"]),
        )
        for rule in of_prometheus()
    )
    yield from table(("alert", "severity", "raises", "what it says"), rows)

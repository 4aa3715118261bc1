"""What does `roomwatch routes test` do?  It says where an alert would go, and why, before there is one."""

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from alerts.model import Rule
from alerts.route_story import Moment, lines_of, try_routes
from alerts.silences import ActiveSilences, Silence
from alerts.times_in_words import moment
from monitor.commands.options import FAILED, OK, Commands, add_config, configured, moment_or_now
from monitor.config import Config
from monitor.store.sqlite import SqliteStore


def add(commands: Commands) -> None:
    """Add the command to those that can be typed."""
    routes = commands.add_parser(
        "routes",
        description="Try the routes of a configuration out before anybody is called by them.",
    )
    actions = routes.add_subparsers(title="actions", required=True, metavar="ACTION")
    test = actions.add_parser(
        "test",
        help="walk through the routes with the labels of an alert",
        description="Print each route that is asked about an alert with these labels, with its answer and why; then "
        "who would be told and when.  Nothing is sent and nothing is changed.  An alertname that a rule has brings the "
        "rule's own labels, severity and kind, as far as they are not given.",
        epilog="T is `now`, a date, or a time with its zone (2026-11-21T23:30:00+01:00).  Exit codes: 0 somebody would "
        "be told (with --expect: just those), 1 nobody would (or others), 2 wrong usage, 78 wrong configuration.",
    )
    add_config(test)
    test.add_argument("labels", nargs="*", type=_label, metavar="LABEL=VALUE", help="such as severity=critical")
    test.add_argument(
        "--at", dest="at_ms", type=moment_or_now, metavar="T", help="also by the time windows and silences of a moment"
    )
    test.add_argument(
        "--expect", type=_names, metavar="RECEIVER,...", help="fail unless just these would be told, at whatever step"
    )
    test.set_defaults(command=_test)


def _label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise argparse.ArgumentTypeError(f"expected LABEL=VALUE such as severity=critical, got {text[:60]!r}")
    return name, value


def _names(text: str) -> frozenset[str]:
    return frozenset(name for each in text.split(",") if (name := each.strip()))


def _test(options: argparse.Namespace) -> int:
    config = configured(options)
    labels = _completed(dict(options.labels), config.rules)
    when = None if options.at_ms is None else _moment(config, labels, options.at_ms / 1000)
    test = try_routes(labels, config.routing, when)
    print(f"labels: {', '.join(f'{name}={value}' for name, value in labels.items()) or 'none'}")
    print(*lines_of(test, labels), sep="\n")
    expected, told = options.expect, frozenset(test.receivers)
    if expected is None:
        return OK if told else FAILED
    if expected != told:
        print(f"expected: {', '.join(sorted(expected)) or 'nobody'}")
    return OK if expected == told else FAILED


def _completed(labels: Mapping[str, str], rules: Sequence[Rule]) -> dict[str, str]:
    """Return the labels with what the rule of that name gives its alerts."""
    rule = next((each for each in rules if each.name == labels.get("alertname")), None)
    given = {} if rule is None else {**rule.labels, "severity": rule.severity.value, "kind": rule.over.value}
    return {**given, **labels}


def _moment(config: Config, labels: Mapping[str, str], at: float) -> Moment:
    print(f"at: {moment(at)}")
    if config.database is None or not config.database.exists():
        print("silences: none are looked at, there is no database here")
        return Moment(at, config.time_windows)
    silences = _silences(config.database, at)
    return Moment(at, config.time_windows, ActiveSilences(silences, at).silencing(labels))


def _silences(database: Path, at: float) -> Sequence[Silence]:
    with SqliteStore.opened_to_read(database) as store:
        return asyncio.run(store.silences.standing_silences(at))

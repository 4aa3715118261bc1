"""What do `roomwatch receivers test` and `roomwatch receivers list` do?"""

import argparse
import asyncio
import time
from collections.abc import Iterator, Sequence

from alerts.model import Severity
from alerts.notifiers.registry import kind_of
from alerts.rules import RuleError, parse_duration
from alerts.times_in_words import in_words
from alerts.word_story import ordinal
from monitor.commands.options import FAILED, OK, Commands, add_config, configured
from monitor.http.receiver_views import origin_of
from monitor.trying_receivers import WAITING, Report, Settled, Tried, try_out

_HINTS = {
    "400": "The service does not understand what it is sent: look at the settings of the receiver.",
    "401": "The key, token or password is not accepted.",
    "403": "The key, token or password is not allowed to do this.",
    "404": "There is nothing at this address (any more): look at the URL, the channel or the number.",
    "410": "The address was taken away: make a new one at the service.",
    "429": "The service has been asked too often; wait, and look at who else uses the same key.",
}
_UNREACHABLE = "Nothing answers: look at the name, the port, the proxy and the firewall between here and there."
_ELSEWHERE = "The service answers that it has a fault itself: look at its status page, and try again later."


def add(commands: Commands) -> None:
    """Add the command to those that can be typed."""
    receivers = commands.add_parser("receivers", description="See whether receivers can be told anything.")
    actions = receivers.add_subparsers(title="actions", required=True, metavar="ACTION")
    listing = actions.add_parser(
        "list", help="say which there are", description="Print the receivers that are configured, and where they are."
    )
    add_config(listing)
    listing.set_defaults(command=_list)
    test = actions.add_parser(
        "test",
        help="tell a receiver something, and print what the service answers",
        description="Tell a receiver that something made up began and is over, both marked as a test, and print each "
        "attempt with the service's answer.  A daemon that runs does it, through its outbox and its dispatcher; where "
        "none runs it is done from here.",
        epilog="Receivers that charge for messages charge for these.  Exit codes: 0 both were accepted, 1 not, 2 wrong "
        "usage, 78 wrong configuration.",
    )
    add_config(test)
    test.add_argument("name", metavar="NAME", help="which receiver")
    test.add_argument(
        "--severity",
        choices=[each.value for each in Severity],
        default=Severity.INFO.value,
        help="how bad it pretends to be; some services wake nobody for what is not critical (default: info)",
    )
    test.add_argument(
        "--wait", type=_seconds, default=30.0, metavar="D", help="for how long a daemon is waited for (default: 30s)"
    )
    test.set_defaults(command=_test)


def _seconds(text: str) -> float:
    try:
        return parse_duration(text)
    except RuleError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _list(options: argparse.Namespace) -> int:
    config = configured(options)
    for name, notifier in config.notifiers.items():
        print(f"{name:<20}  {kind_of(notifier):<16}  {origin_of(name, notifier, time.time())}")
    if not config.notifiers:
        print("no receivers")
    return OK


def _test(options: argparse.Namespace) -> int:
    reports = asyncio.run(_reported(options))
    settled = [each for each in reports if isinstance(each, Settled)]
    is_well = bool(settled) and all(each.state == "delivered" for each in settled)
    print(*verdict(options.name, reports, is_well=is_well), sep="\n")
    return OK if is_well else FAILED


async def _reported(options: argparse.Namespace) -> list[Report]:
    reports: list[Report] = []
    async for report in try_out(configured(options), options.name, Severity(options.severity), options.wait):
        reports.append(report)
        if isinstance(report, Tried):
            print(line_of(report), flush=True)
    return reports


def line_of(tried: Tried) -> str:
    """Return an attempt in words."""
    answered = f", answered {tried.status}" if tried.status else ""
    why = f": {tried.error}" if tried.error else answered
    return f"{tried.kind}: {ordinal(tried.number)} attempt {tried.outcome}, {in_words(tried.duration_s)}{why}"


def verdict(name: str, reports: Sequence[Report], *, is_well: bool) -> Iterator[str]:
    """Yield what it comes to, and if it did not work what to do."""
    if is_well:
        yield f"{name}: accepted; see whether it arrived"
        return
    last = next((each for each in reversed(reports) if isinstance(each, Settled)), None)
    if last is not None and last.state == WAITING:
        why = last.error or "no attempt was made yet"
        yield f"{name}: not accepted yet; the daemon tries again for a minute: {why}"
    else:
        yield f"{name}: not accepted"
    hint = _hint([each for each in reports if isinstance(each, Tried)])
    if hint:
        yield hint


def _hint(tried: Sequence[Tried]) -> str:
    if not tried:
        return ""
    status = tried[-1].status
    if not status:
        return _UNREACHABLE if tried[-1].outcome in ("unavailable", "unknown") else ""
    return _HINTS.get(status[:3], _ELSEWHERE if status.startswith("5") else "")

"""What does `roomwatch capacity` do?  It says what so many people would want, before anybody buys machines."""

import argparse
from collections.abc import Callable
from math import inf, isfinite

from monitor.capacity.advice import advise
from monitor.capacity.assumptions import ASSUMPTIONS, Assumed, Wrong
from monitor.capacity.demand import MOST_PARTICIPANTS, Demand
from monitor.capacity.wording import as_json, as_text
from monitor.commands.options import OK, Commands

_MOST = 1_000_000  # of anything that one asks for beside people


def add(commands: Commands) -> None:
    """Add `capacity`."""
    command = commands.add_parser(
        "capacity",
        description="Work out whether one machine with SQLite holds so many people, and what it wants of CPU, memory, "
        "disk and network; what several machines with PostgreSQL and ClickHouse would want, a plan that was not "
        "measured; what Twilio's limits for each account make of it; which is advised, and which limit is met "
        "first.  Every number that it takes for granted is printed with its unit and where it comes from: measured by "
        "our benchmarks, said by Twilio, a default, or an estimate.",
        epilog="Nothing is read or measured here: see docs/capacity.md for the machine that was measured.  Exit codes: "
        "0 it is said, whatever is advised, 2 wrong usage.",
    )
    command.add_argument(
        "--participants",
        type=_whole(MOST_PARTICIPANTS),
        required=True,
        metavar="N",
        help="in calls at once at the busiest time",
    )
    command.add_argument(
        "--interval",
        type=_number(0.1, 86_400),
        default=10.0,
        metavar="S",
        help="seconds from one sample of a participant to the next (default: 10, the browser SDK's own)",
    )
    command.add_argument(
        "--samples-per-post",
        type=_whole(1000),
        default=1,
        metavar="N",
        help="how many go in one post (default: 1, the browser SDK's own)",
    )
    command.add_argument(
        "--mean-to-peak",
        type=_number(0.001, 1),
        default=0.4,
        metavar="RATIO",
        help="people at once on average over a day, of those at the busiest time (default: 0.4)",
    )
    command.add_argument(
        "--kept-days",
        type=_number(0.01, 36_500),
        default=30.0,
        metavar="DAYS",
        help="how long samples are kept, as storage.raw_days (default: 30)",
    )
    command.add_argument(
        "--accounts",
        type=_whole(_MOST),
        metavar="N",
        help="of Twilio's accounts they are spread over (default: as few as hold them)",
    )
    command.add_argument(
        "--replicas",
        type=_whole(_MOST),
        metavar="N",
        help="daemons, where there are several machines (default: as many as it takes)",
    )
    command.add_argument(
        "--assume",
        type=_assumption,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="in the place of one of the numbers that are taken for granted; may be repeated",
    )
    command.add_argument("--json", action="store_true", help="print an object, for scripts")
    command.set_defaults(command=_capacity)


def _capacity(options: argparse.Namespace) -> int:
    demand = Demand(
        options.participants,
        options.interval,
        options.samples_per_post,
        options.mean_to_peak,
        options.kept_days,
        options.accounts,
        options.replicas,
    )
    assumed = Assumed(dict(options.assume))
    advice = advise(demand, assumed)
    print(*([as_json(demand, advice, assumed)] if options.json else as_text(demand, advice, assumed)), sep="\n")
    return OK


def _whole(most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = 0
        if not 1 <= number <= most:
            raise argparse.ArgumentTypeError(f"expected a whole number from 1 to {most}, got {text[:60]!r}")
        return number

    return read


def _number(least: float, most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        number = _finite(text)
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"expected a number from {least:g} to {most:g}, got {text[:60]!r}")
        return number

    return read


def _assumption(text: str) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    number = _finite(value)
    if not equals or not isfinite(number):
        example = f"{ASSUMPTIONS[0].name}={ASSUMPTIONS[0].value:g}"
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE such as {example}, got {text[:60]!r}")
    try:
        Assumed({name: number})
    except Wrong as wrong:
        raise argparse.ArgumentTypeError(str(wrong)) from None
    return name, number


def _finite(text: str) -> float:
    """Return the number that a text is, or minus infinity where it is none."""
    try:
        number = float(text)
    except ValueError:
        return -inf
    return number if isfinite(number) else -inf

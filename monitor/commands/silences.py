"""`silences`: who is not told of what, from now on?"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from getpass import getuser
from typing import TypeVar

from alerts.matchers import MatcherError, parse_matchers
from alerts.rules import RuleError, parse_duration
from alerts.silences import SilenceError
from monitor.commands.options import OK, Commands, add_config, configured, database_of, moment
from monitor.failures import CommandFailed
from monitor.silence_answers import NoSuchSilence, PreviewAsked, SilenceAsked
from monitor.silences_by_hand import Answers, lines_of, lines_of_preview, whoever_has

T = TypeVar("T")


def add(commands: Commands) -> None:
    """Add `silences`."""
    command = commands.add_parser(
        "silences",
        description="A silence keeps back what would be told of the alerts that its matchers agree with, until it "
        "ends.  A daemon that runs is asked, and knows at once; where none runs, the next one will know.",
    )
    actions = command.add_subparsers(title="actions", required=True, metavar="ACTION")
    _add_silences_list(actions)
    _add_silences_add(actions)
    _add_silences_expire(actions)
    _add_silences_preview(actions)


_SILENCES_EXIT = "Exit codes: 0 well, 1 it could not be done, 2 wrong usage, 78 wrong configuration."


def _add_silences_list(actions: Commands) -> None:
    action = actions.add_parser(
        "list", help="say which there are", description="Print the silences that are not over.", epilog=_SILENCES_EXIT
    )
    add_config(action)
    action.add_argument("--expired", action="store_true", help="also those that are over, the latest thousand of all")
    action.set_defaults(command=_silences_list)


def _add_silences_add(actions: Commands) -> None:
    action = actions.add_parser(
        "add",
        help="make one",
        description="Silence the alerts that all matchers agree with.",
        epilog=f"T is as for export: a date, or a time with its zone.  {_SILENCES_EXIT}",
    )
    add_config(action)
    _add_matcher(action)
    end = action.add_mutually_exclusive_group(required=True)
    end.add_argument("--for", dest="lasts", type=_duration, metavar="D", help="for how long: 2h, 1h30m")
    end.add_argument("--until", dest="until_ms", type=moment, metavar="T", help="until when")
    action.add_argument("--from", dest="from_ms", type=moment, metavar="T", help="from when on (default: now)")
    action.add_argument("--author", default=None, metavar="NAME", help="who wants it (default: who is logged in)")
    action.add_argument("--reason", required=True, metavar="TEXT", help="why, for whoever wonders at night")
    action.set_defaults(command=_silences_add)


def _add_silences_expire(actions: Commands) -> None:
    action = actions.add_parser(
        "expire",
        help="end one now",
        description="End a silence before its time; it stays on record.  What still fires is told of then.",
        epilog=_SILENCES_EXIT,
    )
    add_config(action)
    action.add_argument("id", metavar="ID", help="as list prints it: s1-…")
    action.add_argument("--by", default=None, metavar="NAME", help="who ends it (default: who is logged in)")
    action.set_defaults(command=_silences_expire)


def _add_silences_preview(actions: Commands) -> None:
    action = actions.add_parser(
        "preview",
        help="say which firing alerts one would be about",
        description="Print the alerts that fire now and that all matchers agree with.",
        epilog=_SILENCES_EXIT,
    )
    add_config(action)
    _add_matcher(action)
    action.set_defaults(command=_silences_preview)


def _add_matcher(action: argparse.ArgumentParser) -> None:
    action.add_argument(
        "--matcher",
        dest="matchers",
        action="append",
        required=True,
        type=_matcher,
        metavar="M",
        help="such as 'severity=\"info\"', 'room_name=~\"class-.*\"'; also != and !~; may be given several times",
    )


def _matcher(text: str) -> str:
    try:
        parse_matchers(text)
    except MatcherError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _duration(text: str) -> str:
    try:
        parse_duration(text)
    except RuleError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _silences_list(options: argparse.Namespace) -> int:
    found = _asked_of_silences(options, lambda answers: answers.list(expired=options.expired))
    for silence in found.silences:
        print(*lines_of(silence), sep="\n")
    if not found.silences:
        print("no silences")
    return OK


def _silences_add(options: argparse.Namespace) -> int:
    asked = SilenceAsked(
        matchers=options.matchers,
        author=getuser() if options.author is None else options.author,
        reason=options.reason,
        starts_at_ms=options.from_ms,
        ends_at_ms=options.until_ms,
        lasts=options.lasts or "",
    )
    print(*lines_of(_asked_of_silences(options, lambda answers: answers.add(asked))), sep="\n")
    return OK


def _silences_expire(options: argparse.Namespace) -> int:
    by = getuser() if options.by is None else options.by
    print(*lines_of(_asked_of_silences(options, lambda answers: answers.expire(options.id, by))), sep="\n")
    return OK


def _silences_preview(options: argparse.Namespace) -> int:
    asked = PreviewAsked(options.matchers)
    print(*lines_of_preview(_asked_of_silences(options, lambda answers: answers.preview(asked))), sep="\n")
    return OK


def _asked_of_silences(options: argparse.Namespace, question: Callable[[Answers], Awaitable[T]]) -> T:
    config = configured(options)
    database_of(config)

    async def ask() -> T:
        async with whoever_has(config.storage) as answers:
            return await question(answers)

    try:
        return asyncio.run(ask())
    except (SilenceError, NoSuchSilence) as error:
        raise CommandFailed(str(error)) from None

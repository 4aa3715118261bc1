"""`incidents` and `acknowledge`: what were people told of, and who looks after it?"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from getpass import getuser
from typing import TypeVar

from monitor import incidents_by_hand
from monitor.commands.options import OK, Commands, add_config, configured, database_of
from monitor.failures import CommandFailed
from monitor.incident_answers import AcknowledgeAsked, IncidentOver, NoSuchIncident
from monitor.policy import links_of, policy_of
from monitor.store.ports import IncidentsWanted

T = TypeVar("T")


def add(commands: Commands) -> None:
    """Add `incidents` and `acknowledge`."""
    _add_incidents(commands)
    _add_acknowledge(commands)


def _add_incidents(commands: Commands) -> None:
    command = commands.add_parser(
        "incidents",
        description="Print the latest incidents; or one, with its alerts, what was said of it to whom, and what became "
        "of that.",
        epilog="A daemon that runs is asked; where none runs, the database is.  Exit codes: 0 well, 1 it could not be "
        "done, 78 wrong configuration.",
    )
    add_config(command)
    command.add_argument("id", nargs="?", metavar="ID", help="one of them: i1-…")
    command.add_argument("--open", action="store_true", help="only those that are not over")
    command.set_defaults(command=_incidents)


def _add_acknowledge(commands: Commands) -> None:
    command = commands.add_parser(
        "acknowledge",
        description="Have an incident escalated no further and repeated no more.  Whoever was told of it hears who "
        "looks after it, and when it is over.",
        epilog="A daemon that runs is asked; where none runs, the next one will know.  Exit codes: 0 well, 1 it could "
        "not be done, 78 wrong configuration.",
    )
    add_config(command)
    command.add_argument("id", metavar="ID", help="as incidents prints it: i1-…")
    command.add_argument("--by", default=None, metavar="NAME", help="who looks after it (default: who is logged in)")
    command.set_defaults(command=_acknowledge)


def _incidents(options: argparse.Namespace) -> int:
    if options.id is not None:
        life = _asked_of_incidents(options, lambda answers: answers.get(options.id))
        print(*incidents_by_hand.lines_of_life(life), sep="\n")
        return OK
    wanted = IncidentsWanted(is_open_only=options.open, limit=incidents_by_hand.LISTED)
    found = _asked_of_incidents(options, lambda answers: answers.page(wanted))
    for incident in found.incidents:
        print(*incidents_by_hand.lines_of(incident), sep="\n")
    if not found.incidents:
        print("no incidents")
    return OK


def _acknowledge(options: argparse.Namespace) -> int:
    asked = AcknowledgeAsked(getuser() if options.by is None else options.by, "command")
    print(
        *incidents_by_hand.lines_of(_asked_of_incidents(options, lambda a: a.acknowledge(options.id, asked))), sep="\n"
    )
    return OK


def _asked_of_incidents(
    options: argparse.Namespace, question: Callable[[incidents_by_hand.Answers], Awaitable[T]]
) -> T:
    config = configured(options)
    database_of(config)

    async def ask() -> T:
        async with incidents_by_hand.whoever_has(config.storage, policy_of(config, links_of(config))) as answers:
            return await question(answers)

    try:
        return asyncio.run(ask())
    except (NoSuchIncident, IncidentOver) as error:
        raise CommandFailed(str(error)) from None

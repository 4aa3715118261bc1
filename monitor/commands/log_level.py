"""`log-level`: how much does the running daemon log, and may it be more?"""

import argparse
import asyncio

from monitor.asked_daemon import AskedDaemon, session
from monitor.commands.options import OK, Commands, add_config, configured, database_of
from monitor.failures import CommandFailed
from monitor.http.log_level import LEVELS, PATH, LogLevel
from monitor.local_access import granted


def add(commands: Commands) -> None:
    """Add `log-level`."""
    command = commands.add_parser(
        "log-level",
        description="Print how bad something has to be for the running daemon to log it; with LEVEL, change that.  It"
        " holds until the daemon ends, or until a reload finds another log.level in the file than before.",
        epilog="Exit codes: 0 told or changed, 1 no daemon can be asked, 2 wrong usage, 78 wrong configuration.",
    )
    add_config(command)
    command.add_argument("level", nargs="?", choices=LEVELS, metavar="LEVEL", help=f"one of {', '.join(LEVELS)}")
    command.set_defaults(command=_log_level)


def _log_level(options: argparse.Namespace) -> int:
    database = database_of(configured(options))
    access = granted(database)
    if access is None:
        raise CommandFailed(
            f"{database}: expected a daemon that has it, got none; log.level in the file is for a start"
        )
    asked = None if options.level is None else LogLevel(options.level)

    async def ask() -> LogLevel:
        async with session() as http:
            return await AskedDaemon(http, access).ask_house("GET" if asked is None else "PUT", PATH, LogLevel, asked)

    print(asyncio.run(ask()).level)
    return OK

"""`dead-letters`: what could receivers not be told?"""

import argparse

from monitor.commands.options import OK, Commands, add_config, configured, database_of
from monitor.dead_letters import dead_letters, line_of, replay


def add(commands: Commands) -> None:
    """Add `dead-letters`."""
    command = commands.add_parser(
        "dead-letters",
        description="Print the notifications that were given up, the latest first: when, to whom, of what, and why.  "
        "With --replay they are owed again, as if from now on; those that a later word of the same incident has made "
        "pointless are not.",
        epilog="Printing changes nothing, and the daemon may go on meanwhile.  --replay asks the daemon, if it runs, "
        "which takes private.access_token; else it changes the database.  Exit codes: 0 well, 1 it could not be done, "
        "78 wrong configuration.",
    )
    command.add_argument("ids", nargs="*", metavar="ID", help="only these; default: all")
    command.add_argument("--receiver", metavar="NAME", help="only those of one receiver")
    command.add_argument("--replay", action="store_true", help="have them said again")
    add_config(command)
    command.set_defaults(command=_dead_letters)


def _dead_letters(options: argparse.Namespace) -> int:
    config = configured(options)
    database = database_of(config)
    found = dead_letters(database, options.ids, options.receiver)
    if not options.replay:
        print(*(line_of(entry) for entry in found), sep="\n" if found else "")
        return OK
    replayed = replay(config, [entry.notification.id for entry in found])
    print(
        f"{replayed} of {len(found)} are owed again" + ("" if replayed == len(found) else "; the others are pointless")
    )
    return OK

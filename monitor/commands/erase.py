"""`erase`: how does a person leave the database?"""

import argparse
import asyncio
import sys

from monitor.commands.options import OK, Commands, add_config, configured, database_of
from monitor.erasing import account_of, erase_person
from monitor.privacy import pseudonyms_of


def add(commands: Commands) -> None:
    """Add `erase`."""
    command = commands.add_parser(
        "erase",
        description="Erase a person from the database, which no daemon and no replica may have meanwhile: what they "
        "said, what Twilio and others said of them, under their name and under the participant SIDs that they had; "
        "then write the file anew, so that nothing is left in free pages.  Without --yes it only counts what that "
        "would be.",
        epilog="It says at the end what it cannot reach: backups, copies of before upgrades, who was told.  "
        "Exit codes: 0 erased, or counted, or nothing is known of them; 1 nothing was erased, or traces are left, and "
        "which; 78 wrong configuration.",
    )
    add_config(command)
    command.add_argument(
        "--identity",
        required=True,
        metavar="NAME",
        help="as in Twilio's access token, also where people are known by pseudonyms; -: read it from the input, which "
        "leaves no name in the history of the shell",
    )
    command.add_argument("--yes", action="store_true", help="erase; there is no way back")
    command.set_defaults(command=_erase)


def _erase(options: argparse.Namespace) -> int:
    config = configured(options)
    pseudonyms = pseudonyms_of(config.privacy)
    database = None if config.cluster.is_told else database_of(config)
    name = sys.stdin.readline().rstrip("\r\n") if options.identity == "-" else options.identity
    # What was stored before they were known by pseudonyms has their own name.
    names = frozenset((name,) if pseudonyms is None else (name, pseudonyms.of(name)))
    erased = asyncio.run(erase_person(config, names, is_dry_run=not options.yes))
    print(*account_of(erased, database, is_dry_run=not options.yes), sep="\n")
    return OK

"""`pseudonym`: by which name is a person known here?"""

import argparse
import sys

from monitor.commands.options import OK, Commands, add_config, configured
from monitor.config import ConfigInvalid
from monitor.privacy import pseudonyms_of


def add(commands: Commands) -> None:
    """Add `pseudonym`."""
    command = commands.add_parser(
        "pseudonym",
        description="Print the pseudonym of each identity, a line each, in their order: by it, and by nothing else, "
        "somebody is found in pages, alerts and the database where privacy.identities is pseudonym.",
        epilog="Without an IDENTITY they are read from the input, a line each, which leaves no name in the history of "
        "the shell.  Exit codes: 0 well, 78 wrong configuration, or one by which people are known by their own names.",
    )
    add_config(command)
    command.add_argument("identities", nargs="*", metavar="IDENTITY", help="as in Twilio's access token")
    command.set_defaults(command=_pseudonym)


def _pseudonym(options: argparse.Namespace) -> int:
    pseudonyms = pseudonyms_of(configured(options).privacy)
    if pseudonyms is None:
        raise ConfigInvalid(['privacy.identities: expected "pseudonym", got "plain": everybody is known by name'])
    for identity in options.identities or (line.rstrip("\r\n") for line in sys.stdin):
        print(pseudonyms.of(identity))
    return OK

"""`canary`: does a room come about at Twilio, by hand and once?"""

import argparse
import asyncio
import sys

from collectors.events import CanarySeen
from monitor.canary_by_hand import by_hand
from monitor.commands.options import FAILED, OK, USAGE, Commands, add_config, configured
from monitor.naming import shortened


def add(commands: Commands) -> None:
    """Add `canary`."""
    command = commands.add_parser(
        "canary",
        description="Make one canary run by hand: create a room that nobody enters, mint a token for it, fetch it, and "
        "complete it.  Nothing stays behind but an ended room in the account's history.",
        epilog="It spends about five requests of the account's quota, and with --compose whatever Twilio charges for a "
        "composition.  Only the daemon hears callbacks: they are not waited for here.  Exit codes: 0 every step went "
        "well, 1 one failed, 2 no such account, 78 wrong configuration.",
    )
    add_config(command)
    command.add_argument(
        "--account", metavar="AC…", help="which account; default: canary.account_sid, or else the first"
    )
    command.add_argument("--compose", action="store_true", help="also ask for a composition, and delete it again")
    command.set_defaults(command=_canary)


def _canary(options: argparse.Namespace) -> int:
    config = configured(options)
    wanted = options.account or config.canary.account_sid
    account = next((each for each in config.accounts if wanted in ("", each.account_sid)), None)
    if account is None:
        known = ", ".join(shortened(each.account_sid) for each in config.accounts) or "none is configured"
        print(f"roomwatch: --account: expected one of the configured accounts ({known})", file=sys.stderr)
        return USAGE
    is_well = asyncio.run(by_hand(config, account, _print_step, compose=options.compose))
    print("Callbacks were not waited for: they arrive at the daemon, not at this command.")
    return OK if is_well else FAILED


def _print_step(seen: CanarySeen) -> None:
    verdict, found = ("fail", seen.error) if seen.seconds is None else ("ok", f"{seen.seconds:.3f} s")
    print(f"{verdict:<4}  {seen.step:<10}  - {found}", flush=True)

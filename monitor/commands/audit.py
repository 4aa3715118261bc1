"""`audit`: who changed what?"""

import argparse

from monitor.audit_by_hand import entries, line_of
from monitor.commands.options import OK, Commands, add_config, configured, database_of, moment_or_ago
from monitor.store.ports import AuditSearch

LISTED = 100


def add(commands: Commands) -> None:
    """Add `audit`."""
    command = commands.add_parser(
        "audit",
        description="Print who changed something or wanted to, who logged in, who was turned away, the latest last.",
        epilog="It is read from the database; a daemon may be running.  T is as for export: how long ago, a date, or a "
        "time with its zone.  Exit codes: 0 well, 1 it could not be done, 2 wrong usage, 78 wrong configuration.",
    )
    add_config(command)
    command.add_argument("--who", default="", metavar="NAME", help="only what somebody of this name did")
    command.add_argument("--did", default="", metavar="TEXT", help="only deeds with this in them: silences, reload …")
    command.add_argument("--failed", action="store_true", help="only what was refused, or failed")
    command.add_argument("--from", dest="from_ms", type=moment_or_ago, default=0, metavar="T", help="from when on")
    command.add_argument("--to", dest="to_ms", type=moment_or_ago, default=2**53, metavar="T", help="until when")
    command.add_argument("--limit", type=int, default=LISTED, metavar="N", help=f"at most so many (default: {LISTED})")
    command.set_defaults(command=_audit)


def _audit(options: argparse.Namespace) -> int:
    search = AuditSearch(
        who=options.who,
        did=options.did,
        is_failed_only=options.failed,
        from_ms=options.from_ms,
        to_ms=options.to_ms,
        limit=options.limit,
    )
    found = entries(database_of(configured(options)), search)
    print(*[line_of(each) for each in found] or ["nothing"], sep="\n")
    return OK

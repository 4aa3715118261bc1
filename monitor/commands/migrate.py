"""`migrate`: are the databases of a cluster up to date?"""

import argparse
import asyncio

from monitor.commands.options import OK, Commands, add_config, configured
from monitor.config import Config, ConfigInvalid
from monitor.opening import migrate_cluster


def add(commands: Commands) -> None:
    """Add `migrate`."""
    command = commands.add_parser(
        "migrate",
        description="Bring PostgreSQL and ClickHouse up to date, as a replica does that starts: for whoever wants to "
        "see it done before the replicas are upgraded, or lets them have a user that may not make tables.  To do it "
        "again does no harm.",
        epilog="Exit codes: 0 they are up to date, or it is said what would be done; 1 one of them does not answer, is "
        "of a newer Roomwatch or of something else; 78 wrong configuration, or none of a cluster.",
    )
    add_config(command)
    command.add_argument("--dry-run", action="store_true", help="say what would be done, and change nothing")
    command.set_defaults(command=_migrate)


def _migrate(options: argparse.Namespace) -> int:
    config = configured(options)
    if not config.cluster.is_told:
        raise ConfigInvalid(
            ["cluster: expected one, got none: a database in a file is migrated when a daemon opens it"]
        )
    asyncio.run(_print(config, is_dry_run=options.dry_run))
    return OK


async def _print(config: Config, *, is_dry_run: bool) -> None:
    async for line in migrate_cluster(config.cluster, is_dry_run=is_dry_run):
        print(line, flush=True)

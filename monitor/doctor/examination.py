"""What is examined?  The list of checks; each looks at a configuration and at the world, and tells what it found."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from monitor.config import Config
from monitor.doctor.account import check_accounts
from monitor.doctor.cluster import check_cluster
from monitor.doctor.findings import Finding
from monitor.doctor.process import Here, check_process
from monitor.doctor.reach import check_reach
from monitor.doctor.storage import check_storage

Check = Callable[[Config], Awaitable[list[Finding]]]

CHECKS: Sequence[Check] = (check_storage, check_cluster, check_accounts, check_reach)


async def examine(config: Config, here: Here | None = None) -> list[Finding]:
    """Return everything that all checks find; of this machine and its files only where `here` says which those are."""
    about_here = [] if here is None else await asyncio.to_thread(check_process, config, here)
    return [*about_here, *[finding for check in CHECKS for finding in await check(config)]]

"""What is examined?  The list of checks; each looks at a configuration and at the world, and tells what it found."""

from collections.abc import Awaitable, Callable, Sequence

from monitor.config import Config
from monitor.doctor.account import check_accounts
from monitor.doctor.findings import Finding
from monitor.doctor.storage import check_storage

Check = Callable[[Config], Awaitable[list[Finding]]]

CHECKS: Sequence[Check] = (check_storage, check_accounts)


async def examine(config: Config) -> list[Finding]:
    """Return everything that all checks find."""
    return [finding for check in CHECKS for finding in await check(config)]

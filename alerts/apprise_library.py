"""Is Apprise installed, and does it know this address?

It is an extra (`pip install roomwatch[apprise]`), and slow to load, so it is loaded where somebody uses it and not
before.  It logs the addresses that it does not understand, keys and all, so it is not let log.
"""

import logging
from typing import Any


class NoApprise(Exception):
    """It is not installed."""


def service_at(url: str) -> Any | None:
    """Return Apprise's way to the service of this address, or None if there is none.

    Raises:
        NoApprise: it is not installed.
    """
    try:
        import apprise  # noqa: PLC0415 - see above
    except ImportError:
        raise NoApprise from None
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    service = apprise.Apprise.instantiate(url)
    if service is not None and "overflow=" not in url:
        # Unless told otherwise it sends what is too long as it is, and the service says no each time.
        service.overflow_mode = apprise.OverflowMode.TRUNCATE
    return service

"""What if the store does not answer?

It is waited for: everything that is owed is inside it.
"""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from typing import TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")

BACKOFF_BASE_S = 0.1
BACKOFF_CAP_S = 30.0


async def insist(what: str, call: Callable[[], Awaitable[T]]) -> T:
    """Return what `call` returns, calling again, ever more slowly, for as long as it fails."""
    pause_s = BACKOFF_BASE_S
    while True:
        try:
            return await call()
        except Exception as error:  # noqa: BLE001 - whatever it is, giving up would lose what is owed
            logger.warning("could not %s, again in %g s: %s: %s", what, pause_s, type(error).__name__, error)
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, BACKOFF_CAP_S)


def place_of(error: Exception) -> str:
    """Return an error's type and place, without its message, which may quote an address or a key."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {frame.name}, {frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}"

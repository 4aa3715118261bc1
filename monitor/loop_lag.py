"""Does the event loop come round in time?

Whoever sleeps for a moment is woken too late by as long as the loop was busy with something else.  Tried once a second,
which is often enough for what lasts and cheap enough to be always on; the worst of the last seconds counts.
"""

import asyncio
from collections import deque
from collections.abc import Callable

TRY_EVERY_S = 1.0
NAP_S = 0.05
KEPT = 15  # tries


class LoopLag:
    """Measures how late the loop is."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._lags_s: deque[float] = deque(maxlen=KEPT)

    async def measure(self) -> None:
        """Sleep for a moment, and see how long it was."""
        began_s = self._now_s()
        await asyncio.sleep(NAP_S)
        self._lags_s.append(max(0.0, self._now_s() - began_s - NAP_S))

    @property
    def worst_s(self) -> float | None:
        """Return the worst of the last tries, or None before the first."""
        return max(self._lags_s, default=None)

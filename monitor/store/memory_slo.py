"""What do error budgets count, where nothing needs to outlive the process?"""

from collections.abc import Sequence

from monitor.error_budgets import Kept
from monitor.store.slo import KEPT_FOR_S


class MemorySlos:
    """What error budgets count, in memory (`monitor.store.ports.SloStore`)."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int, str, str], Kept] = {}

    async def save(self, kept: Sequence[Kept], now_s: float) -> None:
        """Save steps as they stand now, and drop those that no window reaches any more."""
        self._kept.update({(*each.step[:2], each.objective, each.whose): each for each in kept})
        self._kept = {key: each for key, each in self._kept.items() if each.step.at_s >= now_s - KEPT_FOR_S[key[0]]}

    async def load(self) -> Sequence[Kept]:
        """Return the steps that were saved, in the order of time."""
        return [each for _, each in sorted(self._kept.items())]

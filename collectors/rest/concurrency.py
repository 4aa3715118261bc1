"""How many requests may be under way at the same time?

Twilio has a limit and does not say which, so it is sought as TCP does: additive increase, multiplicative decrease
(AIMD).  Each sign of too much (429, no answer in time) takes a tenth off; each window of successes adds one, as long
as at least half of the limit is in use: a limit that nobody comes near to has not been tried.
"""

from collectors.rest.bounds import within

DECREASE = 0.9


class ConcurrencyLimit:
    """A limit that feels its way between `lowest` and `highest`."""

    def __init__(self, start: int, highest: int, lowest: int = 1) -> None:
        self.lowest = lowest
        self.highest = highest
        self.value = float(min(max(start, lowest), highest))

    @property
    def limit(self) -> int:
        """How many requests may be under way."""
        return int(self.value)

    def dropped(self) -> None:
        """Take a tenth off."""
        self.value = max(float(self.lowest), self.value * DECREASE)

    def succeeded(self, in_flight: int) -> None:
        """Add one by one whole window of successes; `in_flight` counts the request that succeeded."""
        if in_flight * 2 >= self.limit:
            self.value = min(float(self.highest), self.value + 1 / self.value)

    def restore(self, value: float) -> None:
        """Be where it was when it was saved."""
        self.value = within(value, float(self.lowest), float(self.highest), otherwise=self.value)

"""How often may somebody be wrong about who they are?

For each address there is a budget of wrong credentials; when it is used up, nothing from there is compared for a while,
right or wrong, or guessing would go on.  Each further wrong one doubles the while, up to a quarter of an hour.  Errors
are forgotten one by one, so whoever mistypes now and then is never in the way of themselves.

Many addresses that guess a little each are met by another budget, of all together.  Past it nobody is refused, since
that would let a few thousand machines lock everybody out: each comparison only waits, the longer the more there were.
Whoever was right not long ago, from where they ask, does not wait.  Pure: time is given, and memory is bounded.
"""

from math import ceil

from msgspec import Struct

from monitor.recent import Recent

ADDRESSES_REMEMBERED = 10_000  # the latest, and as many more
FREE = 10
FIRST_PAUSE_S, LONGEST_PAUSE_S = 10.0, 900.0
FORGOTTEN_EVERY_S = 60.0  # one wrong one of an address
FREE_TOGETHER = 100
FORGOTTEN_TOGETHER_PER_S = 1.0
LONGEST_DELAY_S = 2.0
KNOWN_FOR_S = 86_400.0

Address = str | None


class _Wrong(Struct, gc=False):
    count: float
    at_s: float
    until_s: float = 0.0


class Failures:
    """Wrong credentials, by where they came from."""

    def __init__(self) -> None:
        self._wrong: Recent[Address, _Wrong] = Recent(ADDRESSES_REMEMBERED)
        self._right: Recent[Address, float] = Recent(ADDRESSES_REMEMBERED)
        self._together = _Wrong(0.0, 0.0)

    def pause_s(self, address: Address, now_s: float) -> float:
        """Return 0, or for how long nothing from an address is compared."""
        wrong = self._wrong.get(address)
        return 0.0 if wrong is None else max(0.0, wrong.until_s - now_s)

    def delay_s(self, address: Address, now_s: float) -> float:
        """Return how long a comparison should wait, since there are so many wrong ones from everywhere."""
        if now_s - (self._right.get(address) or -KNOWN_FOR_S) < KNOWN_FOR_S:
            return 0.0
        over = _left(self._together, now_s, FORGOTTEN_TOGETHER_PER_S) - FREE_TOGETHER
        return min(LONGEST_DELAY_S, max(0.0, over / FREE_TOGETHER))

    def wrong(self, address: Address, now_s: float) -> None:
        """Take note of a wrong one."""
        wrong = self._wrong.get(address) or _Wrong(0.0, now_s)
        wrong.count, wrong.at_s = _left(wrong, now_s, 1 / FORGOTTEN_EVERY_S) + 1, now_s
        over = ceil(wrong.count) - FREE
        if over >= 0:
            wrong.until_s = now_s + min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(over, 30))
        self._wrong.put(address, wrong)
        together = self._together
        together.count, together.at_s = _left(together, now_s, FORGOTTEN_TOGETHER_PER_S) + 1, now_s

    def right(self, address: Address, now_s: float) -> None:
        """Take note that somebody at an address was right; what was wrong from there stays counted."""
        self._right.put(address, now_s)


def _left(wrong: _Wrong, now_s: float, forgotten_per_s: float) -> float:
    """Return how many are not forgotten yet."""
    return max(0.0, wrong.count - (now_s - wrong.at_s) * forgotten_per_s)

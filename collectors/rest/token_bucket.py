"""How many requests may go at once, and when may the next?

A token bucket: each request takes a token, and tokens come back at a steady rate up to a capacity.  The rate may be
lowered and raised again below the declared one; the capacity goes with it, so that it is always worth the same number
of seconds.  Pure: time is an argument, in seconds, and a clock that goes back costs nothing but the time it went back.
"""

#: Sums of fractions miss a whole number by a little; nobody should wait for that.
_ALMOST = 1e-9


class TokenBucket:
    """`burst` requests at once and `rate_per_s` on average, at most."""

    def __init__(self, rate_per_s: float, burst: int) -> None:
        self.declared_per_s = rate_per_s
        self.rate_per_s = rate_per_s
        self.burst = burst
        self._tokens = float(burst)
        self._at_s: float | None = None

    @property
    def capacity(self) -> float:
        """How many tokens there can be at the present rate; never less than one, or nothing would ever go."""
        return max(1.0, self.burst * self.rate_per_s / self.declared_per_s)

    def tokens(self, now_s: float) -> float:
        """Return how many tokens there are; fewer than none while more was spent than there was."""
        if self._at_s is not None:
            elapsed_s = max(0.0, now_s - self._at_s)
            self._tokens = min(self.capacity, self._tokens + elapsed_s * self.rate_per_s)
        self._at_s = now_s
        return self._tokens

    def wait_s(self, now_s: float, wanted: float = 1.0) -> float:
        """Return how long until so many tokens are there, or until the bucket is full if it cannot hold that many."""
        missing = min(max(1.0, wanted), self.capacity) - self.tokens(now_s)
        return 0.0 if missing <= _ALMOST else missing / self.rate_per_s

    def take(self, now_s: float) -> None:
        """Take a token, also one that is not there yet: whoever comes next waits for it."""
        self.tokens(now_s)
        self._tokens -= 1

    def put_back(self, now_s: float) -> None:
        """Return a token that was not used."""
        self.fill(now_s, self.tokens(now_s) + 1)

    def fill(self, now_s: float, tokens: float) -> None:
        """Let there be so many tokens from now on, as far as they fit and short of a debt beyond a whole bucket."""
        self._tokens, self._at_s = min(self.capacity, max(-float(self.burst), tokens)), now_s

    def set_rate(self, now_s: float, rate_per_s: float) -> None:
        """Let tokens come back at another rate from now on, never above the declared one."""
        tokens = self.tokens(now_s)
        self.rate_per_s = min(self.declared_per_s, rate_per_s)
        self.fill(now_s, tokens)

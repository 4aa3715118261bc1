"""How much may an account ask?  Twilio counts reads and writes apart, and answers 429 beyond."""


class TokenBucket:
    """Lets through `per_s` requests a second on average, and bursts of a second's worth."""

    def __init__(self, per_s: float) -> None:
        self._per_s = per_s
        self._size = max(1.0, per_s)
        self._tokens = self._size
        self._filled_at = 0.0

    def take(self, now: float) -> bool:
        """Take a token; False when there is none left."""
        self._tokens = min(self._size, self._tokens + (now - self._filled_at) * self._per_s)
        self._filled_at = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

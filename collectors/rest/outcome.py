"""What did a request come to, as far as the next one is concerned?"""

from enum import StrEnum


class Outcome(StrEnum):
    """How a request ended.  What Twilio thinks of its content is another matter: a 404 is an answer."""

    ANSWERED = "answered"  # Twilio is there and knows us: 2xx, 3xx, and 4xx but for the two below
    UNAUTHORIZED = "unauthorized"  # 401 to every key that we have
    THROTTLED = "throttled"  # 429
    SERVER = "server"  # 5xx
    TIMEOUT = "timeout"
    NETWORK = "network"
    ABANDONED = "abandoned"  # whoever asked went away before the answer came

    @property
    def is_failure(self) -> bool:
        """Whether it looks as if nobody were there."""
        return self in (Outcome.SERVER, Outcome.TIMEOUT, Outcome.NETWORK)

    @property
    def is_drop(self) -> bool:
        """Whether it looks as if too much were under way."""
        return self in (Outcome.THROTTLED, Outcome.TIMEOUT)

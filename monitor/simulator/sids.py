"""Where do made-up identifiers come from?

A SID is two letters and 32 hexadecimal digits.  These are hashes of a seed and a counter, so the same seed always
names the same things, and asking for one more SID never disturbs the dice that decide what people do.
"""

import hashlib
from collections import Counter


def hex_digits(*parts: object, length: int = 32) -> str:
    """Return `length` hexadecimal digits that depend on nothing but `parts`."""
    text = ":".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:length]


class Sids:
    """An endless supply of SIDs, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._made: Counter[str] = Counter()

    def new(self, prefix: str) -> str:
        """Return a SID that starts with `prefix` and was never given out before."""
        self._made[prefix] += 1
        return prefix + hex_digits(self._seed, prefix, self._made[prefix])

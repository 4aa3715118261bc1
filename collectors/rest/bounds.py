"""What can be believed of a number that was saved by somebody else, some time ago?"""

from math import isfinite


def within(value: float, lowest: float, highest: float, *, otherwise: float) -> float:
    """Return the number, moved into its bounds; what is no number at all becomes `otherwise`."""
    return min(max(value, lowest), highest) if isfinite(value) else otherwise

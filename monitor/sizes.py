"""How is a number of bytes written for people?"""

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def in_words(size_bytes: float) -> str:
    """Return a size with its unit, to three digits."""
    unit = 0
    while size_bytes >= 999.5 and unit < len(_UNITS) - 1:
        size_bytes /= 1000
        unit += 1
    return f"{size_bytes:.3g} {_UNITS[unit]}"

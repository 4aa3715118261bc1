"""How are numbers said to a person?"""

from collections.abc import Sequence

NAMED = 2  # people who are named before the rest is counted


def percent(ratio: float) -> str:
    """Return a share as people say it: `12 %`, `0.1 %`."""
    value = ratio * 100
    return f"{value:.0f} %" if value >= 10 else f"{value:.1f} %"


def duration(seconds: float) -> str:
    """Return a length of time: `40 s`, `4 min`."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def bitrate(bps: float) -> str:
    """Return a bitrate: `180 kbit/s`."""
    return f"{bps / 1000:.0f} kbit/s"


def people(names: Sequence[str]) -> str:
    """Return who: `Bob`, `Bob and Carol`, `Bob, Carol and 3 others`."""
    if len(names) > NAMED + 1:
        return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} others"
    *first, last = names or ("nobody",)
    return f"{', '.join(first)} and {last}" if first else last

"""What does a call look like on a computer that is too slow for it?

The network is as good as ever: nothing is lost, nothing is late.  But fewer frames are encoded, in a smaller picture,
and fewer of those that arrive are decoded in time.
"""

from dataclasses import dataclass
from typing import Any

STUTTERS_BELOW_RATIO = 0.6  # a decoder that keeps up with fewer frames than this shows pictures that freeze


@dataclass(frozen=True, slots=True)
class Strain:
    """How little of the work a computer gets done: the share of the frames that it encodes and decodes."""

    frames_ratio: float


def encoded(stats: dict[str, Any], strain: Strain | None) -> dict[str, Any]:
    """Return the `up` half of a media_stats event as a strained computer sends it."""
    if strain is None or "fps" not in stats:
        return stats
    share = strain.frames_ratio
    return stats | {
        "fps": round(stats["fps"] * share, 1),
        "width": stats["width"] // 2,
        "height": stats["height"] // 2,
        "bitrate_bps": round(stats["bitrate_bps"] * (0.3 + 0.7 * share)),  # a frame that is rarer is also larger
        "limited_by": "cpu",
    }


def decoded(stats: dict[str, Any], strain: Strain | None, interval_s: float) -> dict[str, Any]:
    """Return the `down` half of a media_stats event as a strained computer plays it."""
    if strain is None or "fps" not in stats:
        return stats
    stutters = int(max(0.0, STUTTERS_BELOW_RATIO - strain.frames_ratio) * interval_s)
    return stats | {"fps": round(stats["fps"] * strain.frames_ratio, 1), "freezes": stats["freezes"] + stutters}

"""How good is a link, and what does a call look like over it?

A path is one direction of a link in four numbers: loss, jitter, round trip and bandwidth.  Everything a browser
reports about media follows from them, so the level and the statistics never contradict each other: a path that loses
a tenth of its packets has a low level *and* a low bitrate *and* few frames per second.

Nothing here keeps state or rolls dice.  What makes a healthy line look alive is `wobble`, a slow wave that depends on
the participant's phase and the time.
"""

from collections.abc import Collection
from dataclasses import dataclass
from math import hypot, sin
from typing import Any

AUDIO_BPS = 40_000.0
VIDEO_BPS = 900_000.0
DOWNLINK_BPS = 4_000_000.0  # Twilio sends no subscriber more than this


@dataclass(frozen=True, slots=True)
class Path:
    """One direction of a link."""

    loss_ratio: float
    jitter_ms: float
    rtt_ms: float
    bandwidth_bps: float


@dataclass(frozen=True, slots=True)
class Link:
    """Both directions of a participant's connection to Twilio's media server."""

    up: Path
    down: Path


@dataclass(frozen=True, slots=True)
class Impairment:
    """What a trouble does to a path: it adds loss, jitter and delay, and leaves so much bandwidth."""

    loss_ratio: float = 0.0
    jitter_ms: float = 0.0
    rtt_ms: float = 0.0
    bandwidth_bps: float = float("inf")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong with a participant's link; None means that this direction is as good as ever."""

    up: Impairment | None = None
    down: Impairment | None = None


# The worst a path may be and still deserve the level: loss, jitter in ms, round trip in ms, bandwidth in bit/s.
# Twilio publishes what the levels mean but not where they begin: these limits are our own, meant to be plausible.
LEVELS: tuple[tuple[int, Path], ...] = (
    (5, Path(0.01, 20.0, 150.0, 1_000_000.0)),
    (4, Path(0.03, 30.0, 250.0, 700_000.0)),
    (3, Path(0.05, 50.0, 350.0, 400_000.0)),
    (2, Path(0.08, 80.0, 500.0, 250_000.0)),
    (1, Path(0.30, 400.0, 1500.0, 40_000.0)),
)

# What an encoder makes of a bitrate: at least so many bit/s of video, then width, height and frames per second.
LADDER: tuple[tuple[float, int, int, int], ...] = (
    (600_000.0, 640, 360, 24),
    (300_000.0, 480, 270, 20),
    (150_000.0, 320, 180, 15),
    (60_000.0, 320, 180, 10),
    (0.0, 160, 90, 5),
)


def path_level(path: Path) -> int:
    """Return Twilio's network quality level, 0 to 5, of one direction."""
    for level, worst in LEVELS:
        if _is_no_worse(path, worst):
            return level
    return 0


def link_level(link: Link) -> int:
    """Return the level of a link: as with Twilio, the smallest of its parts."""
    return min(path_level(link.up), path_level(link.down))


def seen_level(subject: int, reporter: int) -> int:
    """Return the level a reporter is shown of somebody else.

    A reporter on a bad link sees everybody one level lower: what reaches it has crossed its own bad link as well.
    """
    return max(subject - 1, 0) if reporter <= 2 else subject


def link_at(link: Link, trouble: Trouble | None, phase: float, at: float) -> Link:
    """Return `link` as it is at `at`, with its natural wobble and with what `trouble` does to it."""
    factor = 1.0 + 0.15 * wobble(phase, at)
    up, down = _wobbled(link.up, factor), _wobbled(link.down, factor)
    if trouble is None:
        return Link(up, down)
    return Link(_worsened(up, trouble.up), _worsened(down, trouble.down))


def wobble(phase: float, at: float) -> float:
    """Return a slow wave between -1 and 1."""
    return 0.6 * sin(at / 41.0 + phase) + 0.4 * sin(at / 17.0 + 2.0 * phase)


def sent(path: Path, *, video: bool) -> dict[str, Any]:
    """Return the `up` half of a media_stats event for a participant whose uplink is `path`."""
    useful_bps = path.bandwidth_bps * max(0.0, 1.0 - 2.0 * path.loss_ratio)
    video_bps = max(0.0, min(VIDEO_BPS, useful_bps - AUDIO_BPS)) if video else 0.0
    stats: dict[str, Any] = {
        "loss_ratio": round(path.loss_ratio, 4),
        "jitter_ms": round(path.jitter_ms, 1),
        "bitrate_bps": round(min(AUDIO_BPS, useful_bps) + video_bps),
    }
    if video:
        _, width, height, fps = _rung(video_bps)
        limited_by = "bandwidth" if video_bps < VIDEO_BPS else "none"
        stats |= {"fps": fps, "width": width, "height": height, "limited_by": limited_by}
    return stats


@dataclass(frozen=True, slots=True)
class Way:
    """What media have been through before they reach the media server: their publishers' uplinks, all together."""

    loss_ratio: float = 0.0
    jitter_ms: float = 0.0


def way_of(uplinks: Collection[tuple[Path, float]]) -> Way:
    """Return the way of all that is offered, where each uplink carries so many bit/s."""
    total_bps = sum(bps for _, bps in uplinks)
    if not total_bps:
        return Way()
    lost = sum(path.loss_ratio * bps for path, bps in uplinks) / total_bps
    return Way(lost, max(path.jitter_ms for path, _ in uplinks))  # a browser tells of its worst track


def received(path: Path, offered_bps: float, videos: int, interval_s: float, way: Way | None = None) -> dict[str, Any]:
    """Return the `down` half of a media_stats event where others offer `offered_bps` and so many videos.

    The media server forwards what it gets: what was lost on the `way` to it is missing at the receiver, too.
    """
    way = way or Way()
    useful_bps = min(DOWNLINK_BPS, path.bandwidth_bps * max(0.0, 1.0 - 2.0 * path.loss_ratio))
    stats: dict[str, Any] = {
        "loss_ratio": round(1.0 - (1.0 - path.loss_ratio) * (1.0 - way.loss_ratio), 4),
        "jitter_ms": round(hypot(path.jitter_ms, way.jitter_ms), 1),
        "bitrate_bps": round(min(offered_bps, useful_bps)),
    }
    if videos:
        stats |= {"fps": _rung(min(offered_bps, useful_bps) / videos)[3], "freezes": _freezes(path, interval_s)}
    return stats


def level_stats(link: Link) -> dict[str, Any]:
    """Return the object the SDK hands out beside a level at verbosity 3.  Its latencies are in seconds."""
    media = {
        "send": path_level(link.up),
        "recv": path_level(link.down),
        "sendStats": _partial_stats(link.up),
        "recvStats": _partial_stats(link.down),
    }
    return {"level": link_level(link), "audio": media, "video": media}


def _partial_stats(path: Path) -> dict[str, Any]:
    level = path_level(path)
    actual_bps = min(path.bandwidth_bps, VIDEO_BPS + AUDIO_BPS)
    return {
        "bandwidth": {"actual": round(actual_bps), "available": round(path.bandwidth_bps), "level": level},
        "fractionLost": {"fractionLost": round(path.loss_ratio, 4), "level": level},
        "latency": {"jitter": round(path.jitter_ms / 1000, 4), "rtt": round(path.rtt_ms / 1000, 4), "level": level},
    }


def _is_no_worse(path: Path, worst: Path) -> bool:
    return (
        path.loss_ratio <= worst.loss_ratio
        and path.jitter_ms <= worst.jitter_ms
        and path.rtt_ms <= worst.rtt_ms
        and path.bandwidth_bps >= worst.bandwidth_bps
    )


def _wobbled(path: Path, factor: float) -> Path:
    return Path(path.loss_ratio * factor, path.jitter_ms * factor, path.rtt_ms * factor, path.bandwidth_bps / factor)


def _worsened(path: Path, by: Impairment | None) -> Path:
    if by is None:
        return path
    return Path(
        min(1.0, path.loss_ratio + by.loss_ratio),
        path.jitter_ms + by.jitter_ms,
        path.rtt_ms + by.rtt_ms,
        min(path.bandwidth_bps, by.bandwidth_bps),
    )


def _rung(video_bps: float) -> tuple[float, int, int, int]:
    return next(rung for rung in LADDER if video_bps >= rung[0])


def _freezes(path: Path, interval_s: float) -> int:
    """Frames freeze once a twentieth of the packets is gone, two times in ten seconds for each tenth beyond."""
    return int(max(0.0, path.loss_ratio - 0.05) * 2.0 * interval_s)

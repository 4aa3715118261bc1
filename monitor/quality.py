"""How well did a call go for somebody at one moment, and what was the worst of it?

A score from 1 to 4.5, like a mean opinion score.  Each direction of somebody's media has an audio part, which is the
E-model (`monitor.emodel`), and where there is video a video part, which takes points for the picture as well.  The
worse part is the score of the direction, and the worse direction is the score of the moment: a good picture does not
make up for a bad voice, nor being heard for not hearing.

What is not known takes no points, and is named in `unknown`.  So a score is *at most*: with unknown parts a bad score
is a proof, and a good one is a hint.  Where nothing is known, or a number cannot be (negative, infinite, a ratio above
one), there is no score.

The points of the picture are ours.  What may just as well be a still screen that is shared, few frames and few bits,
never makes a moment bad by itself.
"""

from collections.abc import Iterator
from math import inf
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from collectors.observations import Direction, MediaStats
from monitor.emodel import ASSUMED, BEST_R, VIDEO, Codec, codec_named, delay_points, loss_points, mos

WELL_R = 80.0  # "satisfied" in G.107 Annex B, a score of 4.02: from here on nothing is named as the reason

PACKET_MS = 20.0  # a packet holds that much sound, and cannot be sent before it is full
BUFFERED_JITTERS = 2.0  # how much of its jitter a jitter buffer waits for, as a rule

FREEZE_POINTS, FREEZES_HALF = 60.0, 12.0  # points at most, and freezes a minute that take half of them
SMOOTH_FPS, FRAMES_POINTS = 15.0, 20.0  # below it movement looks like steps; points at most
SHARP_BITS, BITRATE_POINTS = 0.5, 20.0  # bits a second for each pixel of the picture; points at most
LIMIT_POINTS = {  # in the words of WebRTC
    "none": 0.0,
    "cpu": 10.0,
    "bandwidth": 5.0,  # as a rule it is loss or delay as well, which is counted
    "other": 5.0,
}

_LIMIT_REASONS = {"cpu": "cpu", "bandwidth": "bandwidth", "other": "encoder"}
MOST_TOLD = 1e12  # more than any number here can mean; sums of it are still numbers
MINUTE_MS = 60_000.0

Medium = Literal["audio", "video"]
Way = Literal["up", "down"]


class AudioScore(Struct, frozen=True, gc=False):
    """How a voice would have fared; what each thing took is in points of R, None where it is not known.

    A codec that is not known is taken for Opus, which takes nothing by itself.
    """

    value: float
    reason: str | None
    loss: float | None
    delay: float | None
    jitter: float | None
    codec: float | None

    @property
    def unknown(self) -> Iterator[str]:
        """Name what is not known."""
        return (name for name in ("loss", "delay", "jitter", "codec") if getattr(self, name) is None)


class VideoScore(Struct, frozen=True, gc=False):
    """How a picture fared; what each thing took is in points of R, None where it is not known.

    Of `frames` and `bitrate` only the worse counts: a still screen has few of both.  What limits the encoder is known
    only where one sends.
    """

    value: float
    reason: str | None
    loss: float | None
    delay: float | None
    jitter: float | None
    freezes: float | None
    frames: float | None
    bitrate: float | None
    limit: float | None

    @property
    def unknown(self) -> Iterator[str]:
        """Name what is not known."""
        names = ("loss", "delay", "jitter", "freezes", "frames", "bitrate", "limit")
        return (name for name in names if getattr(self, name) is None)


class DirectionScore(Struct, frozen=True, gc=False):
    """One direction: the worse of its audio and, where there is any, its video."""

    value: float
    reason: str | None
    medium: Medium
    audio: AudioScore | None
    video: VideoScore | None

    @property
    def is_loss_known(self) -> bool:
        """Whether loss, the most frequent trouble, is known."""
        part = self.audio or self.video
        return part is not None and part.loss is not None


class Score(Struct, frozen=True, gc=False):
    """One moment of somebody: the worse of what is sent (`up`), which others get, and what is received (`down`).

    `reason` is loss, delay, jitter, codec, freezes, frames, bitrate, cpu, bandwidth or encoder; None where all is well.
    """

    value: float
    reason: str | None
    way: Way
    up: DirectionScore | None
    down: DirectionScore | None

    @property
    def medium(self) -> Medium:
        """Return what was worst, the sound or the picture."""
        worst = self.up if self.way == "up" else self.down
        return "audio" if worst is None else worst.medium

    @property
    def unknown(self) -> tuple[str, ...]:
        """Name what is not known: `down`, or `up.audio.loss`."""
        return tuple(name for way in ("up", "down") for name in _unknown(way, getattr(self, way)))

    @property
    def is_loss_known(self) -> bool:
        """Whether a good score is more than a hint: loss is known one way at least."""
        return any(each is not None and each.is_loss_known for each in (self.up, self.down))


class _Absurd(ValueError):
    """A number that cannot be."""


class _Path(Struct, gc=False):
    """The network as both parts see it: a loss ratio, and the points that delay takes, with their shares."""

    loss_ratio: float | None
    points: float
    delay: float | None
    jitter: float | None


# --- scores -----------------------------------------------------------------------------------------------


def score_of(media: MediaStats, codec: str | None = None) -> Score | None:
    """Return the score of one sample, or None where it tells nothing, or a number in it cannot be.

    Args:
        media: what a browser said of its media.
        codec: the audio codec, where known.
    """
    named = codec_named(codec)
    up, down = media.up, media.down
    if up is None and down is None:
        up = Direction()  # the round trip is measured on what is sent
    try:
        rtt_ms, interval_ms = _told(media.rtt_ms), _told(media.interval_ms)
        sent = None if up is None else _direction(rtt_ms, up, interval_ms, named)
        got = None if down is None else _direction(rtt_ms, down, interval_ms, named)
    except _Absurd:
        return None
    if sent is not None and (got is None or sent.value <= got.value):
        return Score(sent.value, sent.reason, "up", sent, got)
    return None if got is None else Score(got.value, got.reason, "down", sent, got)


def audio_score(
    rtt_ms: float | None, jitter_ms: float | None, loss_ratio: float | None, codec: str | None = None
) -> AudioScore | None:
    """Return how a voice would fare, or None where nothing is known or a number cannot be."""
    try:
        path = _path(_told(rtt_ms), _told(jitter_ms), _told_ratio(loss_ratio))
    except _Absurd:
        return None
    return None if path is None else _audio(path, codec_named(codec))


def video_score(rtt_ms: float | None, picture: Direction, interval_ms: float | None = None) -> VideoScore | None:
    """Return how a picture fared, or None where nothing is known of one, or a number cannot be."""
    try:
        rtt_ms, jitter_ms, loss_ratio = _told(rtt_ms), _told(picture.jitter_ms), _told_ratio(picture.loss_ratio)
        return _video(_path(rtt_ms, jitter_ms, loss_ratio), picture, _told(interval_ms))
    except _Absurd:
        return None


def is_idle(direction: Direction) -> bool:
    """Whether nothing flows, and nothing was lost that should have."""
    lost = direction.loss_ratio
    return direction.bitrate_bps == 0 and not (lost is not None and lost > 0)


def _direction(
    rtt_ms: float | None, direction: Direction, interval_ms: float | None, codec: Codec | None
) -> DirectionScore | None:
    path = _path(rtt_ms, _told(direction.jitter_ms), _told_ratio(direction.loss_ratio))
    video = _video(path, direction, interval_ms)
    audio = None if path is None else _audio(path, codec)
    if is_idle(direction):
        return None
    if video is not None and (audio is None or video.value < audio.value):
        return DirectionScore(video.value, video.reason, "video", audio, video)
    return None if audio is None else DirectionScore(audio.value, audio.reason, "audio", audio, video)


def _audio(path: _Path, codec: Codec | None) -> AudioScore:
    used = codec or ASSUMED
    loss = None if path.loss_ratio is None else loss_points(path.loss_ratio, used)
    r = _rating(path.points + used.ie + (loss or 0.0))
    score = AudioScore(mos(r), None, loss, path.delay, path.jitter, codec.ie if codec else None)
    return score if r >= WELL_R else replace(score, reason=_worst(score, ("loss", "delay", "jitter", "codec")))


def _video(path: _Path | None, picture: Direction, interval_ms: float | None) -> VideoScore | None:
    freezes = _freeze_points(_told(picture.freezes), interval_ms)
    frames = _frames_points(_told(picture.fps))
    bitrate = _bitrate_points(_told(picture.bitrate_bps), _told(picture.width), _told(picture.height))
    limit = None if picture.limited_by is None else LIMIT_POINTS.get(picture.limited_by)
    if freezes is None and frames is None and bitrate is None and limit is None:
        return None
    path = path or _NO_PATH
    loss = None if path.loss_ratio is None else loss_points(path.loss_ratio, VIDEO)
    still = bitrate if frames is None or (bitrate is not None and bitrate > frames) else frames
    r = _rating(path.points + (loss or 0.0) + (freezes or 0.0) + (still or 0.0) + (limit or 0.0))
    score = VideoScore(mos(r), None, loss, path.delay, path.jitter, freezes, frames, bitrate, limit)
    return score if r >= WELL_R else replace(score, reason=_video_reason(score, picture.limited_by))


def _video_reason(score: VideoScore, limited_by: str | None) -> str:
    """Return the word of what took most; of an encoder that is held back it says by what."""
    worst = _worst(score, ("loss", "delay", "jitter", "freezes", "limit", "frames", "bitrate"))
    is_encoder = worst in ("limit", "frames", "bitrate")
    return _LIMIT_REASONS[limited_by] if is_encoder and limited_by in _LIMIT_REASONS else worst


# --- points -----------------------------------------------------------------------------------------------


def _path(rtt_ms: float | None, jitter_ms: float | None, loss_ratio: float | None) -> _Path | None:
    """Return what the network does, or None where nothing is known of it.

    The points of the whole delay are shared by how much of it is the way and how much waits for jitter.
    """
    if rtt_ms is None and jitter_ms is None and loss_ratio is None:
        return None
    waiting_ms = BUFFERED_JITTERS * (jitter_ms or 0.0)
    one_way_ms = PACKET_MS + (rtt_ms or 0.0) / 2.0 + waiting_ms
    points = delay_points(one_way_ms)
    waiting = points * waiting_ms / one_way_ms
    return _Path(
        loss_ratio, points, None if rtt_ms is None else points - waiting, None if jitter_ms is None else waiting
    )


_NO_PATH = _Path(None, delay_points(PACKET_MS), None, None)


def _freeze_points(freezes: float | None, interval_ms: float | None) -> float | None:
    """Return what freezes take; how many are many cannot be told without an interval, but none is none."""
    if not freezes:
        return freezes
    if not interval_ms:
        return None
    a_minute = freezes * MINUTE_MS / interval_ms
    return FREEZE_POINTS * (1.0 - FREEZES_HALF / (a_minute + FREEZES_HALF))


def _frames_points(fps: float | None) -> float | None:
    if fps is None:
        return None
    return FRAMES_POINTS * (1.0 - fps / SMOOTH_FPS) if fps < SMOOTH_FPS else 0.0


def _bitrate_points(bitrate_bps: float | None, width: float | None, height: float | None) -> float | None:
    """Return what a picture takes that has too few bits for its size."""
    if bitrate_bps is None or not width or not height:
        return None
    enough_bps = SHARP_BITS * width * height
    return BITRATE_POINTS * (1.0 - bitrate_bps / enough_bps) if bitrate_bps < enough_bps else 0.0


def _rating(points: float) -> float:
    """Return R in steps of a thousandth; the cubic goes up from one to the next, whatever rounding does to it."""
    return (BEST_R - points) * 1_000.0 // 1.0 / 1_000.0


def _worst(score: AudioScore | VideoScore, names: tuple[str, ...]) -> str:
    """Return what took most; of two that took the same, the one that is named first."""
    points = [getattr(score, name) or 0.0 for name in names]
    return names[points.index(max(points))]


# --- numbers ----------------------------------------------------------------------------------------------


def _told(value: float | None) -> float | None:
    """Return a number as it was told, None where it is not known.

    Raises:
        _Absurd: it is negative or infinite.
    """
    if value is None or 0 <= value <= MOST_TOLD:
        return value
    if value != value:  # noqa: PLR0124 - how a number says that it is none
        return None
    if value < 0 or value == inf:
        raise _Absurd
    return MOST_TOLD


def _told_ratio(value: float | None) -> float | None:
    if value is None or 0 <= value <= 1:
        return value
    if value != value:  # noqa: PLR0124 - how a number says that it is none
        return None
    raise _Absurd


def _unknown(way: str, scored: DirectionScore | None) -> Iterator[str]:
    if scored is None:
        yield way
        return
    for medium, part in (("audio", scored.audio), ("video", scored.video)):
        if part is not None:
            yield from (f"{way}.{medium}.{name}" for name in part.unknown)

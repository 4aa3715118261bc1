"""How much of a conversation does a network leave over, on the scale that telephony uses?

The E-model of ITU-T G.107, narrowband: a perfect line begins with a rating R of 93.2, each trouble takes *points* away
from it, and a cubic turns what is left into a mean opinion score (MOS).  Of the delay it is the simplification by Cole
and Rosenbluth.

Most published scores of calls are wrong by a unit, a sign or a missing bound, so here every name carries its unit, loss
is a ratio outside and becomes percent in one place, and nothing leaves its bounds.
"""

from collections.abc import Mapping

from msgspec import Struct

BEST_R = 93.2  # the rating of a line without delay or loss, with the defaults of G.107
WORST_MOS, BEST_MOS = 1.0, 4.5

ALL_POINTS = 95.0  # points that loss takes when nothing arrives any more
DELAY_POINTS_A_MS, NOTICED_POINTS_A_MS = 0.024, 0.11  # the second for what is beyond `NOTICED_MS`
NOTICED_MS = 177.3  # from here on people begin to talk into each other


class Codec(Struct, frozen=True):
    """How a codec takes loss.

    `ie` is how many points it costs by itself, `bpl` the percentage of loss that takes half of the others.
    """

    name: str
    ie: float
    bpl: float
    source: str


_G113 = "ITU-T G.113 Appendix I, G.711 with packet loss concealment"

CODECS: Mapping[str, Codec] = {
    codec.name: codec
    for codec in (
        # There is no ITU value for Opus.  It sounds no worse than G.711, and a browser conceals its losses no worse, so
        # it gets the same constants; with forward error correction it does better.
        Codec("opus", 0.0, 25.1, "ours: taken to be no worse than G.711 with concealment"),
        Codec("pcmu", 0.0, 25.1, _G113),  # browsers conceal losses whatever the codec is
        Codec("pcma", 0.0, 25.1, _G113),
        Codec("g729", 11.0, 19.0, "ITU-T G.113 Appendix I, G.729A with voice activity detection"),
        # A lost packet of video may spoil a picture until it is sent again: a little worse than for a voice.
        Codec("video", 0.0, 20.0, "ours: a quarter more sensitive than a voice"),
    )
}
ASSUMED = CODECS["opus"]  # what Twilio's rooms speak unless an application asks for something else
VIDEO = CODECS["video"]


def codec_named(name: str | None) -> Codec | None:
    """Return a codec by its name or media type (`opus`, `audio/PCMU`), or None where it is not in the table."""
    return None if name is None else CODECS.get(name.lower().rpartition("/")[2])


def mos(r: float) -> float:
    """Return the mean opinion score of a rating.

    Below 6.52 the cubic is less than one, and lowest at about three: without the bound a call would seem to get better
    there while it gets worse.  Outside of 0 to 100 it turns round altogether.
    """
    if r <= 0:
        return WORST_MOS
    if r >= 100:
        return BEST_MOS
    opinion = 1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6
    return opinion if opinion > WORST_MOS else WORST_MOS  # noqa: FURB136 - `max` takes as long as all of the rest


def delay_points(one_way_ms: float) -> float:
    """Return what a delay from mouth to ear takes; that is one way with all buffers, not the round trip."""
    points = DELAY_POINTS_A_MS * one_way_ms
    return points + NOTICED_POINTS_A_MS * (one_way_ms - NOTICED_MS) if one_way_ms > NOTICED_MS else points


def loss_points(loss_ratio: float, codec: Codec) -> float:
    """Return what random loss takes; with the codec's own points that is G.107's Ie,eff."""
    loss_percent = 100.0 * loss_ratio
    # That is (95 - Ie) Ppl / (Ppl + Bpl), written so that rounding cannot make more loss cost less.
    return (ALL_POINTS - codec.ie) * (1.0 - codec.bpl / (loss_percent + codec.bpl))

"""What does every field of a telemetry post mean, in which unit, and what is the case where it is left out?

The data dictionary of the wire.  The published schema carries these sentences as descriptions and `docs/telemetry.md`
as tables; a test holds both to the types that decode.  A field that has no word here on being left out is then unknown.
"""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from collectors.observations import (
    ClientInfo,
    Connection,
    Device,
    Direction,
    DirectionSeries,
    Feedback,
    MediaStats,
    MediaStatsSeries,
    NetworkQuality,
    NetworkQualitySeries,
    Preflight,
    SdkInfo,
    Speaker,
    Track,
)
from collectors.telemetry import Post


class Described(NamedTuple):
    """What a JSON object is, and what its fields mean, by their names on the wire."""

    meaning: str
    fields: Mapping[str, str]


_AT = "When, by the client's own clock: whole milliseconds since 1970, UTC."
_SUBJECT = "SID of the participant that it is about, never an identity; left out, it is about the reporter."
_CODE = "Twilio's error code, for example 53405; left out where there was no error."


def _columns(rows: Described, meaning: str, **others: str) -> Described:
    """Return how the columns of several `rows` are described; `others` are no plain columns."""
    fields = {name: f"Of each moment: {said}" for name, said in rows.fields.items()}
    return Described(meaning, fields | others)


_POST = Described(
    "What one participant saw, in one request.",
    {
        "v": "Version of this format.",
        "session": "Names this client during this call, and nothing else: a fresh UUID.",
        "seq": "Number of the post in its session; a post with a session and seq that came before is stored once.",
        "sent_at": "When this attempt is sent, by the client's own clock: whole milliseconds since 1970, UTC.",
        "room_sid": "SID of the room; this or `room_name` is required.",
        "room_name": "Unique name of the room; this or `room_sid` is required.",
        "participant_sid": "SID of the reporter; this or `identity` is required.",
        "identity": "Identity of the reporter, as in the access token; this or `participant_sid` is required.",
        "sdk": "The Twilio SDK that the reporter runs.",
        "client": "The program that sends telemetry, and what it knows of its surroundings.",
        "dropped": "How many events this session has had to throw away so far; left out, none.",
        "events": "What was seen, in the order in which it was seen.",
    },
)
_NETWORK_QUALITY = Described(
    "The network quality level of a participant, as Twilio tells it; sent when it changes.",
    {
        "at": _AT,
        "level": "0 (broken) to 5 (excellent); -1 and null mean unknown, which is not 0.",
        "subject": _SUBJECT,
        "stats": "The stats object of twilio-video.js as it came, latencies in seconds and all; no other SDK has one.",
    },
)
_DIRECTION = Described(
    "One direction of the reporter's media during the interval.",
    {
        "loss_ratio": "Share of the packets that were lost, 0 to 1: no percentage, no count.",
        "jitter_ms": "Jitter of the worst track, in milliseconds.",
        "bitrate_bps": "Bits, not bytes, a second; all tracks together.",
        "fps": "Frames a second of the largest picture that moves.",
        "width": "Width of that picture, in pixels.",
        "height": "Height of that picture, in pixels.",
        "freezes": "How often pictures froze during the interval.",
        "limited_by": "What holds the encoder back, in WebRTC's words: none, cpu, bandwidth, other.",
    },
)
_MEDIA_STATS = Described(
    "How the reporter's media did during an interval; send one about every ten seconds.",
    {
        "at": "End of the interval, by the client's own clock: whole milliseconds since 1970, UTC.",
        "interval_ms": "Length of the interval, in milliseconds.",
        "rtt_ms": "Round trip to Twilio on the worst track, in milliseconds.",
        "up": "What the reporter sends.",
        "down": "What the reporter receives.",
    },
)

DICTIONARY: Mapping[type[Struct], Described] = {
    Post: _POST,
    NetworkQuality: _NETWORK_QUALITY,
    MediaStats: _MEDIA_STATS,
    Direction: _DIRECTION,
    Connection: Described(
        "The connection of a participant to the room changed.",
        {
            "at": _AT,
            "state": "What it is now.",
            "code": _CODE,
            "subject": _SUBJECT,
        },
    ),
    Track: Described(
        "Something happened to a track.",
        {
            "at": _AT,
            "state": "What happened: published, unpublished, switched_off, switched_on, subscription_failed, …",
            "track_sid": "SID of the track.",
            "kind": "audio, video or data.",
            "subject": "SID of the participant whose track it is; left out, it is the reporter's.",
            "code": _CODE,
        },
    ),
    Device: Described(
        "The reporter's microphone or camera could not be had.",
        {
            "at": _AT,
            "error": "The name of the browser's error: NotAllowedError, NotFoundError, NotReadableError and the like.",
            "kind": "audio or video; left out where both were asked for.",
        },
    ),
    Speaker: Described(
        "The dominant speaker changed.",
        {
            "at": _AT,
            "subject": "SID of the participant who speaks; left out, nobody does.",
        },
    ),
    Feedback: Described(
        "A person rated the call.",
        {
            "at": _AT,
            "rating": "1 (worst) to 5.",
            "text": "What the person wrote.",
        },
    ),
    Preflight: Described(
        "What a test before the call found.",
        {
            "at": _AT,
            "report": "The report of twilio-video.js's `runPreflight` as it came, but without the addresses in it.",
        },
    ),
    NetworkQualitySeries: _columns(
        _NETWORK_QUALITY,
        "Several `network_quality`, as columns.",
        at="The moments, by the client's own clock: whole milliseconds since 1970, UTC.",
    ),
    MediaStatsSeries: _columns(
        _MEDIA_STATS,
        "Several `media_stats`, as columns.",
        at="The ends of the intervals, by the client's own clock: whole milliseconds since 1970, UTC.",
        up="Columns of what the reporter sends.",
        down="Columns of what the reporter receives.",
    ),
    DirectionSeries: _columns(_DIRECTION, "One direction of the reporter's media, as columns."),
    SdkInfo: Described(
        "The Twilio SDK that the reporter runs.",
        {
            "name": "twilio-video.js, twilio-video-ios, twilio-video-android and the like.",
            "version": "Its version.",
        },
    ),
    ClientInfo: Described(
        "The program that sends telemetry, and what it knows of its surroundings.",
        {
            "name": "The program, for example the name of the application.",
            "version": "Its version.",
            "browser": "Browser and main version; an application may name itself.",
            "os": "Operating system, with its main version.",
            "network": "Kind of network: wifi, cellular, ethernet and the like.",
            "edge": "Where signaling enters Twilio's cloud, by the SDK's word: us1, ie1 and the like.",
        },
    ),
}

"""What does a browser say of itself, and of those it sees?

The words of `POST /v1/telemetry`, as they are once decoded: *observations*, which travel in a `TelemetryBatch` that
knows the reporter.  They are frozen, and each carries its unit in its name.  All times are milliseconds since the
epoch, UTC.  `None` means "not known", never zero.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import repeat
from typing import Annotated

from msgspec import Meta, Raw, Struct, field
from msgspec.structs import asdict, astuple

Ratio = Annotated[float, Meta(ge=0, le=1)]
NonNegative = Annotated[float, Meta(ge=0)]
Count = Annotated[int, Meta(ge=0)]
AtMs = Annotated[int, Meta(ge=1_000_000_000_000, le=4_102_444_800_000)]  # 2001 to 2100: no seconds, no microseconds
Level = Annotated[int, Meta(ge=-1, le=5)]  # -1 is how the mobile SDKs say "unknown"
Sid = Annotated[str, Meta(min_length=34, max_length=34)]
Name = Annotated[str, Meta(min_length=1, max_length=128)]  # Twilio's own limit for names and identities
Word = Annotated[str, Meta(max_length=64)]

NOTHING = Raw(b"null")  # a sealed JSON value that nobody sent


class _Strict(Struct, frozen=True, omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """What comes by the thousand.

    It cannot refer to itself, so the garbage collector need not look at it (`gc=False`).  A field that is not known
    here is an error to it: `collectors.telemetry` takes such fields out, and counts them, before it tries again.
    """


class _Seen(_Strict, frozen=True, tag_field="type"):
    """What was seen at a moment, or in a series of moments."""


class NetworkQuality(_Seen, frozen=True, tag="network_quality"):
    """`networkQualityLevelChanged` fired for `subject` (the reporter itself when None).

    `level` is Twilio's 0..5; -1 or None mean unknown.  `stats` is the SDK's own object as it came; its latencies
    are in seconds, unlike everything else here, which is why it stays sealed until somebody converts it.
    """

    at_ms: AtMs = field(name="at")
    level: Level | None = None
    subject: Sid | None = None
    stats: Raw = NOTHING


class Direction(_Strict, frozen=True):
    """One direction of a participant's media over the last interval; every field may be unknown."""

    loss_ratio: Ratio | None = None
    jitter_ms: NonNegative | None = None
    bitrate_bps: NonNegative | None = None
    fps: NonNegative | None = None
    width: Count | None = None
    height: Count | None = None
    freezes: Count | None = None
    limited_by: Word | None = None


class MediaStats(_Seen, frozen=True, tag="media_stats"):
    """What `getStats()` said of the reporter's media during the `interval_ms` that ended at `at_ms`."""

    at_ms: AtMs = field(name="at")
    interval_ms: Count | None = None
    rtt_ms: NonNegative | None = None
    up: Direction | None = None
    down: Direction | None = None


class ConnectionState(StrEnum):
    """The life of a reporter's connection to its room, in the SDK's words."""

    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    RECONNECTED = "reconnected"
    DISCONNECTED = "disconnected"


class Connection(_Seen, frozen=True, tag="connection"):
    """The connection of `subject` (the reporter itself when None) changed; `code` is Twilio's error, if any."""

    at_ms: AtMs = field(name="at")
    state: ConnectionState
    code: int | None = None
    subject: Sid | None = None


class Track(_Seen, frozen=True, tag="track"):
    """Something happened to a track: published, switched_off, subscription_failed, and the like."""

    at_ms: AtMs = field(name="at")
    state: Word
    track_sid: Word | None = None
    kind: Word | None = None
    subject: Sid | None = None
    code: int | None = None


class Speaker(_Seen, frozen=True, tag="speaker"):
    """The dominant speaker changed; None means that nobody speaks."""

    at_ms: AtMs = field(name="at")
    subject: Sid | None = None


class Device(_Seen, frozen=True, tag="device"):
    """The reporter's microphone or camera could not be had; `error` is the name of the browser's own error."""

    at_ms: AtMs = field(name="at")
    error: Word | None = None
    kind: Word | None = None


class Feedback(_Seen, frozen=True, tag="feedback"):
    """A person rated the call, 1 (worst) to 5."""

    at_ms: AtMs = field(name="at")
    rating: Annotated[int, Meta(ge=1, le=5)] | None = None
    text: Annotated[str, Meta(max_length=2000)] | None = None


class Preflight(_Seen, frozen=True, tag="preflight"):
    """The report of Twilio's `runPreflight`, as it came: its jitter is in seconds and its loss in percent."""

    at_ms: AtMs = field(name="at")
    report: Raw = NOTHING


# --- many of a kind, as columns ---------------------------------------------------------------------------


class NetworkQualitySeries(_Seen, frozen=True, tag="network_quality_series"):
    """Several `NetworkQuality`, as columns: each has a value for every moment of `at_ms`, or is left out."""

    at_ms: tuple[AtMs, ...] = field(name="at")
    level: tuple[Level | None, ...] = ()
    subject: tuple[Sid | None, ...] = ()
    stats: tuple[Raw, ...] = ()

    def rows(self) -> Iterator[NetworkQuality]:
        """Return them one by one."""
        levels, subjects = self.level or repeat(None), self.subject or repeat(None)
        return map(NetworkQuality, self.at_ms, levels, subjects, self.stats or repeat(NOTHING))


class DirectionSeries(_Strict, frozen=True):
    """The columns of several `Direction`."""

    loss_ratio: tuple[Ratio | None, ...] = ()
    jitter_ms: tuple[NonNegative | None, ...] = ()
    bitrate_bps: tuple[NonNegative | None, ...] = ()
    fps: tuple[NonNegative | None, ...] = ()
    width: tuple[Count | None, ...] = ()
    height: tuple[Count | None, ...] = ()
    freezes: tuple[Count | None, ...] = ()
    limited_by: tuple[Word | None, ...] = ()

    def rows(self) -> Iterator[Direction]:
        """Return them one by one; without an end where there is no column."""
        return map(Direction, *((column or repeat(None)) for column in astuple(self)))

    def row(self, index: int) -> Direction:
        """Return one of them."""
        return Direction(*(column[index] if column else None for column in astuple(self)))


class MediaStatsSeries(_Seen, frozen=True, tag="media_stats_series"):
    """Several `MediaStats`, as columns: each has a value for every moment of `at_ms`, or is left out."""

    at_ms: tuple[AtMs, ...] = field(name="at")
    interval_ms: tuple[Count | None, ...] = ()
    rtt_ms: tuple[NonNegative | None, ...] = ()
    up: DirectionSeries | None = None
    down: DirectionSeries | None = None

    def rows(self) -> Iterator[MediaStats]:
        """Return them one by one."""
        up, down = (each.rows() if each else repeat(None) for each in (self.up, self.down))
        intervals, rtts = self.interval_ms or repeat(None), self.rtt_ms or repeat(None)
        return map(MediaStats, self.at_ms, intervals, rtts, up, down)

    def row(self, index: int) -> MediaStats:
        """Return one of them."""
        interval_ms = self.interval_ms[index] if self.interval_ms else None
        rtt_ms = self.rtt_ms[index] if self.rtt_ms else None
        up, down = (each.row(index) if each else None for each in (self.up, self.down))
        return MediaStats(self.at_ms[index], interval_ms, rtt_ms, up, down)

    def latest(self) -> MediaStats:
        """Return the last of them in time; there must be one."""
        return self.row(max(range(len(self.at_ms)), key=self.at_ms.__getitem__))


Single = NetworkQuality | MediaStats | Connection | Track | Device | Speaker | Feedback | Preflight
Series = NetworkQualitySeries | MediaStatsSeries
Observation = Single | Series
SERIES = frozenset((NetworkQualitySeries, MediaStatsSeries))
SINGLES: dict[str, type[Single]] = {
    "network_quality": NetworkQuality,
    "media_stats": MediaStats,
    "connection": Connection,
    "track": Track,
    "device": Device,
    "speaker": Speaker,
    "feedback": Feedback,
    "preflight": Preflight,
}
OBSERVATIONS: dict[str, type[Observation]] = {
    **SINGLES,
    "network_quality_series": NetworkQualitySeries,
    "media_stats_series": MediaStatsSeries,
}


def unrolled(observations: Iterable[Observation]) -> Iterator[Single]:
    """Return the observations one by one, those of series in the place of their series."""
    for each in observations:
        # By its type: `isinstance` would ask a metaclass, and this is done for every sample there is.
        if type(each) is NetworkQualitySeries or type(each) is MediaStatsSeries:
            yield from each.rows()
        else:
            yield each  # type: ignore[misc]  # no series


def is_even(series: Series) -> bool:
    """Whether every column has a value for every moment, or is left out."""
    rows = len(series.at_ms)
    for value in astuple(series):
        columns = astuple(value) if type(value) is DirectionSeries else (value,)
        for column in columns:
            if column and len(column) != rows:
                return False
    return True


def uneven_column(series: Series) -> str | None:
    """Return the path of a column that has not a value for every moment, or None."""
    return next((path for path, column in _columns(series) if column and len(column) != len(series.at_ms)), None)


def _columns(series: Series | DirectionSeries, prefix: str = "") -> Iterator[tuple[str, tuple[object, ...]]]:
    for name, value in asdict(series).items():
        if isinstance(value, DirectionSeries):
            yield from _columns(value, f"{name}.")
        elif isinstance(value, tuple):
            yield f"{prefix}{name}", value


class SdkInfo(_Strict, frozen=True):
    """The Twilio SDK that the reporter runs."""

    name: Word | None = None
    version: Word | None = None


class ClientInfo(_Strict, frozen=True):
    """The telemetry client, and what it knows of its surroundings."""

    name: Word | None = None
    version: Word | None = None
    browser: Word | None = None
    os: Word | None = None
    network: Word | None = None
    edge: Word | None = None


class TelemetryBatch(Struct, frozen=True, tag="telemetry", tag_field="event", omit_defaults=True):
    """One accepted post of one reporter.

    At least one of `room_sid` and `room_name`, and one of `participant_sid` and `identity`, is known.
    `(session, seq)` names the post, so that a repeat can be told from news; None where a client does not number.
    The moments of the observations and `sent_at_ms` are by the client's clock: less `clock_offset_ms` they are by ours.
    """

    received_at_ms: int
    observations: tuple[Observation, ...]
    room_sid: str | None = None
    room_name: str | None = None
    participant_sid: str | None = None
    identity: str | None = None
    session: str | None = None
    seq: int | None = None
    sent_at_ms: int | None = None
    sdk: SdkInfo | None = None
    client: ClientInfo | None = None
    account_sid: str | None = None  # where the token tells
    dropped: int | None = None  # how many observations the client has had to throw away so far
    address: str | None = None  # where it came from, as far as that is kept: 203.0.113.0/24
    clock_offset_ms: int | None = None  # how far the client's clock is ahead; None: not more than delay may explain

    @property
    def dedup_key(self) -> str | None:
        """What makes a repeat of this post recognisable, or None where nothing does."""
        return None if self.session is None or self.seq is None else f"t:{self.session}:{self.seq}"

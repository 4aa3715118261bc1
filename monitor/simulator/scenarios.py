"""What can go wrong, by name?

A scenario is data: who gets into what trouble, when, and how Twilio itself behaves meanwhile.  All durations are in
seconds of a world that runs at the speed of ours; `at_speed` returns a scenario in which everything takes a fraction
of the time, while the stamps the world writes remain those of the wall clock.
"""

from dataclasses import dataclass, fields, is_dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

from monitor.simulator.link import Impairment, Trouble

Span = tuple[float, float]  # from, to
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Episode:
    """Something that begins `first_after_s` after the start, lasts, and comes again after a quiet time (None: once)."""

    first_after_s: float
    lasts_s: float = float("inf")
    quiet_s: float | None = None

    def is_on(self, elapsed_s: float) -> bool:
        """Whether it is on when the world is `elapsed_s` old."""
        into_s = elapsed_s - self.first_after_s
        if into_s < 0:
            return False
        return (into_s if self.quiet_s is None else into_s % (self.lasts_s + self.quiet_s)) < self.lasts_s


class Whom(StrEnum):
    """Who gets into a trouble."""

    ONE_PARTICIPANT = "one participant"
    ONE_REGION = "everybody in one media region"


@dataclass(frozen=True, slots=True)
class LinkTrouble:
    """Links go bad for a while."""

    whom: Whom
    trouble: Trouble
    when: Episode
    media_region: str = ""


@dataclass(frozen=True, slots=True)
class ReconnectStorm:
    """Many participants lose their connection at nearly the same moment; a few of them never get it back."""

    when: Episode
    share_ratio: float = 0.8
    spread_s: float = 2.0
    outage_s: Span = (3.0, 12.0)
    lost_ratio: float = 0.1
    codes: tuple[int, ...] = (53405, 53001)  # media connection failed, signaling connection disconnected


@dataclass(frozen=True, slots=True)
class JoinFailures:
    """People who cannot join, one after the other."""

    first_after_s: float = 5.0
    every_s: Span = (2.0, 8.0)
    codes: tuple[int, ...] = (53105, 53104, 20104)  # room full, connecting to it failed, token expired


class Fate(StrEnum):
    """What becomes of a composition."""

    COMPLETES = "completes"
    EMPTY = "completes with nothing in it"
    FAILS = "fails"
    STALLS = "stalls, then completes"
    STUCK_ENQUEUED = "stays enqueued for ever"
    STUCK_PROCESSING = "stays processing for ever"


@dataclass(frozen=True, slots=True)
class CompositionPlan:
    """How a composition fares: its queue, its work as a part of the room's duration, its fate."""

    fate: Fate = Fate.COMPLETES
    queued_s: Span = (2.0, 8.0)
    processing_ratio: Span = (0.1, 0.3)  # Twilio's rule of thumb: less than half of the room's duration
    stall_s: float = 0.0
    at_least_s: float = 1.0  # of work, however short the room
    failed_operation: str = "CompositionProcess"
    error_message: str = "Recordings could not be decoded"


@dataclass(frozen=True, slots=True)
class RoomPlan:
    """A room beside the usual ones."""

    kind: str
    opens_after_s: float
    lasts_s: float | None = None  # None: it never ends
    people: int = 2
    max_participants: int = 50
    composition: CompositionPlan | None = None


@dataclass(frozen=True, slots=True)
class CallbackPolicy:
    """How reliably status callbacks arrive."""

    drop_ratio: float = 0.0
    repeat_ratio: float = 0.01
    late_ratio: float = 0.01
    late_s: Span = (2.0, 20.0)
    spread_s: float = 0.3  # the usual delay is up to this long, which is enough to swap neighbours


@dataclass(frozen=True, slots=True)
class RestPolicy:
    """How Twilio's REST API behaves.  80 reads and 20 writes per second are an account's real limits."""

    reads_per_s: float = 80.0
    writes_per_s: float = 20.0
    latency_ms: float = 0.0
    retry_after_ms: int | None = None  # Twilio promises no Retry-After on Video
    unauthorized: Episode | None = None
    key_revoked: Episode | None = None  # the account's first API key opens nothing
    hanging: Episode | None = None  # connections are taken and never answered
    failing: Episode | None = None  # 500 and 503 by turns
    garbled: Episode | None = None  # 200 with a page of HTML, and 200 with JSON cut short, by turns
    summaries_after_s: float = 180.0  # ended rooms show up in the Log Analyzer only minutes later


@dataclass(frozen=True, slots=True)
class TelemetryPolicy:
    """How often browsers post, and when they keep silent."""

    post_every_s: float = 5.0
    silent: Episode | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A world to live through."""

    name: str
    summary: str
    rooms: int = 4
    participants_per_room: int = 4
    room_lasts_s: Span = (300.0, 900.0)
    is_staggered: bool = False  # the first rooms are met at any point of their lives, not all at the beginning
    room_gap_s: Span = (1.0, 10.0)
    stays_s: Span = (120.0, 600.0)
    away_s: Span = (5.0, 30.0)
    lingers_s: Span = (5.0, 15.0)
    arrives_within_s: float = 2.0
    mutes_every_s: Span = (60.0, 240.0)
    speaks_for_s: Span = (8.0, 25.0)
    recorded_ratio: float = 0.5
    recording_failure_ratio: float = 0.0
    recording_lag_s: Span = (1.0, 4.0)
    hook_misses_ratio: float = 0.0  # of the recorded rooms: the hook makes no composition
    hook_fails_ratio: float = 0.0  # the hook makes none, and says so
    composition: CompositionPlan = CompositionPlan()
    extra_rooms: tuple[RoomPlan, ...] = ()
    link_troubles: tuple[LinkTrouble, ...] = ()
    reconnect_storm: ReconnectStorm | None = None
    join_failures: JoinFailures | None = None
    summaries_pushed_after_s: float | None = None  # by Event Streams, after the end of a room; None: never
    timeout_minute_s: float = 60.0  # of the timeouts of rooms made over REST, which are in minutes
    callbacks: CallbackPolicy = CallbackPolicy()
    rest: RestPolicy = RestPolicy()
    telemetry: TelemetryPolicy = TelemetryPolicy()


def at_speed(plan: T, speed: float) -> T:
    """Return `plan` with every duration divided by `speed`: all fields named `…_s`, at any depth."""
    if not is_dataclass(plan) or isinstance(plan, type):
        return plan
    return replace(plan, **{item.name: _scaled(item.name, getattr(plan, item.name), speed) for item in fields(plan)})


def _scaled(name: str, value: Any, speed: float) -> Any:
    if isinstance(value, tuple):
        return tuple(_scaled(name, item, speed) for item in value)
    if isinstance(value, int | float) and name.endswith("_s") and not name.endswith("_per_s"):
        return value / speed
    return at_speed(value, speed)


BAD_UPLINK = Trouble(up=Impairment(loss_ratio=0.12, jitter_ms=60.0, rtt_ms=420.0, bandwidth_bps=180_000.0))
BAD_REGION = Trouble(
    up=Impairment(loss_ratio=0.09, jitter_ms=45.0, rtt_ms=380.0, bandwidth_bps=350_000.0),
    down=Impairment(loss_ratio=0.11, jitter_ms=70.0, rtt_ms=380.0, bandwidth_bps=300_000.0),
)
UPLINK_EPISODES = LinkTrouble(Whom.ONE_PARTICIPANT, BAD_UPLINK, Episode(5.0, lasts_s=45.0, quiet_s=60.0))

_ALL = (
    Scenario("healthy", "nothing goes wrong"),
    Scenario(
        "bad-uplink",
        "one participant's uplink goes bad after 5 s for 45 s, recovers for 60 s, again and again",
        link_troubles=(UPLINK_EPISODES,),
    ),
    Scenario(
        "bad-region",
        "everybody whose room is in media region us1 is in trouble from 10 s on, for two minutes in every four",
        rooms=6,
        link_troubles=(
            LinkTrouble(Whom.ONE_REGION, BAD_REGION, Episode(10.0, lasts_s=120.0, quiet_s=120.0), media_region="us1"),
        ),
    ),
    Scenario(
        "stuck-composition",
        "two short rooms end, and their compositions stay enqueued and processing for ever",
        extra_rooms=(
            RoomPlan("class", 1.0, 20.0, composition=CompositionPlan(Fate.STUCK_ENQUEUED)),
            RoomPlan("consult", 3.0, 25.0, composition=CompositionPlan(Fate.STUCK_PROCESSING)),
        ),
    ),
    Scenario(
        "failed-composition",
        "every composition fails; only its callback says why",
        room_lasts_s=(30.0, 90.0),
        recorded_ratio=1.0,
        composition=CompositionPlan(Fate.FAILS),
        recording_failure_ratio=0.05,
    ),
    Scenario("throttled", "the REST API allows two reads a second", rest=RestPolicy(reads_per_s=2.0, writes_per_s=1.0)),
    Scenario(
        "throttled-politely",
        "the REST API allows two reads a second, and says when to come back",
        rest=RestPolicy(reads_per_s=2.0, writes_per_s=1.0, retry_after_ms=2000),
    ),
    Scenario(
        "hanging",
        "the REST API takes connections and never answers, from 20 s on for 60 s, and again after two minutes",
        rest=RestPolicy(hanging=Episode(20.0, lasts_s=60.0, quiet_s=120.0)),
    ),
    Scenario(
        "garbage",
        "now and then the REST API answers 200 with a page of HTML, or with JSON that is cut short",
        rest=RestPolicy(garbled=Episode(10.0, lasts_s=5.0, quiet_s=15.0)),
    ),
    Scenario(
        "server-errors",
        "the REST API answers 500 and 503 from 20 s on for 60 s, and again after two minutes",
        rest=RestPolicy(failing=Episode(20.0, lasts_s=60.0, quiet_s=120.0)),
    ),
    Scenario(
        "auth-lost",
        "the REST API answers 401 from 30 s on for 60 s, and again after two minutes",
        rest=RestPolicy(unauthorized=Episode(30.0, lasts_s=60.0, quiet_s=120.0)),
    ),
    Scenario(
        "key-rotation",
        "the API key is revoked after 30 s; the account's next key works all the time",
        rest=RestPolicy(key_revoked=Episode(30.0)),
    ),
    Scenario(
        "reconnect-storm",
        "four in five participants lose their connection at once after 15 s, and every two minutes from then on",
        reconnect_storm=ReconnectStorm(Episode(15.0, lasts_s=15.0, quiet_s=105.0)),
    ),
    Scenario(
        "silent-telemetry",
        "browsers stop posting after 20 s, for two minutes in every four",
        telemetry=TelemetryPolicy(silent=Episode(20.0, lasts_s=120.0, quiet_s=120.0)),
    ),
    Scenario(
        "lost-callbacks",
        "one status callback in five never arrives, one in ten comes twice, one in five is late",
        callbacks=CallbackPolicy(drop_ratio=0.2, repeat_ratio=0.1, late_ratio=0.2, spread_s=1.5),
        room_lasts_s=(60.0, 180.0),
    ),
    Scenario(
        "no-callbacks", "no status callback arrives at all", callbacks=CallbackPolicy(drop_ratio=1.0, repeat_ratio=0.0)
    ),
    Scenario(
        "zombie-room",
        "a room is in progress for ever with nobody in it",
        extra_rooms=(RoomPlan("zombie", 1.0, None, people=0),),
    ),
    Scenario(
        "composition-missing",
        "of some recorded rooms the hook makes no composition; of others it says that it could not",
        room_lasts_s=(30.0, 90.0),
        recorded_ratio=1.0,
        hook_misses_ratio=0.3,
        hook_fails_ratio=0.3,
    ),
    Scenario(
        "composition-empty",
        "every composition completes with nothing in it",
        room_lasts_s=(30.0, 90.0),
        recorded_ratio=1.0,
        composition=CompositionPlan(Fate.EMPTY),
    ),
    Scenario(
        "join-failures",
        "every few seconds somebody cannot join: the room is full, the connection fails, the token has expired",
        join_failures=JoinFailures(),
    ),
    Scenario(
        "near-limits",
        "nine people in a room for ten, and six who want into a room for five",
        extra_rooms=(
            RoomPlan("webinar", 1.0, people=9, max_participants=10),
            RoomPlan("panel", 1.0, people=6, max_participants=5),
        ),
    ),
    Scenario(
        "event-streams",
        "summaries of rooms and stays are pushed 20 s after a room ended",
        room_lasts_s=(30.0, 90.0),
        summaries_pushed_after_s=20.0,
    ),
    Scenario(
        "demo",
        "six rooms, 25 people, one bad uplink again and again, one composition that hangs for some minutes",
        rooms=6,
        participants_per_room=4,
        stays_s=(180.0, 900.0),
        extra_rooms=(
            RoomPlan("demo", 4.0, 30.0, people=2, composition=CompositionPlan(Fate.STALLS, (1.0, 3.0), stall_s=240.0)),
        ),
        link_troubles=(UPLINK_EPISODES,),
    ),
)
SCENARIOS: dict[str, Scenario] = {scenario.name: scenario for scenario in _ALL}

"""What do the pages get to see?

The shapes of the API's answers, and how they are made from the live picture.  Times are milliseconds since the epoch;
null means unknown, which is neither zero nor well.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from alerts.model import Alert
from collectors.error_codes import explain
from monitor import __version__
from monitor.entities import Composition, Participant, Room
from monitor.limits import CompositionLimits
from monitor.live import Live
from monitor.metrics import Metrics
from monitor.polling import Poll
from monitor.readings import degraded_ratio, of_composition
from monitor.store.ports import Ended, OutboxCounts


class ParticipantView(Struct, frozen=True):
    """One participant now."""

    participant_sid: str | None
    identity: str | None
    status: str
    level: int | None
    level_since_ms: int | None
    level_source: str | None  # "self" or "others"
    idle: bool
    rtt_ms: float | None
    jitter_ms: float | None
    loss_ratio: float | None
    bitrate_up_bps: float | None
    bitrate_down_bps: float | None
    fps: float | None
    limited_by: str | None
    last_error_code: int | None
    last_error: str | None  # what Twilio calls it
    heard_at_ms: int | None
    browser: str | None
    network: str | None
    network_address: str | None  # where it posts from, as far as that is kept: 203.0.113.0/24
    clock_offset_ms: int  # how far its clock is ahead, beyond what delay may explain; times here are corrected
    is_clock_wrong: bool
    dropped_events: int  # that its client had to throw away so far


class RoomView(Struct, frozen=True):
    """One live room."""

    room_sid: str | None
    room_name: str | None
    status: str
    created_at_ms: int | None
    media_region: str | None
    degraded_ratio: float | None
    participants: list[ParticipantView]


class CompositionView(Struct, frozen=True):
    """One composition that somebody waits for; `expected`: a hook should make it, and nobody has seen it."""

    composition_sid: str
    room_sid: str | None
    room_name: str | None
    status: str
    created_at_ms: int | None
    percent_done: float | None
    waited_s: float | None
    limit_s: float | None
    overdue_s: float | None


class AlertView(Struct, frozen=True):
    """One alert that is pending or firing; `incident` is the id of the open one that somebody was told of, if any."""

    fingerprint: str
    rule: str
    state: str
    severity: str
    since_ms: int
    kind: str
    entity: str
    room_sid: str | None
    summary: str
    description: str
    value: float | None
    incident: str | None


class ResolvedView(Struct, frozen=True):
    """One episode that is over."""

    fingerprint: str
    rule: str
    severity: str
    summary: str
    resolved_at_ms: int
    reason: str
    detail: str


class SourceView(Struct, frozen=True):
    """One thing that is polled, and when that last worked."""

    account: str
    resource: str
    ok: bool
    last_success_ms: int | None
    stale_after_s: float  # without a success for so long, what is known of it is old
    error: str


class TelemetryView(Struct, frozen=True):
    """What has come in since the daemon started."""

    posts: int
    events: int
    last_at_ms: int | None


class NotificationsView(Struct, frozen=True):
    """How the outbox stands."""

    waiting: int
    dead: int


class LiveView(Struct, frozen=True):
    """Everything that the first page shows."""

    now_ms: int
    version: str
    demo: bool
    rooms: list[RoomView]
    compositions: list[CompositionView]
    alerts: list[AlertView]
    resolved: list[ResolvedView]
    sources: list[SourceView]
    telemetry: TelemetryView
    notifications: NotificationsView


def live_view(
    live: Live,
    metrics: Metrics,
    polls: Iterable[Poll],
    alerts: Iterable[Alert],
    resolved: Sequence[Ended],
    outbox: OutboxCounts,
    *,
    incidents: Mapping[str, str],
    limits: CompositionLimits,
    clock_wrong_after_s: float,
    now_s: float,
    demo: bool,
) -> LiveView:
    """Return the picture at `now_s`; `incidents` are the ids of those that alerts are told of in, by fingerprint."""
    return LiveView(
        now_ms=int(now_s * 1000),
        version=__version__,
        demo=demo,
        rooms=[_room(room, clock_wrong_after_s * 1000) for room in live.rooms.values()],
        compositions=[_composition(each, limits, now_s) for each in live.compositions.values()],
        alerts=[alert_view(alert, incidents.get(alert.fingerprint)) for alert in alerts],
        resolved=[_resolved(ended) for ended in resolved],
        sources=[_source(poll) for poll in polls],
        telemetry=_telemetry(metrics),
        notifications=NotificationsView(outbox.waiting, outbox.dead),
    )


def _room(room: Room, clock_wrong_after_ms: float) -> RoomView:
    return RoomView(
        room_sid=room.sid,
        room_name=room.name,
        status=room.status.value,
        created_at_ms=room.created_at_ms,
        media_region=room.media_region,
        degraded_ratio=degraded_ratio(room.levels()),
        participants=[_participant(participant, clock_wrong_after_ms) for participant in room.participants.values()],
    )


def _participant(participant: Participant, clock_wrong_after_ms: float) -> ParticipantView:
    source = "self" if participant.reports else "others" if participant.levels_seen else None
    return ParticipantView(
        participant_sid=participant.sid,
        identity=participant.identity,
        status="reconnecting" if participant.reconnecting else participant.status.value,
        level=participant.level,
        level_since_ms=participant.level_since_ms,
        level_source=source,
        idle=participant.is_idle,
        rtt_ms=participant.rtt_ms,
        jitter_ms=participant.jitter_ms,
        loss_ratio=participant.loss_ratio,
        bitrate_up_bps=participant.bitrate_up_bps,
        bitrate_down_bps=participant.bitrate_down_bps,
        fps=participant.fps,
        limited_by=participant.limited_by,
        last_error_code=participant.error_code,
        last_error=None if participant.error_code is None else explain(participant.error_code).name,
        heard_at_ms=participant.heard_at_ms,
        browser=participant.browser,
        network=participant.network,
        network_address=participant.network_address,
        clock_offset_ms=participant.clock_offset_ms,
        is_clock_wrong=abs(participant.clock_offset_ms) > clock_wrong_after_ms,
        dropped_events=participant.dropped_events,
    )


def _composition(composition: Composition, limits: CompositionLimits, now_s: float) -> CompositionView:
    since_ms, limit_s = composition.waiting_since_ms, limits.limit_s(composition)
    return CompositionView(
        composition_sid=composition.sid,
        room_sid=composition.room_sid,
        room_name=composition.room_name,
        status="expected" if composition.is_expected else composition.status.value,
        created_at_ms=composition.created_at_ms,
        percent_done=composition.percent_done,
        waited_s=None if since_ms is None else now_s - since_ms / 1000,
        limit_s=limit_s,
        overdue_s=of_composition(composition, limits, now_s).values["overdue_s"],
    )


def alert_view(alert: Alert, incident: str | None = None) -> AlertView:
    """Return an alert as it is shown, with the incident that it is told of in."""
    room_sid = alert.details.get("room_sid")
    return AlertView(
        fingerprint=alert.fingerprint,
        rule=alert.rule,
        state=alert.state.value,
        severity=alert.severity.value,
        since_ms=int(alert.since * 1000),
        kind=alert.kind.value,
        entity=alert.entity,
        room_sid=room_sid if isinstance(room_sid, str) else None,
        summary=alert.annotations.get("summary", ""),
        description=alert.annotations.get("description", ""),
        value=alert.value,
        incident=incident,
    )


def _resolved(ended: Ended) -> ResolvedView:
    return ResolvedView(
        fingerprint=ended.alert.fingerprint,
        rule=ended.alert.rule,
        severity=ended.alert.severity.value,
        summary=ended.alert.annotations.get("summary", ""),
        resolved_at_ms=int(ended.transition.at * 1000),
        reason=ended.transition.reason.value,
        detail=ended.transition.detail,
    )


def _source(poll: Poll) -> SourceView:
    return SourceView(poll.account, poll.resource, not poll.error, poll.last_success_ms, poll.stale_after_s, poll.error)


def _telemetry(metrics: Metrics) -> TelemetryView:
    last_s = metrics.values["roomwatch_telemetry_last_timestamp_seconds"].get((), 0)
    return TelemetryView(
        posts=int(metrics.values["roomwatch_telemetry_posts_total"][("202",)]),
        events=int(metrics.total("roomwatch_telemetry_events_total")),
        last_at_ms=int(last_s * 1000) or None,
    )

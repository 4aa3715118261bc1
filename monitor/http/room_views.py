"""What is shown of a call, whether it goes on or was over long ago?

The shapes of `/api/v1/rooms` and how they are made: everybody who was in the room as a lane on one axis of time, and
beside them what happened, what was recorded and composed, and which alerts there were.  Null means unknown.
"""

from collections.abc import Iterable, Sequence

from msgspec import Raw, Struct

from alerts.model import Transition
from monitor.entities import Composition, Participant, Recording, Room
from monitor.history.lanes import Column, Lane, Steps, columns_of, lane_of, own_level
from monitor.history.samples import Samples
from monitor.http.cursors import Number, written
from monitor.store.ports import Call, Client, Found, Happening, Line


class FoundView(Struct, frozen=True):
    """A call that a search found; `fired` are the rules of which an alert fired about it or in it."""

    room_sid: str | None
    room_name: str | None
    account_sid: str | None
    status: str
    created_at_ms: int
    ended_at_ms: int | None
    fired: tuple[str, ...]


class AfterCall(Struct, frozen=True, array_like=True, tag="rooms"):
    """Where a page of calls begins: after the one that was created then."""

    created_at_ms: Number
    key: str


class FoundPage(Struct, frozen=True):
    """The calls that were looked for, the latest first; `next` is the `after` of the next page, if there is one.

    `lacking` says why there may be more of them, such as that a part of the history is away; as a rule it is empty.
    """

    rooms: list[FoundView]
    next: str | None
    lacking: str = ""


class PersonView(Struct, frozen=True):
    """Somebody who was in the room; without a lane nothing is known of how they fared."""

    participant_sid: str | None
    identity: str | None
    joined_at_ms: int | None
    left_at_ms: int | None
    client: Client
    lane: Lane | None


class HappeningView(Struct, frozen=True):
    """Something that happened; `body` is how it was told."""

    at_ms: int
    kind: str
    source: str
    participant: str
    body: Raw


class RecordingView(Struct, frozen=True):
    """A recording of somebody's track."""

    recording_sid: str
    participant_sid: str | None
    status: str
    media: str | None
    created_at_ms: int | None
    duration_s: float | None
    size_bytes: int | None
    failed_operation: str | None


class PastCompositionView(Struct, frozen=True):
    """A composition, finished or not."""

    composition_sid: str
    status: str
    created_at_ms: int | None
    completed_at_ms: int | None
    percent_done: float | None
    duration_s: float | None
    size_bytes: int | None
    error_message: str | None


class TransitionView(Struct, frozen=True):
    """A change of an alert's state."""

    at_ms: int
    rule: str
    entity: str
    before: str
    after: str
    reason: str
    detail: str
    value: float | None


class CallView(Struct, frozen=True):
    """A call from `from_ms` to `to_ms`.

    `are_happenings_cut` says that more happened than is shown.  `lacking` says what may be missing of what was
    measured, and why, such as that a part of the history is away; as a rule it is empty.
    """

    room_sid: str | None
    room_name: str | None
    account_sid: str | None
    status: str
    media_region: str | None
    created_at_ms: int | None
    ended_at_ms: int | None
    from_ms: int
    to_ms: int
    people: list[PersonView]
    happenings: list[HappeningView]
    are_happenings_cut: bool
    recordings: list[RecordingView]
    compositions: list[PastCompositionView]
    alerts: list[TransitionView]
    lacking: str


class AfterSample(Struct, frozen=True, array_like=True, tag="samples"):
    """Where a page of samples begins: with the one of this moment."""

    from_ms: Number


class SamplesPage(Struct, frozen=True):
    """What one participant measured, sample by sample, as columns as long as `after_ms`, which counts from `from_ms`.

    `next` is the `after` of the next page, if there is more; it begins at `next_from_ms`.  `lacking` says what may be
    missing, and why; as a rule it is empty.
    """

    participant: str
    from_ms: int
    after_ms: list[int]
    columns: dict[str, Column]
    level: Steps
    next_from_ms: int | None
    next: str | None
    lacking: str = ""


def found_page(found: Sequence[Found], limit: int, lacking: str = "") -> FoundPage:
    """Return a page of what was found; there is a next one if this one is full."""
    views = [FoundView(*each[1:]) for each in found]  # all but the key
    last = AfterCall(found[-1].created_at_ms, found[-1].key) if len(found) == limit else None
    return FoundPage(views, None if last is None else written(last), lacking)


def call_view(
    call: Call,
    lines: Sequence[Line],
    happenings: Sequence[Happening],
    span_ms: tuple[int, int],
    *,
    points: int,
    most: int,
    lacking: str = "",
) -> CallView:
    """Return what is shown of a call.

    Args:
        call: what is on record.
        lines: what was measured between the two moments of `span_ms`.
        happenings: what happened then.
        span_ms: from when to when.
        points: how many points a lane may have.
        most: how many happenings may be shown.
        lacking: what may be missing of what was measured.
    """
    room = call.room
    return CallView(
        room_sid=room.sid,
        room_name=room.name,
        account_sid=room.account_sid,
        status=room.status.value,
        media_region=room.media_region,
        created_at_ms=room.created_at_ms,
        ended_at_ms=room.ended_at_ms,
        from_ms=span_ms[0],
        to_ms=span_ms[1],
        people=_people(room, lines, span_ms, points),
        happenings=[HappeningView(h.at_ms, h.kind, h.source, h.participant, Raw(h.body)) for h in happenings[:most]],
        are_happenings_cut=len(happenings) > most,
        recordings=[_recording(each) for each in call.recordings],
        compositions=[_composition(each) for each in call.compositions],
        alerts=[_transition(each) for each in call.transitions],
        lacking=lacking,
    )


def samples_page(participant: str, samples: Samples, from_ms: int, limit: int, lacking: str = "") -> SamplesPage:
    """Return the first samples of somebody, as they were measured."""
    next_from_ms = int(samples.at_ms[limit]) if len(samples.at_ms) > limit else None
    shown = samples if next_from_ms is None else samples.within(from_ms, next_from_ms)
    after_ms = (shown.at_ms - from_ms).tolist()
    following = None if next_from_ms is None else written(AfterSample(next_from_ms))
    level = own_level(shown, from_ms)
    return SamplesPage(participant, from_ms, after_ms, columns_of(shown), level, next_from_ms, following, lacking)


def _people(room: Room, lines: Iterable[Line], span_ms: tuple[int, int], points: int) -> list[PersonView]:
    """Return everybody who is on record, in the order in which they came, then those of whom only samples are known."""
    told = {line.series.participant: line for line in lines}
    views = [
        _person(each, told.pop(each.sid or "", None) or told.pop(f"identity:{each.identity}", None), span_ms, points)
        for each in sorted(room.people(), key=lambda each: (each.joined_at_ms or 0, each.key))
    ]
    return views + [_stranger(line, span_ms, points) for line in told.values()]


def _person(person: Participant, line: Line | None, span_ms: tuple[int, int], points: int) -> PersonView:
    client = line.series.client if line else Client(browser=person.browser, network=person.network)
    lane = lane_of(line.samples, *span_ms, points) if line else None
    return PersonView(person.sid, person.identity, person.joined_at_ms, person.left_at_ms, client, lane)


def _stranger(line: Line, span_ms: tuple[int, int], points: int) -> PersonView:
    sid = line.series.participant if line.series.participant.startswith("PA") else None
    return PersonView(
        sid, line.series.identity, None, None, line.series.client, lane_of(line.samples, *span_ms, points)
    )


def _recording(recording: Recording) -> RecordingView:
    return RecordingView(
        recording.sid,
        recording.participant_sid,
        recording.status.value,
        recording.kind,
        recording.created_at_ms,
        recording.duration_s,
        recording.size_bytes,
        recording.failed_operation,
    )


def _composition(composition: Composition) -> PastCompositionView:
    return PastCompositionView(
        composition.sid,
        composition.status.value,
        composition.created_at_ms,
        composition.completed_at_ms,
        composition.percent_done,
        composition.duration_s,
        composition.size_bytes,
        composition.error_message,
    )


def _transition(transition: Transition) -> TransitionView:
    return TransitionView(
        round(transition.at * 1000),
        transition.rule,
        transition.entity,
        transition.before.value,
        transition.after.value,
        transition.reason.value,
        transition.detail,
        transition.value,
    )

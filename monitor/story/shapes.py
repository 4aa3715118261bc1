"""What does the page of a call get?

The shapes of its answers, which are its stream's as well: lanes on one grid of steps, a dated list of what happened,
and which inputs are missing.  Times are milliseconds since 1970 by our clock.  Null means unknown, never zero.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from monitor.store.ports import Client


class Status(StrEnum):
    """How somebody who is in the room stands; unknown is not the same as well."""

    HEARD = "heard"  # the browser tells how it fares
    IDLE = "idle"  # it tells that nothing flows either way: a good level says nothing then
    SILENT = "silent"  # it tells nothing, so nothing is known
    RECONNECTING = "reconnecting"


class Span(Struct, frozen=True):
    """From when to when somebody stood how; between spans they were not in the room."""

    from_ms: int
    to_ms: int
    status: Status


class LaneView(Struct, frozen=True):
    """One participant; every array is as long as the grid has steps.

    `key` names the participant in every answer about this call: a SID, or `identity:NAME` where no SID is known.
    `level` is what the participant itself was told, or, in steps where it told nothing, the best that others saw of it.
    `every_ms` is how far apart samples usually are: a hole not wider than two of them is how samples fall.
    Columns that nobody told are left out.
    """

    key: str
    participant_sid: str | None
    identity: str | None
    joined_at_ms: int | None
    left_at_ms: int | None
    client: Client
    samples: int
    every_ms: int | None
    level: Sequence[int | None]
    score: Sequence[float | None]
    idle: Sequence[bool | None]
    columns: Mapping[str, Sequence[float | str | None]]
    spans: Sequence[Span]


class LanesView(Struct, frozen=True):
    """Everybody in a call, on one grid: step number i begins at `from_ms` + i x `step_ms`.

    `aggregates` says of each array what a step shows of its samples: the worst of them (the longest round trip, the
    lowest bitrate), or their sum.  `lacking` says what may be missing of what was measured, and why, such as that a
    part of the history is away; as a rule it is empty.
    """

    room_sid: str | None
    room_name: str | None
    from_ms: int
    step_ms: int
    steps: int
    aggregates: Mapping[str, str]
    lacking: str
    lanes: Sequence[LaneView]


class AlertEntry(Struct, frozen=True):
    """The alert of an entry; `incident` is the id of the incident that it belongs to, if somebody was to be told."""

    rule: str
    state: str
    severity: str
    fingerprint: str
    incident: str | None = None


class Entry(Struct, frozen=True):
    """Something that happened.

    `key` names the participant whom it is about, as in lanes, `told_by` who told of it where that is somebody else.
    `until_ms` is when it was over, for what lasts: a reconnection, a speaker, a track that is switched off, an alert.
    `words` are plain; of an error, `code_words` say what it means and `remedy` what can be done; the
    error of a device has a name, and no code.  `sid` is that of
    the track, recording or composition.  `text` is what a person wrote.
    """

    id: str
    at_ms: int
    kind: str
    source: str
    words: str
    until_ms: int | None = None
    key: str | None = None
    told_by: str | None = None
    sid: str | None = None
    sequence: int | None = None
    code: int | None = None
    code_name: str | None = None
    code_words: str | None = None
    remedy: str | None = None
    rating: int | None = None
    text: str | None = None
    alert: AlertEntry | None = None


class Missing(Struct, frozen=True):
    """An input that there is not; what cannot be told without it, and how to get it.

    `input` is telemetry, levels, media_stats, callbacks, composition_callbacks, participants or room.
    `docs` is where it is written how.
    """

    input: str
    words: str
    remedy: str
    docs: str
    key: str | None = None


class StoryView(Struct, frozen=True):
    """What happened in a call, oldest first; `is_cut`: more happened than is shown.

    `lacking` says what may be missing of what was measured, and why; as a rule it is empty.  Then it is not said of
    anybody that nothing was heard of them.
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
    entries: Sequence[Entry]
    is_cut: bool
    missing: Sequence[Missing]
    lacking: str = ""

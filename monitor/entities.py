"""What are the things in the live picture?

Plain records of a room, a participant and a composition as they stand now, with the few answers that follow from their
own fields.  `monitor.live` changes them; the store saves and restores them as they are, less what nobody has told.
"""

import struct
from collections.abc import Iterator, Sequence
from copy import copy, deepcopy
from itertools import chain, repeat
from math import nan
from typing import NamedTuple

from msgspec import Struct, field

from collectors.events import CompositionStatus, ParticipantStatus, RecordingStatus, RoomStatus, Trouble
from collectors.rest.budget import BudgetState

BEST_LEVEL = 5  # and what Twilio says of whoever neither sends nor receives

# What every post changes of a participant: six numbers of its last media sample, and four moments, which come after.
_NUMBER, _NUMBERS = struct.Struct("<d"), struct.Struct("<6d")
_MOMENT, _MOMENTS = struct.Struct("<q"), struct.Struct("<4q")
_NEVER_MS = -1
_NOTHING = _NUMBERS.pack(*repeat(nan, 6)) + _MOMENTS.pack(*repeat(_NEVER_MS, 4))


class Ref(NamedTuple):
    """The name of one thing in the picture: its kind, and a key that never changes while it lives."""

    kind: str  # participant, room, composition, recording, account, region, tenant, source, daemon or slo
    key: str


class Change(NamedTuple):
    """Something changed; `gone` says in a word why it is over, and is None while it lives."""

    ref: Ref
    gone: str | None = None


class _Moment:
    """A moment among what is packed, in milliseconds; -1 before there is one."""

    __slots__ = ("_at",)

    def __init__(self, place: int) -> None:
        self._at = _NUMBERS.size + place * _MOMENT.size

    def __get__(self, who: "Participant", _kind: type) -> int:
        return _NEVER_MS if who.packed is None else int(_MOMENT.unpack_from(who.packed, self._at)[0])

    def __set__(self, who: "Participant", at_ms: int) -> None:
        _MOMENT.pack_into(who.to_change(), self._at, at_ms)


class Participant(Struct, omit_defaults=True, gc=False):
    """One participant: what it says, what others say of it, and what Twilio says.

    Times are by our clock, but for four by its own, which are only compared with what else it says: `own_level_at_ms`,
    `stats_at_ms`, `connection_at_ms` and `others_at_ms`.

    There are a hundred thousand of them.  None refers to itself, so the garbage collector need not look (`gc=False`).
    What every post changes is packed, and changed in its place: if each number were an object, those that come and go
    with the next post would have to be fitted in between theirs, all over the memory, and a post would cost more the
    more people there are.
    """

    key: str
    room_key: str
    sid: str | None = None
    identity: str | None = None
    status: ParticipantStatus = ParticipantStatus.CONNECTED
    status_at_ms: int = 0
    joined_at_ms: int | None = None
    left_at_ms: int | None = None
    own_level: int | None = None
    reports: bool = False
    levels_seen: dict[str, int] | None = None  # by the keys of those who see it; None: nobody does, or it reports
    reconnecting: bool = False
    error_code: int | None = None
    packed: bytearray | None = None  # see `own_level_at_ms`, `rtt_ms` and those beside them; None: it has told nothing
    limited_by: str | None = None
    heard_at_ms: int | None = None
    browser: str | None = None
    network: str | None = None
    network_address: str | None = None
    dropped_events: int = 0  # that its client had to throw away
    clock_offset_ms: int = 0  # how far its clock is ahead of ours
    connection_at_ms: int = -1
    has_published: bool = False  # a track, at some time
    is_told: bool = False  # Twilio has mentioned it; telemetry alone does not make a participant certain
    is_departure_told: bool = False  # and has told when it left
    end_reason: str | None = None

    own_level_at_ms, stats_at_ms = _Moment(0), _Moment(1)
    others_at_ms = _Moment(2)  # when it last told of others
    _level_since_ms = _Moment(3)

    @property
    def ref(self) -> Ref:
        """Return the participant's name in the picture."""
        return Ref("participant", f"{self.room_key}/{self.key}")

    @property
    def is_live(self) -> bool:
        """Whether the participant is in its room."""
        return self.status is not ParticipantStatus.DISCONNECTED

    @property
    def level(self) -> int | None:
        """Return Twilio's level 0..5, or None when it is not known."""
        if self.reports:
            return self.own_level
        return max(self.levels_seen.values(), default=None) if self.levels_seen else None

    @property
    def level_since_ms(self) -> int | None:
        """Return since when it is at its level, or None where no level was ever told."""
        since_ms = self._level_since_ms
        return None if since_ms == _NEVER_MS else since_ms

    @level_since_ms.setter
    def level_since_ms(self, since_ms: int) -> None:
        self._level_since_ms = since_ms

    def see_at(self, level: int, key: str) -> None:
        """Take down the level at which somebody with this key sees it."""
        if self.levels_seen is None:
            self.levels_seen = {}
        self.levels_seen[key] = level

    def lose_sight(self, key: str) -> bool:
        """Strike out what somebody with this key saw of it; return whether there was anything."""
        return self.levels_seen is not None and self.levels_seen.pop(key, None) is not None

    def hear(self, numbers: Sequence[float | None]) -> None:
        """Take the numbers of a media sample, in the order of the properties that follow."""
        try:
            _NUMBERS.pack_into(self.to_change(), 0, *numbers)
        except struct.error:  # as of those without a camera
            _NUMBERS.pack_into(self.to_change(), 0, *[nan if number is None else number for number in numbers])

    def to_change(self) -> bytearray:
        """Return what is packed, to change it in its place."""
        if self.packed is None:
            self.packed = bytearray(_NOTHING)
        return self.packed

    @property
    def rtt_ms(self) -> float | None:
        """Return the round trip."""
        return self._number(0)

    @property
    def jitter_ms(self) -> float | None:
        """Return the worse jitter of the two directions."""
        return self._number(1)

    @property
    def loss_ratio(self) -> float | None:
        """Return the worse loss of the two directions."""
        return self._number(2)

    @property
    def bitrate_up_bps(self) -> float | None:
        """Return what is sent."""
        return self._number(3)

    @property
    def bitrate_down_bps(self) -> float | None:
        """Return what is received."""
        return self._number(4)

    @property
    def fps(self) -> float | None:
        """Return how many frames are sent a second."""
        return self._number(5)

    def _number(self, place: int) -> float | None:
        if self.packed is None:
            return None
        (number,) = _NUMBER.unpack_from(self.packed, place * _NUMBER.size)
        return None if number != number else number  # noqa: PLR0124  # NaN is not itself

    @property
    def is_idle(self) -> bool:
        """Whether nothing flows in either direction: a level of 5 then says nothing about the network.

        It is also what somebody says of themselves who has no track at all, and so has nothing to measure.
        """
        up_bps, down_bps = self.bitrate_up_bps, self.bitrate_down_bps
        if up_bps or down_bps:
            return False
        return (up_bps == 0 and down_bps == 0) or (
            self.reports and self.own_level == BEST_LEVEL and not self.has_published and self._lacks_numbers
        )

    @property
    def _lacks_numbers(self) -> bool:
        return self.loss_ratio is None and self.jitter_ms is None

    def copied(self) -> "Participant":
        """Return a record that stays as this one is now."""
        twin = copy(self)
        twin.packed = None if self.packed is None else self.packed[:]
        twin.levels_seen = None if self.levels_seen is None else dict(self.levels_seen)
        return twin


class Room(Struct, omit_defaults=True):
    """One room: who is in it, who was in it, and how much of it is certain.

    Callbacks are numbered, and `last_sequence` is the highest number that came.  An ended room is *settled* once its
    participants and its recordings are certain, and *sealed* once nothing more is expected of it; only then are its
    participants let go.
    """

    key: str
    sid: str | None = None
    name: str | None = None
    account_sid: str | None = None
    status: RoomStatus = RoomStatus.IN_PROGRESS
    created_at_ms: int | None = None
    ended_at_ms: int | None = None
    is_end_told: bool = False  # by Twilio, with its time
    duration_s: int | None = None
    end_reason: str | None = None
    media_region: str | None = None
    max_participants: int | None = None
    max_participant_duration_s: int | None = None
    empty_timeout_s: int | None = None
    is_recorded: bool | None = None
    empty_since_ms: int | None = None  # None: somebody is in it, or nobody looked
    heard_at_ms: int = 0
    is_live: bool = True
    participants: dict[str, Participant] = field(default_factory=dict)
    left: dict[str, Participant] = field(default_factory=dict)
    # how much of it is certain
    last_sequence: int = -1
    missing: tuple[int, ...] = ()  # numbers below that of callbacks that have not come
    end_sequence: int | None = None  # the number of the callback that told the end: the last one there is
    gap_since_ms: int | None = None
    look_wanted_ms: int | None = None
    strangers: dict[str, int] = field(default_factory=dict)  # SIDs that others see and nobody has told, since when
    looked_at_ms: int | None = None
    vain_looks: int = 0  # in a row, that told of nobody whom only telemetry had told
    are_participants_certain: bool = False
    are_recordings_certain: bool = False
    recordings_asked: int = 0
    recordings_asked_ms: int | None = None
    is_summarised: bool = False
    stays: int | None = None  # how many the summary counts
    are_stays_asked: bool = False
    is_sealed: bool = False

    @property
    def ref(self) -> Ref:
        """Return the room's name in the picture."""
        return Ref("room", self.key)

    @property
    def history_key(self) -> str:
        """Return the name under which history keeps what was measured and what happened in the room."""
        return self.sid or self.key

    def find(self, sid: str | None, identity: str | None) -> Participant | None:
        """Return the participant with this SID, or else the one with this identity whose SID is not another."""
        if sid is not None and (known := self.participants.get(sid)) is not None:
            return known
        for participant in self.participants.values():
            if sid is not None and participant.sid == sid:
                return participant
            if identity is not None and participant.identity == identity and None in (sid, participant.sid):
                return participant
        return None

    def people(self) -> Iterator[Participant]:
        """Return everybody who is or was in the room and is not let go of yet."""
        return chain(self.participants.values(), self.left.values())

    def levels(self) -> list[int]:
        """Return the levels that are known."""
        return [level for p in self.participants.values() if (level := p.level) is not None]

    def copied(self) -> "Room":
        """Return a record that stays as this one is now, with its people in it."""
        twin = copy(self)
        twin.participants = {key: participant.copied() for key, participant in self.participants.items()}
        twin.left = {key: participant.copied() for key, participant in self.left.items()}
        twin.strangers = dict(self.strangers)
        return twin


class Composition(Struct, omit_defaults=True, gc=False):
    """One composition that somebody waits for, or that came to nothing not long ago."""

    sid: str
    status: CompositionStatus = CompositionStatus.ENQUEUED
    account_sid: str | None = None
    room_sid: str | None = None
    room_name: str | None = None
    seen_at_ms: int = 0
    created_at_ms: int | None = None
    completed_at_ms: int | None = None
    room_ended_at_ms: int | None = None
    room_duration_s: int | None = None
    progress_at_ms: int | None = None
    percent_done: float | None = None
    failed_operation: str | None = None
    error_message: str | None = None
    hook_sid: str | None = None
    duration_s: float | None = None
    size_bytes: int | None = None
    is_expected: bool = False  # a hook should make it, and nobody has seen it; its SID is `hook:RM…`
    asked: int = 0  # how often Twilio was asked for one that is expected
    asked_at_ms: int | None = None
    is_judged: bool = False  # it has been counted whether it was made well and in time
    is_live: bool = True

    @property
    def is_troubled(self) -> bool:
        """Whether it came to nothing: it failed, or there is nothing in it."""
        return self.status is CompositionStatus.FAILED or (
            self.status is CompositionStatus.COMPLETED and self.size_bytes == 0
        )

    @property
    def ref(self) -> Ref:
        """Return the composition's name in the picture."""
        return Ref("composition", self.sid)

    @property
    def waiting_since_ms(self) -> int | None:
        """Return when the clock of a stuck composition started, or None while it may not run."""
        if not self.status.is_open or self.room_ended_at_ms is None:
            return None
        return max(self.created_at_ms or 0, self.room_ended_at_ms, self.progress_at_ms or 0)

    def copied(self) -> "Composition":
        """Return a record that stays as this one is now."""
        return copy(self)


class Recording(Struct, omit_defaults=True, gc=False):
    """One recording that is being captured, or that came to nothing not long ago."""

    sid: str
    status: RecordingStatus = RecordingStatus.PROCESSING
    account_sid: str | None = None
    room_sid: str | None = None
    room_name: str | None = None
    participant_sid: str | None = None
    identity: str | None = None
    kind: str | None = None
    seen_at_ms: int = 0
    created_at_ms: int | None = None
    duration_s: float | None = None
    size_bytes: int | None = None
    failed_operation: str | None = None
    is_live: bool = True

    @property
    def is_troubled(self) -> bool:
        """Whether it came to nothing: it failed, or there is nothing in it."""
        return self.status is RecordingStatus.FAILED or (
            self.status is RecordingStatus.COMPLETED and self.size_bytes == 0
        )

    @property
    def ref(self) -> Ref:
        """Return the recording's name in the picture."""
        return Ref("recording", self.sid)

    def copied(self) -> "Recording":
        """Return a record that stays as this one is now."""
        return copy(self)


class Failure(NamedTuple):
    """Somebody could not join, or lost the connection: when, who, and with which of Twilio's error codes."""

    at_ms: int
    who: str
    code: int | None


class CanaryRun(Struct, omit_defaults=True):
    """How the last canary run went: the seconds of each step, or the step that failed and why."""

    at_ms: int
    steps_s: dict[str, float] = field(default_factory=dict)
    failed_step: str | None = None
    error: str | None = None


class Account(Struct, omit_defaults=True):
    """One Twilio account: its troubles, what went wrong lately in its rooms, and what it spends.

    `failures` and `reconnects` hold the last minutes only.
    """

    sid: str
    troubles: dict[Trouble, int] = field(default_factory=dict)  # since when, in ms
    details: dict[Trouble, str] = field(default_factory=dict)
    join_failures: list[Failure] = field(default_factory=list)
    disconnects: list[Failure] = field(default_factory=list)  # with an error: those who leave in peace do not count
    reconnects: list[Failure] = field(default_factory=list)
    hooks: dict[str, bool] = field(default_factory=dict)  # composition hooks by SID, and whether they are enabled
    costs: dict[str, dict[str, float]] = field(default_factory=dict)  # by day (2026-11-21) and category
    currency: str | None = None
    canary: CanaryRun | None = None
    summarised_at_ms: int = 0  # when summaries were last asked for
    budget: BudgetState | None = None  # as it stood, for the next start
    is_live: bool = True

    @property
    def ref(self) -> Ref:
        """Return the account's name in the picture."""
        return Ref("account", self.sid)

    def copied(self) -> "Account":
        """Return a record that stays as this one is now."""
        twin = copy(self)
        twin.troubles, twin.details, twin.hooks = dict(self.troubles), dict(self.details), dict(self.hooks)
        twin.join_failures, twin.disconnects = list(self.join_failures), list(self.disconnects)
        twin.reconnects = list(self.reconnects)
        twin.costs = {day: dict(costs) for day, costs in self.costs.items()}
        twin.canary = deepcopy(self.canary)
        return twin


Entity = Room | Participant | Composition | Recording | Account

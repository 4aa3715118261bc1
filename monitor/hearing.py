"""What does a browser's word change?

The reducer for telemetry.  What it has to get right:

* A level is a step function: it stays until it changes or its participant leaves.  What a participant says of itself
  counts; what others say of it counts only while it says nothing, and then the best of them, since a reporter on a bad
  link sees everybody worse than they are.
* Level 0 after `reconnected` is left over from the outage: it means unknown until the next report.
* Somebody who could not join never was in the room.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeGuard

from collectors.error_codes import is_trouble
from collectors.observations import (
    Connection,
    ConnectionState,
    Direction,
    MediaStats,
    NetworkQuality,
    TelemetryBatch,
    Track,
    unrolled,
)
from monitor.calls import Calls
from monitor.entities import Change, Failure, Participant, Room
from monitor.merging import want_look

RETURN_AFTER_MS = 30_000  # somebody known by identity only has come back if heard again this long after leaving

_NO_NUMBERS = Direction()


class Hearing:
    """Takes in what browsers say.

    Args:
        calls: the rooms and the people in them.
        fail: takes note of somebody who could not join, or lost the connection, and in which account.
    """

    def __init__(self, calls: Calls, fail: Callable[[str | None, str, Failure], None]) -> None:
        self._calls = calls
        self._fail = fail

    def hear(self, batch: TelemetryBatch) -> Sequence[Change]:
        """Take what a browser says of itself and of those it sees."""
        if batch.room_sid is not None and batch.room_sid in self._calls.ended:
            return ()
        if batch.participant_sid is None and self._could_not_join(batch):
            return ()
        room = self._calls.room_of(batch.room_sid, batch.room_name)
        room.account_sid = room.account_sid or batch.account_sid
        room.heard_at_ms = max(room.heard_at_ms, batch.received_at_ms)
        participant = room.find(batch.participant_sid, batch.identity)
        if participant is None:
            if _has_left(room, batch):
                return ()
            participant = self._calls.join(room, batch.participant_sid, batch.identity)
        self._calls.learn(room, participant, batch.participant_sid, batch.identity)
        _hear(participant, batch)
        if participant.sid is None:
            want_look(room, batch.received_at_ms)  # who is this to Twilio?
        changes = {participant.ref: Change(participant.ref), room.ref: Change(room.ref)}
        for observation in unrolled(batch.observations):
            for changed in self._observe(room, participant, observation):
                changes[changed.ref] = changed
        return list(changes.values())

    def _could_not_join(self, batch: TelemetryBatch) -> bool:
        """Whether this only tells that somebody who never was in the room could not get into it; take note if so."""
        room = self._calls.of_sid(batch.room_sid) or self._calls.of_name(batch.room_name)
        if room is not None and room.find(None, batch.identity) is not None:
            return False
        failures = [each for each in batch.observations if _is_failure(each)]
        if not failures or len(failures) < len(batch.observations):
            return False
        for each in failures:
            account_sid = batch.account_sid or (room.account_sid if room else None)
            self._fail(account_sid, "join_failures", Failure(batch.received_at_ms, batch.identity or "", each.code))
        return True

    def _observe(self, room: Room, reporter: Participant, observation: object) -> Iterable[Change]:
        match observation:
            case NetworkQuality():
                return self._observe_level(room, reporter, observation)
            case MediaStats():
                _observe_stats(reporter, observation)
            case Connection(subject=None):
                return self._observe_connection(room, reporter, observation)
            case Track(code=int() as code, subject=None):
                reporter.error_code = code
            case _:
                pass
        return ()

    def _observe_level(self, room: Room, reporter: Participant, seen: NetworkQuality) -> Iterable[Change]:
        level = None if seen.level is None or seen.level < 0 else seen.level
        if seen.subject is None or seen.subject == reporter.sid:
            if seen.at_ms < reporter.own_level_at_ms:
                return ()
            before = reporter.level
            reporter.own_level_at_ms, reporter.own_level = seen.at_ms, level
            reporter.reports = reporter.reports or level is not None
            if reporter.level != before:
                reporter.level_since_ms = seen.at_ms
            return ()
        subject = room.find(seen.subject, None)
        if subject is None:
            if seen.subject not in room.left:
                room.strangers.setdefault(seen.subject, room.heard_at_ms)
            return ()
        if level is None or subject.levels_seen.get(reporter.key) == level:
            return ()
        before = subject.level
        subject.levels_seen[reporter.key] = level
        if subject.level != before:
            subject.level_since_ms = seen.at_ms
        self._calls.mark(subject)
        return (Change(subject.ref),)

    def _observe_connection(self, room: Room, reporter: Participant, seen: Connection) -> Iterable[Change]:
        reporter.error_code = seen.code if seen.code is not None else reporter.error_code
        reporter.reconnecting = seen.state is ConnectionState.RECONNECTING
        if seen.state is ConnectionState.RECONNECTED and reporter.own_level == 0:
            reporter.own_level, reporter.level_since_ms = None, seen.at_ms
        failure = Failure(reporter.heard_at_ms or seen.at_ms, reporter.ref.key, seen.code)  # browsers' clocks are off
        if seen.state is ConnectionState.RECONNECTING:
            self._fail(room.account_sid, "reconnects", failure)
        if seen.state is ConnectionState.DISCONNECTED:
            if is_trouble(seen.code):
                self._fail(room.account_sid, "disconnects", failure)
            return self._calls.leave(room, reporter, seen.at_ms)
        return ()


def _is_failure(observation: object) -> TypeGuard[Connection]:
    return (
        isinstance(observation, Connection)
        and observation.state is ConnectionState.DISCONNECTED
        and is_trouble(observation.code)
    )


def _has_left(room: Room, batch: TelemetryBatch) -> bool:
    """Whether this is the last word of somebody who is already gone."""
    if batch.participant_sid is not None:
        return batch.participant_sid in room.left
    gone = room.left.get(f"identity:{batch.identity}")
    return gone is not None and batch.received_at_ms < (gone.left_at_ms or 0) + RETURN_AFTER_MS


def _hear(participant: Participant, batch: TelemetryBatch) -> None:
    participant.heard_at_ms = max(participant.heard_at_ms or 0, batch.received_at_ms)
    if batch.client is not None:
        participant.browser = batch.client.browser or participant.browser
        participant.network = batch.client.network or participant.network


def _observe_stats(reporter: Participant, stats: MediaStats) -> None:
    if stats.at_ms < reporter.stats_at_ms:
        return
    up, down = stats.up or _NO_NUMBERS, stats.down or _NO_NUMBERS
    reporter.stats_at_ms = stats.at_ms
    reporter.rtt_ms = stats.rtt_ms
    reporter.loss_ratio = _worst(up.loss_ratio, down.loss_ratio)
    reporter.jitter_ms = _worst(up.jitter_ms, down.jitter_ms)
    reporter.bitrate_up_bps = up.bitrate_bps
    reporter.bitrate_down_bps = down.bitrate_bps
    reporter.fps = up.fps
    reporter.limited_by = up.limited_by


def _worst(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return one if other is None else other
    return max(one, other)

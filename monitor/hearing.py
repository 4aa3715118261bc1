"""What does a browser's word change?

The reducer for telemetry.  What it has to get right:

* A level is a step function: it stays until it changes or its participant leaves.  What a participant says of itself
  counts; what others say of it counts only while it says nothing, and then the best of them, since a reporter on a bad
  link sees everybody worse than they are.
* Level 0 after `reconnected` is left over from the outage: it means unknown until the next report.
* Somebody who could not join never was in the room.
* What is hours old is history, not the present; and what comes out of order does not turn the picture back.
* Browsers' clocks are off.  What is compared is compared by the clock of one browser; what is shown is by ours.
"""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from sys import intern
from typing import TypeGuard

from collectors.error_codes import is_trouble
from collectors.moments import PRESENT_MS, is_history, last_ms
from collectors.observations import (
    Connection,
    ConnectionState,
    Device,
    MediaStats,
    MediaStatsSeries,
    NetworkQuality,
    NetworkQualitySeries,
    Observation,
    TelemetryBatch,
    Track,
)
from monitor.calls import Calls
from monitor.crowds import DEGRADED_LEVEL
from monitor.entities import Change, Failure, Participant, Room
from monitor.live_minutes import LiveMinutes, by_our_clock
from monitor.merging import want_look
from monitor.outcomes import Outcomes
from monitor.rings import Ring, Rings, name_of, values_of, values_of_rows

RETURN_AFTER_MS = 30_000  # somebody known by identity only has come back who tells of a time this long after leaving
RING_REACH_MS = 86_400_000  # how far before the first word of somebody a sample may reach
_AT_MS = attrgetter("at_ms")
CLOCK_SET_MS = 30_000  # a clock that jumps by more was set, and what was told by it before cannot be compared


class Hearing:
    """Takes in what browsers say.

    Args:
        calls: the rooms and the people in them.
        rings: the last samples of those people.
        minutes: judges the minutes of those people.
        outcomes: hears who could not join.
        fail: takes note of somebody who could not join, or lost the connection, and in which account.
    """

    def __init__(
        self,
        calls: Calls,
        rings: Rings,
        minutes: LiveMinutes,
        outcomes: Outcomes,
        fail: Callable[[str | None, str, Failure], None],
    ) -> None:
        self._calls = calls
        self._rings = rings
        self._minutes = minutes
        self._outcomes = outcomes
        self._fail = fail

    def hear(self, batch: TelemetryBatch) -> Sequence[Change]:
        """Take what a browser says of itself and of those it sees."""
        if is_history(batch) or self._is_over(batch):
            return ()
        if batch.participant_sid is None and self._could_not_join(batch):
            return ()
        room = self._calls.room_of(batch.room_sid, batch.room_name)
        room.account_sid = room.account_sid or batch.account_sid
        room.heard_at_ms = max(room.heard_at_ms, batch.received_at_ms)
        participant = room.find(batch.participant_sid, batch.identity)
        is_new = participant is None
        if participant is None:
            if _has_left(room, batch):
                return ()
            participant = self._calls.join(room, batch.participant_sid, batch.identity)
        self._calls.learn(room, participant, batch.participant_sid, batch.identity)
        _hear(participant, batch)
        if participant.sid is None:
            want_look(room, batch.received_at_ms)  # who is this to Twilio?
        others, is_room_changed = self._observe_all(room, participant, batch.observations)
        changes = list(others)
        if is_new or is_room_changed:
            changes.append(Change(room.ref))
        if participant.is_live:
            changes.append(Change(participant.ref))
        return changes

    def _is_over(self, batch: TelemetryBatch) -> bool:
        """Whether this tells of a room that has ended, or of an earlier one of the same name."""
        if batch.room_sid is not None:
            return batch.room_sid in self._calls.ended
        name = batch.room_name
        return self._calls.at(name, last_ms(batch)) is not self._calls.of_name(name)

    def _could_not_join(self, batch: TelemetryBatch) -> bool:
        """Whether this only tells why somebody who never was in the room is not in it; take note if so."""
        room = self._calls.of_sid(batch.room_sid) or self._calls.of_name(batch.room_name)
        if room is not None and room.find(None, batch.identity) is not None:
            return False
        failures = [each for each in batch.observations if _is_failure(each)]
        devices = sum(type(each) is Device for each in batch.observations)
        if not batch.observations or len(failures) + devices < len(batch.observations):
            return False
        for each in failures:
            account_sid = batch.account_sid or (room.account_sid if room else None)
            self._fail(account_sid, "join_failures", Failure(batch.received_at_ms, batch.identity or "", each.code))
            self._outcomes.could_not_join(room, batch.room_name, account_sid, batch.received_at_ms)
        return True

    def _observe_all(
        self, room: Room, reporter: Participant, observations: Iterable[Observation]
    ) -> tuple[list[Change], bool]:
        """Take observations; return who else has changed, or is gone, and whether the room counts otherwise now."""
        changes: list[Change] = []
        media: list[MediaStats] = []
        series: list[MediaStatsSeries] = []
        own: list[NetworkQuality] = []
        others: list[NetworkQuality] = []
        sid, before = reporter.sid, reporter.level
        # By type, the most frequent first: this is done for every sample there is, and `isinstance` asks a metaclass.
        for seen in observations:
            if type(seen) is MediaStats:
                media.append(seen)
            elif type(seen) is NetworkQuality:
                (own if seen.subject is None or seen.subject == sid else others).append(seen)
            elif type(seen) is MediaStatsSeries:
                series.append(seen)
            elif type(seen) is NetworkQualitySeries:
                _put_apart(seen.rows(), sid, own, others)
            else:  # what comes after a level may change what it means, as `reconnected` does
                _set_own_level(reporter, own)
                changes += _observe_others(room, reporter, others)
                changes += self._observe_event(room, reporter, seen)
                own, others = [], []
        if own:
            _set_own_level(reporter, own)
        if others:
            changes += _observe_others(room, reporter, others)
        level = reporter.level
        if (media or series) and reporter.is_live:
            ring = self._ring_of(room, reporter)
            self._minutes.hear(ring, reporter, level, media, series)
            _observe_media(ring, reporter, media, series)
        elif reporter.stats_at_ms < 0 and reporter.is_live:  # who sends samples is judged by them
            self._minutes.notice(self._ring_of(room, reporter), reporter, reporter.heard_at_ms or 0)
        return changes, bool(changes) or (level != before and _counts_otherwise(before, level))

    def _observe_event(self, room: Room, reporter: Participant, seen: Observation) -> Iterable[Change]:
        """Take what happened to the reporter itself; return who else has changed, or is gone."""
        if type(seen) is Connection and seen.subject is None:
            return self._observe_connection(room, reporter, seen)
        if type(seen) is Track and seen.subject is None:
            reporter.has_published = reporter.has_published or seen.state == "published"
            reporter.error_code = reporter.error_code if seen.code is None else seen.code
        return ()

    def _ring_of(self, room: Room, reporter: Participant) -> Ring:
        began_ms = (reporter.heard_at_ms or 0) + reporter.clock_offset_ms - RING_REACH_MS
        return self._rings.of(name_of(reporter), room, began_ms)

    def _observe_connection(self, room: Room, reporter: Participant, seen: Connection) -> Iterable[Change]:
        at_ms = seen.at_ms - reporter.clock_offset_ms
        if seen.at_ms < reporter.connection_at_ms or at_ms < (reporter.heard_at_ms or 0) - PRESENT_MS:
            return ()
        if reporter.reconnecting and (ring := self._rings.find(reporter)) is not None:
            self._minutes.break_off(ring, reporter.connection_at_ms - reporter.clock_offset_ms, at_ms)
        reporter.connection_at_ms = seen.at_ms
        reporter.error_code = seen.code if seen.code is not None else reporter.error_code
        reporter.reconnecting = seen.state is ConnectionState.RECONNECTING
        if seen.state is ConnectionState.RECONNECTED and reporter.own_level == 0:
            reporter.own_level, reporter.level_since_ms = None, at_ms
        failure = Failure(reporter.heard_at_ms or at_ms, reporter.ref.key, seen.code)
        if seen.state is ConnectionState.RECONNECTING:
            self._fail(room.account_sid, "reconnects", failure)
        if seen.state is ConnectionState.DISCONNECTED:
            if is_trouble(seen.code):
                self._fail(room.account_sid, "disconnects", failure)
            return self._calls.leave(room, reporter, at_ms)
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
    return gone is not None and last_ms(batch) < (gone.left_at_ms or 0) + RETURN_AFTER_MS


def _hear(participant: Participant, batch: TelemetryBatch) -> None:
    participant.heard_at_ms = max(participant.heard_at_ms or 0, batch.received_at_ms)
    participant.network_address = batch.address or participant.network_address
    if batch.dropped is not None:
        participant.dropped_events = batch.dropped
    if (batch.clock_offset_ms or 0) != participant.clock_offset_ms:
        _set_clock(participant, batch.clock_offset_ms or 0)
    if batch.client is not None:
        # Of such words there are few, and each would be in memory as often as there are people.
        participant.browser = intern(batch.client.browser or participant.browser or "") or None
        participant.network = intern(batch.client.network or participant.network or "") or None


def _set_clock(participant: Participant, offset_ms: int) -> None:
    """Take note of another clock offset, which is a better measurement unless it is a clock that was set."""
    if abs(offset_ms - participant.clock_offset_ms) > CLOCK_SET_MS:
        participant.own_level_at_ms = participant.stats_at_ms = -1
        participant.connection_at_ms = participant.others_at_ms = -1
    participant.clock_offset_ms = offset_ms


def _known(level: int | None) -> int | None:
    return None if level is None or level < 0 else level


def _counts_otherwise(before: int | None, after: int | None) -> bool:
    """Whether another level changes what there is to count in a room: how many are known, and how many degraded."""
    return before is None or after is None or (before <= DEGRADED_LEVEL) != (after <= DEGRADED_LEVEL)


def _put_apart(
    levels: Iterable[NetworkQuality], sid: str | None, own: list[NetworkQuality], others: list[NetworkQuality]
) -> None:
    """Put what somebody with this SID says of itself apart from what it says of others."""
    for seen in levels:
        (own if seen.subject is None or seen.subject == sid else others).append(seen)


def _set_own_level(reporter: Participant, levels: Iterable[NetworkQuality]) -> None:
    """Take what the reporter sees of itself."""
    since_ms: int | None = None
    at_ms, own_level = reporter.own_level_at_ms, reporter.own_level
    # While it has said nothing yet, others' word stays.
    shown = own_level if reporter.reports else reporter.level
    for seen in levels:
        if seen.at_ms < at_ms:
            continue
        at_ms, level = seen.at_ms, _known(seen.level)
        if level is None and not reporter.reports:
            continue
        if not reporter.reports:
            reporter.reports, reporter.levels_seen = True, None  # what others see counts no more
        own_level = level
        if level != shown:
            shown, since_ms = level, at_ms
    reporter.own_level_at_ms, reporter.own_level = at_ms, own_level
    if since_ms is not None:
        reporter.level_since_ms = by_our_clock(since_ms, reporter.clock_offset_ms)


def _observe_others(room: Room, reporter: Participant, levels: Iterable[NetworkQuality]) -> Sequence[Change]:
    """Take what the reporter sees of others; return who of them has changed."""
    changes: list[Change] = []
    key, at_ms, people = reporter.key, reporter.others_at_ms, room.participants
    for seen in levels:
        if seen.at_ms < at_ms:
            continue
        at_ms, sid, level = seen.at_ms, seen.subject or "", _known(seen.level)
        subject = people.get(sid) or room.find(sid, None)
        if subject is None:
            if sid not in room.left:
                room.strangers.setdefault(sid, room.heard_at_ms)
        elif subject.reports or level is None:
            continue  # it says itself how it is
        elif subject.levels_seen is None or subject.levels_seen.get(key) != level:
            before = subject.level
            subject.see_at(level, key)
            if subject.level != before:  # or others see it better
                subject.level_since_ms = by_our_clock(at_ms, reporter.clock_offset_ms)
                changes.append(Change(subject.ref))
    reporter.others_at_ms = at_ms
    return changes


def _observe_media(
    ring: Ring, reporter: Participant, media: Sequence[MediaStats], series: Sequence[MediaStatsSeries]
) -> None:
    """Keep the samples; the latest of them says how it is now."""
    ring.hear(media)
    for each in series:
        ring.push(values_of_rows(each))
    latest = _latest(media, series)
    if latest is not None and latest.at_ms >= reporter.stats_at_ms:
        _set_media(reporter, latest)


def _latest(media: Sequence[MediaStats], series: Sequence[MediaStatsSeries]) -> MediaStats | None:
    """Return the last sample in time; of two at once, what was said later counts."""
    if series:
        media = [*media, *(each.latest() for each in series if each.at_ms)]
    return max(reversed(media), key=_AT_MS, default=None)


def _set_media(reporter: Participant, now: MediaStats) -> None:
    reporter.stats_at_ms, *numbers = values_of(now)
    reporter.hear(numbers)
    limited_by = now.up.limited_by if now.up else None
    reporter.limited_by = None if limited_by is None else intern(limited_by)  # one of few words, as those of a browser

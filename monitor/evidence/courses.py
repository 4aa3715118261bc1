"""How did a call go for one participant, step by step?

What a browser said is laid out in steps of ten seconds, so that people whose samples fall at different moments can be
compared: numbers are the mean of a step, levels hold until the next, and None is what nobody told.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import zip_longest

import msgspec
from msgspec import Struct

from collectors.observations import Connection, ConnectionState, Direction, MediaStats, NetworkQuality, Track
from monitor.evidence.thresholds import OUTAGE_MS, STEP_MS
from monitor.evidence.witnesses import Evidence, Witness

Word = tuple[int, int | None]  # a moment, and what holds from then on

_NOTHING = Direction()


class Lane(Struct, frozen=True, gc=False):
    """One direction of somebody's media in one step."""

    loss_ratio: float | None = None
    jitter_ms: float | None = None
    bitrate_bps: float | None = None
    fps: float | None = None


class Step(Struct, frozen=True, gc=False):
    """Ten seconds of one participant; the ratios of `cpu` and `narrow` are of the samples that name a limit."""

    up: Lane = Lane()
    down: Lane = Lane()
    rtt_ms: float | None = None
    cpu_ratio: float | None = None
    narrow_ratio: float | None = None
    level: int | None = None
    send_level: int | None = None
    receive_level: int | None = None
    is_heard: bool = False
    is_lost: bool = False
    switched_off: int = 0


Course = tuple[Step, ...]


def course_of(witness: Witness, evidence: Evidence) -> Course:
    """Return what a witness said of itself."""
    samples = _by_step(witness.media, evidence)
    own = [each for each in witness.levels if witness.is_own(each.subject)]
    levels = _held(_own_levels(own, witness.connections), evidence)
    sends, receives = (_held(_partial_levels(own, side), evidence) for side in ("send", "recv"))
    lost = _held(_outages(witness), evidence)
    off = _held(_switches(witness.tracks), evidence)
    return tuple(
        _step(samples.get(index, ()), levels[index], sends[index], receives[index], lost[index], off[index])
        for index in range(steps_in(evidence))
    )


def seen_levels(reporter: Witness, subject: Witness, evidence: Evidence) -> Sequence[int | None]:
    """Return the level, step by step, at which one participant saw another."""
    words = [(each.at_ms, _known(each.level)) for each in reporter.levels if each.subject == subject.sid]
    return _held(words if subject.sid else (), evidence)


def steps_in(evidence: Evidence) -> int:
    """Return how many steps the window has."""
    return max(1, -(-(evidence.to_ms - evidence.from_ms) // STEP_MS))


def mean(values: Iterable[float | None]) -> float | None:
    """Return the mean of what is known."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


# --- numbers ---------------------------------------------------------------------------------------------


def _by_step(media: Iterable[MediaStats], evidence: Evidence) -> dict[int, list[MediaStats]]:
    steps: dict[int, list[MediaStats]] = defaultdict(list)
    for each in media:
        if evidence.from_ms <= each.at_ms < evidence.to_ms:
            steps[(each.at_ms - evidence.from_ms) // STEP_MS].append(each)
    return steps


def _step(
    media: Sequence[MediaStats],
    level: int | None,
    send: int | None,
    receive: int | None,
    lost: int | None,
    off: int | None,
) -> Step:
    ups = [each.up or _NOTHING for each in media]
    limits = [up.limited_by for up in ups if up.limited_by is not None]
    return Step(
        up=_lane(ups),
        down=_lane([each.down or _NOTHING for each in media]),
        rtt_ms=mean(each.rtt_ms for each in media),
        cpu_ratio=mean(limit == "cpu" for limit in limits),
        narrow_ratio=mean(limit == "bandwidth" for limit in limits),
        level=level,
        send_level=send,
        receive_level=receive,
        is_heard=bool(media),
        is_lost=bool(lost),
        switched_off=off or 0,
    )


def _lane(directions: Sequence[Direction]) -> Lane:
    if len(directions) == 1:  # as most often: a sample every ten seconds
        (only,) = directions
        return Lane(only.loss_ratio, only.jitter_ms, only.bitrate_bps, only.fps)
    return Lane(
        mean(each.loss_ratio for each in directions),
        mean(each.jitter_ms for each in directions),
        mean(each.bitrate_bps for each in directions),
        mean(each.fps for each in directions),
    )


# --- what holds until the next word ----------------------------------------------------------------------


def _held(words: Iterable[Word], evidence: Evidence) -> list[int | None]:
    """Return what held in the middle of each step."""
    ordered = sorted(words, key=lambda word: word[0])
    held: list[int | None] = []
    value, upcoming = None, 0
    for index in range(steps_in(evidence)):
        middle_ms = evidence.from_ms + index * STEP_MS + STEP_MS // 2
        while upcoming < len(ordered) and ordered[upcoming][0] <= middle_ms:
            value = ordered[upcoming][1]
            upcoming += 1
        held.append(value)
    return held


def _known(level: int | None) -> int | None:
    return None if level is None or level < 0 else level


def _own_levels(own: Iterable[NetworkQuality], connections: Iterable[Connection]) -> Iterable[Word]:
    """Return the levels; a 0 that is left over when the connection is back means nothing until the next."""
    words: list[Word] = [(each.at_ms, _known(each.level)) for each in own]
    for back in connections:
        if back.state is ConnectionState.RECONNECTED and back.subject is None:
            before = max((word for word in words if word[0] <= back.at_ms), default=None, key=lambda word: word[0])
            if before is not None and before[1] == 0:
                words.append((back.at_ms, None))
    return words


class _Side(Struct):
    send: int | None = None
    recv: int | None = None


class _Parts(Struct):
    """As much of the SDK's own object as tells which direction a level is about."""

    audio: _Side | None = None
    video: _Side | None = None


_decode_parts = msgspec.json.Decoder(_Parts).decode


def _partial_levels(own: Iterable[NetworkQuality], side: str) -> Iterable[Word]:
    """Return the level of one direction, the worse of sound and picture; a level without parts leaves it unknown."""
    for each in own:
        parts = _parts(each)
        levels = [getattr(part, side) for part in (parts.audio, parts.video) if part is not None]
        yield each.at_ms, min((level for level in levels if level is not None), default=None)


def _parts(seen: NetworkQuality) -> _Parts:
    try:
        return _decode_parts(seen.stats)
    except (msgspec.DecodeError, RecursionError):
        return _Parts()  # `null`, or an object of some other shape: the SDK's own, which nobody promised


def _outages(witness: Witness) -> Iterable[Word]:
    own = sorted((each for each in witness.connections if witness.is_own(each.subject)), key=lambda each: each.at_ms)
    for each, after in zip_longest(own, own[1:]):
        is_lost = each.state is ConnectionState.RECONNECTING
        yield each.at_ms, int(is_lost)
        if is_lost and (after is None or after.at_ms > each.at_ms + OUTAGE_MS):
            yield each.at_ms + OUTAGE_MS, 0


def _switches(tracks: Iterable[Track]) -> Iterable[Word]:
    """Return how many pictures of others were switched off for this participant, from each moment on."""
    off: set[str | None] = set()
    for each in sorted(tracks, key=lambda track: track.at_ms):
        if each.state == "switched_off":
            off.add(each.track_sid)
        elif each.state in ("switched_on", "unsubscribed"):
            off.discard(each.track_sid)
        yield each.at_ms, len(off)

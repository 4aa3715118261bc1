"""What is bad with whom, and how much of it comes from somebody else?

The media server forwards what it gets.  So what a receiver misses was lost on its own downlink, or before that on the
uplinks of those it listens to, and the numbers of the receiver alone cannot tell which.  Publishers measure their own
uplinks: what those explain is taken off a receiver's loss, and what is left is its own.  Of a publisher who tells
nothing, the receiver that suffers least shows how much can have been lost on that uplink at most.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from math import sqrt

from msgspec import Struct

from monitor.evidence import thresholds as at
from monitor.evidence.courses import Course, Lane, Step, course_of, mean, seen_levels
from monitor.evidence.uplinks import Least, Sent
from monitor.evidence.witnesses import Evidence, Witness

Steps = tuple[bool, ...]
Series = tuple[float | None, ...]


class Fault(StrEnum):
    """What is wrong with somebody's own side of the call."""

    UPLINK = "uplink"
    DOWNLINK = "downlink"
    LINK = "link"
    DEVICE = "device"


class Symptoms(Struct, frozen=True):
    """What is bad with one participant, step by step.

    `up`, `down`, `slow`, `lost` and `device` are its own; `hurt` is whatever spoils its network, whoever is to blame.
    `unexplained` is the loss of what it receives, less what publishers who measure their uplinks have lost.
    """

    witness: Witness
    course: Course
    is_publisher: bool
    is_vouched: bool  # it measures its own uplink
    up: Steps
    down: Steps
    slow: Steps
    lost: Steps
    device: Steps
    hurt: Steps
    unexplained: Series

    @property
    def is_heard(self) -> bool:
        """Whether it said enough of itself to be judged by it."""
        return seconds(step.is_heard or step.is_lost for step in self.course) >= at.HEARD_S

    @property
    def times_lost(self) -> int:
        """Return how often it lost its connection."""
        return sum(now and not before for before, now in zip((False, *self.lost), self.lost, strict=False))

    @property
    def fault(self) -> Fault | None:
        """Return what is wrong on its own side for long enough to be blamed for."""
        is_up, is_down = is_lasting(self.up), self._is_down()
        is_off = is_lasting(self.lost) or self.times_lost >= at.LOST_TIMES
        if (is_up and is_down) or is_off or (is_lasting(self.slow) and not is_up and not is_down):
            return Fault.LINK
        if is_up or is_down:
            return Fault.UPLINK if is_up else Fault.DOWNLINK
        return Fault.DEVICE if is_lasting(self.device) else None

    def _is_down(self) -> bool:
        """Whether its downlink is bad, and not just here and there where much is lost before it anyway."""
        return is_lasting(self.down) and seconds(self.down) >= at.MOST_RATIO * seconds(self.hurt)

    @property
    def is_doubtful(self) -> bool:
        """Whether something is bad for longer than a gust, or the connection was lost."""
        bad = (self.up, self.down, self.hurt, self.device)
        return self.times_lost > 0 or any(seconds(each) > at.GUST_S for each in bad)

    @property
    def is_level_low(self) -> bool:
        """Whether Twilio itself gave it a low level for long."""
        return is_lasting(_is_low(step.level) for step in self.course)

    @property
    def bad_s(self) -> float:
        """Return for how long its own side was bad."""
        return seconds(map(any, zip(self.up, self.down, self.slow, self.lost, self.device, strict=True)))


def seconds(steps: Iterable[bool]) -> float:
    """Return how long it was so, all together."""
    return sum(steps) * at.STEP_MS / 1000


def is_lasting(steps: Iterable[bool]) -> bool:
    """Whether it was so for long enough to be no accident."""
    return seconds(steps) >= at.LASTING_S


def during(steps: Steps, course: Course, value: Callable[[Step], float | None]) -> float | None:
    """Return the mean of a value over the steps in which something was so."""
    return mean(value(step) for is_so, step in zip(steps, course, strict=True) if is_so)


def symptoms_of(evidence: Evidence) -> tuple[Symptoms, ...]:
    """Return what is bad with each witness, in their order."""
    courses = {each.key: course_of(each, evidence) for each in evidence.witnesses}
    scene = _Scene({each.key: each for each in evidence.witnesses}, courses)
    return tuple(scene.symptoms(each) for each in evidence.witnesses)


def seen_low(subject: Symptoms, everybody: Iterable[Symptoms], evidence: Evidence) -> Sequence[Witness]:
    """Return those who saw somebody at a low level for long, while nothing was wrong with them themselves.

    A reporter on a bad link sees everybody worse than they are, so its word counts for nothing here.
    """
    return [
        each.witness
        for each in everybody
        if each is not subject
        and each.fault is None
        and is_lasting(_is_low(level) for level in seen_levels(each.witness, subject.witness, evidence))
    ]


class _Scene:
    """All of a room side by side."""

    def __init__(self, witnesses: Mapping[str, Witness], courses: Mapping[str, Course]) -> None:
        self._courses = courses
        self._publishers = {key for key, course in courses.items() if _publishes(witnesses[key], course)}
        uploads = {key: _uploads(courses[key]) for key in self._publishers}
        steps = range(max(map(len, courses.values()), default=0))
        self._sent = [Sent({key: uploads[key][index] for key in uploads}) for index in steps]
        self._carried = {key: tuple(sent.carried_to(key) for sent in self._sent) for key in courses}
        self._over = {key: self._unexplained(key) for key in courses}
        self._least_over = [
            self._least(self._over_at(index), sent.loss_untold) for index, sent in enumerate(self._sent)
        ]
        self._least_jitter_ms = [
            self._least(self._jitters_at(index), sent.jitter_untold) for index, sent in enumerate(self._sent)
        ]

    def symptoms(self, witness: Witness) -> Symptoms:
        """Return what is bad with one of them."""
        key = witness.key
        course = self._courses[key]
        up = tuple(map(_is_up_bad, course))
        down = tuple(self._is_down_bad(key, index) for index in range(len(course)))
        return Symptoms(
            witness=witness,
            course=course,
            is_publisher=key in self._publishers,
            is_vouched=is_lasting(step.up.loss_ratio is not None for step in course),
            up=up,
            down=down,
            slow=tuple(map(_is_slow, course)),
            lost=tuple(step.is_lost for step in course),
            device=tuple(self._is_strained(key, index) for index in range(len(course))),
            hurt=tuple(map(_is_hurt, course)),
            unexplained=self._over[key],
        )

    # --- what comes from others --------------------------------------------------------------------------

    def _unexplained(self, receiver: str) -> Series:
        pairs = zip(self._courses[receiver], self._carried[receiver], strict=True)
        return tuple(_less(step.down.loss_ratio, carried.loss_ratio) for step, carried in pairs)

    def _over_at(self, index: int) -> Iterator[tuple[str, float | None]]:
        return ((key, series[index]) for key, series in self._over.items())

    def _jitters_at(self, index: int) -> Iterator[tuple[str, float | None]]:
        return ((key, course[index].down.jitter_ms) for key, course in self._courses.items())

    def _least(self, told: Iterable[tuple[str, float | None]], untold: set[str]) -> Least:
        """Return the least of what those told who tell of their uplink; it is asked for only if somebody does not."""
        return Least((key, value) for key, value in told if key not in untold) if untold else Least(())

    def _own_loss(self, key: str, index: int) -> float | None:
        """Return what was lost on somebody's own downlink, or None where it may have been lost on the way to it."""
        over = self._over[key][index]
        if over is None or not self._sent[index].loss_untold - {key}:
            return over
        return _less(over, self._least_over[index].but(key))

    def _own_jitter_ms(self, key: str, index: int) -> float | None:
        jitter_ms, carried_ms = self._courses[key][index].down.jitter_ms, self._carried[key][index].jitter_ms or 0.0
        if jitter_ms is None:
            return None
        if self._sent[index].jitter_untold - {key}:
            least_ms = self._least_jitter_ms[index].but(key)
            if least_ms is None:
                return None
            carried_ms = max(carried_ms, least_ms)
        return sqrt(max(0.0, jitter_ms**2 - carried_ms**2))

    # --- what is its own ---------------------------------------------------------------------------------

    def _is_down_bad(self, key: str, index: int) -> bool:
        return (
            self._is_lossy(key, index)
            or (self._own_jitter_ms(key, index) or 0.0) >= at.BAD_JITTER_MS
            or self._is_down_narrow(key, index)
        )

    def _is_lossy(self, key: str, index: int) -> bool:
        """Whether much is lost on somebody's own downlink, and most of what is lost.

        Where it cannot be told whose it is, Twilio's level can, which looks at this one link alone.  Where it can, the
        level is not asked: it is told only when it changes, and that word may have been lost.
        """
        step, own = self._courses[key][index], self._own_loss(key, index)
        lost = step.down.loss_ratio or 0.0
        if own is None:
            return lost >= at.BAD_LOSS_RATIO and _is_low_by_receiving(step)
        is_good = step.level is not None and step.level >= at.GOOD_LEVEL
        if is_good and self._sent[index].loss_untold - {key}:
            return False
        return own >= at.BAD_LOSS_RATIO and own >= at.MOST_RATIO * lost

    def _is_down_narrow(self, key: str, index: int) -> bool:
        """Whether the level is low because of what comes in, and something that comes in shows it.

        The level alone is not enough: its parts are told only when the whole changes, and may be old.
        """
        step = self._courses[key][index]
        if step.level is None:
            is_poor = _is_below(step.down.bitrate_bps, at.NARROW_BPS) and self._stutters_alone(key, index)
            return step.switched_off > 0 and (is_poor or self._is_starved(key, index))
        is_shown = step.switched_off > 0 or _is_below(step.down.fps, at.STUTTERING_FPS) or self._is_starved(key, index)
        return is_shown and _is_low_by_receiving(step)

    def _is_starved(self, key: str, index: int) -> bool:
        """Whether somebody gets much less than all others send, and little."""
        got_bps = self._courses[key][index].down.bitrate_bps
        if got_bps is None or got_bps >= at.NARROW_BPS:
            return False
        sent_bps = self._sent[index].bitrate_bps(key)
        return sent_bps is not None and got_bps < at.MOST_RATIO * sent_bps

    def _is_strained(self, key: str, index: int) -> bool:
        step = self._courses[key][index]
        if _is_up_bad(step) or _is_hurt(step) or _is_low(step.level):
            return False
        if (step.cpu_ratio or 0.0) >= at.MOST_RATIO and _is_below(step.up.fps, at.SMOOTH_FPS):
            return True
        return _is_below(step.up.fps, at.STUTTERING_FPS) and self._stutters_alone(key, index)

    def _stutters_alone(self, key: str, index: int) -> bool:
        """Whether somebody shows few frames of what others send, or show, smoothly."""
        if not _is_below(self._courses[key][index].down.fps, at.STUTTERING_FPS):
            return False
        others = [course[index] for each, course in self._courses.items() if each != key]
        return any((rate or 0.0) >= at.SMOOTH_FPS for step in others for rate in (step.up.fps, step.down.fps))


# --- one step ----------------------------------------------------------------------------------------------


def _is_up_bad(step: Step) -> bool:
    return (
        (step.up.loss_ratio or 0.0) >= at.BAD_LOSS_RATIO
        or (step.up.jitter_ms or 0.0) >= at.BAD_JITTER_MS
        or (step.is_heard and step.up.loss_ratio is None and _is_low(step.level) and _is_low(step.send_level))
        or _is_up_narrow(step)
    )


def _is_up_narrow(step: Step) -> bool:
    """Whether somebody who sends pictures sends so little because no more gets through."""
    if step.up.fps is None or not _is_below(step.up.bitrate_bps, at.NARROW_BPS):
        return False
    if step.narrow_ratio is None:
        return _is_low(step.level) and (step.send_level is None or _is_low(step.send_level))
    is_limited = step.narrow_ratio >= at.MOST_RATIO
    return is_limited and (_is_low(step.level) or step.up.fps < at.STUTTERING_FPS)


def _is_low_by_receiving(step: Step) -> bool:
    """Whether the level is low because of what comes in: its parts say so, or what goes out is known to be well."""
    if not _is_low(step.level):
        return False
    if step.receive_level is not None:
        return _is_low(step.receive_level)
    return step.up.loss_ratio is not None and not _is_up_bad(step) and not _is_slow(step)


def _is_slow(step: Step) -> bool:
    return (step.rtt_ms or 0.0) >= at.BAD_RTT_MS


def _is_hurt(step: Step) -> bool:
    return (
        _is_up_bad(step)
        or _is_slow(step)
        or step.is_lost
        or (step.down.loss_ratio or 0.0) >= at.BAD_LOSS_RATIO
        or (step.down.jitter_ms or 0.0) >= at.BAD_JITTER_MS
    )


def _is_low(level: int | None) -> bool:
    return level is not None and level <= at.LOW_LEVEL


def _is_below(value: float | None, limit: float) -> bool:
    return value is not None and value < limit


def _less(value: float | None, by: float | None) -> float | None:
    return None if value is None or by is None else max(0.0, value - by)


# --- one uplink --------------------------------------------------------------------------------------------


def _publishes(witness: Witness, course: Course) -> bool:
    """Whether somebody sends: it says so, or it says nothing at all."""
    if any(each.state == "published" for each in witness.tracks) or not witness.media:
        return True
    return any(step.up != Lane() for step in course)


def _uploads(course: Course) -> tuple[Lane, ...]:
    """Return the uplink step by step, each the worst of its neighbourhood: samples of two people never quite meet."""
    return tuple(_worst(course[max(0, index - 1) : index + 2]) for index in range(len(course)))


def _worst(steps: Sequence[Step]) -> Lane:
    losses = [step.up.loss_ratio for step in steps if step.up.loss_ratio is not None]
    jitters = [step.up.jitter_ms for step in steps if step.up.jitter_ms is not None]
    bitrate_bps = mean(step.up.bitrate_bps for step in steps)
    return Lane(max(losses, default=None), max(jitters, default=None), bitrate_bps)

"""How many minutes of somebody's call were good?

The unit of a service level objective.  Each minute of a stay in a room is good, bad, or unknown:

* A moment is *bad* where Twilio's level or our score says so, and while the connection is being made anew.
* It is *good* where the score does, and the level does not object.  Where there is no score that proves anything, the
  level speaks alone; but 5 is also what somebody has who neither sends nor receives, so it wants to be shown that
  something flows: a bitrate, or a track that was published.
* All other moments are *unknown*, and unknown is never good.  So is a gap in the samples of somebody who sends some: a
  browser that is gone does not take its last level back.
* A minute goes by the moments of it that are known.  With too few of those, it is unknown.

A level is a step function: it counts until the next one.  A sample speaks for its interval, which lies before it.  So
what is told of the levels is held back for as long as a sample may reach, and judged then: one pass, and no more memory
than the levels of a minute.
"""

from collections import deque
from collections.abc import Iterable

from msgspec import Struct

from collectors.observations import (
    Connection,
    ConnectionState,
    MediaStats,
    NetworkQuality,
    Observation,
    Track,
    unrolled,
)
from monitor.quality import is_idle, score_of

MINUTE_MS = 60_000
GOOD_SCORE = 3.5  # below it, many are dissatisfied; it is where Twilio warns, too
GOOD_LEVEL = 3  # "average" in Twilio's words
IDLE_LEVEL = 5
GOOD_RATIO = 0.95  # how much of what is known of a good minute is good
KNOWN_RATIO = 0.5  # how much of a minute is known, at least, or it is unknown

INTERVAL_MS = 10_000  # of a sample that does not say; it is what the browser SDK does
LONGEST_INTERVAL_MS = 60_000  # what a longer one is an average of is nobody's experience
MOST_TRACKS = 100  # of one participant that are remembered; more are not published at once
BROKEN = 0  # Twilio's level while a connection is being made anew


class Minutes(Struct, frozen=True, gc=False):
    """How many minutes were what; those that a stay began or ended in count, too."""

    good: int
    bad: int
    unknown: int

    @property
    def good_ratio(self) -> float | None:
        """Return how many of the minutes that are known were good, or None where none is known."""
        known = self.good + self.bad
        return self.good / known if known else None


NO_MINUTES = Minutes(0, 0, 0)


def good_minutes(
    observations: Iterable[Observation],
    *,
    participant_sid: str | None = None,
    began_ms: int | None = None,
    ended_ms: int | None = None,
    codec: str | None = None,
) -> Minutes:
    """Return how many minutes of one participant's stay were good, bad, or unknown.

    Args:
        observations: what the participant reported, in the order of time, and by the clock of the other times.
        participant_sid: the participant, who may speak of itself by it; what it says of others is passed over.
        began_ms: when the stay began; left out, when the first observation does.
        ended_ms: when it ended; left out, with the last observation.
        codec: the audio codec, where known.
    """
    stay: _Stay | None = None if began_ms is None else _Stay(began_ms, ended_ms, codec)
    for seen in unrolled(observations):
        if isinstance(seen, MediaStats):
            stay = stay or _Stay(seen.at_ms - interval_ms_of(seen), ended_ms, codec)
            stay.sample(seen)
        elif isinstance(seen, NetworkQuality | Connection | Track) and seen.subject in {None, participant_sid}:
            stay = stay or _Stay(seen.at_ms, ended_ms, codec)
            stay.step(seen)
    return NO_MINUTES if stay is None else stay.end()


class Heard(Struct, frozen=True, gc=False):
    """What a sample proves: `is_well` is None where it proves nothing; `flows` where it does not tell."""

    is_well: bool | None = None
    flows: bool | None = None
    is_gap: bool = False


NO_SAMPLES = Heard()
GAP = Heard(is_gap=True)


class _State(Struct, frozen=True, gc=False):
    """What holds from a moment on: the level, and whether the participant publishes anything."""

    since_ms: int
    level: int | None
    publishes: bool


class _Stay:
    """One participant's time in a room, judged as it goes by."""

    def __init__(self, began_ms: int, ended_ms: int | None, codec: str | None) -> None:
        self._tally = Tally(began_ms)
        self._ended_ms = ended_ms
        self._codec = codec
        self._last_ms = began_ms
        self._level: int | None = None
        self._is_broken = False
        self._published: set[str] = set()
        self._states = deque([_State(began_ms, None, publishes=False)])  # those that are not judged yet
        self._between = NO_SAMPLES  # what is to be thought of the time that no sample speaks for

    def sample(self, seen: MediaStats) -> None:
        """Judge the time before a sample by the level alone, and its interval by both."""
        self._judge(seen.at_ms - interval_ms_of(seen), self._between)
        self._judge(seen.at_ms, heard_in(seen, self._codec))
        self._between = GAP
        self._last_ms = max(self._last_ms, seen.at_ms)

    def step(self, seen: NetworkQuality | Connection | Track) -> None:
        """Take what holds from now on."""
        if isinstance(seen, NetworkQuality):
            self._level = None if seen.level is None or seen.level < 0 else seen.level
        elif isinstance(seen, Connection):
            self._connect(seen.state)
        elif seen.track_sid is not None:
            self._publish(seen.track_sid, seen.state)
        self._last_ms = max(self._last_ms, seen.at_ms)
        self._hold(_State(self._last_ms, BROKEN if self._is_broken else self._level, bool(self._published)))
        self._judge(self._last_ms - LONGEST_INTERVAL_MS, self._between)

    def end(self) -> Minutes:
        """Judge what is left, and return what all minutes were."""
        self._judge(self._last_ms if self._ended_ms is None else self._ended_ms, self._between)
        return self._tally.end()

    def _connect(self, state: ConnectionState) -> None:
        self._is_broken = state is ConnectionState.RECONNECTING
        if state is ConnectionState.RECONNECTED and self._level == BROKEN:
            self._level = None  # left over from the outage
        elif state is ConnectionState.DISCONNECTED:
            self._level = None
            self._published.clear()

    def _publish(self, track_sid: str, state: str) -> None:
        if state == "published" and len(self._published) < MOST_TRACKS:
            self._published.add(track_sid)
        elif state == "unpublished":
            self._published.discard(track_sid)

    def _hold(self, state: _State) -> None:
        """Hold a state back until it can be judged; of one moment, the last counts."""
        if self._states[-1].since_ms == state.since_ms:
            self._states.pop()
        self._states.append(state)

    def _judge(self, until_ms: int, heard: Heard) -> None:
        """Judge the time up to a moment, state by state."""
        if self._ended_ms is not None:
            until_ms = min(until_ms, self._ended_ms)
        while len(self._states) > 1 and self._states[1].since_ms <= until_ms:
            state = self._states.popleft()
            self._tally.spend(self._states[0].since_ms, verdict_of(heard, state.level, publishes=state.publishes))
        self._tally.spend(until_ms, verdict_of(heard, self._states[0].level, publishes=self._states[0].publishes))


def interval_ms_of(seen: MediaStats) -> int:
    """Return how long the interval is that a sample speaks for."""
    return spoken_for_ms(seen.interval_ms)


def spoken_for_ms(interval_ms: int | None) -> int:
    """Return how long that is, given the interval that a sample tells, if it tells one."""
    return min(interval_ms or INTERVAL_MS, LONGEST_INTERVAL_MS)


def heard_in(seen: MediaStats, codec: str | None) -> Heard:
    """Return what a sample proves."""
    score = score_of(seen, codec)
    is_well = None
    if score is not None and (score.value < GOOD_SCORE or score.is_loss_known):
        is_well = score.value >= GOOD_SCORE
    return Heard(is_well, _flows(seen))


def _flows(seen: MediaStats) -> bool | None:
    """Whether anything is sent or received, or None where that is not told."""
    ways = [way for way in (seen.up, seen.down) if way is not None]
    if any((way.bitrate_bps or 0) > 0 for way in ways):
        return True
    return False if ways and all(map(is_idle, ways)) else None


def verdict_of(heard: Heard, level: int | None, *, publishes: bool = False) -> bool | None:
    """Whether a moment with this level is good, or None where that is not known."""
    if heard.is_gap and level != BROKEN:
        level = None
    if heard.is_well is False or (level is not None and level < GOOD_LEVEL):
        return False
    if heard.is_well or level is None or heard.flows is False:
        return heard.is_well
    return True if level < IDLE_LEVEL or heard.flows or publishes else None


class Tally(Struct, gc=False):
    """Counts minutes as time is spent, from the first moment on.

    Of the minute that has begun it keeps how much was not good: as a rule nothing, which takes no time to add and no
    memory to hold.
    """

    at_ms: int
    minute_ms: int = -1  # when the minute began
    bad_ms: int = 0  # of it
    unknown_ms: int = 0
    over: Minutes = NO_MINUTES  # that nobody has taken

    def __post_init__(self) -> None:
        """Begin with a minute."""
        self.minute_ms = self.at_ms

    @property
    def is_news(self) -> bool:
        """Whether a minute is over that nobody has taken."""
        return self.over is not NO_MINUTES

    @property
    def times_ms(self) -> tuple[int, int, int, int]:
        """Return up to when time was spent, when its minute began, and how much of that was bad and was unknown."""
        return self.at_ms, self.minute_ms, self.bad_ms, self.unknown_ms

    def resume(self, times_ms: Iterable[int]) -> None:
        """Go on where another is, by its `times_ms`, with no minutes to take."""
        self.at_ms, self.minute_ms, self.bad_ms, self.unknown_ms = times_ms
        self.over = NO_MINUTES

    def spend(self, until_ms: int, verdict: bool | None) -> None:
        """Let time go by up to a moment, all of which was good, bad, or unknown; it never goes back."""
        if verdict and self.at_ms < until_ms < self.minute_ms + MINUTE_MS:  # as nearly always: there is nothing to add
            self.at_ms = until_ms
            return
        while self.at_ms < until_ms:
            if self.at_ms == self.minute_ms and until_ms - self.at_ms >= MINUTE_MS:
                self._spend_whole((until_ms - self.at_ms) // MINUTE_MS, verdict)
            else:
                self._spend_part(min(until_ms, self.minute_ms + MINUTE_MS), verdict)

    def end(self) -> Minutes:
        """Close the minute that has begun, and return those that nobody has taken."""
        if self.at_ms > self.minute_ms:
            self._close()
        return self.take()

    def take(self) -> Minutes:
        """Return the minutes that are over and that nobody has taken yet."""
        taken, self.over = self.over, NO_MINUTES
        return taken

    def _spend_whole(self, minutes: int, verdict: bool | None) -> None:
        """Count minutes of one kind at once: nobody knows how long a gap is."""
        self._count(minutes, verdict)
        self.at_ms += minutes * MINUTE_MS
        self.minute_ms = self.at_ms

    def _spend_part(self, until_ms: int, verdict: bool | None) -> None:
        if verdict is None:
            self.unknown_ms += until_ms - self.at_ms
        elif not verdict:
            self.bad_ms += until_ms - self.at_ms
        self.at_ms = until_ms
        if until_ms - self.minute_ms == MINUTE_MS:
            self._close()

    def _close(self) -> None:
        spent_ms = self.at_ms - self.minute_ms
        known_ms = spent_ms - self.unknown_ms
        is_known = known_ms > 0 and known_ms >= KNOWN_RATIO * spent_ms
        self._count(1, known_ms - self.bad_ms >= GOOD_RATIO * known_ms if is_known else None)
        self.minute_ms = self.at_ms
        self.bad_ms = self.unknown_ms = 0

    def _count(self, minutes: int, verdict: bool | None) -> None:
        good, bad, unknown = self.over.good, self.over.bad, self.over.unknown
        if verdict is None:
            unknown += minutes
        elif verdict:
            good += minutes
        else:
            bad += minutes
        self.over = Minutes(good, bad, unknown)

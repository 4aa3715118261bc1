"""Is this process alive enough to say so?  Pure: the signs of its parts and a time in, a judgement out.

Whoever asks is the event loop, which thereby has shown its sign.  The thread that writes to the store and the
dispatcher of notifications must have shown theirs since the last beat: a process that turns but neither keeps nor
tells anything is to be started anew.

What a part does is not judged.  A disk that refuses and a receiver that does not answer are no cure for a restart.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Watchdog(NamedTuple):
    """Within how many seconds systemd wants to hear from this process, and how often it therefore does."""

    timeout_s: float

    @property
    def beats_every_s(self) -> float:
        """Half of the limit: one beat may be late by as much again."""
        return self.timeout_s / 2

    @property
    def looks_every_s(self) -> float:
        """How often it is looked whether a beat is due: one that was withheld goes out soon after the sign comes."""
        return self.timeout_s / 16


class Judgement(NamedTuple):
    """Whether to beat now, and if one is due and withheld, which parts are silent."""

    beats: bool
    silent: tuple[str, ...] = ()


def judge(signs: Mapping[str, float], last_beat_s: float, now_s: float, watchdog: Watchdog) -> Judgement:
    """Return whether to beat: a beat is due, and every part has shown a sign since the one before.

    Args:
        signs: when each part showed last that it is alive, by its name.
        last_beat_s: when the last beat was.
        now_s: the time, by the same clock.
        watchdog: how often to beat.
    """
    if now_s - last_beat_s < watchdog.beats_every_s:
        return Judgement(beats=False)
    silent = tuple(name for name, seen_s in signs.items() if seen_s <= last_beat_s)
    return Judgement(beats=not silent, silent=silent)


def watchdog_of(environment: Mapping[str, str], pid: int) -> Watchdog | None:
    """Return what systemd expects of this process by `WATCHDOG_USEC`, or None; what it expects of another is theirs."""
    micros, meant = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not (micros.isascii() and micros.isdigit() and int(micros) > 0) or meant not in ("", str(pid)):
        return None
    return Watchdog(int(micros) / 1e6)

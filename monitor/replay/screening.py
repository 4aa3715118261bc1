"""Which of somebody's samples can make a difference to a rule?

Few: between two thresholds a number may wander as it likes.  So samples are looked at as columns first, all of a
participant at once, and only those go the long way through the picture and the engine that could change its mind:

* where a condition begins or ceases to hold, or its value to be known;
* every level, which are few anyway, and which rooms are judged by;
* the latest one at each moment at which an alert may change, at once or when a timer has run out, since the alert shows
  its numbers then;
* a sign of life now and then, and on either side of a silence, since who says nothing is not there.

What is left out lies between two samples that say the same to every rule.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alerts.model import Condition, Kind, Rule
from alerts.rules import OPERATORS
from monitor.history.samples import Samples, Times

SIGN_OF_LIFE_MS = 300_000

_UNKNOWN = 2  # beside 0 and 1, which a comparison comes to

#: The columns that a value is the worst of, as `monitor.rings.values_of` takes it.
_COLUMNS = {
    "rtt_ms": ("rtt_ms",),
    "jitter_ms": ("up.jitter_ms", "down.jitter_ms"),
    "loss_ratio": ("up.loss_ratio", "down.loss_ratio"),
}
_OF_LEVELS = ("level",)


@dataclass(frozen=True, slots=True)
class Screen:
    """What to look for in samples.

    Attributes:
        conditions: those that speak of a media sample.
        raised_by_level: those that speak of a level and call somebody.
        timers_ms: after how long something may happen though nothing changes; zero is among them.
        lets_all_through: a rule speaks of something that is not screened here, so every sample may matter to it.
    """

    conditions: tuple[Condition, ...] = ()
    raised_by_level: tuple[Condition, ...] = ()
    timers_ms: tuple[int, ...] = (0,)
    lets_all_through: bool = False


def screen_for(rules: Iterable[Rule]) -> Screen:
    """Return the screen that lets through whatever matters to these rules."""
    own = [rule for rule in rules if rule.over is Kind.PARTICIPANT]
    conditions = {condition for rule in own for condition in (rule.raise_when, rule.clear_when)}
    timers_s = {timer_s for rule in own for timer_s in (rule.hold_for_s, rule.clear_for_s)}
    return Screen(
        tuple(each for each in conditions if each.value in _COLUMNS),
        tuple(rule.raise_when for rule in own if rule.raise_when.value in _OF_LEVELS),
        tuple(sorted({0, *(round(timer_s * 1000) for timer_s in timers_s)})),
        any(each.value not in (*_COLUMNS, *_OF_LEVELS) for each in conditions),
    )


def thinned(samples: Samples, screen: Screen) -> Samples:
    """Return the samples that may matter, without the SDK's own objects, which never do."""
    if screen.lets_all_through or not len(samples.at_ms):
        return Samples(samples.at_ms, samples.media, samples.level_at_ms, samples.levels, samples.words)
    kept = _signs_of_life(samples.at_ms)
    kept[_latest_at(samples.at_ms, _moments(samples, screen))] = True
    return Samples(samples.at_ms[kept], samples.media[kept], samples.level_at_ms, samples.levels, samples.words)


def _signs_of_life(at_ms: Times) -> NDArray[np.bool_]:
    kept = np.ones(len(at_ms), np.bool_)
    span = (at_ms - at_ms[0]) // SIGN_OF_LIFE_MS
    kept[1:] = span[1:] != span[:-1]
    kept[:-1] |= np.diff(at_ms) > SIGN_OF_LIFE_MS
    return kept


def _moments(samples: Samples, screen: Screen) -> Times:
    """Return the moments at which the latest sample may be looked at: something changes, or a timer runs out."""
    begins = np.concatenate([*_turns(samples, screen), *_levels_that_call(samples, screen)])
    moments: Times = begins[:, np.newaxis] + np.array(screen.timers_ms)
    return moments.ravel()


def _turns(samples: Samples, screen: Screen) -> Iterator[Times]:
    yield samples.at_ms[:1]
    for condition in screen.conditions:
        said = _answers(condition, samples)
        yield samples.at_ms[1:][said[1:] != said[:-1]]


def _levels_that_call(samples: Samples, screen: Screen) -> Iterator[Times]:
    """Return when levels were seen, if one of them is among those that rules are there for.

    Levels themselves are all kept; this is for the media samples that are shown beside them.
    """
    levels = samples.levels[:, 0]
    if any(np.any(_holds(condition, levels)) for condition in screen.raised_by_level):
        yield samples.level_at_ms


def _answers(condition: Condition, samples: Samples) -> NDArray[np.int8]:
    """Return for each media sample whether the condition holds, or that nobody knows."""
    worst = np.fmax.reduce([samples.column(name) for name in _COLUMNS[condition.value]])
    said = _holds(condition, worst).astype(np.int8)
    said[np.isnan(worst)] = _UNKNOWN
    return said


def _holds(condition: Condition, values: NDArray[np.float64]) -> NDArray[np.bool_]:
    compare: Any = OPERATORS[condition.operator]  # which compares columns as it does numbers
    holds: NDArray[np.bool_] = compare(values, condition.threshold)
    return holds


def _latest_at(at_ms: Times, moments: Times) -> NDArray[np.intp]:
    places = np.searchsorted(at_ms, moments, side="right") - 1
    return places[places >= 0]

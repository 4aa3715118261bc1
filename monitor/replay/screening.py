"""Which of somebody's samples can make a difference to a rule?

Few: between two thresholds a number may wander as it likes.  So samples are looked at as columns first, all of a
participant at once, and only those go the long way through the picture and the engine that could change its mind:

* where a condition begins or ceases to hold, or its value to be known;
* the latest one at each moment at which an alert changes, at once or when a timer has run out, since the alert shows
  its numbers then (`monitor.replay.rehearsing`); and all of them on the days after trouble, which may still go on;
* every level that somebody saw of somebody else, since of several the best counts, and every level of 0, since a
  connection that is made anew leaves it unknown;
* a sign of life now and then, and on either side of a silence, since who says nothing is not there.

What is left out lies between two samples that say the same to every rule.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alerts.model import Condition, Kind, NoData, Rule
from alerts.rules import OPERATORS
from monitor.crowds import DEGRADED_LEVEL
from monitor.history.samples import Samples, Times
from monitor.replay.rehearsing import rehearsed
from monitor.store.ports import Series

SIGN_OF_LIFE_MS = 900_000

_UNKNOWN = 2  # beside 0 and 1, which a comparison comes to

#: The columns that a value is the worst of, as `monitor.rings.values_of` takes it.
_COLUMNS = {
    "rtt_ms": ("rtt_ms",),
    "jitter_ms": ("up.jitter_ms", "down.jitter_ms"),
    "loss_ratio": ("up.loss_ratio", "down.loss_ratio"),
}
_LEVEL = "level"

#: What rooms, regions and tenants are judged by, though no rule names it.
_ALWAYS_ASKED = (Condition(_LEVEL, "<=", DEGRADED_LEVEL),)

Mask = NDArray[np.bool_]
Values = NDArray[np.float64]


class Call(NamedTuple):
    """What calls somebody: a condition holds, or, if `is_by_silence`, nobody knows whether it does."""

    condition: Condition
    is_by_silence: bool = False


@dataclass(frozen=True, slots=True)
class Screen:
    """What to look for in samples.

    Attributes:
        of_media: conditions that speak of a media sample.
        of_levels: conditions that speak of a level.
        rules: the rules over participants.
        calls: what calls somebody by them.
        lets_all_through: a rule speaks of something that is not screened here, so every sample may matter to it.
    """

    of_media: tuple[Condition, ...] = ()
    of_levels: tuple[Condition, ...] = _ALWAYS_ASKED
    rules: tuple[Rule, ...] = ()
    calls: tuple[Call, ...] = ()
    lets_all_through: bool = False


def screen_for(rules: Iterable[Rule]) -> Screen:
    """Return the screen that lets through whatever matters to these rules."""
    own = tuple(rule for rule in rules if rule.over is Kind.PARTICIPANT)
    conditions = {condition for rule in own for condition in (rule.raise_when, rule.clear_when)}
    return Screen(
        tuple(each for each in conditions if each.value in _COLUMNS),
        tuple({*_ALWAYS_ASKED, *(each for each in conditions if each.value == _LEVEL)}),
        own,
        tuple({Call(rule.raise_when, rule.no_data in (NoData.FIRE, NoData.ALERT)) for rule in own}),
        any(each.value not in (*_COLUMNS, _LEVEL) for each in conditions),
    )


class Screening:
    """Thins what everybody measured, a day at a time, and knows who was in trouble on a day before.

    Args:
        rules: to which it may matter.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._screen = screen_for(rules)
        self._troubled: set[Series] = set()

    def thinned(self, series: Series, samples: Samples) -> Samples:
        """Return the samples of somebody that may matter."""
        was_troubled = series in self._troubled
        if is_troubled(samples, self._screen):
            self._troubled.add(series)
        return thinned(samples, self._screen, series.participant, was_troubled=was_troubled)


def thinned(samples: Samples, screen: Screen, who: str = "", *, was_troubled: bool = False) -> Samples:
    """Return the samples of somebody that may matter, without the SDK's own objects, which never do."""
    if screen.lets_all_through or was_troubled:
        return _kept(samples, np.ones(len(samples.at_ms), np.bool_), np.ones(len(samples.level_at_ms), np.bool_))
    own = _own_levels(samples, who)
    media_turns, level_turns = _turns_of_media(samples, screen), _turns_of_levels(samples, own, screen)
    turns = np.union1d(media_turns, level_turns)
    shown = _shown(samples, own, screen, turns)
    media = _signs_of_life(samples.at_ms) | _latest_at(samples.at_ms, np.concatenate([media_turns, shown]))
    levels = ~own | (samples.levels[:, 0] <= 0)
    levels[own] |= _latest_at(samples.level_at_ms[own], np.concatenate([turns, shown]))
    return _kept(samples, media, levels)


def _kept(samples: Samples, media: Mask, levels: Mask) -> Samples:
    return Samples(
        samples.at_ms[media], samples.media[media], samples.level_at_ms[levels], samples.levels[levels], samples.words
    )


def _own_levels(samples: Samples, who: str) -> Mask:
    """Return which levels are screened: one's own.

    Not those of whoever tells them now with their name and now without, nor of who gives no other sign of life.
    """
    if who in samples.words or not len(samples.at_ms):
        return np.zeros(len(samples.levels), np.bool_)
    return np.isnan(samples.levels[:, 1])


def _signs_of_life(at_ms: Times) -> Mask:
    kept = np.ones(len(at_ms), np.bool_)
    if len(at_ms):
        span = (at_ms - at_ms[0]) // SIGN_OF_LIFE_MS
        kept[1:] = span[1:] != span[:-1]
        kept[:-1] |= np.diff(at_ms) > SIGN_OF_LIFE_MS
    return kept


# --- when something changes -------------------------------------------------------------------------------


def _turns_of_media(samples: Samples, screen: Screen) -> Times:
    return _turns(samples.at_ms, [(each, _column(samples, each.value)) for each in screen.of_media])


def _turns_of_levels(samples: Samples, own: Mask, screen: Screen) -> Times:
    values = samples.levels[own, 0]
    return _turns(samples.level_at_ms[own], [(condition, values) for condition in screen.of_levels])


def _turns(at_ms: Times, asked: Sequence[tuple[Condition, Values]]) -> Times:
    """Return the first moment, and those at which a condition has another answer than before."""
    is_turn = np.zeros(len(at_ms), np.bool_)
    is_turn[:1] = True
    for condition, values in asked:
        said = _answers(condition, values)
        is_turn[1:] |= said[1:] != said[:-1]
    return at_ms[is_turn]


def _answers(condition: Condition, values: Values) -> NDArray[np.int8]:
    """Return for each value whether the condition holds, or that nobody knows."""
    said = _holds(condition, values).astype(np.int8)
    said[np.isnan(values)] = _UNKNOWN
    return said


def _holds(condition: Condition, values: Values) -> Mask:
    compare: Any = OPERATORS[condition.operator]  # which compares columns as it does numbers
    holds: Mask = compare(values, condition.threshold)
    return holds


# --- when trouble begins ----------------------------------------------------------------------------------


def is_troubled(samples: Samples, screen: Screen) -> bool:
    """Whether somebody is in trouble of any sort."""
    return any(len(begun) for begun in _troubles(samples, screen))


def _shown(samples: Samples, own: Mask, screen: Screen, turns: Times) -> Times:
    """Return when alerts show the numbers of somebody: at every turn and change of those that were ever in trouble."""
    if not is_troubled(samples, screen):
        return turns[:0]
    told = {value: (samples.at_ms.tolist(), _column(samples, value).tolist()) for value in _COLUMNS}
    told[_LEVEL] = samples.level_at_ms[own].tolist(), samples.levels[own, 0].tolist()

    def values_at(at_ms: int) -> dict[str, float | None]:
        places = {name: bisect_right(moments, at_ms) - 1 for name, (moments, _) in told.items()}
        return {name: told[name][1][place] if place >= 0 else None for name, place in places.items()}

    end_ms = samples.span_ms[1]
    return np.concatenate([turns, rehearsed(screen.rules, turns, end_ms, values_at), [end_ms]])


def _troubles(samples: Samples, screen: Screen) -> Iterator[Times]:
    """Yield the moments at which each sort of trouble has begun."""
    for call in screen.calls:
        at_ms, values = _told(samples, call.condition)
        said = _answers(call.condition, values)
        is_on = (said == 1) | (call.is_by_silence & (said == _UNKNOWN))
        has_begun = is_on.copy()
        has_begun[1:] &= ~is_on[:-1]
        yield at_ms[has_begun]


def _told(samples: Samples, condition: Condition) -> tuple[Times, Values]:
    """Return the values that a condition speaks of, and when they were told."""
    if condition.value == _LEVEL:
        is_own = np.isnan(samples.levels[:, 1])
        return samples.level_at_ms[is_own], samples.levels[is_own, 0]
    return samples.at_ms, _column(samples, condition.value)


def _column(samples: Samples, value: str) -> Values:
    worst: Values = np.fmax.reduce([samples.column(each) for each in _COLUMNS[value]])
    return worst


# --- what is looked at then -------------------------------------------------------------------------------


def _latest_at(at_ms: Times, moments: Times) -> Mask:
    """Return which samples are the latest at one of the moments."""
    places = np.searchsorted(at_ms, moments, side="right") - 1
    is_latest = np.zeros(len(at_ms), np.bool_)
    is_latest[places[places >= 0]] = True
    return is_latest

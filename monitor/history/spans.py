"""What did each person measure in each minute, or in every ten seconds, as counts?

The first step of every rollup.  All counts are whole: a sum is of whole steps of a field's resolution (tenths of a
millisecond, say), so that adding them up in another order gives the same.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.history.counters import Whole
from monitor.history.samples import MEDIA_FIELDS, PLACE_OF, Samples

MINUTE_MS = 60_000
DEGRADED_LEVEL = 1  # the highest that is bad

AVERAGED = ("rtt_ms", "up.jitter_ms", "down.jitter_ms", "up.loss_ratio", "down.loss_ratio")
STEPS_OF = {metric: MEDIA_FIELDS[PLACE_OF[metric]].steps for metric in AVERAGED}
LEVELS = 6
COLUMNS = (
    "samples",
    *(f"level_{level}" for level in range(LEVELS)),
    "level_unknown",
    "freezes",
    *(f"{metric}.{what}" for metric in AVERAGED for what in ("sum", "count")),
)
COLUMN_OF: dict[str, int] = {name: place for place, name in enumerate(COLUMNS)}

BAD_LEVELS = slice(COLUMN_OF["level_0"], COLUMN_OF[f"level_{DEGRADED_LEVEL}"] + 1)

_LEVEL_0, _UNKNOWN, _FREEZES = COLUMN_OF["level_0"], COLUMN_OF["level_unknown"], COLUMN_OF["freezes"]
_FIRST_SUM = _FREEZES + 1
_STEPS = np.array([STEPS_OF[metric] for metric in AVERAGED])
_HIGHEST_STEP = 1e12  # an hour of samples like this still has an exact sum


class Who(NamedTuple):
    """Whose samples they are: a hash of the person, what they are called, and the scopes that they count in."""

    person: int
    participant: str
    scopes: Mapping[str, str]  # the same for everybody, and the key in each: {"room": "RM…", "browser": "Chrome 156"}


class Spans(NamedTuple):
    """A row for each person and span of time: the number of the person, that of the span, the samples, the counts.

    `lengths` says how many samples each row is made of, `counts` has a column for each of `COLUMNS`, and `last_level`
    is what was known last of the person's own level, if anything.
    """

    line: Whole
    span: Whole
    lengths: Whole
    counts: Whole
    last_level: NDArray[np.float64]

    @property
    def is_bad(self) -> NDArray[np.bool_]:
        """Whether a level was bad."""
        is_bad: NDArray[np.bool_] = np.any(self.counts[:, BAD_LEVELS], axis=1)
        return is_bad


def media_spans(samples: Sequence[Samples], span_ms: int) -> Spans:
    """Count the media samples of several people, a `Samples` each."""
    media = np.concatenate([each.media for each in samples])
    values = media[:, [PLACE_OF[metric] for metric in AVERAGED]]
    is_known = ~np.isnan(values)
    counts = np.zeros((len(media), len(COLUMNS)), np.int64)
    counts[:, 0] = 1
    counts[:, _FREEZES] = sum(np.nan_to_num(media[:, PLACE_OF[f"{way}.freezes"]]) for way in ("up", "down"))
    counts[:, _FIRST_SUM::2] = np.rint(np.fmin(np.nan_to_num(values) * _STEPS, _HIGHEST_STEP))
    counts[:, _FIRST_SUM + 1 :: 2] = is_known
    return _spans([each.at_ms for each in samples], counts, np.full(len(media), np.nan), span_ms)


def level_spans(whos: Sequence[Who], samples: Sequence[Samples], span_ms: int) -> Spans:
    """Count the levels of several people; one that somebody else saw of them is a sample, and no level of theirs."""
    level = np.concatenate([each.levels[:, 0] for each in samples])
    is_own = _are_own(whos, samples)
    column = np.where(np.isnan(level), _UNKNOWN, _LEVEL_0 + np.nan_to_num(level)).astype(np.int64)
    counts = np.zeros((len(level), len(COLUMNS)), np.int64)
    counts[:, 0] = 1
    counts[is_own, column[is_own]] = 1
    return _spans([each.level_at_ms for each in samples], counts, np.where(is_own, level, np.nan), span_ms)


def _are_own(whos: Sequence[Who], samples: Sequence[Samples]) -> NDArray[np.bool_]:
    """Whether each level is about who reported it; mostly nobody is named, and it is."""
    subject = np.concatenate([each.levels[:, 1] for each in samples])
    own = [
        each.words.index(who.participant) if who.participant in each.words else -1
        for who, each in zip(whos, samples, strict=True)
    ]
    is_own: NDArray[np.bool_] = np.isnan(subject) | (
        subject == np.repeat(own, [len(each.level_at_ms) for each in samples])
    )
    return is_own


def _spans(times: Sequence[Whole], counts: Whole, own_level: NDArray[np.float64], span_ms: int) -> Spans:
    """Add up rows by person and span: those of a person stand together, in the order of time."""
    line = np.repeat(np.arange(len(times)), [len(each) for each in times])
    span = np.concatenate(times) // span_ms
    is_new = np.ones(len(line), bool)
    is_new[1:] = (line[1:] != line[:-1]) | (span[1:] != span[:-1])
    starts = np.flatnonzero(is_new)
    if not len(starts):
        return Spans(line, span, line, counts, own_level)
    together = np.add.reduceat(counts, starts, axis=0)
    last_known = np.maximum.reduceat(np.where(np.isnan(own_level), -1, np.arange(len(line))), starts)
    last_level = np.where(last_known < 0, np.nan, own_level[last_known])
    return Spans(line[starts], span[starts], np.diff(starts, append=len(line)), together, last_level)

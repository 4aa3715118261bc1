"""What is shown of many people: the shapes of the answers of `monitor.http.trends` and `tens`.  Null means unknown."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from monitor.history.buckets import Buckets
from monitor.history.spans import AVERAGED

_DIGITS = 4  # of a mean: a hundredth of a percent


class AfterKey(Struct, frozen=True, array_like=True, tag="keys"):
    """Where a page of keys begins: after this one."""

    key: str


class PercentilesView(Struct, frozen=True):
    """The quantiles that were asked for, of one key and one bucket; null where nobody knew the metric."""

    key: str
    from_ms: int
    samples: int
    values: Sequence[float | None]


class PercentilesPage(Struct, frozen=True):
    """Quantiles of a metric; `next` is the `after` of the next page of keys, if there may be one.

    `lacking` says what may be missing in them, and why, such as that a part of the history is away; as a rule it is
    empty.
    """

    metric: str
    by: str
    quantiles: list[float]
    percentiles: list[PercentilesView]
    next: str | None
    lacking: str = ""


class WorstView(Struct, frozen=True):
    """A room, the value that it is bad by, and of how many samples or minutes that is."""

    room: str
    value: float
    of: float


class WorstPage(Struct, frozen=True):
    """The rooms that were worst, the worst first: by the 95th percentile of a metric, or the share of bad minutes.

    `lacking` says what may be missing in it, and why; as a rule it is empty.
    """

    by: str
    rooms: list[WorstView]
    lacking: str = ""


class CoverageView(Struct, frozen=True):
    """How many people were there, and minutes of theirs all together.

    Of the minutes between the first and the last of each person's, `expected`, so many were `heard`; `rated` are those
    with a known level, `degraded` those with a bad one.  `heard_ratio` is null where nothing was expected.
    """

    key: str
    participants: float
    expected_minutes: float
    heard_minutes: float
    rated_minutes: float
    degraded_minutes: float
    heard_ratio: float | None


class CoveragePage(Struct, frozen=True):
    """Who was heard, by something that people have in common; `next` is the `after` of the next page of keys.

    `lacking` says what may be missing in it, and why; as a rule it is empty.
    """

    by: str
    coverage: list[CoverageView]
    next: str | None
    lacking: str = ""


class MinutesView(Struct, frozen=True):
    """How it went, minute by minute from `from_ms` on; all columns are equally long.

    `samples` were taken by `heard` people; `rated` had a known level, `degraded` a bad one.  `means` are of
    round trips, jitter and loss, as far as anybody knew them, null in minutes in which nobody did.  `lacking` says what
    may be missing, and why; as a rule it is empty.
    """

    by: str
    key: str
    from_ms: int
    each_ms: int
    samples: list[int]
    heard: list[float]
    rated: list[float]
    degraded: list[float]
    means: dict[str, list[float | None]]
    lacking: str = ""


class TensView(Struct, frozen=True):
    """How it went in a call, every ten seconds from `from_ms` on; all columns are equally long.

    `samples` were taken by `heard` people; `rated` had a known level, `degraded` a bad one.  `means` are of
    round trips, jitter and loss, as far as anybody knew them, null in ten seconds in which nobody did.
    """

    room_sid: str | None
    room_name: str | None
    from_ms: int
    each_ms: int
    samples: list[int]
    heard: list[int]
    rated: list[int]
    degraded: list[int]
    means: dict[str, list[float | None]]
    lacking: str = ""


def means_of(found: Buckets) -> dict[str, list[float | None]]:
    """Return the mean of each metric that anybody knew, bucket by bucket."""
    means = ((metric, found.mean(metric)) for metric in AVERAGED)
    return {
        metric: [None if value != value else round(value, _DIGITS) for value in mean.tolist()]  # noqa: PLR0124  # NaN
        for metric, mean in means
        if not np.isnan(mean).all()
    }

"""How did it go in many calls?

    GET /api/v1/percentiles     quantiles of a metric: by room, account, SDK, browser, network or tenant, over time
    GET /api/v1/worst-rooms     the rooms that were worst
    GET /api/v1/coverage        how many people were heard, and for how much of the time
    GET /api/v1/minutes         how it went minute by minute, in a room or of all who have something in common

Out of rollups, so an answer about a month takes no longer than the rows of a month take to read.  Quantiles are within
two percent, unless they are to be exact, for which all samples are read.  Hours count whole.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing

import numpy as np
from aiohttp import web
from msgspec import Struct
from numpy.typing import NDArray

from monitor.history.answers import (
    DAY_MS,
    DEGRADED_MINUTES,
    MOST_KEYS,
    Selection,
    Unanswerable,
    check_metric,
    check_quantiles,
)
from monitor.history.exact import Exact
from monitor.history.people import DEGRADED, HEARD, RATED
from monitor.history.spans import AVERAGED
from monitor.http.questions import Query, Refused, answering, moment, number
from monitor.store.ports import Resolve, RollupStore, SampleStore, Wanted

KEYS, WORST, MOST_WORST = 100, 20, 500
QUANTILES = "0.5,0.95"
_DIGITS = 4  # of a mean: a hundredth of a percent


class PercentilesView(Struct, frozen=True):
    """The quantiles that were asked for, of one key and one bucket; null where nobody knew the metric."""

    key: str
    from_ms: int
    samples: int
    values: Sequence[float | None]


class PercentilesPage(Struct, frozen=True):
    """Quantiles of a metric; `next` is the `after` of the next page of keys, if there may be one."""

    metric: str
    by: str
    quantiles: list[float]
    percentiles: list[PercentilesView]
    next: str | None


class WorstView(Struct, frozen=True):
    """A room, the value that it is bad by, and of how many samples or minutes that is."""

    room: str
    value: float
    of: float


class WorstPage(Struct, frozen=True):
    """The rooms that were worst, the worst first: by the 95th percentile of a metric, or the share of bad minutes."""

    by: str
    rooms: list[WorstView]


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
    """Who was heard, by something that people have in common; `next` is the `after` of the next page of keys."""

    by: str
    coverage: list[CoverageView]
    next: str | None


class MinutesView(Struct, frozen=True):
    """How it went, minute by minute from `from_ms` on; all columns are equally long.

    `samples` were taken by `heard` people; `rated` had a known level, `degraded` a bad one.  `means` are of
    round trips, jitter and loss, as far as anybody knew them, null in minutes in which nobody did.
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


class Trends:
    """Answers questions about many calls.

    Args:
        rollups: what samples add up to.
        samples: the samples themselves.
        resolve: who had a name at some moment.
        now_ms: what time it is.
    """

    def __init__(self, rollups: RollupStore, samples: SampleStore, resolve: Resolve, now_ms: Callable[[], int]) -> None:
        self._rollups = rollups
        self._samples = samples
        self._resolve = resolve
        self._now_ms = now_ms

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/api/v1/percentiles", answering(self.percentiles)),
            web.get("/api/v1/worst-rooms", answering(self.worst_rooms)),
            web.get("/api/v1/coverage", answering(self.coverage)),
            web.get("/api/v1/minutes", answering(self.minutes)),
        ]

    async def percentiles(self, request: web.Request) -> Struct:
        """Answer with quantiles of a metric."""
        query = request.query
        selection, metric = self._selection(request, "room"), query.get("metric", "rtt_ms")
        quantiles = [_ratio(each) for each in query.get("quantiles", QUANTILES).split(",")]
        bucket_ms = number(query, "bucket", 0, 0, 366 * DAY_MS) or None
        is_exact = query.get("exact", "false")
        if is_exact not in {"true", "false"}:
            raise Refused(400, f"exact: expected true or false, got {is_exact[:60]!r}")
        try:
            if is_exact == "true":
                return await self._exactly(selection, metric, quantiles, bucket_ms)
            found = await self._rollups.percentiles(selection, metric, quantiles, self._resolve, bucket_ms=bucket_ms)
        except Unanswerable as error:
            raise _refused(error) from None
        views = [PercentilesView(*each) for each in found]
        return PercentilesPage(
            metric, selection.scope, quantiles, views, _next(selection, [each.key for each in views])
        )

    async def _exactly(
        self, selection: Selection, metric: str, quantiles: list[float], bucket_ms: int | None
    ) -> PercentilesPage:
        if selection.scope != "room" or selection.keys is not None or bucket_ms is not None:
            raise Refused(422, "exact: expected all rooms at once, without by, key and bucket")
        check_metric(metric)
        check_quantiles(quantiles)
        exact = Exact(metric, selection.from_ms, selection.to_ms)
        wanted = Wanted(selection.from_ms, selection.to_ms, only=metric)
        async with aclosing(self._samples.lines(wanted, self._resolve)) as lines:
            async for line in lines:
                exact.add(line.series.room, line.samples)
        found = await asyncio.to_thread(exact.percentiles, quantiles, selection.after, selection.limit)
        views = [PercentilesView(*each) for each in found]
        return PercentilesPage(metric, "room", quantiles, views, _next(selection, [each.key for each in found]))

    async def worst_rooms(self, request: web.Request) -> Struct:
        """Answer with the rooms that were worst."""
        from_ms, to_ms = self._span(request.query)
        by = request.query.get("by", DEGRADED_MINUTES)
        limit = number(request.query, "limit", WORST, 1, MOST_WORST)
        try:
            found = await self._rollups.worst_rooms(by, from_ms, to_ms, self._resolve, limit=limit)
        except Unanswerable as error:
            raise _refused(error) from None
        return WorstPage(by, [WorstView(*each) for each in found])

    async def coverage(self, request: web.Request) -> Struct:
        """Answer with how many people were heard."""
        selection = self._selection(request, "sdk")
        try:
            found = await self._rollups.attendance(selection, self._resolve)
        except Unanswerable as error:
            raise _refused(error) from None
        views = [
            CoverageView(
                each.key,
                each.participants,
                each.expected,
                each.heard,
                each.rated,
                each.degraded,
                each.heard / each.expected if each.expected else None,
            )
            for each in found
        ]
        return CoveragePage(selection.scope, views, _next(selection, [each.key for each in views]))

    async def minutes(self, request: web.Request) -> Struct:
        """Answer with how it went minute by minute."""
        from_ms, to_ms = self._span(request.query)
        by, key = request.query.get("by", "room"), request.query.get("key", "")
        try:
            found = await self._rollups.minutes(by, key, from_ms, to_ms, self._resolve)
        except Unanswerable as error:
            raise _refused(error) from None
        means = {metric: mean for metric in AVERAGED if not np.isnan(mean := found.mean(metric)).all()}
        heard, rated, degraded = (found.people[:, standing].tolist() for standing in (HEARD, RATED, DEGRADED))
        return MinutesView(
            by,
            key,
            found.from_ms,
            found.each_ms,
            found.count("samples").tolist(),
            heard,
            rated,
            degraded,
            {metric: _rounded(mean) for metric, mean in means.items()},
        )

    def _selection(self, request: web.Request, scope: str) -> Selection:
        query = request.query
        from_ms, to_ms = self._span(query)
        keys = query.getall("key", None)
        limit = number(query, "limit", KEYS, 1, MOST_KEYS)
        return Selection(query.get("by", scope), from_ms, to_ms, keys, query.get("after", ""), limit)

    def _span(self, query: Query) -> tuple[int, int]:
        """Return from when to when is asked for: the last day, unless the question says otherwise."""
        to_ms = moment(query, "to", self._now_ms())
        return moment(query, "from", to_ms - DAY_MS), to_ms


def _rounded(values: NDArray[np.float64]) -> list[float | None]:
    return [None if value != value else round(value, _DIGITS) for value in values.tolist()]  # noqa: PLR0124


def _ratio(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Refused(400, f"quantiles: expected numbers from 0 to 1 with commas, got {text[:60]!r}") from None


_NAMES = {"scope": "by", "to_ms": "to", "from_ms": "from", "bucket_ms": "bucket", "keys": "key"}


def _refused(error: Unanswerable) -> Refused:
    """Return the refusal, in the words of the question."""
    field, _, rest = str(error).partition(":")
    return Refused(422, f"{_NAMES.get(field, field)}:{rest}")


def _next(selection: Selection, keys: Sequence[str]) -> str | None:
    """Return where to go on, where the limit was reached."""
    return keys[-1] if len(set(keys)) == selection.limit else None

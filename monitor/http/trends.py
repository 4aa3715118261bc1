"""How did it go in many calls?

    GET /api/v1/percentiles     quantiles of a metric: by room, account, region, edge, SDK and so on, over time
    GET /api/v1/worst-rooms     the rooms that were worst
    GET /api/v1/coverage        how many people were heard, and for how much of the time
    GET /api/v1/minutes         how it went minute by minute, in a room or of all who have something in common

Out of rollups, so an answer about a month takes no longer than the rows of a month take to read.  Quantiles are within
two percent, unless they are to be exact, for which all samples are read.  Hours count whole.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing

from aiohttp import web
from msgspec import Struct

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
from monitor.history.rollups import HOUR_MS, METRICS
from monitor.http.cursors import written
from monitor.http.operations import TEXT, TOO_MUCH, UNCLEAR, Operation, Operations, count, flag, paged, parameter, span
from monitor.http.parameters import Asked, asking
from monitor.http.problems import Fault, Refused
from monitor.http.questions import answering
from monitor.http.trend_views import (
    AfterKey,
    CoveragePage,
    CoverageView,
    MinutesView,
    PercentilesPage,
    PercentilesView,
    WorstPage,
    WorstView,
    means_of,
)
from monitor.store.lacking import as_far_as_there
from monitor.store.ports import Resolve, RollupStore, SampleStore

KEYS, WORST, MOST_WORST = 100, 20, 500
LONGEST_BUCKET_MS = 366 * DAY_MS
QUANTILES = "0.5,0.95"

_BY = parameter("by", "What people have in common: room, account, region, edge, sdk, browser, network or tenant.")
_KEYS = [
    parameter("key", "One that is of interest; may be given several times.", {"type": "array", "items": TEXT}),
    *paged("of them", KEYS, MOST_KEYS),
]
_WHEN = span("that counts")

OPERATIONS: Operations = {
    "/api/v1/percentiles": Operation(
        "percentiles",
        "Quantiles of a metric, within two percent; hours count whole.",
        PercentilesPage,
        [
            parameter("metric", "What was measured.", {"enum": list(METRICS), "default": "rtt_ms"}),
            parameter("quantiles", "Numbers from 0 to 1 with commas.", TEXT | {"default": QUANTILES}),
            parameter(
                "bucket",
                "How long a bucket is, in milliseconds: whole hours. Without it, all at once.",
                {"type": "integer", "minimum": 0, "maximum": LONGEST_BUCKET_MS, "multipleOf": HOUR_MS},
            ),
            flag("exact", "Of all rooms and at most a day: read all samples."),
            _BY,
            *_WHEN,
            *_KEYS,
        ],
        UNCLEAR | TOO_MUCH,
        is_costly=True,
    ),
    "/api/v1/worst-rooms": Operation(
        "worstRooms",
        "The rooms that were worst, by the 95th percentile of a metric or the share of minutes at a bad level.",
        WorstPage,
        [
            parameter("by", "What they are compared by.", {"enum": [DEGRADED_MINUTES, *METRICS]}),
            *_WHEN,
            count("limit", "How many.", WORST, MOST_WORST),
        ],
        UNCLEAR | TOO_MUCH,
        is_costly=True,
    ),
    "/api/v1/coverage": Operation(
        "coverage",
        "How many people were heard, and for how much of the time.",
        CoveragePage,
        [_BY, *_WHEN, *_KEYS],
        UNCLEAR | TOO_MUCH,
        is_costly=True,
    ),
    "/api/v1/minutes": Operation(
        "minutes",
        "How it went minute by minute, in a room or of all who have something in common.",
        MinutesView,
        [_BY, parameter("key", "Which of them, such as the SID of a room."), *_WHEN],
        UNCLEAR | TOO_MUCH,
        is_costly=True,
    ),
}


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
        with asking(request.query, self._now_ms()) as asked:
            selection, metric = self._selection(request, asked, "room"), asked.text("metric", "rtt_ms")
            quantiles = _quantiles(asked)
            bucket_ms = asked.number("bucket", 0, LONGEST_BUCKET_MS, lowest=0) or None
            is_exact = asked.flag("exact")
        try:
            if is_exact:
                return await self._exactly(selection, metric, quantiles, bucket_ms)
            found, lacking = await as_far_as_there(
                self._rollups.percentiles(selection, metric, quantiles, self._resolve, bucket_ms=bucket_ms)
            )
        except Unanswerable as error:
            raise _refused(error) from None
        views = [PercentilesView(*each) for each in found]
        following = _next(selection, [each.key for each in views])
        return PercentilesPage(metric, selection.scope, quantiles, views, following, lacking)

    async def _exactly(
        self, selection: Selection, metric: str, quantiles: list[float], bucket_ms: int | None
    ) -> PercentilesPage:
        if selection.scope != "room" or selection.keys is not None or bucket_ms is not None:
            raise Refused(422, "exact: expected all rooms at once, without by, key and bucket")
        check_metric(metric)
        check_quantiles(quantiles)
        exact = Exact(selection.from_ms, selection.to_ms)
        _, lacking = await as_far_as_there(self._read(exact, metric, selection))
        found = await asyncio.to_thread(exact.percentiles, quantiles, selection.after, selection.limit)
        views = [PercentilesView(*each) for each in found]
        following = _next(selection, [each.key for each in found])
        return PercentilesPage(metric, "room", quantiles, views, following, lacking)

    async def _read(self, exact: Exact, metric: str, selection: Selection) -> None:
        values = self._samples.values(metric, selection.from_ms, selection.to_ms, self._resolve)
        async with aclosing(values) as slices:
            async for some in slices:
                exact.add(*some)

    async def worst_rooms(self, request: web.Request) -> Struct:
        """Answer with the rooms that were worst."""
        with asking(request.query, self._now_ms()) as asked:
            from_ms, to_ms = self._span(asked)
            by, limit = asked.text("by", DEGRADED_MINUTES), asked.number("limit", WORST, MOST_WORST)
        try:
            found, lacking = await as_far_as_there(
                self._rollups.worst_rooms(by, from_ms, to_ms, self._resolve, limit=limit)
            )
        except Unanswerable as error:
            raise _refused(error) from None
        return WorstPage(by, [WorstView(*each) for each in found], lacking)

    async def coverage(self, request: web.Request) -> Struct:
        """Answer with how many people were heard."""
        with asking(request.query, self._now_ms()) as asked:
            selection = self._selection(request, asked, "sdk")
        try:
            found, lacking = await as_far_as_there(self._rollups.attendance(selection, self._resolve))
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
        return CoveragePage(selection.scope, views, _next(selection, [each.key for each in views]), lacking)

    async def minutes(self, request: web.Request) -> Struct:
        """Answer with how it went minute by minute."""
        with asking(request.query, self._now_ms()) as asked:
            from_ms, to_ms = self._span(asked)
            by, key = asked.text("by", "room"), asked.text("key")
        try:
            found, lacking = await as_far_as_there(self._rollups.minutes(by, key, from_ms, to_ms, self._resolve))
        except Unanswerable as error:
            raise _refused(error) from None
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
            means_of(found),
            lacking,
        )

    def _selection(self, request: web.Request, asked: Asked, scope: str) -> Selection:
        from_ms, to_ms = self._span(asked)
        keys = request.query.getall("key", None)
        limit, after = asked.number("limit", KEYS, MOST_KEYS), asked.after(AfterKey)
        return Selection(asked.text("by", scope), from_ms, to_ms, keys, after.key if after else "", limit)

    def _span(self, asked: Asked) -> tuple[int, int]:
        """Return from when to when is asked for: the last day, unless the question says otherwise."""
        to_ms = asked.moment("to", self._now_ms())
        return asked.moment("from", max(0, to_ms - DAY_MS)), to_ms


def _quantiles(asked: Asked) -> list[float]:
    text = asked.text("quantiles", QUANTILES)
    try:
        return [float(each) for each in text.split(",")]
    except ValueError:
        asked.faults.append(Fault("quantiles", f"expected numbers from 0 to 1 with commas, got {text[:60]!r}"))
        return []


_NAMES = {"scope": "by", "to_ms": "to", "from_ms": "from", "bucket_ms": "bucket", "keys": "key"}


def _refused(error: Unanswerable) -> Refused:
    """Return the refusal, in the words of the question."""
    field, _, rest = str(error).partition(":")
    return Refused.at(422, _NAMES.get(field, field), rest.strip())


def _next(selection: Selection, keys: Sequence[str]) -> str | None:
    """Return where to go on, where the limit was reached."""
    return written(AfterKey(keys[-1])) if len(set(keys)) == selection.limit else None

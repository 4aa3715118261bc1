"""How do rollups answer, wherever they are kept?

Every question is a selection of rows and a way to fold them; a store has only to say how rows are come by.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from monitor.history import answers
from monitor.history.answers import Attendance, Percentiles, Selection, Worst
from monitor.history.buckets import Buckets, minutes
from monitor.history.rollup_rows import Part, Row
from monitor.history.rollups import ROOM
from monitor.store.ports import Resolve
from monitor.store.scopes import Scopes

T = TypeVar("T")


class Answering(ABC):
    """What both stores have in common (`monitor.store.ports.RollupStore`)."""

    def __init__(self, scopes: Scopes) -> None:
        self.scopes = scopes

    @abstractmethod
    async def _fold(self, selection: Selection, part: Part, resolve: Resolve, fold: Callable[[Iterator[Row]], T]) -> T:
        """Return what becomes of the rows selected, in the order of keys and hours; one part of them is enough."""

    async def percentiles(
        self,
        selection: Selection,
        metric: str,
        quantiles: Sequence[float],
        resolve: Resolve,
        *,
        bucket_ms: int | None = None,
    ) -> Sequence[Percentiles]:
        """Return quantiles of a metric, of each key and bucket, or of each key over the whole time."""
        whole = self._checked(selection)
        answers.check_metric(metric)
        answers.check_quantiles(quantiles)
        answers.check_bucket(whole, bucket_ms)
        return await self._fold(
            whole,
            "sketches",
            resolve,
            lambda rows: list(
                answers.percentiles(
                    answers.first_keys(rows, whole.limit), metric, tuple(quantiles), whole.from_ms, bucket_ms
                )
            ),
        )

    async def attendance(self, selection: Selection, resolve: Resolve) -> Sequence[Attendance]:
        """Return how many people were heard of each key, and for how long."""
        whole = self._checked(selection)
        return await self._fold(
            whole, "body", resolve, lambda rows: list(answers.attendances(answers.first_keys(rows, whole.limit)))
        )

    async def worst_rooms(
        self, by: str, from_ms: int, to_ms: int, resolve: Resolve, *, limit: int = 20
    ) -> Sequence[Worst]:
        """Return the rooms that were worst, the worst first."""
        whole = self._checked(Selection(ROOM, from_ms, to_ms, limit=limit))
        answers.check_worst(by)
        part: Part = "body" if by == answers.DEGRADED_MINUTES else "sketches"
        return await self._fold(whole, part, resolve, lambda rows: answers.worst_rooms(rows, by, limit))

    async def minutes(self, scope: str, key: str, from_ms: int, to_ms: int, resolve: Resolve) -> Buckets:
        """Return the minutes of the hours from one moment to another."""
        whole = self._checked(Selection(scope, from_ms, to_ms, keys=(key,)))
        answers.check_minutes(whole)
        return await self._fold(whole, "body", resolve, lambda rows: minutes(list(rows), whole.from_ms, whole.to_ms))

    def _checked(self, selection: Selection) -> Selection:
        answers.check_scope(selection.scope, self.scopes)
        return selection.checked()

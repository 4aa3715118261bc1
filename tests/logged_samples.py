"""A store of samples that leaves them where they came in, in the log: for a store whose samples are kept elsewhere."""

from collections.abc import AsyncGenerator, Collection, Sequence

from collectors.observations import TelemetryBatch
from monitor.store.lines import Lines
from monitor.store.ports import EventLog, Line, Resolve, Wanted
from tests.stored import as_told

_AT_ONCE = 1_000


class LoggedSamples:
    """What was measured and is still in the log (`monitor.store.ports.SampleStore`)."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    async def settle(self, now_ms: int, older_than_ms: int, resolve: Resolve) -> int:  # noqa: ARG002  # nothing moves
        return 0

    async def merge(self, silent_since_ms: int) -> int:  # noqa: ARG002  # nothing moves
        return 0

    async def timeline(
        self, room: str, from_ms: int, to_ms: int, resolve: Resolve, *, participant: str | None = None
    ) -> Sequence[Line]:
        found = await self.timelines([room], from_ms, to_ms, resolve)
        return [line for line in found if participant in (None, line.series.participant)]

    async def timelines(self, rooms: Collection[str], from_ms: int, to_ms: int, resolve: Resolve) -> Sequence[Line]:
        there = [line._replace(samples=line.samples.within(from_ms, to_ms)) for line in await self._all(resolve)]
        return [line for line in there if line.samples.count and line.series.room in rooms]

    async def lines(self, wanted: Wanted, resolve: Resolve) -> AsyncGenerator[Line]:
        for line in await self._all(resolve):
            samples = line.samples.within(wanted.from_ms, wanted.to_ms)
            if samples.count and wanted.is_about(line.series):
                yield line._replace(samples=samples)

    async def estimate(self, wanted: Wanted) -> int:
        return sum([line.samples.count async for line in self.lines(wanted, as_told)])

    async def _all(self, resolve: Resolve) -> list[Line]:
        lines, through = Lines(), 0
        while some := await self._log.since(through, _AT_ONCE):
            through = some[-1][0]
            for _, event in some:
                if isinstance(event, TelemetryBatch):
                    lines.add(event)
        return list(lines.take(resolve))

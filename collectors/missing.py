"""What became of those that a list of the unfinished no longer shows?

Each can be asked for by its SID, which is a request each.  When many end at once, as classes do on the hour, the
list of the finished ones is read first: a page of it answers for as many as it holds.
"""

from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from collectors.lists import Pages, abreast, moment

FEW = 3  # asking for so many one by one is no dearer than a list that may not hold them all
MAX_LISTED_PAGES = 5
MAX_FETCHES = 50  # what is left over is asked for next time
MARGIN_MS = 5_000  # a callback's stamp, which may be all we know of a creation, is not quite the resource's own

Told = TypeVar("Told")


class Search(Generic[Told]):
    """A way to ask for many at once, and a way to ask for one.

    Args:
        list_finished: lists those that were created from one moment to another and are finished, so many pages at most.
        fetch: what is known of one SID, None where that is nothing that could be told.
        sid_of: the SID of what was told.
    """

    def __init__(
        self,
        list_finished: Callable[[datetime, datetime, int], Pages[Told]],
        fetch: Callable[[str], Awaitable[Told | None]],
        sid_of: Callable[[Told], str],
    ) -> None:
        self._list_finished = list_finished
        self._fetch = fetch
        self._sid_of = sid_of

    async def find(self, missing: Mapping[str, int | None]) -> AsyncIterator[Sequence[Told]]:
        """Yield what became of the missing, given as SIDs with their creation where it is known."""
        left = dict(missing)
        dated = {sid: at_ms for sid, at_ms in missing.items() if at_ms is not None}
        if len(dated) > FEW:
            async for page in self._list_finished(*_window(dated), min(MAX_LISTED_PAGES, len(dated) // 2)):
                found = [told for told in page if self._sid_of(told) in left]
                yield found
                for told in found:
                    left.pop(self._sid_of(told), None)
                    dated.pop(self._sid_of(told), None)
                if not dated:
                    break
        async for one in abreast(self._fetch, list(left)[:MAX_FETCHES]):
            if one is not None:
                yield (one,)


def _window(dated: Mapping[str, int]) -> tuple[datetime, datetime]:
    return moment(min(dated.values()) - MARGIN_MS), moment(max(dated.values()) + MARGIN_MS)


class Strangers:
    """SIDs of which the account knows nothing: another's, most likely.  Each is asked for again after an hour.

    They come from telemetry, which does not say whose a room is.
    """

    def __init__(self, capacity: int = 10_000, forget_after_ms: int = 3_600_000) -> None:
        self._capacity = capacity
        self._forget_after_ms = forget_after_ms
        self._since_ms: OrderedDict[str, int] = OrderedDict()

    def __contains__(self, sid: object) -> bool:
        return sid in self._since_ms

    def add(self, sid: str, now_ms: int) -> None:
        """Remember a SID, and forget the oldest if there are too many."""
        self._since_ms[sid] = now_ms
        self._since_ms.move_to_end(sid)
        if len(self._since_ms) > self._capacity:
            self._since_ms.popitem(last=False)

    def discard(self, sids: Iterable[str]) -> None:
        """Forget those that turned out to be the account's own."""
        for sid in sids:
            self._since_ms.pop(sid, None)

    def forget(self, now_ms: int) -> None:
        """Forget those whose hour is over."""
        while self._since_ms and next(iter(self._since_ms.values())) <= now_ms - self._forget_after_ms:
            self._since_ms.popitem(last=False)

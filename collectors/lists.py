"""How is a long list read?

Page by page, so that the first page is told before the last was asked for; or several short lists at a time, so that
one slow answer does not hold up the others.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from collectors.base import CollectError
from collectors.rest.twilio import understood

PAGE_SIZE = 1000  # Twilio's maximum for most lists
MAX_PAGES = 1000  # a list that does not end by then leads in a circle
BREATH = 50  # a thousand records take the client library a tenth of a second, for which nobody else should have to wait
AT_ONCE = 8  # with answers in a fifth of a second, this is forty a second: as much as a budget will allow

Question = TypeVar("Question")
Answer = TypeVar("Answer")
Told = TypeVar("Told")


class Pages(Generic[Told]):
    """The pages of one list, each as what it tells; `async for` asks for the next one only when it is wanted.

    Args:
        resource: what is listed, for errors.
        first: the official client's first page, not yet awaited.
        read: turns one of its records into what it tells.
        limit: how many pages are worth the asking; None reads to the end.
    """

    def __init__(
        self, resource: str, first: Awaitable[Any], read: Callable[[Any], Told], *, limit: int | None = None
    ) -> None:
        self._resource = resource
        self._first = first
        self._read = read
        self._limit = limit
        self._page: Any = None
        self._turned = 0

    def __aiter__(self) -> "Pages[Told]":
        return self

    async def __anext__(self) -> list[Told]:
        if self._is_read:
            raise StopAsyncIteration
        if self._turned == MAX_PAGES:
            raise CollectError("garbage", f"{self._resource}: expected an end of the list within {MAX_PAGES} pages")
        with understood(self._resource):
            self._page = await (self._page.next_page_async() if self._turned else self._first)
            self._turned += 1
            return await self._read_page()

    async def _read_page(self) -> list[Told]:
        told: list[Told] = []
        for record in self._page:
            told.append(self._read(record))
            if len(told) % BREATH == 0:
                await asyncio.sleep(0)
        return told

    @property
    def _is_read(self) -> bool:
        return self._turned > 0 and (self._turned == self._limit or not self._page.next_page_url)


async def all_of(pages: Pages[Told]) -> list[Told] | None:
    """Return what all pages tell, or None where Twilio knows nothing that could be listed."""
    try:
        return [told async for page in pages for told in page]
    except CollectError as error:
        if error.kind == "not_found":
            return None
        raise


async def abreast(
    ask: Callable[[Question], Awaitable[Answer]], questions: Sequence[Question], at_once: int = AT_ONCE
) -> AsyncIterator[Answer]:
    """Yield the answers, asking `at_once` questions at a time; what others answered is told before a failure is raised.

    Raises:
        CollectError: what the first question that failed in its group came to; later groups are not asked.
    """
    for start in range(0, len(questions), at_once):
        group = questions[start : start + at_once]
        answers = await asyncio.gather(*(ask(question) for question in group), return_exceptions=True)
        for answer in answers:
            if not isinstance(answer, BaseException):
                yield answer
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer


def moment(at_ms: int) -> datetime:
    """Return a time as the client library must get it: in UTC, because it drops the zone without looking at it."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)

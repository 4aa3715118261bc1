import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from collectors.base import CollectError
from collectors.lists import MAX_PAGES, Pages, abreast, all_of, moment
from tests.builders import NOW_MS


class Listed:
    """A page such as the client library's, and those after it."""

    def __init__(self, *pages: list[Any], circular: bool = False) -> None:
        self.records, *self.rest = pages
        self.next_page_url = "https://next.example.com" if self.rest or circular else None

    def __iter__(self) -> Any:
        return iter(self.records)

    async def next_page_async(self) -> "Listed":
        return Listed(*self.rest) if self.rest else self


async def first(page: Listed) -> Listed:
    return page


async def refused(kind: str) -> Listed:
    raise CollectError(kind, kind)


async def test_a_list_is_read_page_by_page_to_its_end() -> None:
    pages = Pages("things", first(Listed([1, 2], [], [3])), str)
    assert [page async for page in pages] == [["1", "2"], [], ["3"]]


async def test_no_more_pages_are_read_than_are_worth_it() -> None:
    assert await all_of(Pages("things", first(Listed([1], [2], [3])), str, limit=2)) == ["1", "2"]


async def test_a_list_that_leads_in_a_circle_is_given_up() -> None:
    with pytest.raises(CollectError, match=f"within {MAX_PAGES} pages"):
        await all_of(Pages("things", first(Listed([1], circular=True)), str))


async def test_a_list_that_is_not_there_is_none_and_an_empty_one_is_empty() -> None:
    assert await all_of(Pages("things", refused("not_found"), str)) is None
    assert await all_of(Pages("things", first(Listed([])), str)) == []


async def test_a_list_that_is_refused_is_a_failure() -> None:
    with pytest.raises(CollectError, match="server"):
        await all_of(Pages("things", refused("server"), str))


async def test_a_record_that_cannot_be_read_spoils_its_page_only() -> None:
    pages = Pages("things", first(Listed(["1"], ["x"])), int)
    assert await anext(pages) == [1]
    with pytest.raises(CollectError, match="things"):
        await anext(pages)


async def test_answers_come_in_the_order_of_the_questions_a_few_asked_at_a_time() -> None:
    asking = SimpleNamespace(now=0, most=0)

    async def ask(number: int) -> int:
        asking.now += 1
        asking.most = max(asking.most, asking.now)
        await asyncio.sleep(0.001 * (7 - number))
        asking.now -= 1
        return number

    assert [answer async for answer in abreast(ask, range(7), at_once=3)] == list(range(7))
    assert asking.most == 3


async def test_a_failure_is_raised_after_what_the_others_answered_and_nobody_else_is_asked() -> None:
    asked: list[int] = []

    async def ask(number: int) -> int:
        asked.append(number)
        if number == 0:
            raise CollectError("server", "no")
        return number

    answers = abreast(ask, range(9), at_once=3)
    assert [await anext(answers), await anext(answers)] == [1, 2]
    with pytest.raises(CollectError):
        await anext(answers)
    assert asked == [0, 1, 2]


def test_a_moment_says_that_it_is_in_utc() -> None:
    assert moment(NOW_MS).utcoffset() == timedelta(0)
    assert moment(NOW_MS).timestamp() * 1000 == NOW_MS

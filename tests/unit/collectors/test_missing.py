from collections.abc import Iterable
from datetime import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from collectors.lists import Pages
from collectors.missing import FEW, MARGIN_MS, MAX_FETCHES, MAX_LISTED_PAGES, Search, Strangers
from tests.builders import NOW_MS


class Finished:
    """A list of finished things, ten a page, that notes what it is asked; by SID it knows of more."""

    def __init__(self, listed: Iterable[str] = (), fetched: Iterable[str] = ()) -> None:
        self.listed, self.fetched = list(listed), set(fetched)
        self.windows: list[tuple[int, int]] = []
        self.pages = 0
        self.asked: list[str] = []

    def list_finished(self, since: datetime, until: datetime, limit: int) -> Pages[str]:
        self.windows.append((int(since.timestamp() * 1000), int(until.timestamp() * 1000)))
        return Pages("things", self._page(0), str, limit=limit)

    async def _page(self, start: int) -> Any:
        self.pages += 1
        finished = self

        class Page(list[str]):
            next_page_url = "more" if start + 10 < len(finished.listed) else None

            async def next_page_async(self) -> Any:
                return await finished._page(start + 10)

        return Page(self.listed[start : start + 10])

    async def fetch(self, sid: str) -> str | None:
        self.asked.append(sid)
        return sid if sid in self.fetched else None

    async def find(self, missing: dict[str, int | None]) -> list[str]:
        search = Search(self.list_finished, self.fetch, str)
        return [told for found in [batch async for batch in search.find(missing)] for told in found]


def sids(count: int, first: int = 0) -> list[str]:
    return [f"RM{number}" for number in range(first, first + count)]


async def test_few_are_asked_for_one_by_one() -> None:
    finished = Finished(fetched=sids(FEW))
    assert await finished.find(dict.fromkeys(sids(FEW), NOW_MS)) == sids(FEW)
    assert finished.pages == 0


async def test_many_are_looked_up_in_the_list_of_those_created_at_the_time() -> None:
    finished = Finished(listed=sids(8))
    created = {sid: NOW_MS + 1000 * number for number, sid in enumerate(sids(8))}
    assert await finished.find(dict(created)) == sids(8)
    assert finished.windows == [(NOW_MS - MARGIN_MS, NOW_MS + 7000 + MARGIN_MS)]
    assert not finished.asked


async def test_pages_are_turned_no_longer_than_somebody_is_missing() -> None:
    finished = Finished(listed=sids(50))
    await finished.find(dict.fromkeys(sids(9), NOW_MS))
    assert finished.pages == 1


async def test_who_is_in_the_list_and_was_not_missing_is_not_told() -> None:
    finished = Finished(listed=[*sids(5, first=90), *sids(5)])
    assert await finished.find(dict.fromkeys(sids(5), NOW_MS)) == sids(5)


async def test_those_of_unknown_creation_make_no_window() -> None:
    finished = Finished(fetched=sids(9))
    assert await finished.find(dict.fromkeys(sids(9))) == sids(9)
    assert finished.pages == 0


@given(missing=st.integers(0, 200), listed=st.integers(0, 300), first=st.integers(0, 200))
async def test_a_search_tells_each_once_and_never_costs_more_than_its_bounds(
    missing: int, listed: int, first: int
) -> None:
    finished = Finished(listed=sids(listed, first), fetched=sids(missing))
    found = await finished.find(dict.fromkeys(sids(missing), NOW_MS))
    assert len(set(found)) == len(found)
    assert set(found) <= set(sids(missing))
    assert finished.pages <= MAX_LISTED_PAGES
    assert len(finished.asked) <= MAX_FETCHES
    assert len(found) == missing or len(finished.asked) == MAX_FETCHES


def test_a_stranger_is_forgotten_after_its_hour() -> None:
    strangers = Strangers(forget_after_ms=1000)
    strangers.add("RM1", NOW_MS)
    strangers.forget(NOW_MS + 999)
    assert "RM1" in strangers
    strangers.forget(NOW_MS + 1000)
    assert "RM1" not in strangers


def test_of_too_many_strangers_the_oldest_is_forgotten() -> None:
    strangers = Strangers(capacity=2)
    for number, sid in enumerate(["RM1", "RM2", "RM1", "RM3"]):
        strangers.add(sid, NOW_MS + number)
    assert ("RM1" in strangers, "RM2" in strangers, "RM3" in strangers) == (True, False, True)


def test_a_stranger_that_turns_out_to_be_ours_is_none() -> None:
    strangers = Strangers()
    strangers.add("RM1", NOW_MS)
    strangers.discard(["RM1", "RM2"])
    assert "RM1" not in strangers

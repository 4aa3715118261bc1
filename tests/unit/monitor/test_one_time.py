"""Who logs in by an address that works once, and where."""

from collections.abc import Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from monitor.http.one_time import OneTime, Remembered, Shared
from monitor.http.sessions import COOKIE, Sessions
from monitor.http.tokens import Tokens
from monitor.settings import Private
from monitor.store.memory import MemorySessions

LIFETIME_S = 3600.0


def shared(store: MemorySessions, now_s: Callable[[], float] = lambda: 0.0) -> Shared:
    return Shared(store, LIFETIME_S, now_s)


@pytest.mark.parametrize("make", [Remembered, lambda: shared(MemorySessions())], ids=["remembered", "shared"])
async def test_a_token_logs_in_once_and_nothing_else_does(make: Callable[[], OneTime]) -> None:
    once = make()
    for nobodys in ("", "another"):
        assert not await once.use(nobodys)
    token = await once.offer()
    for nobodys in ("", "another"):
        assert not await once.use(nobodys)
    assert await once.use(token)
    assert not await once.use(token)


@pytest.mark.parametrize("make", [Remembered, lambda: shared(MemorySessions())], ids=["remembered", "shared"])
async def test_a_token_is_none_when_another_is_offered_or_it_is_withdrawn(make: Callable[[], OneTime]) -> None:
    once = make()
    before, token = await once.offer(), await once.offer()
    assert not await once.use(before)
    await once.withdraw()
    assert not await once.use(token)


async def test_what_one_replica_offers_logs_in_at_another_and_then_nowhere() -> None:
    store = MemorySessions()
    one, other = shared(store), shared(store)
    of_one, of_other = await one.offer(), await other.offer()
    assert await other.use(of_one)
    assert not await one.use(of_one)
    await one.withdraw()
    assert await one.use(of_other), "what the other one offered is its own"


async def test_what_a_replica_offered_that_was_killed_ends_with_a_login_of_then() -> None:
    store, now_s = MemorySessions(), 0.0
    token = await shared(store).offer()
    now_s = LIFETIME_S
    assert not await shared(store, lambda: now_s).use(token)


async def test_a_token_that_is_not_used_yet_is_no_session() -> None:
    store = MemorySessions()
    token = await shared(store).offer()
    sessions = Sessions(Private(), Tokens(Private()), store, lambda: 0.0)
    for cookie in (token, f"once:{token}"):
        assert await sessions.visitor(asked_with(cookie)) is None


def asked_with(cookie: str) -> web.Request:
    return make_mocked_request("GET", "/", headers={"Cookie": f"{COOKIE}={cookie}"})

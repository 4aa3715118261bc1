"""One suite, every store: who is logged in, and until when."""

import asyncio

from monitor.roles import Role
from monitor.store.ports import Session, Store

ON_POSTGRES = True


async def test_a_session_lasts_until_its_end_or_its_removal(store: Store) -> None:
    session = Session("ann", Role.OPERATOR, "proof", 100.0)
    await store.sessions.add_session("h", session)
    assert await store.sessions.session("h", 99.0) == session
    assert await store.sessions.session("h", 100.0) is None
    assert await store.sessions.session("other", 0.0) is None
    await store.sessions.remove_session("h")
    assert await store.sessions.session("h", 99.0) is None


async def test_who_logs_in_again_has_the_latter_session(store: Store) -> None:
    await store.sessions.add_session("h", Session("ann", Role.OPERATOR, "proof", 100.0))
    later = Session("ann", Role.VIEWER, "another", 200.0)
    await store.sessions.add_session("h", later)
    assert await store.sessions.session("h", 150.0) == later


async def test_of_all_who_forget_a_session_at_a_time_one_is_told_that_there_was_one(store: Store) -> None:
    await store.sessions.add_session("h", Session("ann", Role.OPERATOR, "proof", 100.0))
    told = await asyncio.gather(*(store.sessions.remove_session("h") for _ in range(4)))
    assert sorted(told) == [False, False, False, True]

"""What those who look at a call are told of, without anybody who looks."""

import logging

import pytest
from msgspec import Struct

from monitor.call_views import CallViews
from monitor.entities import Room
from monitor.store.memory import MemoryStore
from monitor.store.ports import Call, StoreFailed
from monitor.streaming import Streams, Watches
from tests.builders import NOW_MS, ROOM
from tests.stored import as_told


async def test_a_verdict_that_the_store_cannot_give_is_said_in_a_line_without_a_trace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    call = Call(Room(ROOM))

    async def find(_: str) -> Call:
        return call

    async def judge(_: Call) -> Struct | None:
        raise StoreFailed("ClickHouse: expected an answer, got none")

    views = CallViews(MemoryStore(), as_told, lambda: NOW_MS)
    streams = Streams(Watches(), views, find, judge, as_told, lambda: NOW_MS)
    with caplog.at_level(logging.WARNING):
        await streams.judge(call)
    (record,) = caplog.records
    assert "expected an answer, got none" in record.getMessage()
    assert record.exc_info is None
    assert streams.known_verdict(call) is None

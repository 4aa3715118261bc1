"""Is what a request took given back with its answer?

What holds itself in a circle stays until circles are looked for, which is seldom (`GC_THRESHOLDS`): thousands of
requests later, and tens of megabytes.  So nothing that comes with every request may.
"""

import gc
from collections.abc import Iterator

import pytest
from aiohttp import web

from tests.builders import INGEST_KEY, ROOM, post, quality
from tests.conftest import Running, Start

TOKEN = "an-access-token-of-tests"
TIMES = 5
AT_WORK = 2  # one that a connection has just answered, one that it is reading
PATHS = (
    "/",
    "/-/ready",
    "/metrics",
    "/api/v1/live",
    "/api/v1/rooms",
    "/api/v1/incidents",
    "/api/v1/percentiles",
    "/api/v1/sources",
    "/api/v1/silences",
    "/api/v1/openapi.json",
    f"/api/v1/rooms/{ROOM}",
    f"/api/v1/rooms/{ROOM}/lanes",
    f"/api/v1/rooms/{ROOM}/verdict",
    f"/api/v1/rooms/{ROOM}/bundle",
    "/api/v1/rooms/RM00000000000000000000000000000000",
    "/api/v1/rooms?limit=many",
    "/nothing/of/ours",
)
PUBLIC = ("/v1/telemetry", "/callbacks/twilio")


@pytest.fixture
def no_search_for_circles() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
async def running(start: Start) -> Running:
    return await start(private={"port": 0, "access_token": TOKEN})


async def asked(running: Running, method: str, url: str) -> int:
    """Ask a few times, and return how many requests are in memory that were not before."""
    before = requests_in_memory()
    for _ in range(TIMES):
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with running.http.request(method, url, headers=headers) as answer:
            assert answer.status < 500, url
            await answer.read()
    return requests_in_memory() - before


def requests_in_memory() -> int:
    return sum(isinstance(each, web.BaseRequest) for each in gc.get_objects())


@pytest.mark.usefixtures("no_search_for_circles")
async def test_no_question_and_no_refusal_outlives_its_answer(running: Running) -> None:
    url, headers = f"{running.public}/v1/telemetry", {"Authorization": f"Bearer {INGEST_KEY}"}
    async with running.http.post(url, json=post(quality(4)), headers=headers) as answer:
        assert answer.status == 202
    left = {path: await asked(running, "GET", f"{running.private}{path}") for path in PATHS}
    left |= {path: await asked(running, "POST", f"{running.public}{path}") for path in PUBLIC}
    assert {path: requests for path, requests in left.items() if requests > AT_WORK} == {}

"""Every request has an id: who gives it, and where it is told."""

import json
import logging

import pytest

from tests.builders import INGEST_KEY, post, quality
from tests.conftest import Running, Start

GIVEN = "0af7651916cd43dd8448eb211c80319c"
HERE = ["127.0.0.0/8"]
HEADERS = {"Authorization": f"Bearer {INGEST_KEY}"}


async def asked(running: Running, url: str, **headers: str) -> tuple[str, bytes]:
    async with running.http.get(url, headers=headers) as answer:
        return answer.headers["X-Request-Id"], await answer.read()


async def test_each_answer_of_both_listeners_has_an_id_of_its_own(running: Running) -> None:
    paths = ("/-/healthy", "/no/such/path")
    ids = [(await asked(running, f"{door}{path}"))[0] for door in (running.public, running.private) for path in paths]
    assert len(set(ids)) == 4


async def test_an_id_is_taken_from_nobody_but_a_proxy_of_ours(start: Start, running: Running) -> None:
    behind = await start(public={"port": 0, "trusted_proxies": HERE}, private={"port": 0, "trusted_proxies": HERE})
    for path in ("/-/healthy", "/no/such/path"):
        for door in ("public", "private"):
            believed, _ = await asked(behind, f"{getattr(behind, door)}{path}", **{"X-Request-Id": GIVEN})
            not_believed, _ = await asked(running, f"{getattr(running, door)}{path}", **{"X-Request-Id": GIVEN})
            assert believed == GIVEN != not_believed


async def test_an_id_of_no_sane_shape_is_not_taken_from_a_proxy_either(start: Start) -> None:
    behind = await start(private={"port": 0, "trusted_proxies": HERE})
    told, _ = await asked(behind, f"{behind.private}/-/healthy", **{"X-Request-Id": 'x" level=error'})
    assert told != 'x" level=error'


async def test_a_problem_has_the_id_of_its_request(running: Running) -> None:
    told, body = await asked(running, f"{running.private}/no/such/path")
    assert json.loads(body)["request_id"] == told


@pytest.mark.parametrize("fast_ingest", [True, False])
async def test_a_post_that_is_refused_has_an_id_under_which_the_log_says_why(
    fast_ingest: bool, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    public = {"port": 0, "url": "http://watch.example.com", "trusted_proxies": HERE, "fast_ingest": fast_ingest}
    running = await start(public=public)
    caplog.set_level(logging.DEBUG, "monitor.http.ingest")
    for headers in ({}, {"X-Request-Id": GIVEN}):
        url = f"{running.public}/v1/telemetry"
        async with running.http.post(url, json={"v": 2}, headers=HEADERS | headers) as answer:
            assert (answer.status, headers.get("X-Request-Id", answer.headers["X-Request-Id"])) == (
                400,
                answer.headers["X-Request-Id"],
            )
    said = [record.getMessage() for record in caplog.records if record.name == "monitor.http.ingest"]
    assert all("telemetry refused: 400" in each for each in said)
    assert len(said) == 2


async def test_a_post_that_is_taken_is_not_marked_on_its_fast_way(running: Running) -> None:
    async with running.http.post(f"{running.public}/v1/telemetry", json=post(quality(4)), headers=HEADERS) as answer:
        assert (answer.status, "X-Request-Id" in answer.headers) == (202, False)

"""The browser SDK, as the public door hands it out."""

import gzip

import pytest

from tests.conftest import Running

SCRIPTS = ("/sdk/roomwatch.js", "/sdk/roomwatch.mjs")


@pytest.mark.parametrize("path", SCRIPTS)
async def test_any_page_may_fetch_the_script_and_keep_it_for_a_while(running: Running, path: str) -> None:
    async with running.http.get(running.public + path, headers={"Origin": "https://app.example.com"}) as response:
        assert (response.status, response.content_type) == (200, "text/javascript")
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "max-age=3600" in response.headers["Cache-Control"]
        assert "/v1/telemetry" in await response.text()


@pytest.mark.parametrize("path", SCRIPTS)
async def test_whoever_has_the_present_script_is_not_sent_it_again(running: Running, path: str) -> None:
    async with running.http.get(running.public + path) as response:
        tag = response.headers["ETag"]
    for known, status in ((tag, 304), (f"W/{tag}", 304), ('"another"', 200)):
        async with running.http.get(running.public + path, headers={"If-None-Match": known}) as response:
            assert (response.status, response.headers["ETag"]) == (status, tag)


@pytest.mark.parametrize("path", SCRIPTS)
async def test_the_script_is_small(running: Running, path: str) -> None:
    async with running.http.get(running.public + path) as response:
        assert len(gzip.compress(await response.read())) <= 4096


async def test_the_types_are_there_for_whoever_compiles(running: Running) -> None:
    async with running.http.get(f"{running.public}/sdk/roomwatch.d.mts") as response:
        assert (response.status, response.content_type) == (200, "text/plain")
        assert "export function watch" in await response.text()


@pytest.mark.parametrize("path", ["/sdk/", "/sdk/package.json", "/sdk/sources.sha256", "/sdk/..%2fregistry.py"])
async def test_nothing_else_is_behind_that_door(running: Running, path: str) -> None:
    async with running.http.get(running.public + path) as response:
        assert response.status == 404

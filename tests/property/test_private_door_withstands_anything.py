"""Whatever is asked at the private door, it answers as its document says, and never by an error of its own."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

import aiohttp
import pytest
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator
from yarl import URL

from monitor.http.openapi import document
from tests.asking import TOKEN, happen
from tests.builders import ALICE, ROOM, batch, level, participant, room
from tests.conftest import Running, Start
from tests.examples import examples

BEARER = {"Authorization": f"Bearer {TOKEN}"}
DOCUMENT = document()
EACH = 12  # questions of each operation

NUMBERS = [0, -1, 2**31, 2**53, 2**63, 2**64, 10**15, 10**4000]
ODD = [
    *(str(number).encode() for number in NUMBERS),
    *(b"nan", b"inf", b"-0", b"1e400", b"0x10", b"1_0", b"\xd9\xa3", b"true", b"null", b"[]", b"{}"),
    *(b"\x00", b"\xff", b"\xed\xa0\x80", b"\xf0\x9f\x92\xa9", b"a\r\nb", b"../..", b"%", b"'", b'"', b"a" * 6000),
    *(b"-1h", b"-999999d", b"now", b"2026-11-21T22:14Z", b"9999-12-31T23:59:59-23:59", b"2026-02-30"),
    *(ROOM.encode(), ALICE.encode(), b"alice", b"room", b"0,1", b"nan,0.5", b"," * 500),
]
DEEP = b"[" * 20_000 + b"]" * 20_000
odd_values = st.sampled_from(ODD) | st.binary(max_size=12) | st.text(max_size=8).map(lambda text: text.encode())
odd_json = st.recursive(
    st.none() | st.booleans() | st.sampled_from(NUMBERS) | st.floats() | st.text(max_size=8) | st.just("a\0b"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
media_types = st.sampled_from(["application/json", "application/json; charset=utf-16", "text/plain", "", "x" * 300])
packings = st.sampled_from(["", "", "", "gzip", "br", "deflate", "\x7f"])


def operations() -> list[tuple[str, str]]:
    """Return every operation of the API."""
    return [
        (method, path) for path, methods in DOCUMENT["paths"].items() for method in methods if path.startswith("/api/")
    ]


@st.composite
def addresses(draw: Any, method: str, path: str) -> URL:
    """Return an address of an operation, with parameters that nobody can have meant."""
    given = DOCUMENT["paths"][path][method].get("parameters", ())
    for each in given:
        if each["in"] == "path":
            part = draw(
                st.just(ROOM.encode()) | odd_values.filter(lambda value: value not in (b"", b".", b"..", b"../.."))
            )
            path = path.replace(f"{{{each['name']}}}", quote_from_bytes(part[:3000], safe=""))
    names = [each["name"] for each in given if each["in"] == "query"]
    query = [f"{name}={quote_from_bytes(draw(odd_values)[:3000], safe='')}" for name in names if draw(st.booleans())]
    return URL(f"{path}?{'&'.join(query)[:4000].rstrip('%')}", encoded=True)


def bodies(shape: str) -> st.SearchStrategy[bytes]:
    """Return bodies that are like those of a shape, and others that are like nothing."""
    names = [*DOCUMENT["components"]["schemas"].get(shape, {}).get("properties", {"x": 0})]
    alike = st.dictionaries(st.sampled_from(names), odd_json, max_size=4)
    written = (alike | odd_json).map(lambda value: json.dumps(value).encode())
    return written | st.binary(max_size=40) | st.sampled_from([DEEP, b"", b'"\\ud800"', b"\xef\xbb\xbf{}", b"{" * 9])


def requests(method: str, path: str) -> Iterator[tuple[URL, dict[str, Any]]]:
    """Return what is sent to an operation."""
    content = DOCUMENT["paths"][path][method].get("requestBody", {}).get("content", {})
    shape = next((each["schema"]["$ref"].rpartition("/")[2] for each in content.values()), "")
    sent = st.tuples(addresses(method, path), bodies(shape), media_types, packings)
    for address, body, media_type, packing in examples(sent, EACH):
        headers = {"Content-Type": media_type} | ({"Content-Encoding": packing} if packing.isprintable() else {})
        yield address, {"data": body, "headers": BEARER | headers} if content else {"headers": BEARER}


@pytest.fixture
async def daemon(start: Start, tmp_path: Path) -> Running:
    limits = {"costly_reads_per_minute": 1e6, "costly_reads_burst": 10_000}
    storage = {"path": str(tmp_path / "roomwatch.db")}
    running = await start(private={"port": 0, "access_token": TOKEN, **limits}, storage=storage)
    await happen(running, room(room_name="room"), participant(ALICE, identity="alice"), batch(level(4)))
    return running


async def check(response: aiohttp.ClientResponse, method: str, path: str) -> None:
    """Hold an answer to the document."""
    answers = DOCUMENT["paths"][path][method]["responses"]
    status = str(response.status)
    assert status in answers, f"{method} {response.url}: {status} {await response.text()}"
    content = answers[status].get("content", {})
    assert response.content_type in content, f"{method} {response.url}: {response.content_type}"
    if "json" not in response.content_type:
        return  # a file; or a stream, which has no end as long as its call has none
    schema = {**content[response.content_type]["schema"], "components": DOCUMENT["components"]}
    Draft202012Validator(schema).validate(await response.json(content_type=response.content_type))


@pytest.mark.parametrize("path", ["/api/v1/rooms", f"/api/v1/rooms/{ROOM}", "/metrics", "/-/reload", "/nowhere"])
async def test_a_method_that_nobody_meant_is_a_problem(daemon: Running, path: str) -> None:
    for method in ("OPTIONS", "TRACE", "PATCH", "PROPFIND", "LINK"):
        async with daemon.http.request(method, daemon.private + path, headers=BEARER) as response:
            assert response.status in (403, 404, 405), method
            assert response.content_type == "application/problem+json", method


ODD_HEADERS = [
    *(
        ("Expect", "the-unexpected"),
        ("Range", "bytes=9-1"),
        ("If-None-Match", 'W/"\x80", "'),
        ("If-None-Match", "," * 900),
    ),
    *(
        ("Accept", "text/html;q=x, */" * 50),
        ("Accept-Encoding", "br;q=nan, gzip;q=-1"),
        ("Cookie", '="; roomwatch_session'),
    ),
    *(("Authorization", "Bearer"), ("Authorization", "Bearer \x80\xff"), ("Authorization", "Basic Og==")),
    *(("X-Forwarded-For", "::::, 999.1.1.1"), ("Content-Type", "multipart/form-data"), ("Host", "a" * 300)),
    *(("Origin", "http://[::1"), ("Sec-Fetch-Site", "\x7f")),
]


async def status_of(running: Running, method: str, path: str, name: str, value: str) -> int:
    """Return the status of the answer to a request with a header that no client library would send."""
    head = {"Host": "a", "Connection": "close", **BEARER, "Content-Length": "0", name: value}
    lines = [f"{method} {path} HTTP/1.1", *(f"{key}: {each}" for key, each in head.items()), "", ""]
    host, port = running.private.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write("\r\n".join(lines).encode("latin-1"))
    status = int((await asyncio.wait_for(reader.read(), 30)).split()[1])
    writer.close()
    await writer.wait_closed()
    return status


@pytest.mark.parametrize("asked", ["GET /api/v1/rooms", "POST /login", "POST /api/v1/silences", "POST /-/reload"])
async def test_no_header_is_answered_with_an_error_of_ours(daemon: Running, asked: str) -> None:
    for name, value in ODD_HEADERS:
        assert 200 <= await status_of(daemon, *asked.split(), name, value) < 500, (name, value)


@pytest.mark.parametrize(("method", "path"), operations())
async def test_any_question_gets_an_answer_of_the_document(daemon: Running, method: str, path: str) -> None:
    for address, sent in requests(method, path):
        async with daemon.http.request(method, URL(f"{daemon.private}{address}", encoded=True), **sent) as response:
            await check(response, method, path)

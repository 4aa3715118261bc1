"""Does Twilio's own description of its API allow every request that our collectors make?

Needs a mock server made from Twilio's published OpenAPI descriptions (for example Prism) for each product: it refuses
with 422 what the description does not allow, and with 404 what it does not know.  Where they listen is told by
`ROOMWATCH_OPENAPI_MOCKS=video=http://127.0.0.1:4010,insights=http://127.0.0.1:4011,api=http://127.0.0.1:4012`.
"""

import os
import re
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from collectors.base import CollectError, Summaries, Unsettled
from collectors.events import Event
from collectors.registry import SOURCES
from collectors.rest.budget import Budget, Limits
from collectors.rest.twilio import Credentials, Observer, Twilio, connect
from monitor.canary import Canary
from monitor.config import build
from monitor.doctor.examination import examine
from monitor.http.server import Listener
from tests.builders import ACCOUNT, ALICE, API_KEY, API_SECRET, NOW_MS, ROOM
from tests.pictures import Picture

MOCKS = dict(pair.split("=", 1) for pair in os.environ.get("ROOMWATCH_OPENAPI_MOCKS", "").split(",") if pair)
pytestmark = pytest.mark.skipif(not MOCKS, reason="ROOMWATCH_OPENAPI_MOCKS names no mock servers")

# Which product a path belongs to, and the example in its description that holds something.
PRODUCTS = (("/v1/Video/", "insights"), ("/2010-04-01/", "api"), ("/v1/", "video"))
EXAMPLES = {
    "/v1/Rooms": "readWithStatus",
    "/v1/Rooms/RM…/Participants": "readFilters",
    "/v1/Rooms/RM…/Recordings": "readResults",
    "/v1/Compositions": "readResults",
    "/v1/CompositionHooks": "readResults",
    "/v1/Video/Rooms": "readFull",
    "/v1/Video/Rooms/RM…/Participants": "readFull",
    "/2010-04-01/Accounts/AC…/Usage/Records/Daily.json": "readFull",
}
BY_DATE = "DateCreatedAfter DateCreatedBefore PageSize Status"
EVERY_REQUEST = {
    "rooms": {"/v1/Rooms PageSize Status", f"/v1/Rooms {BY_DATE}", "/v1/Rooms/RM…"},
    "participants": {
        "/v1/Rooms/RM…/Participants PageSize",
        "/v1/Rooms/RM…/Participants PageSize Status",
        "/v1/Rooms/RM…/Participants/PA…",
    },
    "reconciliation": {
        "/v1/Rooms/RM…/Participants PageSize",
        "/v1/Rooms/RM…/Participants PageSize Status",
        "/v1/Rooms/RM…/Participants/PA…",
    },
    "ended_rooms": {"/v1/Rooms/RM…/Participants PageSize", "/v1/Rooms/RM…/Recordings PageSize"},
    "compositions": {
        "/v1/Compositions PageSize RoomSid",
        "/v1/Compositions PageSize Status",
        f"/v1/Compositions {BY_DATE}",
        "/v1/Compositions/CJ…",
    },
    "composition_hooks": {"/v1/CompositionHooks PageSize"},
    "summaries": {"/v1/Video/Rooms CreatedAfter CreatedBefore PageSize"},
    "stays": {"/v1/Video/Rooms/RM…/Participants PageSize"},
    "usage": {"/2010-04-01/Accounts/AC…/Usage/Records/Daily.json EndDate IncludeSubaccounts PageSize StartDate"},
}


def many(prefix: str) -> list[str]:
    """So many SIDs that a collector would rather list than fetch; the mock's empty lists then make it fetch as well."""
    return [f"{prefix}{number:032x}" for number in range(6)]


EVERYTHING_DUE = Picture(
    live=dict.fromkeys(many("RM"), NOW_MS),
    in_doubt=[ROOM],
    to_look_at=[ROOM],
    to_reconcile=[ROOM],
    connected={ROOM: [ALICE, *many("PA")]},
    to_settle=[Unsettled(ROOM, participants=True, recordings=True)],
    compositions=dict.fromkeys(many("CJ"), NOW_MS),
    owed=[ROOM],
    summaries=Summaries(NOW_MS - 3_600_000, NOW_MS),
    stays=[ROOM],
)


class Door:
    """Stands for all of Twilio's hosts: passes requests on to the product's mock, and notes what they came to."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http
        self.url = ""
        self.wants_examples = False
        self.asked: set[str] = set()
        self.refused: list[str] = []

    async def pass_on(self, request: web.Request) -> web.Response:
        mock = MOCKS[next(product for prefix, product in PRODUCTS if request.path.startswith(prefix))]
        template = re.sub(r"\b([A-Z]{2})[0-9a-f]{32}", r"\1…", request.path)
        headers = {"Authorization": request.headers["Authorization"], "Accept": "application/json"}
        if self.wants_examples and template in EXAMPLES:
            headers["Prefer"] = f"example={EXAMPLES[template]}"
        if request.body_exists:
            headers["Content-Type"] = request.headers["Content-Type"]
        form = await request.read()
        async with self._http.request(
            request.method, mock + request.path_qs, headers=headers, data=form or None
        ) as answer:
            body = await answer.read()
        method = [] if request.method == "GET" else [request.method]
        self.asked.add(" ".join([*method, template, *sorted(request.query)]))
        if answer.status >= 300:
            self.refused.append(f"{answer.status} {request.path_qs}: {body.decode()}")
        return web.Response(body=body, status=answer.status, content_type="application/json")


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http:
        door = Door(http)
        listener = await Listener.open("127.0.0.1", 0, [web.route("*", "/{path:.*}", door.pass_on)])
        door.url = f"http://127.0.0.1:{listener.port}"
        yield door
        await listener.close()


@pytest.fixture
async def twilio(door: Door) -> AsyncIterator[Twilio]:
    credentials, budget = Credentials(ACCOUNT, API_KEY, API_SECRET), Budget(Limits(1000, 1000))
    twilio = connect(credentials, budget, Observer(), timeout_s=10, base_url=door.url)
    yield twilio
    await twilio.close()


def test_every_source_is_held_to_the_description() -> None:
    assert set(EVERY_REQUEST) == set(SOURCES)


async def collect(door: Door, resource: str, twilio: Twilio) -> list[Event]:
    try:
        return [e async for batch in SOURCES[resource].build(twilio).collect(EVERYTHING_DUE, NOW_MS) for e in batch]
    except CollectError:
        assert not door.refused
        raise


@pytest.mark.parametrize("resource", EVERY_REQUEST)
async def test_every_request_is_one_that_twilio_documents(door: Door, twilio: Twilio, resource: str) -> None:
    await collect(door, resource, twilio)
    assert not door.refused
    assert door.asked == EVERY_REQUEST[resource]


@pytest.mark.parametrize("resource", EVERY_REQUEST)
async def test_every_documented_example_is_understood(door: Door, twilio: Twilio, resource: str) -> None:
    door.wants_examples = True
    await collect(door, resource, twilio)
    assert not door.refused


def account(door: Door) -> dict[str, object]:
    return {"account_sid": ACCOUNT, "api_key": API_KEY, "api_secret": API_SECRET, "base_url": door.url}


async def test_every_request_of_a_canary_is_one_that_twilio_documents(door: Door, twilio: Twilio) -> None:
    async def offer(_: Event) -> bool:
        return True

    (of_tests,) = build({"accounts": [account(door)]}).accounts
    canary = Canary(
        of_tests, twilio, offer, lambda: NOW_MS, timeout_s=5, compose=True, callback_url="https://w.example.com/#rc=5"
    )
    await canary.run()
    for path in ("/v1/Rooms PageSize Status", "POST /v1/Rooms", "POST /v1/Rooms/RM…"):
        assert path in door.asked
    assert not door.refused


async def test_every_request_of_the_doctor_is_one_that_twilio_documents(door: Door) -> None:
    await examine(build({"accounts": [account(door)]}))
    assert "/v1/Recordings PageSize" in door.asked
    assert not door.refused

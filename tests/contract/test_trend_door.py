"""What may be asked about many calls at the private door, and what the answers look like."""

from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from msgspec.structs import replace

from collectors.observations import ClientInfo, MediaStats
from tests.asking import TOKEN, ask, happen
from tests.builders import ALICE, BOB, ROOM, batch, level
from tests.conftest import Running, Start
from tests.stored import as_told

BEGAN_MS = 1_763_690_400_000  # at the full hour
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
OTHER_ROOM = "RM" + "b" * 32
DAY = {"from": BEGAN_MS - HOUR_MS, "to": BEGAN_MS + 23 * HOUR_MS}


@pytest.fixture
async def daemon(start: Start, tmp_path: Path) -> Running:
    """Two rooms: in one the round trip takes 100 ms, in the other 400, on another browser and at a bad level."""
    private, storage = {"port": 0, "access_token": TOKEN}, {"path": str(tmp_path / "roomwatch.db")}
    running = await start(private=private, storage=storage)
    for room, who, browser, rtt_ms, quality in (
        (ROOM, ALICE, "Chrome", 100.0, 5),
        (OTHER_ROOM, BOB, "Safari", 400.0, 1),
    ):
        at_ms = [BEGAN_MS + n * 10_000 for n in range(120)]
        seen = [MediaStats(at, 10_000, rtt_ms) for at in at_ms]
        told = batch(*seen, level(quality, at_ms=BEGAN_MS), reporter=who, room_sid=room, at_ms=at_ms[-1])
        await happen(running, replace(told, client=ClientInfo(browser=browser)))
    return running


@pytest.fixture(params=["in the log", "settled"])
async def asked(request: pytest.FixtureRequest, daemon: Running) -> Running:
    """The same, wherever the samples have got to."""
    if request.param == "settled":
        in_ten_years_ms = BEGAN_MS + 10 * 365 * 24 * HOUR_MS
        assert await daemon.daemon.store.samples.settle(in_ten_years_ms, 0, as_told) == 2 * 121
    return daemon


async def test_quantiles_are_told_by_room_within_two_percent(asked: Running) -> None:
    status, said = await ask(asked, "/percentiles", metric="rtt_ms", **DAY)
    assert (status, said["quantiles"], said["by"]) == (200, [0.5, 0.95], "room")
    by_room = {each["key"]: each["values"] for each in said["percentiles"]}
    assert by_room[ROOM] == pytest.approx([100, 100], rel=0.02)
    assert by_room[OTHER_ROOM] == pytest.approx([400, 400], rel=0.02)
    assert [each["samples"] for each in said["percentiles"]] == [120, 120]


async def test_quantiles_are_exact_if_they_have_to_be(asked: Running) -> None:
    status, said = await ask(asked, "/percentiles", exact="true", quantiles="0,0.5,1", **DAY)
    assert status == 200
    assert [(each["key"], each["samples"], each["values"]) for each in said["percentiles"]] == [
        (ROOM, 120, [100, 100, 100]),
        (OTHER_ROOM, 120, [400, 400, 400]),
    ]
    _, page = await ask(asked, "/percentiles", exact="true", limit=1, **DAY)
    _, rest = await ask(asked, "/percentiles", exact="true", limit=1, after=page["next"], **DAY)
    assert [each["key"] for each in rest["percentiles"]] == [OTHER_ROOM]


async def test_quantiles_are_told_by_what_people_have_in_common(asked: Running) -> None:
    _, said = await ask(asked, "/percentiles", by="browser", quantiles="0.5", bucket=HOUR_MS, key="Safari", **DAY)
    (safari,) = said["percentiles"]
    assert (safari["key"], safari["from_ms"]) == ("Safari", BEGAN_MS)
    assert safari["values"] == pytest.approx([400], rel=0.02)


async def test_keys_come_in_pages(asked: Running) -> None:
    _, first = await ask(asked, "/percentiles", limit=1, **DAY)
    _, second = await ask(asked, "/percentiles", limit=1, after=first["next"], **DAY)
    assert [each["key"] for page in (first, second) for each in page["percentiles"]] == [ROOM, OTHER_ROOM]
    _, third = await ask(asked, "/percentiles", limit=1, after=second["next"], **DAY)
    assert (third["percentiles"], third["next"]) == ([], None)


@pytest.mark.parametrize(("by", "value"), [("rtt_ms", 400), ("degraded_minutes", 1)])
async def test_the_worst_room_comes_first(asked: Running, by: str, value: float) -> None:
    _, said = await ask(asked, "/worst-rooms", by=by, limit=1, **DAY)
    (worst,) = said["rooms"]
    assert worst["room"] == OTHER_ROOM
    assert worst["value"] == pytest.approx(value, rel=0.02)


async def test_coverage_tells_for_how_much_of_the_time_people_were_heard(asked: Running) -> None:
    _, said = await ask(asked, "/coverage", by="browser", **DAY)
    chrome, safari = said["coverage"]
    assert (chrome["key"], chrome["participants"], chrome["heard_ratio"]) == ("Chrome", 1, 1)
    assert chrome["degraded_minutes"] == 0 < safari["degraded_minutes"]


async def test_it_is_told_minute_by_minute(asked: Running) -> None:
    span = {"from": BEGAN_MS, "to": BEGAN_MS + HOUR_MS}
    _, said = await ask(asked, "/minutes", key=OTHER_ROOM, **span)
    assert (said["from_ms"], said["each_ms"], len(said["samples"])) == (BEGAN_MS, MINUTE_MS, 60)
    assert (said["samples"][0], said["heard"][0], said["degraded"][0]) == (6 + 1, 1, 1), "six of media, and a level"
    assert said["means"] == {"rtt_ms": [400.0] * 20 + [None] * 40}


async def test_without_a_time_it_is_about_the_last_day(asked: Running) -> None:
    assert (await ask(asked, "/percentiles"))[1]["percentiles"] == []


@pytest.mark.parametrize(
    ("path", "query", "status", "error"),
    [
        ("/percentiles", {"metric": "mood"}, 422, "metric: expected one of rtt_ms, "),
        ("/percentiles", {"by": "weather"}, 422, "by: expected one of room, "),
        ("/percentiles", {"quantiles": "most"}, 400, "quantiles: expected numbers from 0 to 1"),
        ("/percentiles", {"quantiles": "2"}, 422, "quantiles: expected numbers from 0 to 1, got 2"),
        ("/percentiles", {"bucket": "60000"}, 422, "bucket: expected a multiple of an hour (3600000), got 60000"),
        ("/percentiles", {"from": "0"}, 422, "to: expected at most 92 days at a time, got "),
        ("/percentiles", {"exact": "maybe"}, 400, "exact: expected true or false, got 'maybe'"),
        ("/percentiles", {"exact": "true", "by": "sdk"}, 422, "exact: expected all rooms at once"),
        ("/percentiles", {"exact": "true", "from": "1"}, 422, "to: expected at most a day where quantiles are to be "),
        ("/worst-rooms", {"by": "mood"}, 422, "by: expected degraded_minutes or one of rtt_ms, "),
        ("/coverage", {"limit": "0"}, 400, "limit: expected a whole number from 1 to 1000"),
    ],
)
async def test_a_question_that_is_none_is_told_so(
    daemon: Running, path: str, query: dict[str, str], status: int, error: str
) -> None:
    answered, said = await ask(daemon, path, **query)
    assert (answered, said["error"].startswith(error)) == (status, True), said


async def test_the_answers_have_the_shape_that_the_api_describes(asked: Running) -> None:
    _, document = await ask(asked, "/openapi.json")
    questions: dict[str, dict[str, Any]] = {"/percentiles": DAY, "/worst-rooms": DAY, "/coverage": DAY, "/minutes": DAY}
    for path, query in questions.items():
        content = document["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]["content"]
        schema = {**content["application/json"]["schema"], "components": document["components"]}
        _, said = await ask(asked, path, **query)
        Draft202012Validator(schema).validate(said)

"""How does a call go, every ten seconds?  One series, wherever its samples have got to."""

from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from collectors.observations import Direction, MediaStats
from tests.asking import TOKEN, ask, happen
from tests.builders import ALICE, BOB, ROOM, batch, level, participant, room
from tests.conftest import Running, Start
from tests.stored import as_told

BEGAN_MS = 1_763_690_400_000
TEN_S_MS, MINUTE_MS, HOUR_MS = 10_000, 60_000, 3_600_000
NAME = "acme:class:1"
TEN_YEARS_MS = 10 * 365 * 24 * HOUR_MS


def at(place: int) -> int:
    return BEGAN_MS + place * TEN_S_MS


def seen(place: int, rtt_ms: float) -> MediaStats:
    return MediaStats(at(place) + 1, 10_000, rtt_ms, Direction(loss_ratio=0.0125))


async def settle(running: Running) -> int:
    return await running.daemon.store.samples.settle(BEGAN_MS + TEN_YEARS_MS, 0, as_told)


@pytest.fixture(params=["in the log", "settled", "both"])
async def asked(start: Start, tmp_path: Path, request: pytest.FixtureRequest) -> Running:
    """A call of a minute, of which alice tells all and bob, whose level was bad an hour ago, every other sample."""
    private, storage = {"port": 0, "access_token": TOKEN}, {"path": str(tmp_path / "roomwatch.db")}
    running = await start(private=private, storage=storage, alerts={"disabled_rules": ["RoomZombie"]})
    come = {"room_name": NAME, "at_ms": BEGAN_MS - HOUR_MS, "joined_at_ms": BEGAN_MS - HOUR_MS}
    bad = batch(level(1, at_ms=at(-350)), reporter=BOB, at_ms=at(-350), room_name=NAME)
    await happen(running, room(at_ms=BEGAN_MS - HOUR_MS, room_name=NAME, created_at_ms=BEGAN_MS - HOUR_MS))
    await happen(running, participant(ALICE, **come), participant(BOB, **come), bad)
    for place in range(6):
        told = [batch(seen(place, 100.0), level(5, at_ms=at(place)), at_ms=at(place), room_name=NAME)]
        if place % 2 == 0:
            told.append(batch(seen(place, 300.0), reporter=BOB, at_ms=at(place), room_name=NAME))
        await happen(running, *told)
        if request.param == "both" and place == 2:
            assert await settle(running)
    if request.param == "settled":
        assert await settle(running)
    return running


async def tens(running: Running, of: str = ROOM, **query: Any) -> dict[str, Any]:
    status, said = await ask(running, f"/rooms/{of}/tens", **query)
    assert status == 200, said
    return said


async def test_every_ten_seconds_are_told_wherever_the_samples_are(asked: Running) -> None:
    said = await tens(asked, **{"from": at(0), "to": at(6)})
    assert (said["room_sid"], said["room_name"], said["from_ms"], said["each_ms"]) == (ROOM, NAME, at(0), TEN_S_MS)
    assert said["samples"] == [3, 2, 3, 2, 3, 2], "a level is a sample, too"
    assert said["heard"] == [2, 1, 2, 1, 2, 1]
    assert said["means"]["rtt_ms"] == [200, 100, 200, 100, 200, 100]
    assert said["means"]["up.loss_ratio"] == [0.0125] * 6


async def test_a_level_of_before_holds(asked: Running) -> None:
    said = await tens(asked, **{"from": at(0), "to": at(6)})
    assert said["rated"] == said["heard"]
    assert said["degraded"] == [1, 0, 1, 0, 1, 0], "bob is heard in every other only"


async def test_what_is_asked_for_in_part_counts_whole(asked: Running) -> None:
    said = await tens(asked, **{"from": at(2) + 5, "to": at(3) + 5})
    assert (said["from_ms"], said["samples"]) == (at(2), [3, 2])


async def test_a_call_is_found_by_its_name(asked: Running) -> None:
    assert (await tens(asked, NAME, **{"from": at(0), "to": at(1)}))["samples"] == [3]


async def test_a_room_that_nobody_knows_is_none(asked: Running) -> None:
    assert (await ask(asked, "/rooms/RM0/tens"))[0] == 404


async def test_more_than_six_hours_are_refused(asked: Running) -> None:
    status, said = await ask(asked, f"/rooms/{ROOM}/tens", **{"from": at(0), "to": at(0) + 6 * HOUR_MS + 1})
    assert (status, said["error"]) == (400, "from, to: expected at most 21600000 ms, got 21600001")


async def test_of_a_long_call_the_last_six_hours_are_told(asked: Running) -> None:
    over = room("completed", at_ms=at(6), room_name=NAME, created_at_ms=at(6) - 8 * HOUR_MS, ended_at_ms=at(6))
    await happen(asked, over)
    said = await tens(asked)
    assert said["from_ms"] + len(said["samples"]) * TEN_S_MS == at(7)
    assert len(said["samples"]) == 6 * HOUR_MS // TEN_S_MS
    assert said["samples"][-7:] == [3, 2, 3, 2, 3, 2, 0]


async def test_the_answer_has_the_shape_that_the_api_describes(asked: Running) -> None:
    _, document = await ask(asked, "/openapi.json")
    content = document["paths"]["/api/v1/rooms/{room}/tens"]["get"]["responses"]["200"]["content"]
    schema = {**content["application/json"]["schema"], "components": document["components"]}
    Draft202012Validator(schema).validate(await tens(asked, **{"from": at(0), "to": at(8)}))

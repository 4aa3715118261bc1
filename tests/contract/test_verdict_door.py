"""Whose fault a bad call was, asked at the private door of a real daemon."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from collectors.events import AccountTrouble, Source, Trouble
from collectors.observations import Connection, ConnectionState
from monitor.evidence.witnesses import Evidence
from monitor.simulator.link import Impairment
from monitor.simulator.link import Trouble as BadLink
from tests.asking import TOKEN, ask, happen
from tests.builders import ACCOUNT, ALICE, BOB, ROOM, batch, participant, room
from tests.conftest import Running, Start
from tests.incidents import Call, afflict, elsewhere, evidence, incident, stage
from tests.retelling import begun_at, retold

HOUR_MS = 3_600_000
OFFICE = "198.51.100.0/24"
BAD = BadLink(up=Impairment(loss_ratio=0.15), down=Impairment(loss_ratio=0.15))


@pytest.fixture
async def daemon(start: Start, tmp_path: Path) -> Running:
    return await start(private={"port": 0, "access_token": TOKEN}, storage={"path": str(tmp_path / "roomwatch.db")})


def lately(running: Running, told: Evidence) -> Evidence:
    """Return a call that has just ended."""
    return begun_at(told, running.daemon.clock.now_ms() - (told.to_ms - told.from_ms) - 5_000)


async def settle(running: Running) -> int:
    housekeeping, daemon = running.daemon.housekeeping, running.daemon
    await housekeeping.save_picture()
    return await daemon.store.samples.settle(daemon.clock.now_ms() + 1, 0, housekeeping.resolve)


async def verdict(running: Running, about: str, **query: Any) -> dict[str, Any]:
    status, said = await ask(running, f"/rooms/{about}/verdict", **query)
    assert status == 200, said
    return said


@pytest.mark.parametrize("kind", ["uplink", "downlink", "link", "device", "nothing"])
async def test_the_cause_of_a_staged_call_is_named_before_and_after_it_has_settled(daemon: Running, kind: str) -> None:
    staged = incident(kind, 2)
    told = lately(daemon, staged.evidence)
    await happen(daemon, *retold(told))
    before = await verdict(daemon, told.room)
    assert (before["cause"], before["whom"]) == (staged.cause.value, staged.whom), before
    assert (before["from_ms"], before["to_ms"]) == (told.from_ms, told.to_ms)
    assert before["people"] == len(told.witnesses) >= before["people_heard"] > 0
    assert (before["other_rooms"], before["are_other_rooms_cut"]) == (0, False)
    assert before["sentence"].endswith(".")
    assert await settle(daemon) > 0
    after = await verdict(daemon, told.room)
    assert (after["cause"], after["whom"], after["name"]) == (before["cause"], before["whom"], before["name"])
    assert after["people_heard"] == before["people_heard"]


async def test_a_call_that_goes_on_is_judged_as_far_as_it_has_come(daemon: Running) -> None:
    staged = incident("uplink", 2)
    told = lately(daemon, staged.evidence)
    await happen(daemon, *retold(told, is_over=False))
    said = await verdict(daemon, told.room)
    assert (said["cause"], said["whom"]) == ("uplink", staged.whom)


def _region(call: Call) -> None:
    for person in call.people if call.room.media_region == "us1" else ():
        afflict(person, [(10, 125)], trouble=BAD)


def _office(call: Call) -> None:
    if call.room.media_region == "us1":
        call.people[0].address = OFFICE
        afflict(call.people[0], [(10, 125)], trouble=BAD)


def _storm(call: Call) -> None:
    for person in call.people:
        afflict(person, [(60, 80)], code=53006)


@pytest.mark.parametrize(
    ("mark", "cause", "whom"), [(_region, "region", "us1"), (_office, "network", OFFICE), (_storm, "twilio", None)]
)
async def test_what_many_have_in_common_is_found_in_the_other_rooms_of_the_time(
    daemon: Running, mark: Callable[[Call], None], cause: str, whom: str | None
) -> None:
    rng = Random(f"elsewhere {cause}")
    calls = [stage(rng, 4, length_s=130), *elsewhere(rng, regions=["us1"] * 4 + ["de1"] * 3)]
    for call in calls:
        mark(call)
    told = [lately(daemon, evidence(call, rng)) for call in calls]
    for each in told:
        await happen(daemon, *retold(each))
    before = await verdict(daemon, told[0].room)
    assert (before["cause"], before["whom"], before["other_rooms"]) == (cause, whom, 7), before
    await settle(daemon)
    after = await verdict(daemon, told[0].room)
    assert (after["cause"], after["whom"], after["other_rooms"]) == (cause, whom, 7), after


async def test_only_the_minutes_that_are_asked_for_are_judged(daemon: Running) -> None:
    rng = Random("some minutes")
    call = stage(rng, 4, length_s=600)
    afflict(call.people[0], [(300, 600)], trouble=BadLink(up=Impairment(loss_ratio=0.2)))
    told = lately(daemon, evidence(call, rng))
    await happen(daemon, *retold(told))
    middle_ms = told.from_ms + 300_000
    well = await verdict(daemon, told.room, to=middle_ms - 10_000)
    assert (well["cause"], well["to_ms"]) == ("nothing", middle_ms - 10_000)
    bad = await verdict(daemon, told.room, **{"from": middle_ms})
    assert (bad["cause"], bad["from_ms"]) == ("uplink", middle_ms)


async def test_whom_twilio_did_not_let_in_while_it_was_out_of_reach_was_kept_out_by_twilio(daemon: Running) -> None:
    now_ms = daemon.daemon.clock.now_ms()
    began_ms = now_ms - HOUR_MS
    refused = [
        batch(
            Connection(began_ms + 60_000, ConnectionState.DISCONNECTED, 53006),
            room_sid=None,
            room_name="acme",
            reporter=None,
            identity=identity,
            at_ms=began_ms + 60_000,
        )
        for identity in ("alice", "bob")
    ]
    out = [
        AccountTrouble(began_ms + after_ms, Source.SELF, ACCOUNT, Trouble.UNREACHABLE, is_on=is_on)
        for after_ms, is_on in ((50_000, True), (200_000, False))
    ]
    await happen(daemon, room(room_name="acme", created_at_ms=began_ms, at_ms=began_ms), *refused, *out)
    said = await verdict(daemon, "acme")
    assert said["cause"] == "twilio"
    assert "Twilio's REST API was out of reach" in said["because"]
    before_ms = began_ms + 40_000
    assert (await verdict(daemon, "acme", to=before_ms))["cause"] == "not known", "that was before it began"


async def test_nothing_is_known_of_a_call_of_which_nobody_said_anything(daemon: Running) -> None:
    began_ms = daemon.daemon.clock.now_ms() - HOUR_MS
    come = {"joined_at_ms": began_ms, "at_ms": began_ms}
    people = [participant(ALICE, identity="alice", **come), participant(BOB, identity="bob", **come)]
    await happen(daemon, room(created_at_ms=began_ms, at_ms=began_ms), *people)
    said = await verdict(daemon, ROOM)
    assert (said["cause"], said["confidence"], said["people"], said["people_heard"]) == ("not known", 0.0, 2, 0)
    assert said["sentence"] == "Not known: 0 of 2 people told how they fared."


async def test_of_a_call_longer_than_four_hours_the_last_four_are_judged(daemon: Running) -> None:
    ended_ms = daemon.daemon.clock.now_ms()
    about = {"created_at_ms": ended_ms - 6 * HOUR_MS, "at_ms": ended_ms}
    await happen(daemon, room(**about), room("completed", ended_at_ms=ended_ms, **about))
    said = await verdict(daemon, ROOM)
    assert (said["from_ms"], said["to_ms"]) == (ended_ms - 4 * HOUR_MS, ended_ms)
    status, refused = await ask(daemon, f"/rooms/{ROOM}/verdict", **{"from": ended_ms - 5 * HOUR_MS})
    assert (status, refused["error"]) == (400, "from, to: expected at most 14400000 ms, got 18000000")


async def test_a_room_that_nobody_knows_has_no_verdict(daemon: Running) -> None:
    assert (await ask(daemon, f"/rooms/{ROOM}/verdict"))[0] == 404


async def test_the_verdict_has_the_shape_that_the_api_describes(daemon: Running) -> None:
    told = lately(daemon, incident("uplink", 2).evidence)
    await happen(daemon, *retold(told))
    _, document = await ask(daemon, "/openapi.json")
    content = document["paths"]["/api/v1/rooms/{room}/verdict"]["get"]["responses"]["200"]["content"]
    schema = {**content["application/json"]["schema"], "components": document["components"]}
    Draft202012Validator(schema).validate(await verdict(daemon, told.room))

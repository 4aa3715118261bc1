"""`roomwatch rules replay`: what it prints, how it ends, and that it leaves alone what it reads."""

import asyncio
import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from collectors.events import Event
from monitor.commands.options import FAILED, OK, USAGE
from monitor.live import Live
from monitor.store.ports import Entry
from monitor.store.sqlite import SqliteStore
from tests.builders import ALICE, BOB, ROOM, batch, level, room
from tests.conftest import settings
from tests.daemon_process import write_config
from tests.evidence import BEGAN_MS, NAME, configured, database_of, ran, recorded
from tests.lives import LATER_ROOM
from tests.stored import as_told

SPAN = ("--from", "2020-11-21T09:00:00Z", "--to", "2020-11-21T10:00:00Z")
STARTS_MS = 1_605_949_200_000  # then
USUAL_WAITS = {"group_wait": "10s", "resolve_wait": "10s"}
RECEIVERS = {"ops": {"kind": "webhook", "url": "http://127.0.0.1:9/"}}


def bad_calls() -> Iterator[Event]:
    """Yield two rooms, in each of which somebody has a bad minute, and is well for six."""
    for number, (sid, who) in enumerate(((ROOM, ALICE), (LATER_ROOM, BOB))):
        yield room(sid=sid, room_name=f"class:{number}", at_ms=STARTS_MS)
        for minute, value in enumerate((5, 1, 5, 5, 5, 5, 5, 5)):
            at_ms = STARTS_MS + minute * 60_000 + number
            yield batch(level(value, at_ms=at_ms), reporter=who, room_sid=sid, identity=f"person-{number}", at_ms=at_ms)


async def _stored(file: Path) -> None:
    store = await SqliteStore.open(file)
    try:
        live = Live()
        for event in bad_calls():
            (log_id,) = await store.log.append([Entry(event)], STARTS_MS)
            live.apply(event)
        await store.picture.save(live.take_dirty(), log_id or 0)
        await store.samples.settle(STARTS_MS + 86_400_000, 0, as_told)
    finally:
        await store.close()


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = configured(tmp_path_factory.mktemp("database"), receivers=RECEIVERS)
    asyncio.run(_stored(database_of(config)))
    return config


@pytest.mark.promise("P32")
def test_it_prints_what_would_have_been_sent_and_how_often(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sha256(database_of(config).read_bytes()).digest()
    assert ran("rules", "replay", *SPAN, "--config", config) == OK
    said = capsys.readouterr()
    assert said.out.splitlines()[:3] == [
        f"2020-11-21T09:01:10Z  fired     warning   ParticipantQualityDegraded  {ROOM}/{ALICE}",
        "  person-0 has a bad connection in class:0.",
        "  held: level <= 1 for 10 s; to ops",
    ]
    assert f"2020-11-21T09:07:00.001Z  resolved  warning   ParticipantQualityDegraded  {LATER_ROOM}/{BOB}" in said.out
    (line,) = (line for line in said.out.splitlines() if line.startswith("  ParticipantQualityDegraded"))
    assert line.split() == ["ParticipantQualityDegraded", "2", "episodes", "of", "2", "people", "2", "pages"]
    assert "  CanaryFailed: no canary run is on record in this time" in said.out
    assert said.err.endswith("times as fast as it happened\n")
    assert sha256(database_of(config).read_bytes()).digest() == before


def test_a_program_gets_one_document(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("rules", "replay", *SPAN, "--config", config, "--format", "json") == OK
    document = json.loads(capsys.readouterr().out)
    assert [each["what"] for each in document["said"]] == ["trigger", "trigger", "resolve", "resolve"]
    assert {each["receivers"][0] for each in document["said"]} == {"ops"}


@pytest.mark.parametrize("asked", ["class:1", LATER_ROOM])
def test_one_room_may_be_asked_for_by_name_or_sid(config: Path, asked: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("rules", "replay", *SPAN, "--config", config, "--format", "json", "--room", asked) == OK
    document = json.loads(capsys.readouterr().out)
    assert {each["entity"] for each in document["said"]} == {f"{LATER_ROOM}/{BOB}"}
    assert "JoinFailures" in {each["rule"] for each in document["not_replayed"]}


def test_only_some_rules_may_be_asked_for(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("rules", "replay", *SPAN, "--config", config, "--format", "json", "--rule", "RoomZombie") == OK
    document = json.loads(capsys.readouterr().out)
    assert (document["said"], [each["rule"] for each in document["rules"]]) == ([], ["RoomZombie"])


def test_what_was_told_before_the_time_is_not_said_but_its_end_is(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = ("--from", "2020-11-21T09:01:30Z", "--to", "2020-11-21T09:07:00.001Z")
    assert ran("rules", "replay", *later, "--config", config, "--format", "json") == OK
    document = json.loads(capsys.readouterr().out)
    assert [(each["what"], each["entity"]) for each in document["said"]] == [("resolve", f"{ROOM}/{ALICE}")]
    assert document["rules"][0] == {
        "rule": "ParticipantQualityDegraded",
        "over": "participant",
        "episodes": 0,
        "subjects": 0,
        "pages": 0,
        "firing": 1,
    }


def test_a_word_waits_for_others_as_long_as_is_configured(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    usual = write_config(
        config.with_name("usual.toml"),
        settings(storage={"path": str(database_of(config))}, accounts=[], receivers=RECEIVERS, alerts=USUAL_WAITS),
    )
    assert ran("rules", "replay", *SPAN, "--config", usual, "--format", "json") == OK
    document = json.loads(capsys.readouterr().out)
    assert [(each["what"], each["at"]) for each in document["said"]] == [
        *(("trigger", "2020-11-21T09:01:20Z"), ("trigger", "2020-11-21T09:01:20.001Z")),
        *(("resolve", "2020-11-21T09:07:10Z"), ("resolve", "2020-11-21T09:07:10.001Z")),
    ]
    assert [each["at"] for each in document["transitions"]][:2] == ["2020-11-21T09:01:10Z", "2020-11-21T09:01:10.001Z"]


def test_a_time_of_which_nothing_is_on_record_is_not_taken_for_a_good_one(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ran("rules", "replay", "--from", "2020-11-01", "--to", "2020-11-02", "--config", config) == OK
    said = capsys.readouterr().out
    assert "Note: what happened is on record since 2020-11-21T09:00:00Z only" in said
    assert "Note: what was measured is on record since 2020-11-21T09:00:00Z only" in said


def test_a_call_with_everything_in_it_can_be_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = recorded(tmp_path / "call")
    span = ("--from", "2026-11-21T09:00:00Z", "--to", "2026-11-21T10:00:00Z")
    outcome = ran("rules", "replay", *span, "--config", config, "--room", NAME)
    assert BEGAN_MS == 1_795_251_600_000
    assert outcome in (OK, FAILED), capsys.readouterr().err  # FAILED where that day has not come yet


@pytest.mark.parametrize(
    ("arguments", "outcome", "said"),
    [
        (("--from", "2020-11-22", "--to", "2020-11-21"), USAGE, "expected --from to be before --to"),
        (("--from", "2999-01-01", "--to", "2999-01-02"), FAILED, "expected a time that has begun"),
        ((*SPAN, "--rule", "RoomZombi"), FAILED, "expected one of ParticipantQualityDegraded, "),
        (("--to", "2020-11-22"), USAGE, "required: --from"),
        (("--from", "2999-01-01"), USAGE, "expected --from to be before --to"),
        (("--from", "yesterday", "--to", "2020-11-22"), USAGE, "expected a date such as"),
    ],
)
def test_what_cannot_be_replayed_is_refused(
    config: Path, arguments: tuple[str, ...], outcome: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        ended = ran("rules", "replay", *arguments, "--config", config)
    except SystemExit as left:
        ended = int(left.code or 0)
    assert ended == outcome
    assert said in capsys.readouterr().err


def test_there_is_nothing_to_replay_in_memory(tmp_path: Path) -> None:
    config = configured(tmp_path, storage={"path": ":memory:"})
    assert ran("rules", "replay", *SPAN, "--config", config) == 78


def test_a_daemon_may_write_meanwhile(config: Path) -> None:
    async def beside() -> int:
        store = await SqliteStore.open(database_of(config))
        try:
            return await asyncio.to_thread(ran, "rules", "replay", *SPAN, "--config", config)
        finally:
            await store.close()

    assert asyncio.run(beside()) == OK

"""`roomwatch capacity` as it is typed, and what a real database takes beside what it says."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from collectors.telemetry import decode, kept
from monitor.capacity.assumptions import ASSUMPTIONS, Assumed
from monitor.cli import main
from monitor.commands.options import OK, USAGE
from monitor.store.ports import Entry
from monitor.store.sqlite import SqliteStore
from tests.builders import NOW_MS

POSTS_A_COMMIT, COMMITS = 100, 5
NEARLY = 0.25  # pages are filled now more, now less


def ended(*arguments: str) -> int:
    """Run the command and return its exit code, however it ends."""
    try:
        return main(["capacity", *arguments])
    except SystemExit as left:
        return int(left.code or 0)


def answered(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert ended(*arguments, "--json") == OK
    return json.loads(capsys.readouterr().out)


# --- as it is typed -------------------------------------------------------------------------------------------------


def test_it_says_which_is_advised_what_is_met_first_and_all_that_it_takes_for_granted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ended("--participants", "1000000") == OK
    said = capsys.readouterr().out
    assert "Advised: several machines.\n  met first: CPU, at 18,300 people;" in said
    assert "several machines are a plan: nothing of it was measured" in said
    assert all(f"  {each.name} " in said for each in ASSUMPTIONS)


def test_scripts_are_told_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    found = answered(capsys, "--participants", "10000")
    assert found["advice"]["machines"] == "one"
    assert found["one_machine"]["holds"] is True
    assert found["several_machines"]["is_in_this_version"] is False
    assert {each["name"]: each["value"] for each in found["assumptions"]} == Assumed()


def test_every_option_gets_into_what_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    options = "--participants 50000 --interval 5 --samples-per-post 6 --mean-to-peak 0.5 --kept-days 90 --accounts 7"
    found = answered(capsys, *options.split(), "--replicas", "9")
    assert found["demand"] == {
        "participants": 50_000,
        "interval_s": 5,
        "samples_per_post": 6,
        "mean_to_peak_ratio": 0.5,
        "kept_days": 90,
        "accounts": 7,
        "replicas": 9,
        "samples_per_s": 10_000,
        "posts_per_s": pytest.approx(10_000 / 6),
    }


def test_what_somebody_knows_better_counts_and_is_said_to_be_theirs(capsys: pytest.CaptureFixture[str]) -> None:
    found = answered(capsys, "--participants", "10000", "--assume", "core_speed=2", "--assume", "pack_us=0")
    assert found["one_machine"]["cpu"]["core_ratio"] == pytest.approx(1_000 * (232 / 2 + 9 / 2) / 1e6)
    given = [each["name"] for each in found["assumptions"] if each["source"] == "given"]
    assert given == ["pack_us", "core_speed"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", "the following arguments are required: --participants"),
        ("--participants 0", "expected a whole number from 1 to 1000000000, got '0'"),
        ("--participants many", "expected a whole number from 1 to 1000000000, got 'many'"),
        ("--participants 1 --interval 0", "expected a number from 0.1 to 86400, got '0'"),
        ("--participants 1 --interval nan", "expected a number from 0.1 to 86400, got 'nan'"),
        ("--participants 1 --samples-per-post 0.5", "expected a whole number from 1 to 1000, got '0.5'"),
        ("--participants 1 --mean-to-peak 40", "expected a number from 0.001 to 1, got '40'"),
        ("--participants 1 --kept-days -1", "expected a number from 0.01 to 36500, got '-1'"),
        ("--participants 1 --accounts 0", "expected a whole number from 1 to 1000000, got '0'"),
        ("--participants 1 --replicas 0", "expected a whole number from 1 to 1000000, got '0'"),
        ("--participants 1 --assume post_us", "expected NAME=VALUE such as post_us=133, got 'post_us'"),
        ("--participants 1 --assume post_us=fast", "expected NAME=VALUE such as post_us=133, got 'post_us=fast'"),
        ("--participants 1 --assume colour=3", "expected one of post_us, "),
        ("--participants 1 --assume core_planned=2", "core_planned: expected a number from 0.01 to 1 (of a core), got"),
    ],
)
def test_what_cannot_be_is_2_with_what_was_expected(
    arguments: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(*arguments.split()) == USAGE
    assert expected in capsys.readouterr().err


# --- beside a real database -----------------------------------------------------------------------------------------


def body(number: int, events: Sequence[Mapping[str, Any]]) -> bytes:
    """Return a post as the browser SDK writes it."""
    post = {
        "v": 1,
        "session": f"ac2b9611-1bea-29ba-a0cc-{number:012}",
        "seq": 13,
        "sent_at": NOW_MS,
        "room_sid": f"RM{number % 100:032x}",
        "room_name": "acme:class:a13138",
        "participant_sid": f"PA{number:032x}",
        "identity": "wendy",
        "sdk": {"name": "twilio-video.js", "version": "2.36.0"},
        "client": {
            "name": "roomwatch.js",
            "version": "0.1.0",
            "browser": "Chrome 156",
            "os": "Windows 11",
            "network": "ethernet",
        },
        "events": list(events),
    }
    return json.dumps(post, separators=(",", ":")).encode()


def sample(at_ms: int) -> dict[str, Any]:
    up = {"loss_ratio": 0.0007, "jitter_ms": 3.1, "bitrate_bps": 940000, "fps": 24, "width": 640, "height": 360}
    return {
        "type": "media_stats",
        "at": at_ms,
        "interval_ms": 10027,
        "rtt_ms": 44.2,
        "up": {**up, "limited_by": "none"},
        "down": {"loss_ratio": 0.0031, "jitter_ms": 8.0, "bitrate_bps": 2820000, "fps": 24, "freezes": 0},
    }


def speaker(at_ms: int) -> dict[str, Any]:
    return {"type": "speaker", "at": at_ms, "subject": f"PA{at_ms % 7:032x}"}


async def stored(path: Path, *events: Mapping[str, Any]) -> dict[str, float]:
    """Return how many bytes each table takes for each post with these events, indexes included."""
    store = await SqliteStore.open(path)
    empty = _bytes(path)
    for commit in range(COMMITS):
        entries = []
        for number in range(POSTS_A_COMMIT):
            raw = body(commit * POSTS_A_COMMIT + number, events)
            decoded = decode(raw, NOW_MS)
            entries.append(Entry(decoded.batch, kept(decoded.batch, decoded, raw)))
        await store.log.append(entries, NOW_MS)
    await store.close()
    full = _bytes(path)
    return {table: (full[table] - empty[table]) / COMMITS / POSTS_A_COMMIT for table in full}


def _bytes(path: Path) -> dict[str, int]:
    tables = "SELECT m.tbl_name, sum(d.pgsize) FROM dbstat d JOIN sqlite_master m ON m.name = d.name GROUP BY 1"
    with closing(sqlite3.connect(path)) as file:
        return dict(file.execute(tables))


@pytest.mark.parametrize("samples", [1, 3, 6])
async def test_a_post_takes_as_much_of_the_log_as_is_said(samples: int, tmp_path: Path) -> None:
    taken = await stored(tmp_path / "a.db", *(sample(NOW_MS - 10_000 * number) for number in range(samples)))
    assumed = Assumed()
    said = assumed["log_post_bytes"] + samples * assumed["log_sample_bytes"]
    assert taken["ingest_log"] == pytest.approx(said, rel=NEARLY)


async def test_what_happens_takes_as_much_as_is_said(tmp_path: Path) -> None:
    taken = await stored(tmp_path / "a.db", *(speaker(NOW_MS - number) for number in range(10)))
    assert taken["events"] / 10 == pytest.approx(Assumed()["thing_bytes"], rel=NEARLY)


@pytest.mark.parametrize("samples", [1, 6])
def test_a_post_on_the_wire_is_as_large_as_is_said(samples: int) -> None:
    assumed = Assumed()
    said = assumed["body_post_bytes"] + samples * assumed["body_sample_bytes"]
    assert len(body(1, [sample(NOW_MS)] * samples)) == pytest.approx(said, rel=NEARLY)

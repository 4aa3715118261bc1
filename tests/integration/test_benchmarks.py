"""Do the benchmarks run?  How fast anything is, no test says."""

import asyncio
import os
import random
import sys
from itertools import islice

import msgspec
import pytest

from collectors.observations import unrolled
from collectors.telemetry import decode
from tests import clickhouse_engine
from tests.benchmarks import wires
from tests.benchmarks.bodies import mixed, reporters
from tests.benchmarks.load import Run
from tests.benchmarks.posts import Posts, in_turn
from tests.benchmarks.servers import SKIPPED
from tests.benchmarks.wires import Sheet
from tests.builders import NOW_MS
from tests.daemon_process import environment

SOAK_MINUTES = os.environ.get("ROOMWATCH_SOAK_MINUTES", "0.15")
EVENTS = mixed(50, 5, random.Random(7))
SOMEBODY = next(reporters(4, 4, random.Random(7)))


def seen(sheet: Sheet) -> list[bytes]:
    numbers = (1, NOW_MS, *range(NOW_MS, NOW_MS + len(EVENTS)))
    batch = decode(sheet.of(SOMEBODY) % sheet.values_of(numbers), 0).batch
    return sorted(map(msgspec.json.encode, unrolled(batch.observations)))


async def said_by(benchmark: str, *arguments: str, may_end_with: tuple[int, ...] = (0,)) -> str:
    command = (sys.executable, "-m", f"tests.benchmarks.{benchmark}", *arguments)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=environment())
    output, _ = await process.communicate()
    assert process.returncode in may_end_with
    return output.decode()


async def test_the_ingest_benchmark_measures_every_case_beside_the_floor_and_names_a_missing_peer() -> None:
    said = await said_by("ingest", "--rounds", "1", "--seconds", "0.4", "--patience", "0")
    rows = [line for line in said.splitlines() if line.startswith(("bare", "daemon"))]
    assert len(rows) == 8, said
    assert ("\nVictoriaMetrics" in said) != (SKIPPED in said)


def test_every_post_is_the_same_in_rows_and_in_series() -> None:
    assert seen(wires.rows(EVENTS)) == seen(wires.series(EVENTS))
    assert len(seen(wires.rows(EVENTS))) == len(EVENTS)


@pytest.mark.parametrize("begun", [0, 1, 4, 6, 11])
def test_a_load_goes_on_in_the_sessions_and_with_the_numbers_at_which_another_ended(begun: int) -> None:
    whole, rest = (in_turn(Posts(people=4, people_per_room=2, seed=1).browsers(), after) for after in (0, begun))
    expected = [numbered(request) for request in islice(whole, begun, begun + 12)]
    assert [numbered(request) for request in islice(rest, 12)] == expected


def numbered(request: bytes) -> tuple[str, int]:
    batch = decode(request.partition(b"\r\n\r\n")[2], 0).batch
    assert batch.session is not None
    assert batch.seq is not None
    return batch.session, batch.seq


def test_a_server_that_used_less_than_a_tick_still_has_a_cost() -> None:
    assert Run(posts=5, failed=0, wall_s=0.2, server_cpu_s=0.0, own_cpu_s=0.1, foreign_cpu_s=0.3).cpu_us > 0


async def test_the_acknowledgement_benchmark_times_both_servers_and_seeks_their_rates() -> None:
    short = ("--rounds", "1", "--seconds", "0.3", "--rate", "200", "--patience", "0")
    said = await said_by("acknowledgement", *short, "--seek-seconds", "0.1", "--seek-steps", "1")
    assert said.count("\nbare aiohttp handler  ") == 1, said
    assert said.count("acknowledged at 200 posts/s, p99") == 1, said


async def test_the_scrape_benchmark_asks_a_full_daemon_and_an_empty_one() -> None:
    small = ("--rooms", "20", "--settles", "0.1")
    said = await said_by("scrapes", *small, "--rounds", "1", "--scrapes", "2", "--patience", "0")
    assert "a scrape of 20 rooms, CPU" in said, said
    assert "x empty" in said, said


async def test_the_population_benchmark_weighs_the_people_and_times_their_posts() -> None:
    small = ("--people", "20", "40", "--talking", "20", "--settles", "0.1")
    said = await said_by("population", *small, "--rounds", "1", "--seconds", "0.6", "--patience", "0")
    assert "40 people, RSS" in said, said
    assert "a post of 50, 40 people" in said, said


async def test_the_polling_benchmark_counts_requests_and_watches_both_ways() -> None:
    small = ["--rooms", "6", "--participants", "2", "--room-lasts", "1", "2", "--post-every", "1"]
    short = ["--warm-up", "2", "--seconds", "4", "--settles", "1", "--naive-seconds", "1"]
    said = await said_by("polling", *small, *short)
    assert [line.split("  ")[0] for line in said.splitlines() if "requests/s" in line] == [
        "with callbacks",
        "without callbacks",
        "naive poller",
    ]
    assert said.count("all of it") == 2, said


@pytest.mark.promise("P18")
async def test_the_delivery_benchmark_times_a_storm_beside_bare_posts_and_counts_what_was_refused() -> None:
    said = await said_by("delivery", "--rounds", "1", "--alerts", "60", "--storm", "120", "--patience", "0")
    assert "all critical, p99" in said, said
    assert "answered 429" in said, said


async def test_the_history_benchmark_weighs_samples_and_asks_a_daemon() -> None:
    said = await said_by("history", "--rounds", "1", "--people", "8", "--samples", "3000")
    rows = [line.split("  ")[0] for line in said.splitlines() if "bytes/sample" in line or " ms " in line]
    assert {"ten-minute chunks", "put together", "a search", "the same, exact"} <= set(rows), said


async def test_the_replay_benchmark_lives_a_week_again() -> None:
    said = await said_by("replay", "--rounds", "1", "--people", "80")
    (line,) = (line for line in said.splitlines() if line.startswith("  ParticipantQualityDegraded"))
    assert int(line.split()[1]) > 0, said
    assert "a week of 80 people" in said


async def test_the_soak_does_all_that_goes_on_and_says_of_each_figure_what_became_of_it() -> None:
    is_long = float(SOAK_MINUTES) >= 1  # before, it may not have come into its stride
    said = await said_by("soak", "--minutes", SOAK_MINUTES, "--rooms", "2", may_end_with=(0,) if is_long else (0, 1))
    assert said.count("  flat\n") + said.count("  GROWS\n") == 8, said
    assert "UNEXPECTED" not in said
    assert all(f" x {what}" in said for what in ("GET", "post", "scrape")), said


@pytest.mark.clickhouse
@pytest.mark.cluster
async def test_the_replicas_benchmark_counts_what_each_process_takes_beside_sqlite_and_after_history() -> None:
    clickhouse_engine.need()
    short = ("--rounds", "1", "--seconds", "0.3", "--rest", "0.2", "--history", "3000", "--patience", "0")
    said = await said_by("replicas", *short)
    rows = [line.split("  ")[0] for line in said.splitlines() if line.startswith(("SQLite", "one", "two"))]
    assert rows[:5] == ["SQLite", "one replica", "two replicas", "SQLite, history", "one replica, history"], said
    assert "x SQLite" in said
    assert "x empty" in said


@pytest.mark.clickhouse
@pytest.mark.cluster
async def test_the_moving_benchmark_goes_there_and_back_and_loses_nothing_that_was_acknowledged() -> None:
    clickhouse_engine.need()
    said = await said_by("moving", "--samples", "3000")
    assert said.count("and the same in the cluster") == 6, said  # rows, then samples and sums, then all of them back
    assert said.count("as promised\n") == 3, said

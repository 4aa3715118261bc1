"""Are the long tables all that was measured in a time, in both formats, and nothing else?"""

import asyncio
import csv
import gzip
import io
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from collectors.observations import MediaStatsSeries, NetworkQuality
from monitor.commands.options import FAILED, OK, USAGE
from monitor.export.layout import LEVEL_HEADER, MEDIA_HEADER
from monitor.store.ports import Entry
from monitor.store.sqlite import SqliteStore
from tests.builders import ALICE, BOB, ROOM, batch
from tests.daemon_process import environment
from tests.evidence import ALICE_S, BEGAN_MS, BOB_S, DAVE_S, NAME, configured, database_of, ran, recorded
from tests.stored import as_told

DAY = ("--from", "2026-11-21", "--to", "2026-11-22")
BEGAN = datetime(2026, 11, 21, 9, tzinfo=UTC)


@pytest.fixture(scope="module", params=[False, True], ids=["in the log", "settled"])
def config(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("database"), is_settled=request.param)


def rows_of(file: Path) -> list[dict[str, str]]:
    text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    return list(csv.DictReader(io.StringIO(text.decode(), newline="")))


def table_of(file: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(file).to_pylist()
    return rows


def as_text(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Return a row of Parquet as CSV has it."""
    for name, value in row.items():
        if isinstance(value, datetime):
            yield name, value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        elif isinstance(value, str):
            yield name, value or '""'
        else:
            yield name, "" if value is None else f"{value:.15g}"


def test_parquet_has_times_numbers_words_and_nulls(config: Path, tmp_path: Path) -> None:
    assert ran("export", *DAY, tmp_path / "out", "--config", config) == OK
    media, levels = table_of(tmp_path / "out" / "media.parquet"), table_of(tmp_path / "out" / "levels.parquet")
    assert (len(media), len(levels)) == (120, 180)
    assert tuple(media[0]) == MEDIA_HEADER
    assert tuple(levels[0]) == LEVEL_HEADER
    schema = pq.read_schema(tmp_path / "out" / "media.parquet")
    assert str(schema.field("at").type) == "timestamp[ms, tz=UTC]"
    first = min((row for row in media if row["participant_sid"] == ALICE), key=lambda row: row["at"])
    assert (first["room_sid"], first["room_name"], first["identity"]) == (ROOM, NAME, ALICE_S)
    assert (first["at"], first["interval_ms"], first["rtt_ms"]) == (BEGAN, 10_000, 50.0)
    assert (first["up_loss_ratio"], first["up_width_px"], first["up_limited_by"]) == (0.0123, 640, "cpu")
    assert (first["down_freezes"], first["down_loss_ratio"], first["down_limited_by"]) == (1, None, "")
    told = {(row["participant_sid"], row["identity"], row["subject_sid"], row["level"]) for row in levels}
    assert told == {(ALICE, ALICE_S, None, 4), (ALICE, ALICE_S, BOB, 2), (None, DAVE_S, None, 3)}
    assert {row["stats_json"] for row in levels} == {None, '{"level":\n 4, "audio": null}'}


def test_both_formats_say_the_same(config: Path, tmp_path: Path) -> None:
    assert ran("export", *DAY, tmp_path / "all.parquet", "--config", config) == OK
    assert ran("export", *DAY, tmp_path / "all.csv.gz", "--config", config) == OK
    assert ran("export", *DAY, tmp_path / "folder", "--config", config, "--format", "csv") == OK
    for parquet, packed, plain in (
        ("all.parquet", "all.csv.gz", "folder/media.csv"),
        ("all.levels.parquet", "all.levels.csv.gz", "folder/levels.csv"),
    ):
        rows = rows_of(tmp_path / packed)
        assert [dict(as_text(row)) for row in table_of(tmp_path / parquet)] == rows
        assert rows_of(tmp_path / plain) == rows
        assert {(tmp_path / each).stat().st_mode & 0o777 for each in (parquet, packed, plain)} == {0o600}


@pytest.mark.parametrize(
    ("options", "people", "count"),
    [
        (["--identity", BOB_S], {BOB_S}, 60),
        (["--room", NAME], {ALICE_S, BOB_S}, 120),
        (["--room", ROOM, "--identity", ALICE_S], {ALICE_S}, 60),
        (["--room", "RM0"], set(), 0),
    ],
)
def test_a_room_or_a_person_may_be_asked_for(
    config: Path, tmp_path: Path, options: list[str], people: set[str], count: int
) -> None:
    assert ran("export", *DAY, tmp_path / "x.csv", "--config", config, *options) == OK
    rows = rows_of(tmp_path / "x.csv")
    assert {row["identity"] for row in rows} == people
    assert len(rows) == count


def test_a_time_ends_before_its_end(config: Path, tmp_path: Path) -> None:
    span = ("--from", "2026-11-21T10:05:00+01:00", "--to", "2026-11-21T09:07:00Z")
    assert ran("export", *span, tmp_path / "x.csv", "--config", config) == OK
    told = sorted({row["at"] for row in rows_of(tmp_path / "x.csv")})
    assert told == ["2026-11-21T09:05:00.000Z", "2026-11-21T09:06:00.000Z"]


def test_what_is_there_is_replaced_only_by_force(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "x.levels.csv"
    file.write_text("dear to somebody")
    assert ran("export", *DAY, tmp_path / "x.csv", "--config", config) == FAILED
    assert "--force replaces it" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["x.levels.csv"]
    assert file.read_text() == "dear to somebody"
    assert ran("export", *DAY, tmp_path / "x.csv", "--config", config, "--force") == OK
    assert len(rows_of(file)) == 180


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--from", "2026-11-21", "x"], "expected --from T, --to T and one FILE"),
        (["--from", "2026-11-22", "--to", "2026-11-21", "x"], "expected --from to be before --to"),
        (["--from", "yesterday", "--to", "2026-11-21", "x"], "expected a date such as"),
        (["--from", "2026-11-20T09:00:00", "--to", "2026-11-21", "x"], "expected a time with its zone"),
        ([*DAY, "RM0", "x"], "expected --from T, --to T and one FILE"),
        ([*DAY, "x", "--redact"], "no --redact"),
        ([*DAY, "x", "--format", "xlsx"], "invalid choice"),
        (["RM0", "x", "--format", "csv"], "expected ROOM and FILE"),
        (["x"], "expected ROOM and FILE, or --from T --to T and FILE"),
    ],
)
def test_what_does_not_go_together_is_wrong_usage(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = ran("export", *arguments)
    except SystemExit as left:
        code = int(left.code or 0)
    assert (code, expected in capsys.readouterr().err) == (USAGE, True)


def test_a_name_and_a_format_that_differ_are_told(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ran("export", *DAY, tmp_path / "x.csv", "--format", "parquet", "--config", config) == FAILED
    assert "expected a name that ends in .parquet, or a folder, got .csv" in capsys.readouterr().err


def without_pyarrow(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command where pyarrow is not installed."""
    code = "import sys; sys.modules['pyarrow'] = None; from monitor.cli import main; sys.exit(main(sys.argv[1:]))"
    command = (sys.executable, "-c", code, *map(str, arguments))
    return subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=60, check=False)


def test_where_pyarrow_is_missing_the_extra_is_named_and_csv_works(config: Path, tmp_path: Path) -> None:
    ended = without_pyarrow("export", *DAY, tmp_path / "x.parquet", "--config", config)
    assert ended.returncode == FAILED
    assert "pip install 'roomwatch[export]', or --format csv" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list(tmp_path.iterdir())
    assert without_pyarrow("export", *DAY, tmp_path / "x.csv", "--config", config).returncode == OK


def test_a_terminal_is_shown_how_far_it_is(tmp_path: Path) -> None:
    config = large(tmp_path / "large", people=20)
    ours, theirs = pty.openpty()
    command = (sys.executable, "-m", "monitor", "export", *DAY, str(tmp_path / "x.csv"), "--config", str(config))
    with subprocess.Popen(command, stderr=theirs, stdout=subprocess.DEVNULL, env=environment()) as process:
        os.close(theirs)
        said = b"".join(iter(lambda: _read(ours), b"")).decode()
        assert process.wait(60) == OK
    os.close(ours)
    assert " rows, " in said
    assert "%" in said
    assert said.endswith("\r"), "the line is still there"


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # so a terminal says that nobody writes to it any more
        return b""


def large(folder: Path, people: int) -> Path:
    """Make a database in which everybody has measured ten thousand times."""
    config = configured(folder)

    async def fill() -> None:
        store = await SqliteStore.open(database_of(config), "normal")
        times = tuple(BEGAN_MS + second * 1_000 for second in range(10_000))
        seen = MediaStatsSeries(times, rtt_ms=tuple(float(n % 500) for n in range(10_000)))
        for number in range(people):
            posted = batch(seen, NetworkQuality(BEGAN_MS, 3), reporter=f"PA{number:032x}", session="s", seq=number)
            (log_id,) = await store.log.append([Entry(posted)], BEGAN_MS)
            await store.picture.save([], log_id or 0)
            await store.samples.settle(BEGAN_MS, 0, as_told)
        await store.close()

    asyncio.run(fill())
    return config


def test_memory_stays_flat_however_much_there_is(tmp_path: Path) -> None:
    few, many = large(tmp_path / "few", people=15), large(tmp_path / "many", people=60)
    peaks = [
        peak_of("export", *DAY, tmp_path / f"{config.parent.name}.parquet", "--config", config)
        for config in (few, many)
    ]
    assert peaks[1] - peaks[0] < 45_000_000, "nearly half a million rows more would be eighty megabytes"


def peak_of(*arguments: object) -> int:
    """Return the most memory that a command had, in bytes."""
    code = (
        "import resource, sys; from monitor.cli import main; code = main(sys.argv[1:]);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024); sys.exit(code)"
    )
    command = (sys.executable, "-c", code, *map(str, arguments))
    ended = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=120, check=True)
    return int(ended.stdout.split()[-1])

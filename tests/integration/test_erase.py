"""Is nothing of somebody left in the files, not even in what is free or only left over?"""

import asyncio
import sqlite3
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest

from monitor.cli import main
from monitor.commands.options import CONFIG, FAILED, OK
from monitor.erasing import copies_of
from monitor.pseudonyms import Pseudonyms
from monitor.store.keeping import DAY_MS, Keeping
from monitor.store.lock import locked
from monitor.store.ports import Store
from monitor.store.sqlite import SqliteStore
from tests.builders import ALICE, BOB, NOW_MS
from tests.files import unpacked, written
from tests.lives import (
    BY_NAME_ONLY,
    HER_LATER_STAY,
    HER_NAME,
    HER_PRESENT_STAY,
    HIS_NAME,
    everything,
    live_on,
    lived,
)

HERS = [text.encode() for text in (HER_NAME, ALICE, HER_LATER_STAY, HER_PRESENT_STAY, "session-of-ali", "so bad")]
KEY = "a key for pseudonyms, and long enough for it"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a database with calls in all stages, of which some is left over in free pages."""
    folder = tmp_path / "data"
    folder.mkdir()
    asyncio.run(fill(folder / "roomwatch.db"))
    return folder


async def fill(database: Path) -> None:
    store = await SqliteStore.open(database)
    try:
        await lived(store)
        await store.retain(NOW_MS + 400 * DAY_MS, Keeping())  # all of it is dropped, and lies about
        await lived(store)
        await live_on(store)
    finally:
        await store.close()


@pytest.fixture
def config(tmp_path: Path, folder: Path) -> str:
    file = tmp_path / "config.toml"
    file.write_text(f'[storage]\npath = "{folder}/roomwatch.db"\nreserve_bytes = 0\n')
    return str(file)


def erase(config: str, name: str, *more: str) -> int:
    return main(["erase", "--config", config, "--identity", name, *more])


def left_of_her(folder: Path) -> list[bytes]:
    there = written(folder)
    return [text for text in HERS if text in there]


async def asked(database: Path) -> dict[str, object]:
    store: Store = await SqliteStore.open(database)
    try:
        return await everything(store)
    finally:
        await store.close()


def test_nothing_of_her_is_in_the_files_and_everybody_else_is(
    config: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert left_of_her(folder) == HERS
    assert HER_NAME.encode() in b"".join(unpacked(written(folder)))
    assert erase(config, HER_NAME, "--yes") == OK
    assert left_of_her(folder) == []
    there = written(folder)
    assert all(text.encode() in there for text in (HIS_NAME, BOB, BY_NAME_ONLY, "acme:class"))
    said = capsys.readouterr().out
    assert "is erased, of a person with 3 participant SIDs" in said
    assert HER_NAME not in said


def test_while_it_is_open_nothing_is_left_in_the_log_either(folder: Path) -> None:
    async def erase_and_look() -> list[bytes]:
        store = await SqliteStore.open(folder / "roomwatch.db")
        try:
            await store.erase([HER_NAME])
            return left_of_her(folder)
        finally:
            await store.close()

    assert asyncio.run(erase_and_look()) == []


def test_the_file_is_sound_and_can_still_give_pages_back(config: str, folder: Path) -> None:
    assert erase(config, HER_NAME, "--yes") == OK
    with closing(sqlite3.connect(folder / "roomwatch.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
        assert connection.execute("PRAGMA freelist_count").fetchone() == (0,)


def test_without_yes_it_is_only_counted(config: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = asyncio.run(asked(folder / "roomwatch.db"))
    assert erase(config, HER_NAME) == OK
    counted = capsys.readouterr().out
    assert "would be erased" in counted
    assert "Nothing was changed" in counted
    assert asyncio.run(asked(folder / "roomwatch.db")) == before
    assert erase(config, HER_NAME, "--yes") == OK
    numbers = [line for line in counted.splitlines() if line.startswith("   ")]
    assert numbers == [line for line in capsys.readouterr().out.splitlines() if line.startswith("   ")]


def test_who_is_known_by_a_pseudonym_is_erased_by_name(folder: Path, config: str) -> None:
    her = Pseudonyms(KEY.encode()).of("the name of bob")
    with Path(config).open("a") as file:
        file.write(f'[privacy]\nidentities = "pseudonym"\npseudonym_key = "{KEY}"\n')
    with closing(sqlite3.connect(folder / "roomwatch.db")) as connection, connection:
        for table, column in (("participants", "body"), ("participants", "identity"), ("series", "identity")):
            replaced = f"replace(CAST({column} AS TEXT), '{HIS_NAME}', '{her}')"
            connection.execute(f"UPDATE {table} SET {column} = CAST({replaced} AS {_kind(column)})")
    assert her.encode() in written(folder)
    assert erase(config, "the name of bob", "--yes") == OK
    assert her.encode() not in written(folder)
    assert BOB.encode() not in written(folder)


def _kind(column: str) -> str:
    return "BLOB" if column == "body" else "TEXT"


def test_the_name_may_come_from_the_input(config: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(f"{HER_NAME}\n"))
    assert erase(config, "-", "--yes") == OK
    assert left_of_her(folder) == []


def test_a_daemon_that_has_the_database_is_not_disturbed(
    config: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with locked(folder / "roomwatch.db"):
        assert erase(config, HER_NAME, "--yes") == FAILED
    assert "stop that daemon first" in capsys.readouterr().err
    assert left_of_her(folder) == HERS


def test_copies_beside_the_database_are_named_as_out_of_reach(
    config: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copies = [folder / name for name in ("roomwatch.db.replaced-20261121T100000Z", "roomwatch.db.schema-3.bak")]
    for copy in copies:
        copy.write_bytes(b"")
    assert copies_of(folder / "roomwatch.db") == copies
    assert erase(config, "nobody") == OK
    said = capsys.readouterr().out
    assert "nothing is known of this person" in said
    assert all(f"{copy}: a copy from before; delete it" in said for copy in copies)


def test_an_older_file_is_left_alone_since_opening_it_would_copy_it(
    config: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(folder / "roomwatch.db")) as connection:
        connection.execute("PRAGMA user_version = 2")
    assert erase(config, HER_NAME, "--yes") == FAILED
    assert "got 2; start this version's daemon once" in capsys.readouterr().err
    assert copies_of(folder / "roomwatch.db") == []


def test_there_has_to_be_a_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'[storage]\npath = "{tmp_path}/nothing.db"\n')
    assert erase(str(file), HER_NAME) == FAILED
    assert "expected a database, got nothing" in capsys.readouterr().err
    assert not (tmp_path / "nothing.db").exists()
    file.write_text('[storage]\npath = ":memory:"\n')
    assert erase(str(file), HER_NAME) == CONFIG

"""What `roomwatch incidents` and `roomwatch acknowledge` do, with a daemon or without."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from monitor.cli import main
from monitor.commands.options import FAILED, OK
from tests.conftest import Start
from tests.paged import People, ladder, opened, people, tell, until


class Shell:
    """Whoever types commands beside a database, and reads what they print."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.database = folder / "roomwatch.db"
        self._config = folder / "config.toml"
        self._config.write_text(f'[storage]\npath = "{self.database}"\n')
        self._capsys = capsys
        self.incident = ""

    async def type(self, *arguments: str) -> tuple[int, str]:
        """Return the exit code, and what was said."""
        return await asyncio.to_thread(self._type, *arguments, "--config", str(self._config))

    def _type(self, *arguments: str) -> tuple[int, str]:
        self._capsys.readouterr()
        code = main(arguments)
        said = self._capsys.readouterr()
        return code, said.out or said.err


@pytest.fixture
async def them() -> AsyncIterator[People]:
    async with people() as listening:
        yield listening


def lasting(shell: Shell, them: People) -> dict[str, Any]:
    given = ladder(("0s", "first"), ("5m", "second"), receivers=them.receivers("first", "second"))
    return {**given, "storage": {"path": str(shell.database)}}


@pytest.fixture(params=["with a daemon", "without"])
async def shell(
    request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str], start: Start, them: People
) -> Shell:
    """A shell beside a database with an open incident."""
    shell = Shell(tmp_path, capsys)
    running = await start(**lasting(shell, them))
    shell.incident = (await opened(running)).incident
    await until(lambda: them.told("trigger"))
    if request.param == "without":
        await running.stop()
    return shell


@pytest.mark.promise("P36")
async def test_an_incident_is_listed_acknowledged_and_shown(shell: Shell) -> None:
    code, listed = await shell.type("incidents", "--open")
    assert code == OK
    assert listed.startswith(f"{shell.incident}  open  critical")
    assert "alice is badly connected." in listed
    assert "nobody has acknowledged it; others are told at" in listed

    code, said = await shell.type("acknowledge", shell.incident, "--by", "Ann")
    assert code == OK
    assert "acknowledged by Ann" in said
    code, shown = await shell.type("incidents", shell.incident)
    assert code == OK
    assert "trigger to first:" in shown
    assert "acknowledge to first: acknowledged by Ann on the command line" in shown


async def test_what_is_not_on_record_is_said_so(shell: Shell) -> None:
    for arguments in (("incidents", "i1-nowhere"), ("acknowledge", "i1-nowhere")):
        code, said = await shell.type(*arguments)
        assert code == FAILED
        assert "roomwatch: expected an incident on record, got 'i1-nowhere'" in said


@pytest.mark.promise("P36")
async def test_a_daemon_that_starts_later_knows_and_tells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], start: Start, them: People
) -> None:
    shell = Shell(tmp_path, capsys)
    running = await start(**lasting(shell, them))
    incident = (await opened(running)).incident
    await until(lambda: them.told("trigger"))
    await running.stop()
    assert (await shell.type("acknowledge", incident, "--by", "Ann"))[0] == OK
    running = await start(**lasting(shell, them))
    await until(lambda: them.told("acknowledge"))
    [group] = running.daemon.evaluation.groups.open_incidents()
    assert group.acknowledged_by == "Ann"
    await tell(running, 4)
    await until(lambda: them.told("resolve"))
    code, said = await shell.type("acknowledge", incident)
    assert (code, "which is over" in said) == (FAILED, True)


async def test_where_nothing_happened_there_are_no_incidents(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], start: Start
) -> None:
    shell = Shell(tmp_path, capsys)
    await start(storage={"path": str(shell.database)})
    assert await shell.type("incidents") == (OK, "no incidents\n")

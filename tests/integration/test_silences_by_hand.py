"""What `roomwatch silences` does, with a daemon or without."""

import asyncio
from pathlib import Path

import pytest

from monitor.cli import main
from monitor.commands.options import FAILED, OK, USAGE
from monitor.local_access import LocalAccess, access_file, address_of, grant, granted
from monitor.store.lock import locked
from monitor.store.ports import StoreFailed
from tests.alert_builders import make_alert
from tests.conftest import Running, Start
from tests.paged import AT_ONCE, people, tell, until

ADD = ("add", "--matcher", 'room_name=~"cl.*"', "--matcher", "severity!=info", "--reason", "a test", "--author", "ana")


class Shell:
    """Whoever types commands beside a database, and reads what they print."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.database = folder / "roomwatch.db"
        self._config = folder / "config.toml"
        self._config.write_text(f'[storage]\npath = "{self.database}"\n')
        self._capsys = capsys

    async def silences(self, action: str, *arguments: str) -> tuple[int, str]:
        """Return the exit code, and what was said."""
        return await asyncio.to_thread(self._type, "silences", action, "--config", str(self._config), *arguments)

    def _type(self, *arguments: str) -> tuple[int, str]:
        self._capsys.readouterr()
        try:
            code = main(arguments)
        except SystemExit as left:
            code = int(left.code or 0)
        said = self._capsys.readouterr()
        return code, said.out or said.err  # where the daemon of this process may log in between


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, capsys)


@pytest.fixture(params=["with a daemon", "without"])
async def anyhow(request: pytest.FixtureRequest, shell: Shell, start: Start) -> Shell:
    if request.param == "with a daemon":
        await start(storage={"path": str(shell.database)})
    return shell


def id_in(said: str) -> str:
    return next(word for word in said.split() if word.startswith("s1-"))


@pytest.mark.promise("P28")
async def test_a_silence_is_made_listed_and_ended(anyhow: Shell) -> None:
    code, made = await anyhow.silences(*ADD, "--for", "2h")
    assert code == OK
    assert '{room_name=~"cl.*", severity!="info"}' in made
    assert "ana: a test" in made

    assert await anyhow.silences("list") == (OK, made)
    code, ended = await anyhow.silences("expire", id_in(made), "--by", "ben")
    assert code == OK
    assert "expired" in ended
    assert "ended by ben" in ended
    assert await anyhow.silences("list") == (OK, "no silences\n")
    assert await anyhow.silences("list", "--expired") == (OK, ended)


async def test_what_is_not_on_record_cannot_be_ended(anyhow: Shell) -> None:
    code, said = await anyhow.silences("expire", "s1-nowhere")
    assert code == FAILED
    assert "roomwatch: expected a silence on record, got 's1-nowhere'\n" in said


async def test_what_nobody_can_have_meant_is_refused(anyhow: Shell) -> None:
    code, said = await anyhow.silences(*ADD, "--until", "2020-01-01")
    assert (code, "expected an end after the beginning" in said) == (FAILED, True)


async def test_when_nothing_fires_a_preview_shows_nothing(anyhow: Shell) -> None:
    code, said = await anyhow.silences("preview", "--matcher", 'severity=~".+"')
    assert (code, said) == (OK, "no firing alerts would be silenced\n")


@pytest.mark.promise("P28")
async def test_a_daemon_that_runs_knows_at_once(shell: Shell, start: Start) -> None:
    daemon = (await start(storage={"path": str(shell.database)})).daemon
    await shell.silences(*ADD, "--for", "2h")
    assert daemon.alerting.silences.silencing({"room_name": "class"}, daemon.clock.now_s())
    alert = make_alert()
    daemon.evaluation.engine.adopt([alert], {(alert.kind, alert.entity): 4e9})  # nobody looks whether it is well
    code, said = await shell.silences("preview", "--matcher", "room_name=class")
    assert code == OK
    assert said.splitlines() == ["1 firing alert would be silenced", "    critical  Bad  alice is cut off."]


@pytest.mark.promise("P28")
async def test_a_daemon_that_starts_later_knows_from_the_beginning(shell: Shell, start: Start) -> None:
    await shell.silences(*ADD, "--for", "2h")
    daemon = (await start(storage={"path": str(shell.database)})).daemon
    assert daemon.alerting.silences.silencing({"room_name": "class"}, daemon.clock.now_s())


@pytest.mark.promise("P28")
async def test_what_was_silenced_before_the_daemon_started_is_not_told(shell: Shell, start: Start) -> None:
    await shell.silences("add", "--matcher", f"alertname={AT_ONCE['name']}", "--for", "2h", "--reason", "x")
    async with people() as them:
        given = {"rules": [AT_ONCE], "receivers": them.receivers("pager")}
        running = await start(storage={"path": str(shell.database)}, **given)
        await tell(running, 1)
        await until(lambda: running.daemon.evaluation.groups.mutes() or them.heard)
        assert not them.heard


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("add", "--matcher", "severity", "--for", "2h", "--reason", "x"), "expected a matcher such as"),
        (("add", "--matcher", "a=b", "--for", "soon", "--reason", "x"), "expected a duration such as"),
        (("add", "--matcher", "a=b", "--until", "soon", "--reason", "x"), "expected a date such as"),
        (("add", "--matcher", "a=b", "--reason", "x"), "one of the arguments --for --until is required"),
        (("add", "--matcher", "a=b", "--for", "1h", "--until", "2027-01-01", "--reason", "x"), "not allowed with"),
        (("add", "--matcher", "a=b", "--for", "2h"), "--reason"),
        (("expire",), "ID"),
        (("preview",), "--matcher"),
    ],
)
async def test_wrong_usage_is_told_what_would_be_right(
    shell: Shell, arguments: tuple[str, ...], complaint: str
) -> None:
    code, said = await shell.silences(*arguments)
    assert code == USAGE
    assert complaint in said


# --- how the daemon is found ---


@pytest.fixture
async def kept(start: Start, shell: Shell) -> Running:
    return await start(storage={"path": str(shell.database)})


async def test_word_of_the_daemon_is_for_its_owner_only_and_gone_with_it(kept: Running, shell: Shell) -> None:
    file = access_file(shell.database)
    assert file.stat().st_mode & 0o777 == 0o600
    access = granted(shell.database)
    assert access is not None
    assert access.url == kept.private
    assert access.token not in repr(access)
    await kept.stop()
    assert not file.exists()
    assert granted(shell.database) is None


async def test_a_token_of_yesterday_opens_nothing(kept: Running, shell: Shell, start: Start) -> None:
    before = granted(shell.database)
    await kept.stop()
    after = await start(storage={"path": str(shell.database)})
    assert before is not None
    headers = {"Authorization": f"Bearer {before.token}"}
    async with after.http.get(f"{after.private}/api/v1/silences", headers=headers) as response:
        assert response.status == 401


async def test_word_of_a_daemon_that_died_is_not_believed(shell: Shell) -> None:
    grant(shell.database, LocalAccess("http://127.0.0.1:9", "token"))
    assert granted(shell.database) is None
    assert (await shell.silences("list"))[0] == OK


async def test_a_daemon_that_does_not_answer_is_said_so(shell: Shell) -> None:
    grant(shell.database, LocalAccess("http://127.0.0.1:9", "token"))
    with locked(shell.database):
        code, said = await shell.silences("list")
    assert code == FAILED
    assert "the daemon at http://127.0.0.1:9 does not answer" in said


@pytest.mark.parametrize("written", [None, b"nonsense"])
async def test_whoever_has_the_database_and_leaves_no_word_is_named(shell: Shell, written: bytes | None) -> None:
    if written is not None:
        access_file(shell.database).write_bytes(written)
    with locked(shell.database), pytest.raises(StoreFailed, match=r"process \d+ has it, and roomwatch\.db\.access"):
        granted(shell.database)


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "http://127.0.0.1:1"), ("0.0.0.0", "http://127.0.0.1:1"), ("::", "http://[::1]:1")],
)
def test_a_listener_on_every_address_is_reached_on_this_machine(host: str, address: str) -> None:
    assert address_of(host, 1) == address

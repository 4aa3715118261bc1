"""How the real command ends, and what it says then: one line, and no traceback."""

import asyncio
import logging
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.cli import COMMANDS, main
from monitor.commands.daemon import _live
from monitor.commands.options import CONFIG, FAILED, OK, USAGE
from monitor.store.lock import locked
from tests.daemon_process import environment, write_config

#: What each command that reads a configuration has to be given beside it.
READERS = {
    "run": [],
    "doctor": [],
    "backup": ["copy.db"],
    "restore": ["copy.db"],
    "erase": ["--identity", "alice"],
    "export": ["RM0", "call.zip"],
    "import": ["call.zip"],
    "incidents": ["list"],
    "silences": ["list"],
    "audit": [],
    "dead-letters": [],
    "receivers": ["test", "pager"],
    "routes": ["test", "severity=critical"],
    "explain": ["--alert", "a1"],
    "acknowledge": ["i1"],
    "canary": [],
    "log-level": [],
    "migrate": [],
    "copy": ["--from", "roomwatch.db"],
    "backfill": ["--from", "roomwatch.db"],
    "verify": ["--from", "roomwatch.db"],
    "pseudonym": ["alice"],
    "rules": ["test", "tests.toml"],
}
NO_READERS = (
    "demo",
    "config-example",
    "check-config",
    "capacity",
)  # these need no file, or are given it in another way


def ended(*arguments: str) -> tuple[int, str]:
    """Run the real command, and return its exit code and what it said on stderr."""
    command = (sys.executable, "-m", "monitor", *arguments)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment(), check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(
        tmp_path / "config.toml",
        {"storage": {"path": str(tmp_path / "roomwatch.db")}, "public": {"port": 0}, "private": {"port": 0}},
    )


@pytest.fixture
def open_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_right_configuration_is_0(config: Path) -> None:
    assert ended("check-config", str(config)) == (OK, "")


def test_an_unknown_option_is_2() -> None:
    code, said = ended("run", "--loudly")
    assert code == USAGE
    assert said.endswith("roomwatch: error: unrecognized arguments: --loudly\n")


def test_a_wrong_configuration_is_78_with_its_line(config: Path) -> None:
    config.write_text("[public]\nport = 'x'\n")
    code, said = ended("run", "--config", str(config))
    assert code == CONFIG
    assert said.startswith(f"{config}:2: public.port: expected")
    assert said.count("\n") == 1


def test_a_secret_that_others_can_read_is_78_with_what_to_do(open_folder: Path) -> None:
    file = write_config(open_folder / "config.toml", {"private": {"access_token": "a-token-that-is-long-enough"}})
    file.chmod(0o644)
    code, said = ended("run", "--config", str(file))
    assert code == CONFIG
    assert said.endswith(f"got mode 644; chmod o-r {file}\n")
    assert "a-token" not in said


def test_a_private_listener_that_is_open_to_everybody_is_78(config: Path) -> None:
    config.write_text('[private]\nhost = "0.0.0.0"\n')
    code, said = ended("run", "--config", str(config))
    assert code == CONFIG
    assert "expected a loopback address or an access_token" in said


def test_a_database_that_somebody_has_is_1(config: Path) -> None:
    with locked(config.with_name("roomwatch.db")):
        code, said = ended("run", "--config", str(config))
    assert code == FAILED
    assert said.endswith("has it; stop that daemon first\n")
    assert said.count("\n") == 1


def test_a_daemon_that_is_not_there_cannot_be_asked_which_is_1(config: Path) -> None:
    code, said = ended("log-level", "--config", str(config))
    assert code == FAILED
    assert "expected a daemon that has it, got none" in said


def test_every_command_is_tried() -> None:
    assert {*READERS, *NO_READERS} == set(COMMANDS)


@pytest.mark.parametrize("command", READERS)
def test_every_command_that_reads_a_wrong_configuration_ends_with_78(
    command: str, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text("[storage]\ncolour = 3\n[[rules]]\ncolour = 3\n")
    assert main([command, *READERS[command], "--config", str(config)]) == CONFIG
    assert f"{config}:" in capsys.readouterr().err


@pytest.mark.parametrize("command", [*READERS, *NO_READERS])
def test_every_command_ends_with_2_where_it_is_told_what_it_does_not_know(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--no-such-option"])
    assert left.value.code == USAGE
    assert capsys.readouterr().err


def test_an_error_of_its_own_is_1_with_the_traceback_in_the_log_only(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async def life(_: asyncio.Event) -> None:
        raise RuntimeError("nobody expected this")

    assert _live(life) == FAILED
    assert capsys.readouterr().err == "roomwatch: ended by an error of its own, RuntimeError; see the log\n"
    (record,) = caplog.records
    assert record.levelno == logging.CRITICAL
    assert "nobody expected this" in str(record.exc_info)


def test_a_port_that_is_taken_is_1(config: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config.write_text(config.read_text().replace('public = { "port" = 0 }', f"public = {{ port = {port} }}"))
        code, said = ended("run", "--config", str(config))
    assert code == FAILED
    assert said.splitlines()[-1].endswith(f"127.0.0.1:{port}: Address already in use")


@pytest.mark.parametrize("command", [("config-example",), ("capacity", "--participants", "1000")])
def test_whoever_reads_only_the_beginning_hears_of_no_error(command: tuple[str, ...]) -> None:
    program = (sys.executable, "-m", "monitor.cli", *command)
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == FAILED


@pytest.mark.parametrize("command", ["silences list", "acknowledge i1", "dead-letters", "import call.zip", "audit"])
def test_a_command_that_needs_the_file_refuses_a_cluster_and_makes_none(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = tmp_path / "cluster.toml"
    cluster.write_text('[cluster]\npostgres = "postgresql://db/roomwatch"\nclickhouse = "http://db:8123"\n')
    monkeypatch.chdir(tmp_path)
    code, said = ended(*command.split(), "--config", str(cluster))
    assert code == CONFIG, said
    assert "ask one of its replicas" in said
    assert list(tmp_path.iterdir()) == [cluster]

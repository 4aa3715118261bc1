"""What a command loads before it does anything: as good as a stopwatch, and the same on every machine."""

import subprocess
import sys
from pathlib import Path

import pytest

from collectors.registry import SOURCES
from collectors.resources import RESOURCES
from monitor.cli import COMMANDS, FILES, main, needed_for
from tests.daemon_process import environment

ROOT = Path(__file__).parents[3]
EXAMPLE = str(ROOT / "config.example.toml")
OF_THE_DAEMON = {"monitor.app", "monitor.http.server", "apscheduler", "prometheus_client"}
HEAVY = OF_THE_DAEMON | {"aiohttp", "numpy", "requests", "twilio"}


def loaded(code: str) -> set[str]:
    """Return which of the heavy modules a fresh interpreter has, once it has run some code."""
    asked = f"{code}\nimport sys\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, env=environment(), capture_output=True, text=True, check=True
    )
    return set(done.stderr.splitlines()[-1].split())


def typed(*arguments: str) -> str:
    return f"from monitor.cli import main\ntry: main({arguments!r})\nexcept SystemExit: pass"


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), (), ("teleport",)])
def test_what_roomwatch_is_and_can_is_told_without_loading_it(arguments: tuple[str, ...]) -> None:
    there = loaded(typed(*arguments))
    assert not there & {*HEAVY, "pydantic", "asyncio", "monitor.config"}


def test_a_configuration_is_checked_without_a_daemon_a_client_or_numbers() -> None:
    there = loaded(typed("check-config", EXAMPLE))
    assert "monitor.config" in there
    assert not there & HEAVY


def test_no_command_but_those_that_run_a_daemon_loads_one() -> None:
    files = ", ".join(f"monitor.commands.{file}" for file in FILES - {"daemon"})
    assert not loaded(f"import {files}") & OF_THE_DAEMON


def test_a_daemon_loads_nothing_that_only_some_need() -> None:
    there = loaded("import monitor.commands.daemon")
    assert not there & {
        "apprise",
        "pyarrow",
        "markdown_it",
        "monitor.demo",
        "monitor.simulator",
        "monitor.doctor",
        "monitor.replay",
    }


def test_what_is_asked_of_twilio_is_loaded_before_anybody_waits_for_it() -> None:
    there = loaded("import collectors.registry")
    assert {"twilio.rest.video.v1", "twilio.rest.insights.v1"} <= there
    assert "twilio.rest.api" not in there


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_needs_its_own_file_only(command: str) -> None:
    assert list(needed_for([command, "--help"])) == [COMMANDS[command].file]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_in_the_file_that_is_said_to_have_it(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert len(capsys.readouterr().out.splitlines()) > len(["usage", "", "options:", "-h, --help"])


def test_whoever_asks_what_there_is_is_shown_all(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert all(f" {name} {' '.join(each.words.split())}" in said for name, each in COMMANDS.items())


def test_a_configuration_may_speak_of_every_source_and_of_no_other() -> None:
    assert tuple(SOURCES) == RESOURCES

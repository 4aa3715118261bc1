"""What the commands print, and how they end."""

from io import StringIO
from pathlib import Path

import pytest

from monitor.cli import main
from monitor.commands.options import CONFIG, FAILED, OK, USAGE
from monitor.config import build
from monitor.config_warnings import warnings_about
from monitor.pseudonyms import Pseudonyms
from tests.builders import ACCOUNT, API_KEY, API_SECRET, AUTH_TOKEN
from tests.conftest import settings

KEY = "a key for pseudonyms, and long enough for it"
EXAMPLE = str(Path(__file__).parents[2] / "config.example.toml")


def ended(*arguments: str) -> int:
    """Run a command and return its exit code, however it ends."""
    try:
        return main(arguments)
    except SystemExit as left:
        return int(left.code or 0)


def test_a_right_configuration_is_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("check-config", EXAMPLE) == OK
    said = capsys.readouterr().out
    assert "accounts: AC00…0000" in said
    assert "receivers: pager, " in said


def test_a_wrong_one_ends_with_78_and_every_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[public]\nport = "x"\n[storage]\ncolour = 3\n')
    assert ended("check-config", str(file)) == CONFIG
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(": ")[0] for line in said] == [f"{file}:2", f"{file}:4"]


@pytest.mark.parametrize(
    "command",
    [
        *("check-config", "run --config", "doctor --config", "canary --config", "pseudonym --config"),
        *("backup copy.db --config", "restore copy.db --config", "erase --identity alice --config"),
        *("silences list --config", "silences preview --matcher a=b --config"),
        *(
            "export RM0 call.zip --config",
            "import call.zip --config",
            "export --from 2026-11-21 --to 2026-11-22 x --config",
            "dead-letters --config",
            "rules replay --from 2026-11-21 --to 2026-11-22 --config",
            "rules test x --config",
        ),
    ],
)
def test_a_configuration_that_is_not_there_ends_with_78(command: str, tmp_path: Path) -> None:
    assert ended(*command.split(), str(tmp_path / "nowhere.toml")) == CONFIG


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["check-config"],
        ["backup"],
        ["restore"],
        ["erase", "--yes"],
        ["silences"],
        ["demo", "--scenario", "paradise"],
        ["rules"],
        ["rules", "test"],
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_would_be_right(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(*arguments) == USAGE
    assert capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        "",
        "run",
        "demo",
        "check-config",
        "doctor",
        "backup",
        "restore",
        "erase",
        "silences",
        "silences list",
        "silences add",
        "silences expire",
        "silences preview",
        "canary",
        "pseudonym",
        "rules",
        "export",
        "import",
        "dead-letters",
    ],
)
def test_help_helps(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(*command.split(), "--help") == OK
    assert "usage: roomwatch" in capsys.readouterr().out


def test_pseudonyms_are_those_that_the_daemon_keeps_and_names_may_come_from_the_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'[privacy]\nidentities = "pseudonym"\npseudonym_key = "{KEY}"\n')
    monkeypatch.setattr("sys.stdin", StringIO("Zoë Müller\r\nalice\n"))
    of = Pseudonyms(KEY.encode()).of
    assert ended("pseudonym", "--config", str(file), "alice", "Zoë Müller") == OK
    assert capsys.readouterr().out.splitlines() == [of("alice"), of("Zoë Müller")]
    assert ended("pseudonym", "--config", str(file)) == OK
    assert capsys.readouterr().out.splitlines() == [of("Zoë Müller"), of("alice")]


def test_where_everybody_is_known_by_name_there_are_no_pseudonyms(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.toml"
    file.write_text("")
    assert ended("pseudonym", "--config", str(file), "alice") == CONFIG
    assert "privacy.identities: expected" in capsys.readouterr().err


def test_what_is_probably_not_meant_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "config.toml"
    file.write_text("")
    assert ended("check-config", str(file)) == OK
    said = capsys.readouterr().out
    assert "warning: no account" in said
    assert "warning: no receiver" in said


def test_a_database_that_cannot_be_opened_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    config = tmp_path / "config.toml"
    config.write_text(f'[storage]\npath = "{tmp_path}/file/roomwatch.db"\n')
    assert ended("run", "--config", str(config)) == FAILED
    assert "expected a writable database file" in capsys.readouterr().err


def test_an_account_that_lacks_a_key_or_is_changing_it_is_spoken_of_by_its_name() -> None:
    asked = {"name": "keyless", "account_sid": ACCOUNT, "auth_token": AUTH_TOKEN}
    changing = {
        "account_sid": "AC" + "b" * 32,
        "api_key": API_KEY,
        "api_secret": API_SECRET,
        "next_api_key": "SK" + "b" * 32,
        "next_api_secret": API_SECRET,
    }
    said = warnings_about(build(settings(accounts=[asked, changing])))
    assert said[:3] == [
        "account keyless: no API key, so participants' access tokens are all refused",
        "account ACbb…bbbb: no auth_token and no webhook_keys, so its callbacks are all refused",
        "account ACbb…bbbb: its key is being changed; when that is done, make next_api_key its api_key",
    ]


def test_a_route_for_a_tenant_that_is_not_listed_is_probably_not_meant() -> None:
    hook = {"kind": "webhook", "url": "http://127.0.0.1:9/"}
    routes = [{"receiver": "hook", "match": {"tenant": tenant}} for tenant in ("acme", "other", "globex", "own")]
    rule = {"name": "A", "over": "room", "raise": "participants > 9", "clear": "participants < 9"}
    given = {"names": {"tenants": ["acme"]}, "rules": [rule | {"labels": {"tenant": "own"}}], "routes": routes}
    said = warnings_about(build(settings(receivers={"hook": hook}, alerts={"default_receiver": "hook"}, **given)))
    assert said == ["""route tenant="globex": tenant is never 'globex', which names.tenants does not list"""]

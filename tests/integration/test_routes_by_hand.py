"""What `roomwatch routes test` prints, and how it ends."""

import asyncio
import time
from pathlib import Path

import pytest

from alerts.matchers import from_mapping
from alerts.silences import build_silence
from monitor.cli import main
from monitor.commands.options import FAILED, OK, USAGE
from monitor.store.sqlite import SqliteStore

CONFIG = """
[storage]
path = "{database}"
[alerts]
default_receiver = "chat"
[[routes]]
receiver = "pager"
match = {{ severity = "critical" }}
mute_during = ["new-year"]
[time_windows.new-year]
months = ["jan"]
days_of_month = ["1"]
[receivers.chat]
kind = "log"
[receivers.pager]
kind = "log"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(CONFIG.format(database=tmp_path / "roomwatch.db"))
    return file


def ended(config: Path, *arguments: str) -> int:
    try:
        return main(["routes", "test", "--config", str(config), *arguments])
    except SystemExit as left:
        return int(left.code or 0)


def test_it_says_who_would_be_told(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(config, "severity=critical") == OK
    assert "told: pager\n" in capsys.readouterr().out


def test_the_name_of_a_rule_brings_its_labels(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(config, "alertname=TwilioUnreachable") == OK
    assert "severity=critical, kind=account" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("severity=critical", "--expect", "pager"), OK),
        (("severity=info", "--expect", "chat"), OK),
        (("severity=info", "--expect", "chat,pager"), FAILED),
        (("severity=critical", "--at", "2026-01-01"), FAILED),
        (("severity=critical", "--at", "2026-01-02"), OK),
        (("severity=critical", "--at", "2026-01-01", "--expect", ""), OK),
        (("severity",), USAGE),
        (("severity=critical", "--at", "tomorrow"), USAGE),
    ],
)
def test_its_exit_code_says_whether_it_is_as_expected(config: Path, arguments: tuple[str, ...], code: int) -> None:
    assert ended(config, *arguments) == code


async def test_a_silence_on_record_counts_at_its_time(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = time.time()
    silence = build_silence(
        from_mapping({"severity": "critical"}), starts_at=now, ends_at=now + 60, author="ann", reason="works", now=now
    )
    store = await SqliteStore.open(config.with_name("roomwatch.db"))
    await store.silences.put_silence(silence)
    await store.close()
    assert await asyncio.to_thread(ended, config, "severity=critical", "--at", "now") == FAILED
    assert "silenced by ann: works" in capsys.readouterr().out
    assert await asyncio.to_thread(ended, config, "severity=info", "--at", "now") == OK

"""What Prometheus' own tool thinks of our metrics and rules."""

import subprocess
import urllib.request

import pytest

from tests.conftest import Running
from tests.e2e.demos import Demo
from tests.e2e.in_process import expositions_of
from tests.e2e.tools import HANGS_AFTER_S, ROOT

pytestmark = pytest.mark.e2e

PROMETHEUS = ROOT / "dashboards" / "prometheus"


def check(promtool: str, *arguments: str, given: bytes | None = None) -> None:
    """Run promtool, and expect that it has nothing to say against us."""
    done = subprocess.run(
        [promtool, *arguments],
        cwd=PROMETHEUS,
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode()


async def test_the_metrics_of_a_daemon_that_has_seen_nothing_are_flawless(promtool: str, running: Running) -> None:
    for address in expositions_of(running):
        async with running.http.get(address) as answer:
            page = await answer.read()
        check(promtool, "check", "metrics", given=page)


def test_the_metrics_of_a_daemon_that_has_paged_somebody_are_flawless(promtool: str, demo: Demo) -> None:
    demo.wait_for("FIRING", within_s=2 * HANGS_AFTER_S)
    pages = []
    for address in demo.expositions:
        with urllib.request.urlopen(address, timeout=HANGS_AFTER_S) as answer:
            pages.append(answer.read())
        check(promtool, "check", "metrics", given=pages[-1])
    assert any(b'roomwatch_notifications_total{receiver="terminal"}' in page for page in pages)


def test_the_rules_are_valid(promtool: str) -> None:
    check(promtool, "check", "rules", "--lint=all", "--lint-fatal", "recording.yml", "alerting.yml")


def test_the_alerts_fire_when_they_should_and_only_then(promtool: str) -> None:
    check(promtool, "test", "rules", "tests.yml")


@pytest.mark.parametrize("example", sorted(file.name for file in PROMETHEUS.glob("*.example.yml")))
def test_an_example_configuration_is_valid(promtool: str, example: str) -> None:
    """Only the syntax: the files of tokens that two of them name are not there."""
    check(promtool, "check", "config", "--syntax-only", "--lint=all", "--lint-fatal", example)


def test_the_example_for_the_same_machine_finds_all_that_it_names(promtool: str) -> None:
    check(promtool, "check", "config", "--lint=all", "--lint-fatal", "prometheus.example.yml")

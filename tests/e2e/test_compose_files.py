"""What the tools of Prometheus and of Alertmanager think of the files that compose mounts."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.tools import ROOT, tool

pytestmark = pytest.mark.e2e

COMPOSE = ROOT / "deploy" / "compose"


def test_prometheus_finds_all_that_it_is_to_read(promtool: str, tmp_path: Path) -> None:
    for file in (COMPOSE / "prometheus.yml", *(ROOT / "dashboards" / "prometheus").glob("*ing.yml")):
        shutil.copy(file, tmp_path)
    text = (tmp_path / "prometheus.yml").read_text().replace("/run/secrets", str(tmp_path))
    (tmp_path / "prometheus.yml").write_text(text)
    (tmp_path / "roomwatch-prometheus-token").touch()
    check(promtool, "check", "config", "--lint=all", "--lint-fatal", str(tmp_path / "prometheus.yml"))


def test_alertmanager_takes_its_configuration() -> None:
    check(tool("amtool"), "check-config", str(COMPOSE / "alertmanager.yml"))


def check(*command: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout

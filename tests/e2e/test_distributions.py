"""What a package index would be given: an sdist, the wheel that comes of it, and a daemon that comes of the wheel."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tests.daemon_process import environment, free_port, write_config
from tests.e2e.prometheus_server import until
from tests.e2e.tools import HANGS_AFTER_S, ROOT, running

pytestmark = pytest.mark.e2e

UV = Path(sys.executable).with_name("uv")


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist of this checkout."""
    folder = tmp_path_factory.mktemp("sdist")
    subprocess.run([UV, "build", "--quiet", "--sdist", "--out-dir", folder, ROOT], check=True)
    return next(folder.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def wheel(sdist: Path) -> Path:
    """The wheel of the sdist, built where there is no Node: an sdist brings what was built."""
    nowhere = {**os.environ, "PATH": str(sdist.parent)}
    subprocess.run([UV, "build", "--quiet", "--wheel", "--out-dir", sdist.parent, sdist], env=nowhere, check=True)
    return next(sdist.parent.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with nothing but the wheel, and a look at the packages that it depends on."""
    venv = tmp_path_factory.mktemp("venv")
    subprocess.run([UV, "venv", "--quiet", "--allow-existing", "--python", sys.executable, venv], check=True)
    subprocess.run([UV, "pip", "install", "--quiet", "--no-deps", "--python", venv / "bin/python", wheel], check=True)
    (site,) = venv.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))  # whose own .pth files are not read
    return venv


def test_the_sdist_has_what_it_takes_to_build_and_no_more(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"hatch_build.py", "Makefile", "requirements/run.txt", "dashboards/web/dist/app.js"} <= names
    assert not [name for name in names if "node_modules" in name or name.startswith((".venv", "build"))]


def test_the_wheel_has_what_is_no_python_too(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "dashboards/web/dist/app.js",
        "collectors/browser/dist/roomwatch.js",
        "dashboards/prometheus/alerting.yml",
        "dashboards/grafana/json/roomwatch-overview.json",
        "monitor/config.example.toml",
        "share/roomwatch/systemd/roomwatch.service",
        "share/roomwatch/nginx/roomwatch-public.conf",
        "share/roomwatch/caddy/Caddyfile",
    ):
        assert [name for name in names if name.endswith(wanted)], wanted
    runbooks = [name for name in names if name.startswith("monitor/runbooks/")]
    assert len(runbooks) == len(list((ROOT / "docs" / "runbooks").glob("*.md")))
    assert not [name for name in names if name.startswith(("tests", "deploy")) or "/src/" in name]


def test_the_manual_comes_along_and_is_right(installed: Path, tmp_path: Path) -> None:
    done = said(installed, tmp_path, "config-example")
    assert done == (ROOT / "config.example.toml").read_text(encoding="utf-8")
    (tmp_path / "config.toml").write_text(done, encoding="utf-8")
    (tmp_path / "config.toml").chmod(0o600)
    assert "config.toml: right" in said(installed, tmp_path, "check-config", "config.toml")


@pytest.mark.one_machine("whether a daemon is at work is asked by its file")
def test_what_was_installed_serves_pages_without_a_checkout(installed: Path, tmp_path: Path) -> None:
    port, private = free_port(), free_port()
    settings = {"public": {"port": port}, "private": {"port": private}, "storage": {"path": "roomwatch.db"}}
    config = write_config(tmp_path / "config.toml", settings)
    daemon = [str(installed / "bin" / "roomwatch"), "run", "--config", str(config)]
    with running([str(installed / "bin" / "python"), "-c", IN_FOLDER, str(tmp_path), *daemon], env=environment()):
        healthy = [str(installed / "bin" / "python"), "-m", "monitor.healthy", str(tmp_path / "roomwatch.db")]
        until(
            lambda: subprocess.run(healthy, cwd=tmp_path, capture_output=True, check=False).returncode == 0,
            "a daemon that is ready",
        )
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/sdk/roomwatch.js", timeout=HANGS_AFTER_S) as answer:
            assert answer.status == 200


IN_FOLDER = "import os, sys; os.chdir(sys.argv[1]); os.execv(sys.argv[2], sys.argv[2:])"  # where no checkout is


def said(installed: Path, folder: Path, *words: str) -> str:
    program = installed / "bin" / "roomwatch"
    done = subprocess.run([program, *words], cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout

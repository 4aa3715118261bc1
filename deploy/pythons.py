"""Does Roomwatch work with every Python that it promises?  `make test-pythons`.

Runs `make test` once for each that is to be found here, each in a virtual environment of its own in build/pythons/.
Those that are not here are named and skipped.  uv finds them; where it may download, `uv python install 3.13` brings
another.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
VERSIONS = ("3.11", "3.12", "3.13", "3.14")


def interpreter(version: str) -> str | None:
    """Return the path of a Python, if it is here."""
    uv = Path(sys.executable).parent / "uv"
    done = subprocess.run(
        [str(uv), "python", "find", "--no-project", "--no-python-downloads", version],
        check=False,
        capture_output=True,
        text=True,
        env={key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"},
    )
    return done.stdout.strip() or None


def passes(version: str, python: str, arguments: Sequence[str]) -> bool:
    """Run the tests with a Python."""
    venv = ROOT / "build" / "pythons" / version
    print(f"=== {version}: {python}", flush=True)
    make = ["make", "--no-print-directory", "test", f"PYTHON={python}", f"VENV={venv}", *arguments]
    return subprocess.run(make, cwd=ROOT, check=False).returncode == 0


def summary(results: Mapping[str, bool | None]) -> tuple[list[str], int]:
    """Return a line for each version, None meaning that it is not here, and the exit code."""
    words = {None: "skipped: not found here", True: "passed", False: "FAILED"}
    tried = [result for result in results.values() if result is not None]
    return [f"{version}: {words[result]}" for version, result in results.items()], int(not tried or not all(tried))


def main(arguments: Sequence[str]) -> int:
    """Run the tests with each; arguments go to make, such as TESTS=tests/unit."""
    found = {version: interpreter(version) for version in VERSIONS}
    results = {version: python and passes(version, python, arguments) for version, python in found.items()}
    lines, code = summary({version: None if result is None else bool(result) for version, result in results.items()})
    print(*lines, sep="\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

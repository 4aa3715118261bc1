"""Is anything that Roomwatch is made of known to be vulnerable?  `make audit`.

Asked are the package indexes' own services, by their own tools: pip-audit about requirements/clickhouse.txt, which has
all of run.txt, dev.txt and cluster.txt in it, and `npm audit` about both front ends.  A finding fails.  A service that
cannot be asked, from behind a mirror say, is called by its name and fails nothing, unless ROOMWATCH_AUDIT=required says
that it must.

Neither tool may be taken at its exit code: pip-audit ends with 0, and "no known vulnerabilities found", where every
package was skipped because nobody answered.
"""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
LOCK = "requirements/clickhouse.txt"
FRONT_ENDS = ("dashboards/web", "collectors/browser")
PATIENCE_S = 180.0

ACCEPTED: Mapping[str, str] = {}
"""Findings that do not concern us, by their id, and why."""


class Answer(NamedTuple):
    """What a service said of one file: what was found, and why it could not be asked, of all or of some."""

    findings: Sequence[str] = ()
    unasked: str = ""


def of_pip(said: str) -> Answer:
    """Return what pip-audit's JSON comes to."""
    try:
        packages = json.loads(said)["dependencies"]
    except (ValueError, KeyError):
        return Answer(unasked=_last_line(said))
    skipped = [package["skip_reason"] for package in packages if "skip_reason" in package]
    findings = [
        f"{package['name']} {package['version']}: {found['id']}, fixed in {', '.join(found['fix_versions']) or 'none'}"
        for package in packages
        for found in package.get("vulns", ())
        if ACCEPTED.keys().isdisjoint({found["id"], *found["aliases"]})
    ]
    return Answer(findings, f"{len(skipped)} of {len(packages)} packages, {skipped[0]}" if skipped else "")


def of_npm(said: str) -> Answer:
    """Return what npm's JSON comes to."""
    try:
        packages: Mapping[str, Any] = json.loads(said)["vulnerabilities"]
    except ValueError:
        return Answer(unasked=_last_line(said))
    except KeyError:
        return Answer(unasked=str(json.loads(said).get("message", "no answer")))
    return Answer(
        [
            f"{name}: {found.get('url', '').rpartition('/')[2]} {found['title']} ({found['severity']})"
            for name, package in packages.items()
            for found in package["via"]
            if isinstance(found, Mapping) and found.get("url", "").rpartition("/")[2] not in ACCEPTED
        ]
    )


def _last_line(said: str) -> str:
    return (said.strip().splitlines() or ["no answer"])[-1][:200]


def asked_pip(requirements: Path) -> Answer:
    """Ask about locked Python packages; the tool comes from uv, as it is needed for nothing else."""
    uvx = [str(Path(sys.executable).parent / "uvx"), "--quiet", "--from", "pip-audit>=2.9,<3", "pip-audit"]
    how = ["--format", "json", "--progress-spinner", "off", "--disable-pip", "--require-hashes"]
    return of_pip(_said([*uvx, *how, "--requirement", str(requirements)], ROOT))


def asked_npm(front_end: Path) -> Answer:
    """Ask about locked npm packages, those that only tests need among them."""
    return of_npm(_said([*shlex.split(os.environ.get("NPM", "npm")), "audit", "--json"], front_end))


def _said(command: Sequence[str], folder: Path) -> str:
    """Return what a tool prints; where that is nothing, what it complains of."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{type(error).__name__}: {error}"
    return done.stdout if done.stdout.strip() else done.stderr


def verdict(answers: Mapping[str, Answer], *, is_required: bool) -> tuple[list[str], int]:
    """Return what to print of all answers, and the exit code."""
    lines = []
    for name, answer in answers.items():
        asked = f"could not be asked: {answer.unasked}" if answer.unasked else "asked"
        lines.append(f"{name}: {len(answer.findings)} found, {asked}")
        lines.extend(f"  {finding}" for finding in answer.findings)
    failed = any(answer.findings or (is_required and answer.unasked) for answer in answers.values())
    return lines, int(failed)


def main() -> int:
    """Ask all services side by side, and say what they say."""
    with ThreadPoolExecutor() as pool:
        asked = {LOCK: pool.submit(asked_pip, ROOT / LOCK)}
        asked |= {front_end: pool.submit(asked_npm, ROOT / front_end) for front_end in FRONT_ENDS}
        answers = {name: answer.result() for name, answer in asked.items()}
    lines, code = verdict(answers, is_required=os.environ.get("ROOMWATCH_AUDIT") == "required")
    print(*lines, sep="\n")
    return code


if __name__ == "__main__":
    sys.exit(main())

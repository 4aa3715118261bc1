"""Do the commands of the README work on a machine that has nothing?  `make install-check`, as root, with debootstrap.

A Debian 12 of Python, make and git alone is unpacked into a folder; in there, as a user without rights, a clone of this
checkout is brought to its first page by `make demo`, twice, and its wheel is installed and run as docs/install.md says.
How long each took is printed.  Not a test of `make test`: it takes minutes, and all of it from registries.

What this machine needs to reach its registries (certificates, pip's and npm's configuration, variables) is lent to the
root for as long as it lasts; INSTALL_CHECK_BINDS names further folders, with colons between.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = "python3,python3-venv,make,git,ca-certificates"
LENT = ("/etc/ssl/certs", "/etc/pip.conf", "/etc/resolv.conf", "/etc/hosts")
LENT_VARIABLES = re.compile(r"PIP_\w+|npm_config_\w+|NODE_EXTRA_CA_CERTS|SSL_CERT_\w+|\w+_proxy|\w+_PROXY")
USER = 1000
HOME = "/home/somebody"
PAGES_WITHIN_S = 600


class BareRoot:
    """A Debian that has Python, make and git, and somebody who wants to see Roomwatch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        lent = {name: value for name, value in os.environ.items() if LENT_VARIABLES.fullmatch(name)}
        self._variables = {**lent, "HOME": HOME, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}

    def start(self, command: str) -> subprocess.Popen[str]:
        """Have the user run a line of shell, in their home, in a process group of its own."""
        inside = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs")
        return subprocess.Popen(
            [shutil.which("chroot") or "/usr/sbin/chroot", str(self.folder), *inside, "sh", "-ec", f"cd; {command}"],
            env=self._variables,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def run(self, command: str) -> str:
        """Have the user run a line of shell to its end."""
        process = self.start(command)
        said, _ = process.communicate(timeout=PAGES_WITHIN_S)
        if process.returncode != 0:
            raise SystemExit(f"{command}\nended with {process.returncode} and said:\n{said}")
        return said

    def serve(self, command: str, wanted: str) -> None:
        """Have the user run a line of shell until the address that it prints answers, and end it as Ctrl-C does."""
        process = self.start(command)
        try:
            browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())  # the address logs one in
            with browser.open(_address(process, wanted), timeout=30) as answer:
                assert b"<title>" in answer.read()
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.communicate(timeout=30)


def main() -> int:
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        print("install-check: expected to be root, and debootstrap; on Debian: apt-get install debootstrap")
        return 1
    times: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="roomwatch-bare-") as name, lent(Path(name)) as folder:
        os.chmod(name, 0o755)  # noqa: PTH101 (TemporaryDirectory gives a name)
        root = BareRoot(folder)
        for what, step in STEPS.items():
            began = time.monotonic()
            step(root)
            times[what] = time.monotonic() - began
            print(f"{times[what]:7.1f} s  {what}", flush=True)
    return 0


@contextmanager
def lent(folder: Path) -> Iterator[Path]:
    """Unpack a Debian, and lend it what this machine reaches its registries by."""
    subprocess.run(
        ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(folder)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    subprocess.run(["useradd", "--root", str(folder), "--create-home", "--uid", str(USER), "somebody"], check=True)
    wanted = (*LENT, "/proc", "/dev", *filter(None, os.environ.get("INSTALL_CHECK_BINDS", "").split(":")))
    with ExitStack() as mounted:
        for path in filter(Path.exists, map(Path, wanted)):
            place = _lend(path, folder)
            mounted.callback(subprocess.run, ["umount", str(place)], check=True)
        if (npmrc := Path.home() / ".npmrc").exists():
            shutil.copy(npmrc, f"{folder}{HOME}/.npmrc")
        yield folder


def _lend(path: Path, folder: Path) -> Path:
    place = folder / path.relative_to("/")
    if path.is_dir():
        place.mkdir(parents=True, exist_ok=True)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    subprocess.run(["mount", "--bind", str(path), str(place)], check=True)
    return place


def clone(root: BareRoot) -> None:
    """Clone from here, as if from elsewhere."""
    home = f"{root.folder}{HOME}"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), f"{home}/roomwatch"], check=True)
    subprocess.run(["chown", "-R", f"{USER}:{USER}", home], check=True)


def demo(root: BareRoot) -> None:
    root.serve("cd roomwatch && exec make demo", r"http://\S+/login\?token=\S+")


def build(root: BareRoot) -> None:
    root.run("python3 -m venv build && build/bin/pip wheel --quiet --no-deps --wheel-dir wheels ./roomwatch")


def install(root: BareRoot) -> None:
    root.run(
        "python3 -m venv installed"
        " && installed/bin/pip install --quiet --require-hashes --requirement roomwatch/requirements/run.txt"
        " && installed/bin/pip install --quiet --no-deps wheels/*.whl && rm -rf roomwatch build"
    )


def look(root: BareRoot) -> None:
    root.run(
        "installed/bin/roomwatch --version"
        " && (umask 077 && installed/bin/roomwatch config-example >config.toml)"
        " && installed/bin/roomwatch check-config config.toml"
    )


def run(root: BareRoot) -> None:
    root.serve("rm config.toml; exec installed/bin/roomwatch demo", r"http://\S+/login\?token=\S+")


STEPS = {
    "git clone": clone,
    "make demo, until the first page": demo,
    "make demo again, until the first page": demo,
    "pip wheel": build,
    "pip install, with hashes": install,
    "roomwatch --version, config-example, check-config": look,
    "roomwatch demo without a checkout, until the first page": run,
}


def _address(process: subprocess.Popen[str], wanted: str) -> str:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if found := re.search(wanted, line):
            return found[0]
    raise SystemExit(f"expected an address, got:\n{''.join(said)}")


if __name__ == "__main__":
    sys.exit(main())

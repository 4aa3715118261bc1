"""Does the tutorial work?  Its blocks are typed in their order, and what it says comes has to come.

`sh` is typed, or goes on running if it says that it wants a terminal of its own; of `console` each line after `$ ` is
typed and the rest is what it prints; `text` is what one of the other terminals shows.  Where the page has a number or
an identifier any will do, and `…` is whatever there is.  What is read is asked for again until it comes.
"""

import asyncio
import os
import re
import shutil
import stat
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest

from tests.daemon_process import environment, free_port
from tests.documentation import DOCS, ROOT, Block, tokens

PAGE = DOCS / "tutorial.md"
NOT_TYPED = "1. Install"
COMES_WITHIN_S, ENDS_WITHIN_S = 120.0, 60.0
PORTS = ("8470", "8471", "8480", "8490")
_OWN_TERMINAL = "# in a terminal of its own\n"
_DONE = "done-with-that"
_CHANGES = ("acknowledge", "silences add", "silences expire", "tell ", "receivers test")  # typed once, whatever comes

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "curl", "openssl"))), reason="wants bash, curl, openssl"
)


class Terminals:
    """A shell to type into, and what goes on beside it."""

    def __init__(self, folder: Path, shell: asyncio.subprocess.Process, variables: dict[str, str]) -> None:
        self._folder = folder
        self._shell = shell
        self._variables = variables
        self._beside: list[asyncio.subprocess.Process] = []

    async def type(self, commands: str) -> str:
        """Return what they print."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(f"{commands}\necho; echo {_DONE}\n".encode())
        said = await asyncio.wait_for(self._shell.stdout.readuntil(f"{_DONE}\n".encode()), COMES_WITHIN_S)
        return said.decode().removesuffix(f"{_DONE}\n")

    async def leave_running(self, command: str) -> None:
        with (self._folder / f"terminal-{len(self._beside)}").open("wb") as screen:
            self._beside.append(
                await asyncio.create_subprocess_exec(
                    "bash",
                    "-c",
                    f"exec {command.removeprefix(_OWN_TERMINAL)}",
                    cwd=self._folder,
                    env=self._variables,
                    stdout=screen,
                    stderr=screen,
                )
            )

    def screens(self) -> str:
        """What the terminals of those beside show."""
        return "".join(file.read_text(encoding="utf-8") for file in sorted(self._folder.glob("terminal-*")))

    async def close(self) -> None:
        for process in (*reversed(self._beside), self._shell):
            if process.returncode is None:
                process.terminate()
            await asyncio.wait_for(process.wait(), ENDS_WITHIN_S)


@pytest.fixture
async def terminals(tmp_path: Path) -> AsyncIterator[Terminals]:
    variables = environment() | {"PATH": f"{_programs(tmp_path)}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    variables |= {"PYTHONUNBUFFERED": "1"}
    folder = tmp_path / "tutorial"
    folder.mkdir()
    shell = await asyncio.create_subprocess_exec(
        "bash",
        cwd=folder,
        env=variables,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    opened = Terminals(folder, shell, variables)
    yield opened
    await opened.close()


def _programs(folder: Path) -> Path:
    """Return a folder with what an activated environment has."""
    programs = folder / "bin"
    programs.mkdir()
    for name, module in {"roomwatch": "-m monitor", "python": ""}.items():
        file = programs / name
        file.write_text(f'#!/bin/sh\nexec {sys.executable} {module} "$@"\n', encoding="utf-8")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return programs


async def test_what_the_tutorial_has_one_type_does_what_it_says(terminals: Terminals) -> None:
    ports = {usual: str(free_port()) for usual in PORTS}
    for block in _steps():
        text = re.sub("|".join(PORTS), lambda found: ports[found[0]], block.text)
        if block.language == "sh" and text.startswith(_OWN_TERMINAL):
            await terminals.leave_running(_at(text, ports))
        elif block.language == "sh":
            await terminals.type(text)
        elif block.language == "console":
            await _converse(terminals, text, str(block))
        elif block.language == "text":
            await _until_shown(terminals, text, str(block))


def _at(command: str, ports: dict[str, str]) -> str:
    """Return a command with the ports on which it is to listen, where the page leaves them at their defaults."""
    daemon = f"env ROOMWATCH_PUBLIC_PORT={ports['8470']} ROOMWATCH_PRIVATE_PORT={ports['8471']} roomwatch run"
    simulator = f"python -m monitor.simulator --port {ports['8480']}"
    listens = {"roomwatch run": daemon, "python -m monitor.simulator": simulator}
    for usual, moved in listens.items():
        command = command.replace(usual, moved)
    return command


def _steps() -> Iterator[Block]:
    section = ""
    for token, following in zip(tokens(PAGE), tokens(PAGE)[1:], strict=False):
        if token.type == "heading_open":
            section = following.content
        if token.type == "fence" and section != NOT_TYPED:
            yield Block(PAGE, (token.map or [0])[0] + 1, token.info.strip(), token.content)


async def _converse(terminals: Terminals, text: str, where: str) -> None:
    command, _, expected = text.removeprefix("$ ").partition("\n")
    deadline_s = asyncio.get_running_loop().time() + COMES_WITHIN_S
    said = await terminals.type(command)
    while not _is_in(expected.splitlines(), said):
        late = asyncio.get_running_loop().time() > deadline_s
        if late or any(word in command for word in _CHANGES):
            pytest.fail(f"{where}: expected\n{expected}\ngot\n{said}\nbeside it\n{terminals.screens()}")
        await asyncio.sleep(0.2)
        said = await terminals.type(command)


async def _until_shown(terminals: Terminals, expected: str, where: str) -> None:
    deadline_s = asyncio.get_running_loop().time() + COMES_WITHIN_S
    while not _is_in(expected.splitlines(), terminals.screens()):
        if asyncio.get_running_loop().time() > deadline_s:
            pytest.fail(f"{where}: expected\n{expected}\ngot\n{terminals.screens()}")
        await asyncio.sleep(0.1)


def _is_in(expected: Sequence[str], said: str) -> bool:
    """Whether the lines that are expected are among those that were said, in their order."""
    lines = iter([" ".join(line.split()) for line in said.splitlines()])
    wanted = [_pattern(" ".join(line.split())) for line in expected if line.strip() not in {"", "…"}]
    return all(any(pattern.fullmatch(line) for line in lines) for pattern in wanted)


def _pattern(line: str) -> re.Pattern[str]:
    parts = re.split(r"( ?…|[0-9a-f]{16,}|\d+)", line)  # every other one varies
    return re.compile("".join(_varying(part) if odd % 2 else re.escape(part) for odd, part in enumerate(parts)))


def _varying(part: str) -> str:
    return ".*" if part.endswith("…") else "[0-9a-f]+"

"""A real process under a systemd that is played: what it is handed, and what it says."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.builders import INGEST_KEY, post, quality
from tests.conftest import settings
from tests.daemon_process import ENDS_WITHIN_S, STARTS_WITHIN_S, environment, write_config
from tests.listening_systemd import Systemd

#: What systemd does between fork and exec: the sockets become descriptors from 3 on, and their owner is named.
LAUNCHER = """
import os, sys
given = [int(number) for number in sys.argv[1].split(",") if number]
safe = [os.dup(number) for number in given]
for place, number in enumerate(safe, start=3):
    os.dup2(number, place)
    os.set_inheritable(place, True)  # which dup2 leaves as it is where both are the same
os.environ["LISTEN_PID"] = str(os.getpid())
os.environ["LISTEN_FDS"] = str(len(given))
os.execv(sys.executable, [sys.executable, "-m", "monitor", *sys.argv[2:]])
"""


class Launched:
    """A process that was started as systemd would start it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []

    async def serves(self) -> None:
        """Wait until it says where it serves."""
        assert self.process.stdout is not None
        async with asyncio.timeout(STARTS_WITHIN_S):
            async for line in self.process.stdout:
                self.lines.append(line.decode())
                if line.startswith(b"Callbacks:"):
                    return
        raise AssertionError((await self.ended())[1])

    async def ended(self) -> tuple[int, str]:
        """Wait for the end, and return the exit code and what was said on stderr."""
        async with asyncio.timeout(ENDS_WITHIN_S + STARTS_WITHIN_S):
            _, said = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, said.decode()


Launch = Callable[..., Awaitable[Launched]]


@pytest.fixture
async def launch() -> AsyncIterator[Launch]:
    """Start processes with sockets; those that still live at the end are killed."""
    async with AsyncExitStack() as stack:

        async def start(config: Path, sockets: Sequence[socket.socket] = (), **given: str) -> Launched:
            numbers = [sock.fileno() for sock in sockets]
            command = (sys.executable, "-c", LAUNCHER, ",".join(map(str, numbers)), "run", "--config", str(config))
            process = await asyncio.create_subprocess_exec(
                *command,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**environment(), **given},
                pass_fds=numbers,
            )

            async def end() -> None:
                if process.returncode is None:
                    process.kill()
                    await process.communicate()

            stack.push_async_callback(end)
            return Launched(process)

        yield start


def configured(folder: Path, **given: Any) -> Path:
    storage = {"path": str(folder / "roomwatch.db"), "reserve_bytes": 0}
    return write_config(folder / "config.toml", settings(**{"storage": storage, "accounts": [], **given}))


def port_of(sock: socket.socket) -> int:
    return int(sock.getsockname()[1])


def listening() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


async def test_both_listeners_take_the_sockets_that_were_opened_for_them(launch: Launch, tmp_path: Path) -> None:
    with listening() as private, listening() as public:
        daemon = await launch(configured(tmp_path), [private, public], LISTEN_FDNAMES="private:public")
        await daemon.serves()
        url, headers = f"http://127.0.0.1:{port_of(public)}/v1/telemetry", {"Authorization": f"Bearer {INGEST_KEY}"}
        async with aiohttp.ClientSession() as http:
            async with http.post(url, json=post(quality(4)), headers=headers) as answer:
                assert answer.status == 202
            async with http.post(url, json=post(quality(9)), headers={"Authorization": "Bearer no"}) as answer:
                assert (answer.status, "X-Request-Id" in answer.headers) == (401, True)
            async with http.get(f"http://127.0.0.1:{port_of(private)}/-/ready") as answer:
                assert answer.status == 200
            # A reload goes by the same sockets: their addresses are no change that waits for a restart.
            async with http.post(f"http://127.0.0.1:{port_of(private)}/-/reload") as answer:
                assert await answer.text() == "reloaded\n"
        daemon.process.send_signal(signal.SIGTERM)
        assert (await daemon.ended())[0] == 0


async def test_who_connects_before_the_daemon_is_there_is_answered(launch: Launch, tmp_path: Path) -> None:
    with listening() as public:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(public))
        writer.write(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        daemon = await launch(configured(tmp_path), [public])
        await daemon.serves()
        async with asyncio.timeout(30):
            assert (await reader.read()).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_what_is_no_listening_tcp_socket_is_refused_in_words(launch: Launch, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(("127.0.0.1", 0))
        code, said = await (await launch(configured(tmp_path), [datagrams])).ended()
    assert code == 78
    assert said == (
        "environment: LISTEN_FDS: public, descriptor 3: expected a TCP socket (ListenStream=HOST:PORT),"
        " got AF_INET and SOCK_DGRAM\n"
    )


@pytest.fixture
def systemd() -> Iterator[Systemd]:
    listening = Systemd.listen(f"@roomwatch-tests-{os.getpid()}")
    yield listening
    listening.close()


async def test_a_whole_life_is_told(launch: Launch, tmp_path: Path, systemd: Systemd) -> None:
    daemon = await launch(configured(tmp_path), NOTIFY_SOCKET=systemd.address, WATCHDOG_USEC="4000000")
    await systemd.until(lambda heard: heard.values("READY"), STARTS_WITHIN_S)
    await systemd.until(lambda heard: heard.values("WATCHDOG"))
    (tmp_path / "config.toml").write_text((tmp_path / "config.toml").read_text() + 'log = { level = "debug" }\n')
    daemon.process.send_signal(signal.SIGHUP)
    await systemd.until(lambda heard: len(heard.values("READY")) == 2)
    assert int(systemd.values("MONOTONIC_USEC")[0]) > 0
    daemon.process.send_signal(signal.SIGTERM)
    assert (await daemon.ended())[0] == 0
    assert systemd.order() == ["READY", "RELOADING", "MONOTONIC_USEC", "READY", "STOPPING"]
    assert systemd.values("STATUS")[0] == "opens the database"


async def test_a_start_that_fails_is_told_as_an_end(launch: Launch, tmp_path: Path, systemd: Systemd) -> None:
    with listening() as taken:
        config = configured(tmp_path, public={"port": port_of(taken)})
        code, said = await (await launch(config, NOTIFY_SOCKET=systemd.address)).ended()
        assert f"127.0.0.1:{port_of(taken)}: Address already in use\n" in said
    assert (code, systemd.order()) == (1, ["STOPPING"])
    assert "Traceback" not in said


async def test_the_log_says_in_json_which_request_a_line_is_about(launch: Launch, tmp_path: Path) -> None:
    with listening() as private:
        config = configured(tmp_path, log={"format": "json"})
        daemon = await launch(config, [private], LISTEN_FDNAMES="private")
        await daemon.serves()
        url = f"http://127.0.0.1:{port_of(private)}/-/log-level"
        async with aiohttp.ClientSession() as http, http.put(url, data="warning") as answer:
            assert await answer.json() == {"level": "warning"}
            request_id = answer.headers["X-Request-Id"]
        daemon.process.send_signal(signal.SIGTERM)
        _, said = await daemon.ended()
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    (changed,) = [line for line in lines if line["msg"] == "PUT /-/log-level"]
    assert changed["request_id"] == request_id
    assert not [line for line in lines if line["msg"] == "stopping"], "it was told to say less"

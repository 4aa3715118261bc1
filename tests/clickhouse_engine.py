"""Where does a ClickHouse for tests come from?

The engine of ClickHouse is in the wheel `chdb-core`, without its server.  So a process of its own serves the part of
the HTTP interface that the driver speaks over that engine: the statement in the body, in a form, or before the rows of
an insert; parameters, settings and the database in the address; bodies in lz4 or zstd; errors with their code.  It
keeps what it is told in a folder, and can be killed like a server.

    python -m tests.clickhouse_engine FOLDER [PORT]
"""

import asyncio
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import zstandard
from aiohttp import web

_HERE = "127.0.0.1"
_NOT_SETTINGS = {
    *("database", "query", "query_id", "session_id", "client_protocol_version"),
    *("buffer_size", "enable_http_compression", "wait_end_of_query"),
}  # in an address, what belongs to HTTP and not to the engine
_FORMAT = re.compile(rb"\s+FORMAT\s+(\w+)\s*$", re.IGNORECASE)
_INSERT = re.compile(rb"(INSERT INTO [^\n]*?) FORMAT (\w+)\n")  # and then rows, which may begin with any byte
_CODE = re.compile(r"Code: (\d+)")
_LONGEST_BODY_BYTES = 1 << 30
_PACKAGES = ("chdb", "clickhouse_connect")


# --- for tests --------------------------------------------------------------------------------------------


def need() -> None:
    """Skip the test where there is no engine, or no driver; `make clickhouse`, which fetches them, fails instead."""
    if missing := [name for name in _PACKAGES if find_spec(name) is None]:
        wanted = f"expected {' and '.join(missing)}, found none; `make clickhouse` fetches them"
        pytest.fail(wanted) if os.environ.get("ROOMWATCH_CLICKHOUSE") else pytest.skip(wanted, allow_module_level=True)


class Engine:
    """A ClickHouse at work: where it listens, and how it is killed and begun again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    def start(self) -> None:
        """Start it, at the port that it had."""
        command = [sys.executable, "-m", __name__, str(self._folder), str(self.port)]
        said = self._folder.with_suffix(".log").open("a")
        self._process = subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=said)
        said.close()
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            pytest.fail(f"expected a ClickHouse engine, got: {self._folder.with_suffix('.log').read_text()[-2000:]}")
        self.port = int(line)

    def freeze(self) -> None:
        """Stop it where it is: who asks is not refused, and gets no answer."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    @property
    def pid(self) -> int:
        """Return the id of its process."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """Kill it, as a machine that goes away does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
        self._process = None


@contextmanager
def running(folder: Path) -> Iterator[Engine]:
    """Run an engine that keeps what it is told in a folder, which need not be there yet."""
    need()
    engine = Engine(folder)
    try:
        engine.start()
        yield engine
    finally:
        engine.kill()


# --- the process ------------------------------------------------------------------------------------------


class _Served:
    """The HTTP interface over one engine, which does one thing at a time."""

    def __init__(self, folder: str) -> None:
        from chdb.session import Session  # noqa: PLC0415  # takes seconds, and only this process needs it

        self._session = Session(folder)
        self._database = ""
        self._settings: dict[str, str] = {}  # that are not as they are by default
        self._thread = ThreadPoolExecutor(max_workers=1)

    async def ping(self, _: web.Request) -> web.Response:
        return web.Response(text="Ok.\n")

    async def answer(self, request: web.Request) -> web.Response:
        given = dict(request.query)
        if request.content_type.startswith(("multipart/", "application/x-www-form")):
            given |= {name: str(value) for name, value in (await request.post()).items()}
            body = given["query"].encode()
        else:
            body = _decompressed(request.headers.get("Content-Encoding", ""), await request.read())
            body = given.get("query", "").encode() + body
        try:
            rows, form = await asyncio.get_running_loop().run_in_executor(self._thread, self._run, body, given)
        except Exception as error:  # noqa: BLE001  # whatever it is, the client is told
            code = _CODE.search(str(error))
            headers = {"X-ClickHouse-Exception-Code": code[1] if code else "1002"}
            return web.Response(status=500, text=str(error), headers=headers)
        return web.Response(body=rows, headers={"X-ClickHouse-Format": form})

    def _run(self, body: bytes, given: dict[str, str]) -> tuple[bytes, str]:
        params = {name.removeprefix("param_"): value for name, value in given.items() if name.startswith("param_")}
        self._set({name: given[name] for name in given.keys() - _NOT_SETTINGS if not name.startswith("param_")})
        self._use(given.get("database") or "default")
        insert = _INSERT.match(body)
        return self._insert(body, insert) if insert else self._select(body, params)

    def _set(self, settings: dict[str, str]) -> None:
        """Let these be what is not by default; from one question to the next they hardly ever change."""
        for name in self._settings.keys() - settings.keys():
            self._query(f"SET {name} = DEFAULT")
            del self._settings[name]
        for name, value in settings.items():
            if self._settings.get(name) != value:
                self._query(f"SET {name} = '{value}'")
                self._settings[name] = value

    def _use(self, database: str) -> None:
        if database != self._database:
            self._query(f"USE `{database}`")
            self._database = database

    def _insert(self, body: bytes, insert: re.Match[bytes]) -> tuple[bytes, str]:
        with tempfile.NamedTemporaryFile() as rows:
            rows.write(body[insert.end() :])
            rows.flush()
            self._query(f"{insert[1].decode()} FROM INFILE '{rows.name}' FORMAT {insert[2].decode()}")
        return b"", ""

    def _select(self, body: bytes, params: dict[str, str]) -> tuple[bytes, str]:
        told = _FORMAT.search(body)
        statement, form = (body[: told.start()], told[1].decode()) if told else (body, "TabSeparated")
        return self._query(statement.decode(), form, params), form

    def _query(self, statement: str, form: str = "TabSeparated", params: dict[str, Any] | None = None) -> bytes:
        return bytes(self._session.query(statement, form, params=params or {}).bytes())


def _decompressed(encoding: str, body: bytes) -> bytes:
    """Return what is in a body: the driver compresses each block of rows as a frame of its own."""
    if encoding == "lz4":
        import lz4.frame  # noqa: PLC0415  # comes with the driver

        whole = b""
        while body:
            decompressor = lz4.frame.LZ4FrameDecompressor()
            whole += decompressor.decompress(body)
            body = decompressor.unused_data or b""
        return whole
    if encoding == "zstd":
        return zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True).read()
    if encoding:
        raise web.HTTPUnsupportedMediaType(text=f"expected lz4 or zstd, got {encoding}")
    return body


async def _serve(folder: str, port: int) -> None:
    served = _Served(folder)
    app = web.Application(client_max_size=_LONGEST_BODY_BYTES)
    app.add_routes([web.get("/ping", served.ping), web.post("/", served.answer), web.get("/", served.answer)])
    runner = web.AppRunner(app, access_log=None, max_line_size=1 << 20, auto_decompress=False)
    await runner.setup()
    site = web.TCPSite(runner, _HERE, port)
    await site.start()
    assert site._server is not None
    print(site._server.sockets[0].getsockname()[1], flush=True)  # noqa: T201  # whoever started it waits for the port
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0))

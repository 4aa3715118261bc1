"""What is a call in a browser made of, here?

Real Chromium, Twilio's own SDK and ours in it, and the real daemon; only Twilio's servers are played, inside the page
(`played_twilio.js`).  The page comes from one address and the daemon listens on another, as in life, so that CORS is in
the way as in life.
"""

import http.server
import json
import os
import signal
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from collectors.observations import TelemetryBatch, unrolled
from monitor.store.rows import decode_events, encode
from tests.builders import ACCOUNT, API_KEY, API_SECRET, AUTH_TOKEN, access_token
from tests.daemon_process import environment
from tests.e2e.installation import Installation, installed
from tests.e2e.tools import HANGS_AFTER_S, ROOT, running

TWILIO = ROOT / "collectors" / "browser" / "node_modules" / "twilio-video" / "dist" / "twilio-video.min.js"
PLAYED_TWILIO = ROOT / "tests" / "e2e" / "played_twilio.js"

#: A camera and a microphone that show and play something, without asking; and peers that meet on this machine alone.
CHROMIUM = (
    *("--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
    *("--allow-loopback-in-peer-connection", "--disable-features=WebRtcHideLocalIpsWithMdns"),
)


class Watch:
    """A daemon that can go away and come back with all that it has stored; of a cluster, all replicas at once."""

    def __init__(self, installation: Installation) -> None:
        self.url = installation.public
        self._installation = installation
        self._life = ExitStack()
        self._pids: list[int] = []

    def start(self) -> None:
        for each in self._installation.processes:
            command = [sys.executable, "-m", "monitor", "run", "--config", str(each.config)]
            self._pids.append(self._life.enter_context(running(command, env=environment())).pid)
        for address in (*(each.public for each in self._installation.processes), self.url):
            until(partial(_answers, address), "a daemon", every_s=0.02)

    def stop(self) -> None:
        self._life.close()
        self._pids.clear()

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        for pid in self._pids:
            os.kill(pid, signal.SIGKILL)
        self.stop()

    def posts(self) -> list[dict[str, Any]]:
        """Return what was stored, post by post, series row by row."""
        stored = self._installation.asked("SELECT body FROM ingest_log ORDER BY id")
        events = [event for (body,) in stored for event in decode_events(body)]
        return [_as_json(event) for event in events if isinstance(event, TelemetryBatch)]

    def timed(self, kind: str) -> list[dict[str, Any]]:
        """Return the observations of one kind."""
        seen = [each for post in self.posts() for each in post["observations"] if each["type"] == kind]
        return [{name: value for name, value in each.items() if name != "type"} for each in seen]

    def told(self, kind: str) -> list[dict[str, Any]]:
        """Return the observations of one kind, without their time."""
        return [{name: value for name, value in each.items() if name != "at"} for each in self.timed(kind)]

    def texts(self) -> list[str]:
        return [each["text"] for each in self.told("feedback")]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/-/healthy", timeout=5) as answer:
            return answer.status == HTTPStatus.OK
    except OSError:
        return False


def _as_json(batch: TelemetryBatch) -> dict[str, Any]:
    post: dict[str, Any] = json.loads(encode(batch))
    return post | {"observations": [json.loads(encode(each)) for each in unrolled(batch.observations)]}


def until(holds: Callable[[], Any], what: str, within_s: float = HANGS_AFTER_S, every_s: float = 0.05) -> Any:
    """Wait for something that needs no browser's doing."""
    end = time.monotonic() + within_s
    while not (answer := holds()):
        assert time.monotonic() < end, f"expected {what} within {within_s} s"
        time.sleep(every_s)
    return answer


class Application(http.server.BaseHTTPRequestHandler):
    """The developer's own site."""

    watch_url = ""

    def do_GET(self) -> None:
        scripts = {"/twilio.js": TWILIO, "/played_twilio.js": PLAYED_TWILIO}
        file = scripts.get(self.path)
        body = file.read_bytes() if file else self.page()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/javascript" if file else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def page(self) -> bytes:
        sources = ("/played_twilio.js", "/twilio.js", f"{self.watch_url}/sdk/roomwatch.js")
        return ("<!doctype html>" + "".join(f'<script src="{source}"></script>' for source in sources)).encode()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve, each request in a thread of its own, and give the address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Stage:
    """A daemon, the developer's site, and people who come to it with their browsers."""

    def __init__(self, watch: Watch, site: str, chromium: Browser, life: ExitStack) -> None:
        self.watch = watch
        self._site = site
        self._chromium = chromium
        self._life = life

    def context(self) -> BrowserContext:
        """Return somebody's browser, without cookies or caches of anybody else."""
        context = self._chromium.new_context()
        context.set_default_timeout(HANGS_AFTER_S * 1000)
        self._life.callback(context.close)
        return context

    def open(self, context: BrowserContext | None = None) -> Page:
        """Open the application."""
        page = (context or self.context()).new_page()
        page.goto(self._site)
        return page

    def join(self, page: Page, **options: Any) -> None:
        """Let the page's person join the room and be watched."""
        page.evaluate("join", {"url": self.watch.url, "token": access_token(), "flushMs": 200, **options})

    def enter(self, context: BrowserContext | None = None, **options: Any) -> Page:
        """Open the application and join the room."""
        page = self.open(context)
        self.join(page, **options)
        return page


@contextmanager
def staged(folder: Path, chromium: Browser, **telemetry: Any) -> Iterator[Stage]:
    """Start a daemon by its telemetry settings, and a site whose pages load the SDK from it."""
    assert TWILIO.is_file(), f"expected Twilio's SDK at {TWILIO}, found none; `make e2e` installs it"
    account = {
        "account_sid": ACCOUNT,
        "api_key": API_KEY,
        "api_secret": API_SECRET,
        "auth_token": AUTH_TOKEN,
        "base_url": "http://127.0.0.1:9",
    }
    settings = {"public": {"url": "https://watch.example.com"}, "telemetry": telemetry, "accounts": [account]}
    with installed(folder, settings) as installation, ExitStack() as life:
        watch = Watch(installation)
        site = life.enter_context(serving(type("Site", (Application,), {"watch_url": watch.url})))
        life.callback(watch.stop)
        watch.start()
        yield Stage(watch, site, chromium, life)

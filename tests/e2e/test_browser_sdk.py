"""Real Chromium runs Twilio's own SDK and ours, and what the real daemon has stored is compared with what happened.

The page comes from one address and the daemon listens on another, as in life, so that CORS is in the way as in life.
"""

import http.server
import json
import sqlite3
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.builders import ACCOUNT, ALICE, API_KEY, API_SECRET, AUTH_TOKEN, BOB, ROOM, access_token
from tests.daemon_process import environment, write_config
from tests.e2e.tools import ROOT, free_port, running, tool

pytestmark = pytest.mark.e2e

TWILIO = ROOT / "collectors" / "browser" / "node_modules" / "twilio-video" / "dist" / "twilio-video.min.js"
CALL = ROOT / "tests" / "e2e" / "call.js"


class Watch:
    """A daemon that can go away and come back, on one port and one file."""

    def __init__(self, folder: Path, **telemetry: Any) -> None:
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        self._file = folder / "roomwatch.db"
        self._config = write_config(
            folder / "config.toml",
            {
                "public": {"port": port, "url": "https://watch.example.com"},
                "private": {"port": free_port()},
                "storage": {"path": str(self._file)},
                "telemetry": telemetry,
                "accounts": [
                    {
                        "account_sid": ACCOUNT,
                        "api_key": API_KEY,
                        "api_secret": API_SECRET,
                        "auth_token": AUTH_TOKEN,
                        "base_url": "http://127.0.0.1:9",
                    }
                ],
            },
        )
        self._life = ExitStack()

    def start(self) -> None:
        command = [sys.executable, "-m", "monitor", "run", "--config", str(self._config)]
        self._life.enter_context(running(command, env=environment()))
        until(self._answers, "a daemon")

    def stop(self) -> None:
        self._life.close()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/healthy", timeout=5) as answer:
                return answer.status == HTTPStatus.OK
        except OSError:
            return False

    def posts(self) -> list[dict[str, Any]]:
        """Return what was stored, post by post."""
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True)) as db:
            rows = [json.loads(body) for (body,) in db.execute("SELECT body FROM ingest_log ORDER BY id")]
        return [row for row in rows if row.get("event") == "telemetry"]

    def told(self, kind: str) -> list[dict[str, Any]]:
        """Return the observations of one kind, without their time."""
        seen = [each for post in self.posts() for each in post["observations"] if each["type"] == kind]
        return [{name: value for name, value in each.items() if name not in {"at", "type"}} for each in seen]

    def texts(self) -> list[str]:
        return [each["text"] for each in self.told("feedback")]


def until(holds: Callable[[], Any], what: str, within_s: float = 15) -> Any:
    end = time.monotonic() + within_s
    while not (answer := holds()):
        assert time.monotonic() < end, f"expected {what} within {within_s} s"
        time.sleep(0.1)
    return answer


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = tool("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


class Application(http.server.BaseHTTPRequestHandler):
    """The developer's own site."""

    watch_url = ""

    def do_GET(self) -> None:
        scripts = {"/twilio.js": TWILIO, "/call.js": CALL}
        file = scripts.get(self.path)
        body = file.read_bytes() if file else self.page()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/javascript" if file else "text/html")
        self.end_headers()
        self.wfile.write(body)

    def page(self) -> bytes:
        sources = ("/twilio.js", f"{self.watch_url}/sdk/roomwatch.js", "/call.js")
        return ("<!doctype html>" + "".join(f'<script src="{source}"></script>' for source in sources)).encode()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[http.server.ThreadingHTTPServer]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Site", (Application,), {}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def begin(
    tmp_path: Path, browser: Browser, site: http.server.ThreadingHTTPServer
) -> Iterator[Callable[..., tuple[Watch, Page]]]:
    """Start a daemon by its telemetry settings, open the application, and join its room."""
    if not TWILIO.is_file():
        pytest.fail(f"expected Twilio's SDK at {TWILIO}, found none; `make e2e` installs it")
    with ExitStack() as life:

        def start(telemetry: dict[str, Any] | None = None, **options: Any) -> tuple[Watch, Page]:
            watch = Watch(tmp_path, **(telemetry or {}))
            life.callback(watch.stop)
            watch.start()
            site.RequestHandlerClass.watch_url = watch.url
            context = browser.new_context()
            life.callback(context.close)
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{site.server_address[1]}/")
            join(page, watch, **options)
            return watch, page

        yield start


def join(page: Page, watch: Watch, **options: Any) -> None:
    page.evaluate("join", {"url": watch.url, "token": access_token(), "flushMs": 200, **options})


def test_what_a_room_goes_through_is_stored_field_by_field(begin: Any) -> None:
    watch, page = begin(intervalMs=1000)
    half = {"send": 2, "recv": 3, "sendStats": {"latency": {"jitter": 0.004, "rtt": 0.061, "level": 2}}}
    stats = {"level": 2, "audio": half, "video": None}
    page.evaluate("stats(0)")
    page.evaluate("stats => alice.level(2, stats)", stats)
    page.evaluate("played.joins(bob); bob.level(4); played.speaks(bob.sid)")
    page.evaluate("played.becomes('reconnecting', 53405)")
    page.wait_for_timeout(1_100)
    page.evaluate("stats(10); played.becomes('connected')")
    page.wait_for_timeout(1_100)
    page.evaluate("watcher.feedback({rating: 2, text: 'froze'}); played.becomes('disconnected', 53205)")
    until(lambda: len(watch.told("connection")) >= 5, "the end of the call")
    until(lambda: watch.told("feedback"), "feedback")

    first = watch.posts()[0]
    assert (first["room_sid"], first["room_name"], first["participant_sid"]) == (ROOM, "acme:class:1", ALICE)
    assert (first["identity"], first["sdk"]["version"]) == ("alice", "2.36.0")
    assert first["client"]["browser"].startswith("Chrome ")
    levels = [{"level": 2, "stats": stats}, {"level": 4, "stats": None, "subject": BOB}]
    assert watch.told("network_quality") == levels
    assert watch.told("speaker") == [{"subject": BOB}]
    assert watch.told("feedback") == [{"rating": 2, "text": "froze"}]
    assert watch.told("connection") == [
        {"state": "connected"},
        {"state": "connected", "subject": BOB},
        {"state": "reconnecting", "code": 53405},
        {"state": "reconnected"},
        {"state": "disconnected", "code": 53205},
    ]
    grown = next(each for each in watch.told("media_stats") if each["down"].get("freezes"))
    assert grown["down"]["bitrate_bps"] == pytest.approx(8_000_000_000 / grown["interval_ms"], rel=0.01)
    rest = {name: grown["down"][name] for name in ("loss_ratio", "jitter_ms", "fps", "width", "height", "freezes")}
    assert rest == {"loss_ratio": 0.01, "jitter_ms": 12, "fps": 24, "width": 640, "height": 480, "freezes": 10}


def test_a_tab_that_is_closed_with_data_pending_delivers_it(begin: Any) -> None:
    watch, page = begin(flushMs=60_000)
    context = page.context
    delivered = 0
    for number in range(10):
        tab = context.new_page()
        tab.goto(page.url)
        join(tab, watch)  # whose first post brings the token
        until(lambda: len(watch.told("connection")) > delivered, "the first post")  # noqa: B023 (called at once)
        tab.evaluate("text => watcher.feedback({text})", f"last word {number}")
        tab.close(run_before_unload=True)
        delivered = number + 1
    until(lambda: len(watch.texts()) >= 10, "ten last words")
    assert sorted(watch.texts()) == [f"last word {number}" for number in range(10)]


def test_a_daemon_that_was_away_misses_nothing_and_stores_nothing_twice(begin: Any) -> None:
    watch, page = begin()
    until(watch.posts, "the first post")
    watch.stop()
    for number in range(20):
        page.evaluate("text => watcher.feedback({text})", f"{number}")
        page.wait_for_timeout(50)
    page.reload()  # the script is in the browser's cache, and what waits in the tab's storage
    join(page, watch)
    page.evaluate("watcher.feedback({text: 'back'})")
    watch.start()
    until(lambda: len(watch.texts()) >= 21, "everything that was said")
    assert sorted(watch.texts()) == sorted([*(f"{number}" for number in range(20)), "back"])
    names = [(post["session"], post["seq"]) for post in watch.posts()]
    assert len(names) == len(set(names))


def test_429_is_honoured_across_origins_and_costs_nothing(begin: Any) -> None:
    watch, page = begin(telemetry={"posts_per_s": 0.5, "burst_posts": 1}, flushMs=50)
    asked: list[tuple[float, int, float]] = []

    def note(response: Any) -> None:
        if response.request.method == "POST":
            asked.append((time.monotonic(), response.status, float(response.headers.get("retry-after", 0))))

    page.on("response", note)
    for number in range(12):
        page.evaluate("text => watcher.feedback({text})", f"{number}")
        page.wait_for_timeout(200)
    for _ in range(150):
        if len(watch.texts()) == 12:
            break
        page.wait_for_timeout(100)
    assert sorted(watch.texts(), key=int) == [f"{number}" for number in range(12)]
    refused = [index for index, (_, status, _) in enumerate(asked) if status == HTTPStatus.TOO_MANY_REQUESTS]
    assert refused
    for index in refused:
        at, _, retry_after_s = asked[index]
        assert asked[index + 1][0] - at > retry_after_s - 0.2

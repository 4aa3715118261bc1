"""Somebody with a real browser: what they look at, what the browser complains of, and pictures of it.

Pictures are left in `build/e2e/`.
"""

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.e2e.tools import HANGS_AFTER_S, ROOT

PICTURES = ROOT / "build" / "e2e"
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
POLICY_WATCH = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
"""


class Visitor:
    """Somebody with a browser, and everything that the browser complained about or asked the network for."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context = context
        context.set_default_timeout(HANGS_AFTER_S * 1000)
        self.complaints: list[str] = []
        self.asked: set[str] = set()
        context.on("request", lambda request: self.asked.add(request.url))
        context.on("console", lambda message: self._hear(message.type, message.text, message.location["url"]))
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.add_init_script(POLICY_WATCH)
        self.page = context.new_page()
        self.answer = self.page.goto(address)

    def _hear(self, kind: str, text: str, url: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(f"{kind} at {urlsplit(url).path}: {text}")

    def ask(self, path: str, method: str = "GET", body: Any = None) -> Any:
        """Return what the API says to this visitor."""
        return told(self.page, path, method, body)

    def picture(self) -> dict[str, Any]:
        """Return what the daemon says is live."""
        return self.ask("/api/v1/live")

    def degraded(self) -> list[tuple[str, str]]:
        """Return room and identity of everybody at level 0 or 1."""
        return [
            (room["room_name"], person["identity"])
            for room in self.picture()["rooms"]
            for person in room["participants"]
            if person["level"] in (0, 1)
        ]


def told(page: Page, path: str, method: str = "GET", body: Any = None) -> Any:
    """Return what the daemon answers to whoever looks at this page."""
    asked = {"method": method, "headers": {"Content-Type": "application/json"}}
    if body is not None:
        asked["body"] = json.dumps(body)
    return json.loads(
        page.evaluate("([path, init]) => fetch(path, init).then((answer) => answer.text())", [path, asked])
    )


def until(page: Page, holds: Callable[[], Any], what: str, within_s: float = HANGS_AFTER_S) -> Any:
    """Return what holds, as soon as it does."""
    end_s = time.monotonic() + within_s
    while time.monotonic() < end_s:
        if answer := holds():
            return answer
        page.wait_for_timeout(250)  # unlike sleep, it lets the browser's events in
    return pytest.fail(f"expected {what} within {within_s} s")


def photograph(page: Page, name: str, *, full_page: bool = True) -> None:
    """Keep a picture of the page."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=full_page)

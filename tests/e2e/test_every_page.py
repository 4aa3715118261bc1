"""Every page that there is, on a screen and on a phone, in light and in dark: nobody has cause to complain.

The list is the registry of the front end, so a page that is added is walked as soon as it is there; one with a
parameter in its address needs a sample of it here.  Pictures of the pages are left in `build/e2e/`.
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.tools import ROOT, Demo
from tests.e2e.visitors import Visitor, photograph, until

pytestmark = pytest.mark.e2e

WEB = ROOT / "dashboards" / "web"
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
PATHS = re.findall(r'path: "([^"]+)"', (WEB / "src" / "frame" / "pages.tsx").read_text(encoding="utf-8"))
SCREEN, PHONE, NARROWEST = 1280, 390, 320
WELL = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
GRAVE = {"serious", "critical"}


class Walker(Visitor):
    """Somebody who walks from page to page."""

    def wait_for(self, find: Callable[[], Any], what: str) -> Any:
        """Return what is found, as soon as it is."""
        return until(self.page, find, what)

    def open(self, path: str, width: int) -> Page:
        """Open a page, and wait until it has got its answers."""
        self.complaints.clear()
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.goto(urlsplit(self.page.url)._replace(path=path, query="", fragment="").geturl())
        self.page.wait_for_selector("main :is(h2, h3)", state="attached")
        self.page.wait_for_selector("main .loading", state="detached")
        return self.page


@pytest.fixture(scope="module")
def visitor(browser: Browser, own_demo: Demo) -> Walker:
    context = browser.new_context(locale="en-GB", timezone_id="UTC")
    return Walker(context, own_demo.one_time_address())


# --- samples of what stands in addresses -----------------------------------------------------------------


def room(visitor: Walker) -> str:
    def found() -> str:
        rooms = visitor.ask("/api/v1/live")["rooms"]
        return next((each["room_sid"] for each in rooms if each["room_sid"] and each["participants"]), "")

    return visitor.wait_for(found, "a live room with somebody in it")


def incident(visitor: Walker) -> str:
    def found() -> str:
        return next((each["id"] for each in visitor.ask("/api/v1/incidents")["incidents"]), "")

    return visitor.wait_for(found, "an incident")


def token(visitor: Walker) -> str:
    made = visitor.ask(f"/api/v1/rooms/{room(visitor)}/shares", "POST", {})
    return str(made["token"])


SAMPLES: dict[str, Callable[[Walker], str]] = {"room": room, "incident": incident, "token": token}


@pytest.fixture(scope="module", params=PATHS)
def address(request: pytest.FixtureRequest, visitor: Walker) -> str:
    """The address of a page, with something that there is in place of its parameters."""
    return re.sub(r":(\w+)", lambda named: SAMPLES[named[1]](visitor), request.param)


def name_of(address: str) -> str:
    return address.strip("/").split("/")[0] + ("-one" if address.count("/") > 1 else "") or "live"


# --- the walk --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [SCREEN, PHONE, NARROWEST])
def test_a_page_does_not_scroll_sideways(visitor: Walker, address: str, width: int) -> None:
    page = visitor.open(address, width)
    photograph(page, f"page-{name_of(address)}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_page_breaks_no_policy_and_gives_the_browser_nothing_to_complain_of(visitor: Walker, address: str) -> None:
    page = visitor.open(address, SCREEN)
    page.wait_for_timeout(2500)  # the live picture is asked for every two seconds
    assert page.evaluate("window.violations") == []
    assert visitor.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [SCREEN, PHONE])
def test_everybody_can_read_a_page(visitor: Walker, address: str, width: int, scheme: Any) -> None:
    if not AXE.is_file():
        pytest.skip(f"expected {AXE.relative_to(ROOT)}, found none; `make e2e` installs it")
    visitor.page.emulate_media(color_scheme=scheme)
    page = visitor.open(address, width)
    page.evaluate(AXE.read_text(encoding="utf-8"))  # not by a script tag: the page's policy would refuse that
    found = page.evaluate("(tags) => axe.run(document, { runOnly: tags })", WELL)
    grave = {
        each["id"]: [node["html"][:160] for node in each["nodes"][:3]]
        for each in found["violations"]
        if each["impact"] in GRAVE
    }
    assert grave == {}


def test_a_page_is_reached_and_left_by_the_keyboard(visitor: Walker, address: str) -> None:
    page = visitor.open(address, SCREEN)
    reached = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))
    assert len(reached) > 3, "the keyboard is caught"


def test_nothing_was_asked_of_any_other_machine(visitor: Walker) -> None:
    hosts = {urlsplit(url).hostname for url in visitor.asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {"127.0.0.1"}

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

from tests.e2e.demos import Demo
from tests.e2e.tools import ROOT
from tests.e2e.visitors import Visitor, photograph, until

pytestmark = pytest.mark.e2e

WEB = ROOT / "dashboards" / "web"
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
PATHS = re.findall(r'path: "([^"]+)"', (WEB / "src" / "frame" / "pages.tsx").read_text(encoding="utf-8"))
SCREEN, PHONE, NARROWEST = 1280, 390, 320
WELL = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
OF_COLOURS = ["color-contrast", "link-in-text-block"]  # all that a theme can change
GRAVE = {"serious", "critical"}


class Walker(Visitor):
    """Somebody who walks from page to page."""

    def wait_for(self, find: Callable[[], Any], what: str) -> Any:
        """Return what is found, as soon as it is."""
        return until(self.page, find, what)

    def open(self, path: str, width: int) -> Page:
        """Open a page, and wait until it has got its answers."""
        self.page.set_viewport_size({"width": width, "height": 900})
        return self._go(self.page, path)

    def open_beside(self, path: str) -> Page:
        """Open a page in a tab of its own, and wait until it has got its answers."""
        page = self.context.new_page()
        page.set_viewport_size({"width": SCREEN, "height": 900})
        return self._go(page, path)

    def _go(self, page: Page, path: str) -> Page:
        page.goto(urlsplit(self.page.url)._replace(path=path, query="", fragment="").geturl())
        page.wait_for_selector("main :is(h2, h3)", state="attached")
        page.wait_for_selector("main .loading", state="detached")
        return page


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


def filled_in(path: str, visitor: Walker) -> str:
    """Return the address of a page, with something that there is in place of its parameters."""
    return re.sub(r":(\w+)", lambda named: SAMPLES[named[1]](visitor), path)


@pytest.fixture(scope="module", params=PATHS)
def address(request: pytest.FixtureRequest, visitor: Walker) -> str:
    return filled_in(request.param, visitor)


@pytest.fixture
def addresses(visitor: Walker) -> list[str]:
    """All of them."""
    return [filled_in(path, visitor) for path in PATHS]


def name_of(address: str) -> str:
    return address.strip("/").split("/")[0] + ("-one" if address.count("/") > 1 else "") or "live"


# --- the walk --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [SCREEN, PHONE, NARROWEST])
def test_a_page_does_not_scroll_sideways(visitor: Walker, address: str, width: int) -> None:
    page = visitor.open(address, width)
    photograph(page, f"page-{name_of(address)}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [SCREEN, PHONE])
def test_everybody_can_read_a_page(visitor: Walker, address: str, width: int) -> None:
    if not AXE.is_file():
        pytest.skip(f"expected {AXE.relative_to(ROOT)}, found none; `make e2e` installs it")
    visitor.page.emulate_media(color_scheme="light")
    page = visitor.open(address, width)
    page.evaluate(AXE.read_text(encoding="utf-8"))  # not by a script tag: the page's policy would refuse that
    assert grave(page, WELL) == {}
    page.emulate_media(color_scheme="dark")
    assert grave(page, OF_COLOURS) == {}, "in the dark"


def grave(page: Page, asked: list[str]) -> dict[str, list[str]]:
    """Return what keeps somebody from reading the page as it is now, with where it is."""
    found = page.evaluate("(asked) => axe.run(document, { runOnly: asked })", asked)
    return {
        each["id"]: [node["html"][:160] for node in each["nodes"][:3]]
        for each in found["violations"]
        if each["impact"] in GRAVE
    }


def test_a_page_is_reached_and_left_by_the_keyboard(visitor: Walker, address: str) -> None:
    page = visitor.open(address, SCREEN)
    reached = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))
    assert len(reached) > 3, "the keyboard is caught"


def test_no_page_breaks_a_policy_or_gives_the_browser_something_to_complain_of(
    visitor: Walker, addresses: list[str]
) -> None:
    visitor.complaints.clear()
    pages = {address: visitor.open_beside(address) for address in addresses}
    visitor.page.wait_for_timeout(2500)  # the live picture is asked for every two seconds
    violated = {address: page.evaluate("window.violations") for address, page in pages.items()}
    assert {address: found for address, found in violated.items() if found} == {}
    assert visitor.complaints == []
    for page in pages.values():
        page.close()


def test_nothing_was_asked_of_any_other_machine(visitor: Walker) -> None:
    hosts = {urlsplit(url).hostname for url in visitor.asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {"127.0.0.1"}

"""A person opens the pages of a demo, sees a call go bad, is told, and sees it mend.

The tests are one story in the order of this file; each also holds alone.  The demo's one bad uplink is bad from 5 s to
50 s after the start, and again every 105 s.  Pictures of the pages are left in `build/e2e/`.
"""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.demos import Demo
from tests.e2e.tools import HANGS_AFTER_S
from tests.e2e.visitors import Visitor, photograph, until

pytestmark = pytest.mark.e2e

CYCLE_S = 105
BAD_AGAIN_S = 5 + CYCLE_S  # by when the first time has been told, to its end


@pytest.fixture(scope="module")
def visitor(browser: Browser, demo: Demo) -> Visitor:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="UTC")
    return Visitor(context, demo.one_time_address())


def test_the_printed_address_opens_the_pages_once(visitor: Visitor, demo: Demo, browser: Browser) -> None:
    assert visitor.answer.status == 200
    assert urlsplit(visitor.page.url).path == "/"
    assert "token" not in visitor.page.url
    stranger = browser.new_context()
    assert stranger.new_page().goto(demo.one_time_address()).status == 401
    stranger.close()


def test_every_live_room_and_everybody_in_it_is_on_the_page(visitor: Visitor) -> None:
    rooms = until(visitor.page, lambda: [room for room in visitor.picture()["rooms"] if room["participants"]], "rooms")
    for room in rooms:
        expect(visitor.page.get_by_text(room["room_name"], exact=True).first).to_be_visible()
    for person in rooms[0]["participants"]:
        expect(visitor.page.get_by_text(person["identity"], exact=True).first).to_be_visible()


def test_somebody_in_trouble_is_seen(visitor: Visitor) -> None:
    room, identity = until(visitor.page, visitor.degraded, "somebody at level 0 or 1", CYCLE_S + HANGS_AFTER_S)[0]
    table = visitor.page.get_by_role("table", name=room)
    row = table.get_by_role("row").filter(has=visitor.page.get_by_text(identity, exact=True))
    expect(row.get_by_role("cell").first).to_have_text(re.compile(r"^\s*[01]\b"))
    photograph(visitor.page, "degraded")


def test_the_page_shows_what_the_receiver_was_told(visitor: Visitor, demo: Demo) -> None:
    told = until(
        visitor.page, lambda: demo.find(r"FIRING +ParticipantQualityDegraded"), "a page", CYCLE_S + HANGS_AFTER_S
    )
    assert told.after_s < BAD_AGAIN_S, demo.said()
    if demo.find("RESOLVED") is None:
        alert = visitor.page.get_by_role("listitem").filter(has_text=told.text.partition(": ")[2])
        expect(alert.filter(has_text="firing")).to_be_visible()
        photograph(visitor.page, "firing")


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_shows_rooms_and_alerts_and_does_not_scroll_sideways(visitor: Visitor, width: int) -> None:
    until(visitor.page, lambda: visitor.picture()["alerts"], "an alert", CYCLE_S + HANGS_AFTER_S)
    page = visitor.context.new_page()
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(visitor.page.url)
    seen = visitor.picture()
    expect(page.get_by_text(seen["rooms"][0]["room_name"], exact=True).first).to_be_visible()
    expect(page.get_by_text(seen["alerts"][0]["summary"]).first).to_be_visible()
    photograph(page, f"phone-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_the_end_is_told_and_shown(visitor: Visitor, demo: Demo) -> None:
    told = until(
        visitor.page,
        lambda: demo.find(r"RESOLVED +ParticipantQualityDegraded"),
        "the end of it",
        CYCLE_S + HANGS_AFTER_S,
    )
    assert told.after_s < BAD_AGAIN_S, demo.said()
    summary = told.text.partition(": ")[2]
    (resolved, *_) = (each for each in visitor.picture()["resolved"] if each["summary"] == summary)
    assert resolved["rule"] == "ParticipantQualityDegraded"
    expect(visitor.page.get_by_text(summary).first).to_be_visible()
    photograph(visitor.page, "resolved")


def test_nothing_was_asked_of_any_other_machine(visitor: Visitor) -> None:
    visitor.page.reload(wait_until="load")
    hosts = {urlsplit(url).hostname for url in visitor.asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {"127.0.0.1"}


def test_the_browser_had_nothing_to_complain_of(visitor: Visitor) -> None:
    assert visitor.page.evaluate("window.violations") == []
    assert visitor.complaints == []

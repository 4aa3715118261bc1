"""From a page at three in the morning to the offending participant in one link; and the same for a guest, redacted.

One demo of its own, since the address that it prints opens the pages once.  The demo's bad uplink is bad from 5 s to
50 s after the start.  What takes longer to come about than anybody waits is answered from `recorded_calls`.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.e2e import recorded_calls
from tests.e2e.demos import Demo
from tests.e2e.test_pages import CYCLE_S
from tests.e2e.tools import HANGS_AFTER_S
from tests.e2e.visitors import POLICY_WATCH, photograph, told, until

pytestmark = pytest.mark.e2e

HOURS, PEOPLE = 4, 50
MOST_ELEMENTS = 6_000  # points are pixels: as elements they would be half a million


@pytest.fixture(scope="module")
def visitor(browser: Browser, own_demo: Demo) -> Iterator[BrowserContext]:
    """Somebody who is logged in."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="UTC")
    context.add_init_script(POLICY_WATCH)
    context.new_page().goto(own_demo.one_time_address())
    yield context
    context.close()


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    page = visitor.new_page()
    yield page
    page.close()


Offender = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def offender(visitor: BrowserContext, own_demo: Demo) -> Offender:
    """A room of the demo, and the one in it who has been at level 0 or 1 for a while."""
    page = visitor.pages[0]
    assert page.evaluate("location.pathname") == "/"
    found = until(page, lambda: degraded(page), "somebody at level 0 or 1", CYCLE_S + HANGS_AFTER_S)
    until(page, lambda: own_demo.age_s > 45, "enough to judge by")
    return found


def degraded(page: Page) -> Offender | None:
    pairs = [(room, person) for room in told(page, "/api/v1/live")["rooms"] for person in room["participants"]]
    return next(((room, person) for room, person in pairs if person["level"] in (0, 1)), None)


def origin(page: Page) -> str:
    return page.evaluate("location.origin")


def address(visitor: BrowserContext, offender: Offender) -> str:
    room, person = offender
    since_ms = person["level_since_ms"]
    path = f"/rooms/{room['room_sid']}?at={since_ms}&participant={person['participant_sid']}"
    return origin(visitor.pages[0]) + path


def in_sight(page: Page, selector: str) -> bool:
    return page.evaluate(
        """(selector) => {
            const { top, bottom } = document.querySelector(selector).getBoundingClientRect();
            return top >= 0 && top < innerHeight && bottom > 0;
        }""",
        selector,
    )


def test_a_link_leads_to_the_moment_and_to_whom_it_names(
    visitor: BrowserContext, page: Page, offender: Offender
) -> None:
    _, person = offender
    page.goto(address(visitor, offender))
    lane = page.locator(".lane.is-marked")
    expect(lane.get_by_role("button", name=person["identity"])).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".marked-line")).to_be_visible()
    until(page, lambda: in_sight(page, ".lane.is-marked"), "the lane in sight")
    at = page.evaluate("(ms) => new Date(ms).toISOString().slice(11, 19)", person["level_since_ms"])
    expect(page.locator(".moment")).to_contain_text(at)
    expect(lane.get_by_role("group", name="What was measured")).to_contain_text("Loss up")
    photograph(page, "call-from-link", full_page=False)


def test_the_verdict_is_read_without_a_graph(visitor: BrowserContext, page: Page, offender: Offender) -> None:
    room, person = offender
    asked = visitor.pages[0], f"/api/v1/rooms/{room['room_sid']}/verdict"
    until(page, lambda: told(*asked).get("name") == person["identity"], "a verdict that names who is bad")
    page.goto(call_of(visitor, offender))
    section = page.get_by_role("region", name="Verdict")
    expect(section).to_contain_text(re.compile(rf"{person['identity']}'s \w+: "))
    expect(section).to_contain_text(re.compile(r"\d+ %: (\d+ facts speak|one fact speaks) for it"))
    expect(section.get_by_role("list", name="What says so").get_by_role("listitem").first).to_be_visible()
    expect(page.get_by_role("region", name="What happened").get_by_role("listitem").first).to_be_visible()
    photograph(page, "call", full_page=False)


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_shows_the_call_and_does_not_scroll_sideways(
    visitor: BrowserContext, page: Page, offender: Offender, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(address(visitor, offender))
    expect(page.locator(".lane.is-marked")).to_be_visible()
    until(page, lambda: in_sight(page, ".lane.is-marked"), "the lane in sight")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    photograph(page, f"call-phone-{width}", full_page=False)


def test_a_room_that_is_not_on_record_says_so_and_where_to_go(visitor: BrowserContext, page: Page) -> None:
    page.goto(f"{origin(visitor.pages[0])}/rooms/RM{0:032x}")
    expect(page.get_by_role("heading", name="No such call is on record")).to_be_visible()
    expect(page.get_by_role("link", name="Look for another call")).to_be_visible()
    photograph(page, "call-unknown", full_page=False)


def test_somebody_who_was_never_there_is_said_not_to_have_been(
    visitor: BrowserContext, page: Page, offender: Offender
) -> None:
    page.goto(f"{call_of(visitor, offender)}?participant=PA{0:032x}")
    expect(page.get_by_text("is known to have been in this call")).to_be_visible()


def test_a_shared_link_opens_without_a_login_and_names_nobody(
    visitor: BrowserContext, browser: Browser, offender: Offender
) -> None:
    room, _ = offender
    share = json.loads(
        visitor.pages[0].evaluate(
            """(room) => fetch(`/api/v1/rooms/${room}/shares`, {
                method: "POST", headers: { "Content-Type": "application/json" }, body: "{}",
            }).then((answer) => answer.text())""",
            room["room_sid"],
        )
    )
    guest = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="UTC")
    guest.add_init_script(POLICY_WATCH)
    asked: list[str] = []
    guest.on("request", lambda request: asked.append(request.url))
    page = guest.new_page()
    page.goto(f"{origin(visitor.pages[0])}/shared/{share['token']}")
    expect(page.get_by_role("button", name="participant 1", exact=True)).to_be_visible()
    expect(page.get_by_role("region", name="Verdict")).not_to_contain_text("Working it out")
    shown = page.content()
    names = [room["room_name"], room["room_sid"], *(person["identity"] for person in room["participants"])]
    assert [name for name in names if re.search(rf"\b{re.escape(name)}\b", shown)] == []
    assert [url for url in asked if "/api/" in url and "/api/v1/shared/" not in url] == []
    assert page.evaluate("window.violations") == []
    photograph(page, "call-shared", full_page=False)
    guest.close()


def test_a_link_that_is_over_says_so_and_asks_for_no_login(visitor: BrowserContext, browser: Browser) -> None:
    guest = browser.new_context()
    page = guest.new_page()
    page.goto(f"{origin(visitor.pages[0])}/shared/nothing-is-shared-by-this-token-any-more")
    expect(page.get_by_role("heading", name="This link shows nothing any more")).to_be_visible()
    guest.close()


def call_of(visitor: BrowserContext, offender: Offender) -> str:
    return address(visitor, offender).partition("?")[0]


def test_a_call_that_goes_on_is_told_by_a_stream(visitor: BrowserContext, page: Page, offender: Offender) -> None:
    with page.expect_request(re.compile(r"/stream\?step_ms=\d+&since=\d+")):
        page.goto(call_of(visitor, offender))
    expect(page.locator(".call-name").get_by_role("status")).to_have_text("live")


def test_where_nobody_streams_the_page_asks_again_and_says_so(
    visitor: BrowserContext, page: Page, offender: Offender
) -> None:
    page.route("**/stream?*", lambda route: route.fulfill(status=503, body=""))
    page.goto(call_of(visitor, offender))
    expect(page.locator(".call-name").get_by_role("status")).to_have_text("live, asked again every 10 s")
    with page.expect_request(re.compile(r"/lanes\?points=\d+$")):
        pass


def recorded(page: Page, people: int, minutes: int) -> None:
    """Have a call answered from what was made up, to somebody who may share it."""
    lanes = recorded_calls.lanes(people, minutes)
    answers = {
        "lanes": json.dumps(lanes),
        "story": json.dumps(recorded_calls.story(people, minutes)),
        "verdict": json.dumps(recorded_calls.verdict(minutes)),
    }
    session = {"name": "ann", "role": "operator", "expires_at_ms": None}

    def answer(route: Route) -> None:
        what = re.search(r"/(\w+)(\?|$)", route.request.url)[1]
        route.fulfill(body=answers[what], content_type="application/json")

    page.route(re.compile(r"/api/v1/rooms/RM0+/(lanes|story|verdict)"), answer)
    page.route("**/api/v1/session", lambda route: route.fulfill(json=session))
    page.route("**/api/v1/shares*", lambda route: route.fulfill(json={"shares": []}))


@pytest.fixture
def long_call(visitor: BrowserContext, page: Page) -> Page:
    """A page that shows a call of many people for hours."""
    recorded(page, PEOPLE, HOURS * 60)
    page.goto(f"{origin(visitor.pages[0])}/rooms/RM{0:032x}")
    expect(page.locator(".lane")).to_have_count(PEOPLE)
    return page


def test_fifty_people_for_four_hours_are_pixels_and_not_elements(long_call: Page) -> None:
    assert long_call.evaluate("document.querySelectorAll('*').length") < MOST_ELEMENTS
    photograph(long_call, "call-long", full_page=False)


def drawn(page: Page) -> str:
    """Return the picture of the first lane."""
    return page.evaluate("document.querySelector('.lane canvas').toDataURL()")


def test_the_axis_obeys_the_keys(long_call: Page) -> None:
    scale = long_call.get_by_role("slider", name="Moment of the call")
    scale.focus()
    before, whole = scale.get_attribute("aria-valuetext"), drawn(long_call)
    long_call.keyboard.press("ArrowRight")
    expect(scale).not_to_have_attribute("aria-valuetext", before)
    long_call.keyboard.press("+")
    until(long_call, lambda: drawn(long_call) != whole, "a closer look")
    long_call.keyboard.press("0")
    until(long_call, lambda: drawn(long_call) == whole, "the whole call")
    long_call.keyboard.press("Enter")
    expect(long_call).to_have_url(re.compile(r"at=\d{13}"))


def test_what_is_drawn_with_the_pointer_is_looked_at_closely(long_call: Page) -> None:
    plot = long_call.locator(".lane canvas").first
    plot.scroll_into_view_if_needed()
    box, whole = plot.bounding_box(), drawn(long_call)
    y = box["y"] + box["height"] / 2
    long_call.mouse.move(box["x"] + box["width"] * 0.35, y)
    long_call.mouse.down()
    long_call.mouse.move(box["x"] + box["width"] * 0.5, y, steps=4)
    long_call.mouse.up()
    until(long_call, lambda: drawn(long_call) != whole, "a closer look")
    expect(long_call.get_by_role("button", name="Whole call")).to_be_enabled()
    expect(long_call.get_by_role("button", name=re.compile("^Judge only"))).to_be_visible()
    photograph(long_call, "call-closer", full_page=False)


def test_two_people_stand_side_by_side(visitor: BrowserContext, page: Page) -> None:
    recorded(page, 8, 60)
    one, other = recorded_calls.sid(0), recorded_calls.sid(1)
    page.goto(f"{origin(visitor.pages[0])}/rooms/RM{0:032x}?participant={one}&and={other}")
    compared = page.get_by_role("group", name="alice beside bruno.costa", exact=True)
    expect(compared.get_by_text("at worst").first).to_be_visible()
    expect(compared.locator(".multiple").first.locator(".figure")).to_have_count(2)
    photograph(page, "call-compared", full_page=False)


def test_the_story_can_be_of_one_person_and_of_trouble_alone(visitor: BrowserContext, page: Page) -> None:
    recorded(page, 8, 60)
    page.goto(f"{origin(visitor.pages[0])}/rooms/RM{0:032x}")
    story = page.get_by_role("region", name="What happened")
    story.get_by_label("of").select_option("bruno.costa")
    story.get_by_label("only trouble").check()
    expect(story.get_by_role("listitem")).to_have_count(1)
    expect(story.get_by_role("listitem")).to_contain_text("Media connection failed (53405)")


def test_what_is_not_known_is_said_with_how_to_get_it(visitor: BrowserContext, page: Page) -> None:
    recorded(page, 8, 60)
    page.goto(f"{origin(visitor.pages[0])}/rooms/RM{0:032x}")
    gaps = page.get_by_role("region", name="What is not known")
    expect(gaps).to_contain_text("Nothing is known of how hugo fared")
    expect(gaps).to_contain_text("Add the browser SDK")


def test_only_whoever_may_share_is_offered_it(visitor: BrowserContext, page: Page) -> None:
    recorded(page, 8, 60)
    page.goto(f"{origin(visitor.pages[0])}/rooms/RM{0:032x}")
    page.get_by_role("button", name="Share").click()
    dialog = page.get_by_role("dialog", name="Share this call")
    expect(dialog).to_contain_text("Nobody is named in it")
    photograph(page, "call-share", full_page=False)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    viewer = {"name": "bo", "role": "viewer", "expires_at_ms": None}
    page.route("**/api/v1/session", lambda route: route.fulfill(json=viewer))
    page.reload()
    expect(page.locator(".lane").first).to_be_visible()
    expect(page.get_by_role("button", name="Share")).to_have_count(0)


def test_the_page_broke_no_policy(long_call: Page) -> None:
    assert long_call.evaluate("window.violations") == []

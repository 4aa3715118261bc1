"""Somebody is paged, opens the incident, takes it, silences it, asks why, and sees what was sent.

The tests are one story in the order of this file, in a demo of their own: what is silenced here is not told elsewhere.
Whatever they wait for comes again with the demo's bad uplink, every 105 s.
"""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e import tools
from tests.e2e.demos import Demo
from tests.e2e.test_pages import CYCLE_S
from tests.e2e.visitors import Visitor, photograph

pytestmark = pytest.mark.e2e

CYCLE_MS = (CYCLE_S + tools.HANGS_AFTER_S) * 1000
PAGES = ("incidents", "silences", "notifications", "explain")


@pytest.fixture(scope="module")
def visitor(browser: Browser, own_demo: Demo) -> Visitor:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="Europe/Berlin")
    return Visitor(context, own_demo.one_time_address())


@pytest.fixture
def page(visitor: Visitor) -> Page:
    return visitor.page


@pytest.fixture
def incident(page: Page, own_demo: Demo) -> str:
    """The address of the latest incident, waiting until there is one."""
    page.goto(f"{own_demo.private}/incidents")
    link = page.locator("main a[href^='/incidents/']").first
    expect(link).to_be_visible(timeout=CYCLE_MS)
    return f"{own_demo.private}{link.get_attribute('href')}"


def go(page: Page, demo: Demo, path: str) -> None:
    page.goto(f"{demo.private}/{path}")
    expect(page.get_by_role("heading", level=2)).to_be_visible()


def section(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def test_before_anything_fires_the_pages_say_so_and_what_one_can_do(page: Page, own_demo: Demo) -> None:
    for path, words in (
        ("incidents", re.compile("Nothing fires|alert fires")),
        ("silences", "No silence is active"),
        ("notifications", "Nothing was given up."),
        ("explain", "Say in which call it was and when"),
    ):
        go(page, own_demo, path)
        expect(page.get_by_text(words).first).to_be_visible()


def test_an_incident_is_opened_from_the_list_and_says_what_fired_and_whose_fault_it_was(
    page: Page, own_demo: Demo
) -> None:
    go(page, own_demo, "incidents")
    bad = section(page, "Open").get_by_role("link", name=re.compile("has a bad connection"))
    expect(bad).to_be_visible(timeout=CYCLE_MS)
    photograph(page, "incidents")
    bad.click()
    evidence = section(page, "What fired").get_by_role("listitem").first
    expect(evidence).to_contain_text("has a bad connection")
    call = evidence.get_by_role("link", name=re.compile("Open the call"))
    assert re.fullmatch(r"/rooms/RM\w{32}\?at=\d+&participant=PA\w{32}", call.get_attribute("href"))
    expect(section(page, "Verdict").get_by_role("link", name="See the numbers in the call")).to_be_visible()
    expect(section(page, "Notifications").get_by_text("answered 204 No Content").first).to_be_visible()


def test_it_is_acknowledged_with_a_note_by_the_keyboard_alone(page: Page, own_demo: Demo) -> None:
    go(page, own_demo, "incidents?state=open")
    open_one = section(page, "Open").get_by_role("listitem").filter(has_text="nobody").get_by_role("link").first
    expect(open_one).to_be_visible(timeout=CYCLE_MS)
    open_one.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Acknowledge").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Look after this incident")
    expect(dialog.get_by_label("Who you are")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("ana")
    page.keyboard.press("Tab")
    page.keyboard.type("their Wi-Fi, I called them")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Acknowledged. Everybody who was told hears of it.")).to_be_focused()
    expect(page.get_by_role("button", name="Give back")).to_be_visible()
    expect(section(page, "Timeline")).to_contain_text("acknowledged by ana")
    expect(section(page, "Timeline")).to_contain_text("their Wi-Fi, I called them")
    photograph(page, "incident")


def test_a_silence_shows_what_it_would_mute_and_then_mutes_it(page: Page, incident: str) -> None:
    page.goto(incident)
    page.goto(re.sub("/incidents/.*", "/silences?new=1&matchers=", page.url) + "alertname%3D~%22.%2B%22")
    form = section(page, "A new silence")
    expect(form.get_by_label("Value")).to_have_value(".+")
    expect(form.get_by_text(re.compile(r"\d alerts? that fires? now would be muted"))).to_be_visible(timeout=CYCLE_MS)
    form.get_by_role("button", name="Silence", exact=True).click()
    expect(form.get_by_label("Reason")).to_be_focused()
    expect(form.get_by_text("Why? A ticket, or what is being worked on.")).to_be_visible()
    form.get_by_label("Reason").fill("network work")
    form.get_by_label("Lasts").fill("ninety minutes")
    form.get_by_role("button", name="Silence", exact=True).click()
    expect(form.get_by_label("Lasts")).to_be_focused()
    form.get_by_label("Lasts").fill("90 min")
    photograph(page, "silence-form")
    form.get_by_role("button", name="Silence", exact=True).click()
    silence = page.get_by_role("list", name="Active silences").get_by_role("listitem")
    expect(silence).to_contain_text("network work")
    expect(silence).to_contain_text(re.compile(r"mutes \d alerts? now"), timeout=CYCLE_MS)
    photograph(page, "silences")


def test_a_matcher_that_cannot_be_understood_is_told_beside_the_field(page: Page, own_demo: Demo) -> None:
    go(page, own_demo, "silences?new=1")
    page.get_by_label("Label", exact=True).fill("room_name")
    page.get_by_label("How it compares").select_option("=~")
    page.get_by_label("Value").fill("(a+)+")
    expect(page.locator("#matchers-error")).to_contain_text("matchers[0]")
    page.get_by_role("button", name="Leave it").click()
    expect(page.get_by_role("button", name="New silence")).to_be_focused()


def test_a_silence_is_expired_and_stays_on_record(page: Page, own_demo: Demo) -> None:
    go(page, own_demo, "silences")
    page.get_by_role("list", name="Active silences").get_by_role("button", name="Expire").click()
    page.get_by_role("dialog").get_by_role("button", name="Expire").click()
    expect(page.get_by_text("The silence has ended.")).to_be_focused()
    expect(page.get_by_text("No silence is active")).to_be_visible()
    page.get_by_role("button", name="Show them").click()
    expired = page.get_by_role("list", name="Expired silences").get_by_role("listitem")
    expect(expired).to_contain_text("network work")
    expect(expired).to_contain_text("ended by")


def test_why_it_fired_is_told_in_dated_sentences_on_the_readers_clock(page: Page, incident: str) -> None:
    page.goto(incident)
    page.get_by_role("link", name="Explain this").first.click()
    answer = page.locator(".explanation")
    expect(answer).to_contain_text(re.compile("it was (firing|pending)|it did not fire", re.IGNORECASE))
    expect(answer.get_by_role("list", name="What happened").get_by_role("listitem").first).to_be_visible()
    expect(answer.get_by_role("link", name=re.compile("^i1-")).first).to_be_visible()
    assert "UTC" not in answer.inner_text()
    photograph(page, "explain")


def test_what_cannot_be_explained_is_told_beside_its_field(page: Page, own_demo: Demo) -> None:
    go(page, own_demo, "explain")
    page.get_by_label("Call").fill("no such room")
    page.get_by_role("button", name="Explain").click()
    expect(page.locator("#explain-room-error")).to_contain_text("expected the SID or name of a room on record")


def test_a_notification_is_found_with_the_attempt_at_it(page: Page, incident: str, own_demo: Demo) -> None:
    go(page, own_demo, "notifications")
    told = section(page, "Who was told what")
    told.get_by_label("Receiver").select_option("terminal")
    told.get_by_label("State").select_option("delivered")
    expect(page).to_have_url(re.compile(r"receiver=terminal&state=delivered"))
    told.get_by_text("Attempts").first.click()
    expect(told.get_by_text("answered 204 No Content").first).to_be_visible()
    photograph(page, "notifications")
    told.get_by_label("State").select_option("dead")
    expect(told.get_by_text("No notification is like that.")).to_be_visible()


def test_a_receiver_is_tried_out(page: Page, own_demo: Demo) -> None:
    go(page, own_demo, "notifications")
    expect(page.get_by_role("row").filter(has_text="terminal")).to_contain_text("webhook")
    page.get_by_role("button", name="Test terminal").click()
    page.get_by_role("button", name="Send the test").click()
    expect(page.get_by_role("dialog").get_by_text("it is over: delivered")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Test terminal")).to_be_focused()


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_none_of_it_scrolls_sideways(page: Page, incident: str, own_demo: Demo, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    addresses = [incident, *(f"{own_demo.private}/{path}" for path in (*PAGES, "silences?new=1"))]
    for address in addresses:
        page.goto(address)
        expect(page.get_by_role("heading", level=2)).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
    page.set_viewport_size({"width": 1280, "height": 900})


def test_the_browser_found_nothing_wrong_with_the_pages_of_alerting(visitor: Visitor) -> None:
    assert visitor.page.evaluate("window.violations") == []
    asked_in_vain = ("400 (Bad Request)", "404 (Not Found)")  # what tests above wanted to see refused
    assert [each for each in visitor.complaints if not each.strip().endswith(asked_in_vain)] == []

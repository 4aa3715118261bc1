"""Somebody logs in with a real browser, and pages on other sites try to do so in their name.

Pictures of the form are left in `build/e2e/`.
"""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, BrowserContext, Page

from tests.conftest import Running, Start
from tests.e2e.visitors import PICTURES, POLICY_WATCH

pytestmark = pytest.mark.e2e

ANN = "the-token-of-ann-herself"
ELSEWHERE = """<!doctype html><title>elsewhere</title>
<form id="out" method="post" action="{url}/logout"></form>
<form id="silence" method="post" action="{url}/api/v1/silences" enctype="text/plain">
<input name='{{"matchers": "a=b", "reason": "' value='", "lasts": "1h"}}'></form>"""


@pytest.fixture
async def running(start: Start) -> Running:
    return await start(private={"port": 0, "tokens": {"ann": {"role": "operator", "token": ANN}}})


async def logged_in(context: BrowserContext, url: str) -> Page:
    page = await context.new_page()
    await page.goto(url)
    await page.get_by_label("Access token").fill(ANN)
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_load_state()
    return page


async def role(context: BrowserContext, running: Running) -> str | None:
    """Return the role of whoever the browser is logged in as, by its cookies."""
    answer = await context.request.get(running.private + "/api/v1/session")
    role: str | None = (await answer.json()).get("role")
    return role


async def test_a_link_is_followed_by_way_of_the_form(async_browser: Browser, running: Running) -> None:
    context = await async_browser.new_context()
    page = await logged_in(context, f"{running.private}/?at=1763690000123&participant=PA%201")
    assert page.url == f"{running.private}/?at=1763690000123&participant=PA%201"
    assert await role(context, running) == "operator"


async def test_who_logs_out_on_a_page_lands_at_the_form(async_browser: Browser, running: Running) -> None:
    context = await async_browser.new_context()
    page = await logged_in(context, running.private + "/")
    await page.evaluate(
        "document.body.append(Object.assign(document.createElement('form'), {method: 'post', action: '/logout'}))"
    )
    async with page.expect_navigation():
        await page.evaluate("document.forms[0].submit()")
    assert page.url == f"{running.private}/login"
    assert await role(context, running) is None


@pytest.mark.parametrize(("host", "what"), [("localhost", "another site"), ("127.0.0.1", "another port of ours")])
async def test_a_page_elsewhere_does_nothing_in_ones_name(
    async_browser: Browser, running: Running, host: str, what: str
) -> None:
    context = await async_browser.new_context()
    await logged_in(context, running.private + "/")

    async def page_elsewhere(_: web.Request) -> web.Response:
        return web.Response(text=ELSEWHERE.format(url=running.private), content_type="text/html")

    site = web.Application()  # not a listener of ours: its pages' policy lets no form lead anywhere else
    site.add_routes([web.get("/", page_elsewhere)])
    async with TestServer(site) as elsewhere:
        page = await context.new_page()
        for form in ("out", "silence"):
            await page.goto(f"http://{host}:{elsewhere.port}/")
            async with page.expect_navigation() as navigation:
                await page.evaluate("form => document.getElementById(form).submit()", form)
            answer = await navigation.value
            assert answer is not None
            assert answer.status in (401, 403), f"{form} from {what}"  # 401: the cookie did not even come along
        assert await role(context, running) == "operator"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
async def test_the_form_asks_for_nothing_but_itself(
    async_browser: Browser, running: Running, scheme: str, width: int
) -> None:
    context = await async_browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme="dark" if scheme == "dark" else "light"
    )
    await context.add_init_script(POLICY_WATCH)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = await context.new_page()
    await page.goto(running.private + "/")
    assert [url for url in asked if not url.startswith("data:")] == [running.private + "/"]
    assert await page.evaluate("window.violations") == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    PICTURES.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=PICTURES / f"login-{scheme}-{width}.png")

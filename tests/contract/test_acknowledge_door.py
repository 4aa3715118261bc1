"""What the link in a notification leads to, over real HTTP: whom it lets in, and what it shows to whom."""

import asyncio
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.conftest import Running, Start
from tests.paged import AT_ONCE, ladder, opened, people, the_group

SCRIPT = "<script>alert(1)</script>"


class Linked:
    """A daemon with an open incident, and the link that somebody was sent."""

    def __init__(self, running: Running, link: str) -> None:
        self.running = running
        self.form = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
        self.headers: Any = None

    async def look(self, **changes: str) -> tuple[int, str]:
        """Follow the link."""
        url = f"{self.running.public}/acknowledge"
        async with self.running.http.get(url, params={**self.form, **changes}) as page:
            self.headers = page.headers
            return page.status, await page.text()

    async def press(self, **changes: str) -> tuple[int, str]:
        """Press the button of the page."""
        url = f"{self.running.public}/acknowledge"
        async with self.running.http.post(url, data={**self.form, **changes}) as page:
            return page.status, await page.text()


@pytest.fixture
async def linked(start: Start) -> AsyncIterator[Linked]:
    rule = {**AT_ONCE, "summary": f"{{identity}} {SCRIPT} is badly connected."}
    async with people() as them:
        running = await start(**ladder(("0s", "first"), receivers=them.receivers("first"), rules=[rule]))
        await opened(running)
        async with asyncio.timeout(30):
            while not them.messages:
                await asyncio.sleep(0.01)
        yield Linked(running, them.messages[0]["links"]["acknowledge"])


async def test_the_page_shows_what_is_wrong_and_asks(linked: Linked) -> None:
    status, page = await linked.look()
    assert status == 200
    assert "critical: alice" in page
    assert '<form method="post" action="acknowledge">' in page
    assert the_group(linked.running).acknowledged_by == ""


async def test_the_page_loads_nothing_runs_nothing_and_is_kept_nowhere(linked: Linked) -> None:
    _, page = await linked.look()
    policy = linked.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    [style] = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert b64encode(sha256(style.encode()).digest()).decode() in policy
    assert "script-src" not in policy
    assert (linked.headers["Referrer-Policy"], linked.headers["Cache-Control"]) == ("no-referrer", "no-store")
    assert not re.search(r"""(?:src|href)=|url\(|@import""", page)
    assert SCRIPT not in page
    assert "&lt;script&gt;" in page


@pytest.mark.promise("P36")
async def test_the_button_acknowledges_and_says_so(linked: Linked) -> None:
    status, page = await linked.press(by=f" Ann {SCRIPT}\u202e ")
    assert status == 200
    assert "Acknowledged by Ann &lt;script&gt;" in page
    assert the_group(linked.running).acknowledged_by == f"Ann {SCRIPT}"
    assert "looks after it." in (await linked.look())[1]
    assert "Acknowledged by Bob" in (await linked.press(by="Bob"))[1]


async def test_who_does_not_say_their_name_is_somebody(linked: Linked) -> None:
    assert "Acknowledged by somebody." in (await linked.press())[1]


@pytest.mark.parametrize(
    "changes",
    [
        {"token": ""},
        {"token": "A" * 22},
        {"token": "ü"},
        {"token": "A" * 3000},
        {"incident": "i1-0000000000000000"},
        {"incident": ""},
        {"incident": "\udcff".encode("utf-8", "surrogatepass").decode("latin-1")},
    ],
)
async def test_a_link_that_is_not_ours_shows_nothing(linked: Linked, changes: dict[str, str]) -> None:
    for said in (await linked.look(**changes), await linked.press(**changes)):
        assert said[0] == 404
        assert "alice" not in said[1]
    assert the_group(linked.running).acknowledged_by == ""


async def test_who_guesses_is_told_to_stop_and_a_right_link_still_works(linked: Linked) -> None:
    answers = [(await linked.look(token=f"{number:022}"))[0] for number in range(12)]
    assert answers == [404] * 10 + [429] * 2
    assert int(linked.headers["Retry-After"]) > 0
    assert (await linked.look())[0] == 200


async def test_a_form_that_is_none_or_too_much_is_refused(linked: Linked) -> None:
    url = f"{linked.running.public}/acknowledge"
    for body, status in ((b"\xff", 400), (b"&".join(b"a=1" for _ in range(50)), 400), (b"a" * 5000, 413)):
        async with linked.running.http.post(url, data=body) as page:
            assert page.status == status


async def test_where_nobody_else_reaches_us_there_is_no_link(start: Start) -> None:
    async with people() as them:
        given = ladder(("0s", "first"), receivers=them.receivers("first"))
        running = await start(**given, public={"port": 0, "url": "http://127.0.0.1:8470"})
        await opened(running)
        async with asyncio.timeout(30):
            while not them.messages:
                await asyncio.sleep(0.01)
    assert them.messages[0]["links"] == {}

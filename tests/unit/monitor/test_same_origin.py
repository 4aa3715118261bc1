"""Which requests a page on another site may have had a browser send."""

import pytest

from monitor.http.same_origin import came_from_us, is_declared

HOST = {"Host": "127.0.0.1:8471"}
URL = "https://watch.example.com"


@pytest.mark.parametrize(
    ("site", "ours"), [("same-origin", True), ("none", True), ("same-site", False), ("cross-site", False), ("", False)]
)
def test_a_browser_that_says_from_which_site_is_believed(site: str, ours: bool) -> None:
    assert came_from_us({**HOST, "Sec-Fetch-Site": site, "Origin": "http://127.0.0.1:8471"}, "") is ours


@pytest.mark.parametrize(
    ("origin", "url", "ours"),
    [
        ("http://127.0.0.1:8471", "", True),
        ("http://127.0.0.1:9999", "", False),
        ("https://evil.example", "", False),
        ("https://watch.example.com", URL, True),
        ("https://watch.example.com", f"{URL}/pages", True),
        ("https://watch.example.com.evil.example", URL, False),
        ("null", "", False),
        ("", "", False),
        ("http://[", "", False),
    ],
)
def test_an_old_browser_says_at_least_the_origin(origin: str, url: str, ours: bool) -> None:
    assert came_from_us({**HOST, "Origin": origin}, url) is ours


def test_what_says_neither_is_not_known() -> None:
    assert came_from_us(HOST, URL) is None


@pytest.mark.parametrize(
    ("headers", "declared"),
    [
        ({"Content-Type": "application/json"}, True),
        ({"Content-Type": "Application/JSON; charset=utf-8"}, True),
        ({"X-Requested-With": "fetch"}, True),
        ({"Content-Type": "text/plain"}, False),
        ({"Content-Type": "application/x-www-form-urlencoded; application/json"}, False),
        ({}, False),
    ],
)
def test_a_form_elsewhere_cannot_send_json_nor_a_header_of_its_own(headers: dict[str, str], declared: bool) -> None:
    assert is_declared(headers) is declared

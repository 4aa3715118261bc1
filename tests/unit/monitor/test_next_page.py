"""Where one lands after a login: never anywhere else than here."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.http.next_page import LONGEST, own_path


@pytest.mark.parametrize(
    "path", ["/", "/rooms", "/rooms/RM1?at=1763690000123&participant=PA1", "/explain?room=a%2Fb&next=//x", "/a:b"]
)
def test_a_path_of_ours_is_kept_with_its_query(path: str) -> None:
    assert own_path(path) == path


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/rooms\r\nSet-Cookie: a=b",
        "/rooms/..//evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "evil.example",
        " /rooms",
        "/r\u00f6\u00f6ms",
        "/" + "a" * LONGEST,
        "",
        None,
        7,
    ],
)
def test_anything_else_leads_to_the_first_page(elsewhere: object) -> None:
    assert own_path(elsewhere) == "/"


@given(st.text(alphabet="/\\.:@?#%a\t\n \x00é", max_size=12))
def test_nothing_leads_to_another_host(text: str) -> None:
    landed = urlsplit(urljoin("http://here.example/login", own_path(text)))
    assert (landed.scheme, landed.netloc) == ("http", "here.example")

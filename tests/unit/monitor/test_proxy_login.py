"""Who is let in by the word of a proxy, and as what."""

from collections.abc import Sequence

import pytest

from monitor.http.proxy_login import Headers, Known, Map, NotBelieved, NotWelcome
from monitor.roles import Role

USER, EMAIL, GROUPS = "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups"


def mapped(default: Role | None = None) -> Map:
    users = {"ann@example.com": Role.ADMIN, "u-17": Role.OPERATOR}
    return Map(USER, EMAIL, GROUPS, default, users, {"support": Role.OPERATOR, "sre team": Role.ADMIN})


def saying(**said: str | Sequence[str]) -> Headers:
    by_name = {"user": USER, "email": EMAIL, "groups": GROUPS}
    lines = {by_name[key]: [value] if isinstance(value, str) else value for key, value in said.items()}
    return lambda name: lines.get(name, ())


@pytest.mark.parametrize(
    ("headers", "known"),
    [
        (saying(user="u-1", email="ann@example.com"), Known("ann@example.com", Role.ADMIN)),
        (saying(user="u-17"), Known("u-17", Role.OPERATOR)),
        (saying(user="u-2", groups="all, support"), Known("u-2", Role.OPERATOR)),
        (saying(user="u-2", groups=["support", "sre team"]), Known("u-2", Role.ADMIN)),
        (saying(user="u-17", groups="sre team"), Known("u-17", Role.ADMIN)),
    ],
)
def test_the_highest_role_of_somebody_and_their_groups_counts(headers: Headers, known: Known) -> None:
    assert mapped().known(headers, is_trusted=True) == known


def test_who_has_no_role_has_the_default_or_is_not_let_in() -> None:
    assert mapped(Role.VIEWER).known(saying(user="new"), is_trusted=True) == Known("new", Role.VIEWER)
    with pytest.raises(NotWelcome, match="new: expected somebody with a role"):
        mapped().known(saying(user="new", groups="SUPPORT"), is_trusted=True)


def test_what_no_proxy_of_ours_says_is_not_believed() -> None:
    with pytest.raises(NotBelieved, match="counts only from"):
        mapped().known(saying(user="u-17"), is_trusted=False)


def test_a_header_that_comes_twice_names_nobody() -> None:
    with pytest.raises(NotWelcome, match="expected it once, got it 2 times"):
        mapped().known(saying(user=["eve", "u-17"]), is_trusted=True)


@pytest.mark.parametrize("headers", [saying(), saying(user=""), saying(user=" "), saying(email="ann@example.com")])
def test_without_a_user_nobody_is_named(headers: Headers) -> None:
    assert mapped(Role.VIEWER).known(headers, is_trusted=True) is None


def test_a_name_is_shown_on_one_line() -> None:
    known = mapped(Role.VIEWER).known(saying(user="eve\x1b[2J\nroot" + "x" * 200), is_trusted=True)
    assert known is not None
    assert known.name.isprintable()
    assert len(known.name) == 100

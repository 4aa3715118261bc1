"""Which role a route needs, and which roles cover which."""

import pytest

from monitor.http.permissions import NEEDED, is_listed, is_open, needed_role
from monitor.roles import Role, highest

VIEWER, OPERATOR, ADMIN = Role


@pytest.mark.parametrize("role", Role)
def test_a_role_covers_itself_and_those_below(role: Role) -> None:
    below = {VIEWER: {VIEWER}, OPERATOR: {VIEWER, OPERATOR}, ADMIN: set(Role)}
    assert {each for each in Role if role.covers(each)} == below[role]


def test_the_highest_of_no_roles_is_none() -> None:
    assert highest([]) is None
    assert highest([VIEWER, ADMIN, OPERATOR]) is ADMIN


def test_a_route_that_nobody_thought_of_needs_an_admin() -> None:
    assert needed_role("GET", "/api/v1/something-new") is ADMIN
    assert not is_listed("GET", "/api/v1/something-new")
    assert not is_open("GET", "/api/v1/something-new")


def test_asking_for_the_head_needs_what_asking_for_all_needs() -> None:
    assert needed_role("HEAD", "/api/v1/live") is VIEWER


@pytest.mark.parametrize("path", ["/app.js", "/app.css", "/chunk-B4A.js"])
def test_what_the_front_end_was_built_into_is_for_viewers(path: str) -> None:
    assert needed_role("GET", path) is VIEWER


@pytest.mark.parametrize("path", ["/api/v1/new.json", "/a/b.js", "/-/secrets", "/.."])
def test_nothing_else_passes_for_a_built_file(path: str) -> None:
    assert needed_role("GET", path) is ADMIN


def test_what_changes_something_needs_more_than_a_viewer() -> None:
    reading = {"POST /logout", "POST /api/v1/silences/preview"}
    for key, role in NEEDED.items():
        if not key.startswith("GET ") and key not in reading:
            assert role is not VIEWER, key

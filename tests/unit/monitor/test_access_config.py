"""What may be configured about who gets in by the private door."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from monitor.config import ProblemsFound, build
from monitor.config_warnings import warnings_about
from monitor.roles import Role
from tests.conftest import settings

EXAMPLE = (Path(__file__).parents[3] / "config.example.toml").read_text(encoding="utf-8")
ANN = {"role": "operator", "token": "the-token-of-ann-herself"}
PROXY = {"trusted_proxies": ["10.0.0.0/8"]}


def complaint(**private: Any) -> str:
    with pytest.raises(ProblemsFound) as caught:
        build(settings(private=private))
    return str(caught.value)


@pytest.mark.parametrize(
    ("private", "expected"),
    [
        ({"tokens": {"ann": {"role": "boss", "token": "x" * 16}}}, "private.tokens.ann.role: expected to be 'viewer'"),
        ({"tokens": {"ann": {"role": "viewer", "token": "short"}}}, "private.tokens.ann.token: "),
        ({"tokens": {"ann": {"token": "x" * 16}}}, "private.tokens.ann.role: expected a value, got nothing"),
        ({"tokens": {"a b": ANN}}, "private.tokens.a b"),
        ({"tokens": {"ann": ANN, "ben": ANN}}, "tokens.ben.token: expected a token of its own, got that of tokens.ann"),
        ({"tokens": {"ann": ANN}, "access_token": ANN["token"]}, "got that of access_token again"),
        ({"proxy_login": {"default_role": "viewer"}}, "trusted_proxies: expected the networks of the proxy"),
        ({"proxy_login": {"default_role": "viewer"}, "trusted_proxies": ["0.0.0.0/0"]}, "got the whole Internet"),
        ({**PROXY, "proxy_login": {}}, "default_role: expected a role, or users, or groups, got none"),
        ({**PROXY, "proxy_login": {"groups": {"a": "admin"}}}, "groups_header: expected the header"),
        ({**PROXY, "proxy_login": {"user_header": "X User", "default_role": "viewer"}}, "proxy_login.user_header: "),
        ({"host": "0.0.0.0"}, "host: expected a loopback address or an access_token, tokens or proxy_login"),
    ],
)
def test_what_cannot_be_meant_is_said(private: dict[str, Any], expected: str) -> None:
    said = complaint(**private)
    assert expected in said
    assert ANN["token"] not in said


@pytest.mark.parametrize(
    "private",
    [{"tokens": {"ann": ANN}}, {**PROXY, "proxy_login": {"default_role": "viewer"}}, {"access_token": "x" * 16}],
)
def test_any_way_to_log_in_lets_the_listener_off_loopback(private: dict[str, Any]) -> None:
    assert build(settings(private={"host": "0.0.0.0", **private})).private.roles()


def test_the_example_of_tokens_and_proxies_is_right_when_it_is_uncommented(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("a token of prometheus\n")
    begin, end = EXAMPLE.index("# [private.tokens."), EXAMPLE.index("[storage]")
    tables = re.sub(r"(?m)^# (?=\[|\w+ = )", "", EXAMPLE[begin:end])
    private = tomllib.loads(tables.replace("/etc/roomwatch/tokens/prometheus", str(token)))["private"]
    config = build(settings(private={**private, **PROXY})).private
    assert config.tokens["prometheus"].role is Role.VIEWER
    assert config.proxy_login is not None
    assert config.proxy_login.groups == {"sre": Role.ADMIN, "support": Role.OPERATOR}


def about_access(**private: Any) -> list[str]:
    return [each for each in warnings_about(build(settings(private=private))) if "admin" in each or "secret" in each]


def test_tokens_without_an_admin_are_probably_not_all() -> None:
    assert about_access(tokens={"ann": ANN})[0].startswith("nobody can log in as an admin")
    assert about_access(tokens={"ann": {**ANN, "role": "admin"}}) == []
    assert about_access() == []

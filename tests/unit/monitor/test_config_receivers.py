"""What may be said of a receiver, and what follows for it from the rest of a configuration."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from alerts.notifiers.registry import NOTIFIERS
from monitor.config import ProblemsFound, build
from tests.conftest import settings

EXAMPLE = Path(__file__).parents[3] / "config.example.toml"
TABLES = re.split(r"^(?=\[)", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
SMS = {
    "kind": "twilio_sms",
    "account_sid": "AC" + "a" * 32,
    "auth_token": "auth-t0ken",
    "to": "+491512345678",
    "sender": "+15005550006",
}


def receiver(public_url: str, **given: Any) -> Any:
    config = build(settings(public={"port": 0, "url": public_url}, receivers={"anna": {**SMS, **given}}))
    return config.notifiers["anna"]._config


@pytest.mark.parametrize("kind", [kind for kind in NOTIFIERS if kind.startswith("twilio") or kind == "sendgrid"])
def test_the_example_shows_every_key_of_a_receiver_with_its_default(kind: str) -> None:
    (table,) = [table for table in TABLES if f'kind = "{kind}"' in table]
    shown = next(iter(tomllib.loads(table)["receivers"].values()))
    for each in fields(NOTIFIERS[kind].Config):
        assert re.search(rf"^(# )?{each.name}(_file)? = ", table, re.MULTILINE), f"{each.name} is missing"
        credentials = ("api_key", "api_secret", "auth_token", "to", "sender")
        if each.name in shown and each.name not in credentials and isinstance(each.default, str | int | float):
            assert shown[each.name] == each.default, each.name


def test_twilio_calls_back_at_the_public_listener_unless_a_receiver_says_otherwise() -> None:
    assert receiver("https://watch.example.com").callback_url == "https://watch.example.com"
    told = receiver("https://watch.example.com", callback_url="https://other.example.com")
    assert told.callback_url == "https://other.example.com"


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:8470", "http://localhost:8470", "http://[::1]:8470"])
def test_twilio_is_not_told_to_call_where_it_cannot(url: str) -> None:
    assert receiver(url).callback_url == ""


@pytest.mark.promise("P38")
def test_a_number_that_is_wrong_is_complained_of_and_not_shown() -> None:
    with pytest.raises(ProblemsFound) as found:
        receiver("", to="0151 9876543")
    assert str(found.value).startswith("receivers.anna: to: expected a number in E.164")
    assert "9876543" not in str(found.value)


def test_a_secret_of_a_receiver_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from a file\n")
    given = {key: value for key, value in SMS.items() if key != "auth_token"}
    config = build(settings(receivers={"anna": {**given, "auth_token_file": str(file)}}))
    assert config.notifiers["anna"]._config.auth_token == "from a file"

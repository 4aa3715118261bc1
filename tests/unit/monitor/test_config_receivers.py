"""What may be said of a receiver, where that is explained, and what follows for it from the rest of a configuration."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from alerts.notifiers.registry import NOTIFIERS
from monitor.config import ProblemsFound, build
from tests.conftest import settings

ROOT = Path(__file__).parents[3]
EXAMPLE = (ROOT / "config.example.toml").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "receivers.md").read_text(encoding="utf-8")
TABLES = re.split(r"^(?=(?:# )?\[receivers\.)", EXAMPLE, flags=re.MULTILINE)[1:]
#: The one kind that needs an extra: it sleeps in the example, which has to be right without.
SLEEPS = "apprise"
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


def table_of(kind: str) -> str:
    """Return the table of the example that shows a kind, awake."""
    (table,) = [table for table in TABLES if f'kind = "{kind}"' in table]
    return re.sub("^# ", "", table, flags=re.MULTILINE) if kind == SLEEPS else table


def test_the_example_shows_every_kind_of_receiver_alive() -> None:
    kinds = [each["kind"] for each in tomllib.loads(EXAMPLE)["receivers"].values()]
    assert sorted(kinds) == sorted(set(NOTIFIERS) - {SLEEPS})
    awake = tomllib.loads(table_of(SLEEPS))["receivers"]
    assert isinstance(next(iter(build(settings(receivers=awake)).notifiers.values())), NOTIFIERS[SLEEPS])  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", NOTIFIERS)
def test_the_example_shows_every_setting_of_a_kind_with_its_default(kind: str) -> None:
    shown = next(iter(tomllib.loads(table_of(kind))["receivers"].values()))
    for each in fields(NOTIFIERS[kind].Config):
        assert re.search(rf"^(# )?{each.name}(_file)? = ", table_of(kind), re.MULTILINE), f"{each.name} is missing"
        if each.name in shown and isinstance(each.default, str | int | float) and each.default != "":
            assert shown[each.name] == each.default, each.name


@pytest.mark.parametrize("kind", NOTIFIERS)
def test_every_kind_of_receiver_has_its_settings_explained(kind: str) -> None:
    (section,) = re.findall(rf"^## .*`{kind}`.*\n([\s\S]*?)(?=^## |\Z)", PAGE, re.MULTILINE)
    for setting in fields(NOTIFIERS[kind].Config):
        assert f"`{setting.name}`" in section, f"{kind}.{setting.name}"


def test_the_page_about_receivers_begins_with_every_kind_of_them() -> None:
    titles = re.findall(r"^## (.*)", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    listed = dict(re.findall(r"^\| \[`(\w+)`\]\(#([\w-]+)\)", PAGE, re.MULTILINE))
    assert set(listed) == set(NOTIFIERS)
    assert set(listed.values()) <= anchors


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

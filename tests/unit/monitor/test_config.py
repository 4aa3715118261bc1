"""What may be configured, and what is said of what may not."""

import re
import tomllib
from pathlib import Path

import pytest

from monitor.config import ConfigInvalid, ProblemsFound, build, load
from monitor.settings import Sections
from tests.conftest import settings

HINT = "did you mean 'level'?"
EXAMPLE = Path(__file__).parents[3] / "config.example.toml"


def complaints(tmp_path: Path, text: str, environment: dict[str, str] | None = None) -> list[str]:
    file = tmp_path / "config.toml"
    file.write_text(text)
    with pytest.raises(ConfigInvalid) as caught:
        load(file, environment or {})
    return [error.removeprefix(f"{file}:") for error in caught.value.errors]


def test_the_example_is_right() -> None:
    config = load(EXAMPLE, {})
    assert set(config.notifiers) == {"pager", "chat"}


def test_the_example_shows_every_key_with_its_default() -> None:
    text = EXAMPLE.read_text()
    given = tomllib.loads(text)
    for section, field in Sections.model_fields.items():
        default = field.default
        if not hasattr(default, "model_fields_set"):
            continue
        for key, key_field in type(default).model_fields.items():
            assert re.search(rf"^#? ?\[?\[?.*\b{key}(_file)?\b", text, re.MULTILINE), f"{section}.{key} is missing"
            if key in given.get(section, {}) and (section, key) != ("alerts", "default_receiver"):
                shown = given[section][key]
                assert (tuple(shown) if isinstance(shown, list) else shown) == key_field.default, f"{section}.{key}"


def test_nothing_at_all_is_a_configuration() -> None:
    config = load(None, {})
    assert config.public.host == config.private.host == "127.0.0.1"
    assert not config.accounts


def test_every_error_is_said_in_one_run_each_with_its_line(tmp_path: Path) -> None:
    text = """
[public]
port = "x"

[storage]
colour = 3

[[accounts]]
account_sid = "AC1"
auth_token = "t"

[[rules]]
name = "A"
over = "participant"
raise = "levle <= 1"
clear = "level >= 3"

[receivers.ops]
kind = "pagerdty"

[receivers.hook]
kind = "webhook"
uri = "http://x"

[[routes]]
receiver = "opps"
"""
    assert complaints(tmp_path, text) == [
        "3: public.port: expected to be a valid integer, unable to parse string as an integer",
        "6: storage.colour: expected a key of config.example.toml, got an unknown one",
        "9: accounts[0].account_sid: expected to match pattern '^AC[0-9a-f]{32}$'",
        "15: rules[0].raise: expected a value of a participant (level, rtt_ms, jitter_ms, loss_ratio), got 'levle'; "
        + HINT,
        "19: receivers.ops.kind: expected one of pagerduty, webhook, got 'pagerdty'",
        "23: receivers.hook.uri: expected one of url, secrets, external_url, got an unknown key",
        "26: routes[0].receiver: expected the name of a receiver (ops, hook), got 'opps'",
    ]


def test_a_syntax_error_has_its_line_too(tmp_path: Path) -> None:
    (complaint,) = complaints(tmp_path, "[public]\nport = = 3\n")
    assert "line 2" in complaint


def test_no_complaint_repeats_a_secret(tmp_path: Path) -> None:
    text = '[private]\naccess_token = "hush-hush"\n[receivers.p]\nkind = "pagerduty"\nrouting_key = "hush-hush"\n'
    said = complaints(tmp_path, text)
    assert len(said) == 2
    assert not any("hush-hush" in complaint for complaint in said)


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("sixteen characters or more\n")
    config = build(settings(private={"access_token_file": str(secret)}))
    assert config.private.access_token is not None
    assert config.private.access_token.get_secret_value() == "sixteen characters or more"


def test_a_secret_file_that_is_not_there_is_complained_of_by_its_key() -> None:
    with pytest.raises(ProblemsFound, match="access_token_file: expected a readable file"):
        build(settings(private={"access_token_file": "/nowhere"}))


def test_the_environment_goes_before_the_file_and_makes_an_account_where_there_is_none(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[storage]\npath = "a.db"\nraw_days = 3\n')
    config = load(
        file,
        {
            "ROOMWATCH_STORAGE_PATH": "b.db",
            "ROOMWATCH_TELEMETRY_ALLOWED_ORIGINS": "https://a, https://b",
            "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "TWILIO_AUTH_TOKEN": "t" * 32,
        },
    )
    assert (config.storage.path, config.storage.raw_days) == ("b.db", 3)
    assert config.telemetry.allowed_origins == ("https://a", "https://b")
    assert [account.account_sid for account in config.accounts] == ["AC" + "0" * 32]


def test_an_own_rule_replaces_the_shipped_one_of_its_name_and_others_can_be_off() -> None:
    own = {"name": "CompositionStuck", "over": "composition", "raise": "overdue_s > 60", "clear": "overdue_s < 0"}
    config = build(settings(rules=[own], alerts={"disabled_rules": ["CompositionFailed"]}))
    rules = {rule.name: rule for rule in config.rules}
    assert rules["CompositionStuck"].raise_when.threshold == 60
    assert "CompositionFailed" not in rules


def test_a_single_receiver_hears_everything_without_being_told_so() -> None:
    receiver = {"kind": "webhook", "url": "http://127.0.0.1:9/"}
    assert build(settings(receivers={"only": receiver})).routing.fallback == "only"
    assert build(settings(receivers={"one": receiver, "two": receiver})).routing.fallback is None


def test_links_lead_to_the_pages_unless_a_receiver_says_otherwise() -> None:
    hook = {"kind": "webhook", "url": "http://127.0.0.1:9/"}
    receivers = {"one": hook, "two": hook | {"external_url": "https://other.example.com"}}
    config = build(settings(private={"url": "https://watch.example.com"}, receivers=receivers))
    links = {name: notifier._config.external_url for name, notifier in config.notifiers.items()}
    assert links == {"one": "https://watch.example.com", "two": "https://other.example.com"}


@pytest.mark.parametrize(
    ("canary", "complaint"),
    [
        ({"account_sid": "AC" + "9" * 32}, "canary.account_sid: expected the account_sid of one of the accounts"),
        ({"every_s": 5}, "canary.every_s"),
    ],
)
def test_a_canary_needs_an_account_that_is_there_and_time_between_runs(canary: dict, complaint: str) -> None:
    with pytest.raises(ProblemsFound, match=complaint):
        build(settings(canary=canary))


def test_a_canary_is_off_unless_asked_for_and_cannot_do_without_an_account() -> None:
    assert not build({}).canary.enabled
    assert build(settings(canary={"enabled": True})).canary.enabled
    with pytest.raises(ProblemsFound, match="expected an account to make rooms in"):
        build({"canary": {"enabled": True}})

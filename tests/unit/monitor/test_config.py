"""What may be configured, and what is said of what may not."""

import re
import tomllib
from pathlib import Path

import pytest

from alerts.model import Severity
from alerts.notifiers.registry import NOTIFIERS
from monitor.config import ConfigInvalid, ProblemsFound, build, load
from monitor.objectives import WINDOWS, BurnWindow, Objective
from monitor.settings import Account, Sections
from monitor.store.keeping import Keeping
from tests.builders import ACCOUNT, API_KEY, API_SECRET, AUTH_TOKEN
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
    assert load(EXAMPLE, {}).notifiers


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
                shown = getattr(getattr(Sections.model_validate(given), section), key)
                assert shown == key_field.default, f"{section}.{key}"


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
        f"19: receivers.ops.kind: expected one of {', '.join(NOTIFIERS)}, got 'pagerdty'",
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


def test_a_rule_and_the_alert_of_another_ones_silence_cannot_share_a_name() -> None:
    rule = {"over": "participant", "raise": "level <= 1", "clear": "level >= 3"}
    rules = [{"name": "Bad", "no_data": "alert", **rule}, {"name": "BadNoData", **rule}]
    with pytest.raises(ProblemsFound, match=r"rules\[1\].name: expected a name of its own, got BadNoData again"):
        build(settings(rules=rules))


def test_what_is_not_said_of_a_class_follows_from_the_others() -> None:
    assert build(settings(storage={})).storage.keeping() == Keeping()
    kept = build(settings(storage={"history_days": 90, "raw_days": 7})).storage.keeping()
    assert kept == Keeping(7, 90, 90, 400, 90, 90)


@pytest.mark.parametrize("key", ["identities_days", "addresses_days"])
@pytest.mark.parametrize(("days", "expected"), [(181, "at most 180, since nothing is kept for longer"), (0.5, "1")])
def test_nobody_is_remembered_for_longer_than_anything_of_them(key: str, days: float, expected: str) -> None:
    with pytest.raises(ProblemsFound, match=rf"storage(\.|: ){key}: .*{expected}"):
        build(settings(storage={key: days}))


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
    only, neither = (build(settings(receivers=dict.fromkeys(names, receiver))).routing.plan for names in ("1", "12"))
    assert (only.receivers, neither.receivers) == (("1",), ())


def test_links_lead_to_the_pages_unless_a_receiver_says_otherwise() -> None:
    hook = {"kind": "webhook", "url": "http://127.0.0.1:9/"}
    receivers = {"one": hook, "two": hook | {"external_url": "https://other.example.com"}}
    config = build(settings(private={"url": "https://watch.example.com"}, receivers=receivers))
    links = {name: notifier._config.external_url for name, notifier in config.notifiers.items()}
    assert links == {"one": "https://watch.example.com", "two": "https://other.example.com"}


NEXT_KEY, NEXT_SECRET = "SK" + "b" * 32, "n" * 32
NEXT = {"next_api_key": NEXT_KEY, "next_api_secret": NEXT_SECRET}
ACTIVE = {"api_key": API_KEY, "api_secret": API_SECRET}


def account(**given: str) -> Account:
    return build(settings(accounts=[{"account_sid": ACCOUNT, **given}])).accounts[0]


def test_an_account_is_asked_with_its_key_before_its_auth_token_and_then_with_the_next() -> None:
    assert account(**ACTIVE, auth_token=AUTH_TOKEN).credentials() == (API_KEY, API_SECRET)
    assert account(auth_token=AUTH_TOKEN).credentials() == (ACCOUNT, AUTH_TOKEN)
    assert account(**ACTIVE).next_credentials() is None
    assert account(auth_token=AUTH_TOKEN, **NEXT).next_credentials() == (NEXT_KEY, NEXT_SECRET)


def test_access_tokens_may_be_signed_with_the_key_that_is_changed_to() -> None:
    assert account(**ACTIVE, **NEXT).token_keys() == {API_KEY: API_SECRET, NEXT_KEY: NEXT_SECRET}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({**ACTIVE, "next_api_key": NEXT_KEY}, "expected next_api_key and next_api_secret together, got only one"),
        ({**ACTIVE, "next_api_secret": NEXT_SECRET}, "expected next_api_key and next_api_secret together"),
        ({**ACTIVE, **NEXT, "next_api_key": API_KEY}, "next_api_key: expected another key than api_key, got the same"),
        (NEXT, "api_key: expected api_key with api_secret, or auth_token, got neither"),
        ({**ACTIVE, "name": "two words"}, r"accounts\[0\].name: expected to match pattern"),
    ],
)
def test_keys_and_names_that_cannot_be_meant_are_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(ProblemsFound, match=said):
        account(**given)


def test_an_account_is_called_by_the_ends_of_its_sid_unless_it_has_a_name() -> None:
    assert account(**ACTIVE).name == "ACaa…aaaa"
    assert account(**ACTIVE, name="eu-2").name == "eu-2"


def test_two_accounts_of_one_name_are_refused() -> None:
    accounts = [{"account_sid": "AC" + digit * 32, "name": "main", **ACTIVE} for digit in "ab"]
    with pytest.raises(ProblemsFound, match="accounts: expected each name once"):
        build(settings(accounts=accounts))


def test_the_environment_can_bring_a_key_to_change_to() -> None:
    environment = {
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_ACCOUNT_NAME": "main",
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_NEXT_API_KEY": NEXT_KEY,
        "TWILIO_NEXT_API_SECRET": NEXT_SECRET,
    }
    (made,) = load(None, environment).accounts
    assert (made.name, made.next_credentials()) == ("main", (NEXT_KEY, NEXT_SECRET))


def test_what_is_wrong_with_names_is_said_with_its_line(tmp_path: Path) -> None:
    assert complaints(tmp_path, '[names]\npattern = "{team}:{id}"\n') == [
        "2: names.pattern: expected slots out of {tenant}, {kind}, {id}, got {team}"
    ]
    assert complaints(tmp_path, '[names]\npattern = "{kind}"\nkinds = []\ntenants = ["acme"]\n') == [
        "4: names.tenants: expected a pattern with {tenant} in it, got one without"
    ]
    assert complaints(tmp_path, f'[names]\nkinds = ["class", "{"x" * 129}"]\n') == [
        "2: names.kinds[1]: expected to have at most 128 characters"
    ]
    many = [f"t{number}" for number in range(101)]
    (complaint,) = complaints(tmp_path, f"[names]\ntenants = {many}\n")
    assert complaint.startswith("2: names.tenants: expected to have at most 100 items")


def test_names_are_built_from_the_file_and_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[names]\npattern = "{tenant}/{id}"\n')
    naming = load(file, {"ROOMWATCH_NAMES_TENANTS": "acme, globex"}).naming
    assert naming.labels("globex/1") == {"tenant": "globex"}
    assert naming.values == {"tenant": ("acme", "globex", "other", "unknown")}


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


def test_only_what_is_asked_for_can_be_skipped() -> None:
    assert build(settings(polling={"skip": ["usage"]})).polling.skip == ("usage",)
    with pytest.raises(ProblemsFound, match=r"polling: skip: expected some of .*usage.*, got 'rumours'"):
        build(settings(polling={"skip": ["rumours"]}))


def test_a_canary_is_off_unless_asked_for_and_cannot_do_without_an_account() -> None:
    assert not build({}).canary.enabled
    assert build(settings(canary={"enabled": True})).canary.enabled
    with pytest.raises(ProblemsFound, match="expected an account to make rooms in"):
        build({"canary": {"enabled": True}})


def test_what_is_no_origin_no_network_and_no_key_is_refused_with_what_it_should_be(tmp_path: Path) -> None:
    text = """
[public]
trusted_proxies = ["10.0.0.0/8", "10.0.0.1/8", "proxy"]

[telemetry]
allowed_origins = ["https://app.example.com", "https://app.example.com/", "App.example.com"]

[[telemetry.ingest_keys]]
name = "shop"
key = "sixteen characters"
allowed_origins = ["https://shop.example.com/cart"]

[privacy]
identities = "pseudonym"
"""
    origin = "expected an origin such as https://app.example.com, without a path, got"
    network = "expected a network such as 10.0.0.0/8 or fd00::/8, got"
    assert complaints(tmp_path, text) == [
        f"3: public.trusted_proxies[1]: {network} '10.0.0.1/8'",
        f"3: public.trusted_proxies[2]: {network} 'proxy'",
        f"6: telemetry.allowed_origins[1]: {origin} 'https://app.example.com/'",
        f"6: telemetry.allowed_origins[2]: {origin} 'App.example.com'",
        f"11: telemetry.ingest_keys[0].allowed_origins[0]: {origin} 'https://shop.example.com/cart'",
        "13: privacy: pseudonym_key: expected a secret of 32 characters or more with pseudonyms, got none",
    ]
    (short,) = complaints(tmp_path, '[privacy]\nidentities = "pseudonym"\npseudonym_key = "hush"\n')
    assert short.startswith("3: privacy.pseudonym_key: expected to have at least 32 ")
    assert "hush" not in short


def test_origins_may_have_a_port_and_any_scheme() -> None:
    origins = ["https://app.example.com:8443", "capacitor://localhost", "http://[::1]:8080", "null"]
    telemetry = build(settings(telemetry={"allowed_origins": origins})).telemetry
    assert telemetry.allowed_origins == tuple(origins)


def test_a_key_for_pseudonyms_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("k" * 32 + "\n")
    privacy = build(settings(privacy={"identities": "pseudonym", "pseudonym_key_file": str(file)})).privacy
    assert privacy.pseudonym_key is not None
    assert privacy.pseudonym_key.get_secret_value() == "k" * 32


def test_an_inhibition_of_a_shipped_name_takes_its_place_and_a_disabled_one_is_gone() -> None:
    mine = {"name": "room-degraded", "source": "a=b", "target": ["c=d", "e!=f"], "equal": ["room"]}
    given = settings(inhibitions=[mine], alerts={"disabled_inhibitions": ["monitor-blind"]})
    inhibitions = {each.name: each for each in build(given).inhibitions}
    assert {"twilio-out-of-reach", "room-degraded"} <= set(inhibitions)
    assert "monitor-blind" not in inhibitions
    assert [str(each) for each in inhibitions["room-degraded"].target] == ['c="d"', 'e!="f"']


def test_time_windows_are_known_by_their_names() -> None:
    nights = {"times": ["22:00-06:00"], "location": "Europe/Berlin", "days_of_month": [1, "-3:-1"]}
    windows = build(settings(time_windows={"nights": nights})).time_windows
    assert windows["nights"].contains(1_767_222_000.0)  # midnight there, as 2026 begins
    assert not windows["nights"].contains(1_767_222_000.0 + 12 * 3600)


def test_every_error_of_inhibitions_and_time_windows_is_said_in_one_run(tmp_path: Path) -> None:
    text = """
[[inhibitions]]
name = "a"
source = 'severity'
target = ['room=~"("']

[[inhibitions]]
name = "b"
source = []
target = 'a=b'

[[inhibitions]]
name = "c"
source = 'a=b'
target = 'a=b'
equal = ["no label"]

[[inhibitions]]
name = "c"
source = 'a=b'
target = 'a=b'

[[inhibitions]]
name = "c"
source = 'a=b'
target = 'a=b'
euqal = []

[time_windows.nights]
times = ["22-6"]

[time_windows.lunch]
location = "Europe/Berln"

[time_windows.ends]
weekday = ["sat"]

[time_windows.bits]
days_of_month = [1.5]
"""
    said = complaints(tmp_path, text)
    for number, expected in (
        (4, """inhibitions[0].source: expected a matcher such as severity="critical", got 'severity'"""),
        (9, "inhibitions[1].source: expected at least one matcher, got none: every alert would be meant"),
        (16, "inhibitions[2].equal: expected the names of labels such as region, got 'no label'"),
        (27, "inhibitions[4].euqal: expected a key of config.example.toml, got an unknown one"),
        (30, "time_windows.nights.times: expected a time of the day such as 09:00-17:00, got '22-6'"),
        (33, "time_windows.lunch.location: expected a zone such as Europe/Berlin, got 'Europe/Berln'; did you mean"),
        (36, "time_windows.ends.weekday: expected a key of config.example.toml, got an unknown one"),
        (39, "time_windows.bits.days_of_month[0]: expected to be a valid string"),
    ):
        assert any(complaint.startswith(f"{number}: {expected}") for complaint in said), (expected, said)
    assert len(said) == 8


def test_of_two_inhibitions_of_one_name_nobody_could_say_which_is_meant(tmp_path: Path) -> None:
    one = "[[inhibitions]]\nname = 'c'\nsource = 'a=b'\ntarget = 'a=b'\n"
    assert complaints(tmp_path, one + one) == ["6: inhibitions[1].name: expected a name of its own, got c again"]


# --- objectives ------------------------------------------------------------------------------------------

SLO = {"name": "Mine", "over": "joins", "objective": 0.9}


def objectives(*slos: dict[str, object], **given: object) -> dict[str, Objective]:
    return {each.name: each for each in build(settings(slos=list(slos), **given)).objectives}


def test_an_objective_has_the_usual_windows_unless_it_has_its_own() -> None:
    own = {"long": "2h", "short": "10m", "burn": 5, "severity": "info"}
    usual, other = objectives(SLO), objectives({**SLO, "windows": [own]})
    assert usual["Mine"].windows == WINDOWS
    assert other["Mine"].windows == (BurnWindow(7200, 600, 5.0, Severity.INFO),)


def test_a_shipped_objective_can_be_replaced_by_its_name_or_turned_off() -> None:
    assert set(objectives()) == {"GoodMinutes", "Joins", "CompositionLatency"}
    assert objectives({**SLO, "name": "Joins"})["Joins"].target_ratio == 0.9
    assert set(objectives(alerts={"disabled_slos": ["Joins"]})) == {"GoodMinutes", "CompositionLatency"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"objective": 1}, "slos[0].objective: "),
        ({"windows": [{"long": "5m", "short": "1h", "burn": 1}]}, "slos[0].windows.short: expected less than the long"),
        ({"windows": [{"long": "5 minutes", "short": "1m", "burn": 1}]}, "slos[0].windows: expected a duration"),
        ({"windows": [{"long": "30d", "short": "1h", "burn": 1}]}, "slos[0].windows.long: expected whole minutes"),
        ({"over": "minutes"}, "slos[0].over: "),
    ],
)
def test_an_objective_that_cannot_be_is_refused_with_what_would_have_been_right(
    wrong: dict[str, object], said: str
) -> None:
    with pytest.raises(ProblemsFound, match=re.escape(said)):
        objectives({**SLO, **wrong})


def test_two_objectives_of_one_name_are_one_too_many() -> None:
    with pytest.raises(ProblemsFound, match=r"slos\[1\]\.name: expected a name of its own, got Mine again"):
        objectives(SLO, SLO)


# --- Alertmanagers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "headers"),
    [
        ({}, {}),
        ({"username": "me", "password": "hush"}, {"Authorization": "Basic bWU6aHVzaA=="}),
        ({"bearer_token": "hush"}, {"Authorization": "Bearer hush"}),
    ],
)
def test_an_alertmanager_lets_us_in_by_password_or_by_token(given, headers) -> None:
    alertmanager = build(settings(alertmanager={"urls": ["http://am:9093/x"], **given})).alertmanager
    assert alertmanager.headers() == headers
    assert "hush" not in repr(alertmanager)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"urls": ["am:9093/hush"]}, "alertmanager.urls[0]: address: expected http:// or https:// and a host"),
        ({"username": "me"}, "alertmanager: username: expected username and password together"),
        ({"password": "hush"}, "alertmanager: username: expected username and password together"),
        ({"username": "me", "password": "hush", "bearer_token": "hush"}, "alertmanager: bearer_token: expected either"),
        ({"refresh_s": 0}, "alertmanager.refresh_s: expected to be greater than 0"),
    ],
)
def test_an_alertmanager_that_cannot_be_posted_to_is_refused(given, complaint) -> None:
    with pytest.raises(ProblemsFound) as found:
        build(settings(alertmanager=given))
    assert str(found.value).startswith(complaint)
    assert "hush" not in str(found.value)

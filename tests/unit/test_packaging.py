"""What must hold of the image, the compose file and the units before anyone builds or starts them."""

import configparser
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from monitor.commands.config_example import manual
from monitor.config import load
from monitor.settings import Public, Telemetry
from monitor.simulator.account import SimulatedAccount

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose"
UNITS = DEPLOY / "systemd"
PROXIES = [*(DEPLOY / "nginx").glob("*.conf"), *(DEPLOY / "caddy").glob("*Caddyfile")]


def compose() -> dict[str, Any]:
    """Return the compose file as it is when nobody sets a variable."""
    text = (COMPOSE / "compose.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))


SERVICES = compose()["services"]

each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=list(SERVICES))


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters="=")
    parser.optionxform = str
    parser.read(UNITS / name, encoding="utf-8")
    return parser


# --- the image ---


def test_the_linter_of_dockerfiles_has_nothing_to_say():
    linter = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if linter is None:
        pytest.skip("expected hadolint, which is not built for this machine")
    done = subprocess.run([linter, str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_is_never_run_by_root():
    last = (ROOT / "Dockerfile").read_text(encoding="utf-8").rpartition("\nFROM ")[2]
    assert re.findall(r"^USER (.*)$", last, re.MULTILINE) == ["10001:0"]


def test_the_image_starts_and_looks_after_itself_without_a_shell():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for instruction in ("HEALTHCHECK .* CMD", "ENTRYPOINT", "CMD"):
        (words,) = re.findall(rf"^{instruction} (\[.*\])$", text, re.MULTILINE)
        assert json.loads(words)


def test_nothing_gets_into_the_image_that_is_not_named():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n")
    assert next(line for line in ignored if line and not line.startswith(("#", "!"))) == "*"
    named = [line[1:] for line in ignored if line.startswith("!")]
    assert [name for name in named if not list(ROOT.glob(name))] == []


# --- compose ---


def test_the_compose_file_is_one():
    parsed = PyCompose.from_json(json.dumps(compose()))
    assert sorted(parsed.service_names()) == ["alertmanager", "grafana", "prometheus", "roomwatch", "twilio"]


@each_service
def test_a_container_can_change_nothing_but_its_data(service: dict[str, Any]):
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"cpus", "memory"} <= service["deploy"]["resources"]["limits"].keys()


@each_service
def test_a_container_is_pinned_by_a_tag_and_asked_how_it_is(service: dict[str, Any]):
    assert re.fullmatch(r"roomwatch:latest|[\w/]+:v?\d+\.\d+\.\d+", service["image"])
    assert "healthcheck" in service or "build" in service, "ours brings its own"


@each_service
def test_nothing_is_published_beyond_loopback(service: dict[str, Any]):
    assert [port for port in service.get("ports", []) if not port.startswith("127.0.0.1:")] == []


@each_service
def test_what_is_mounted_is_there_and_cannot_be_written(service: dict[str, Any]):
    mounted = [each for each in service.get("volumes", []) if isinstance(each, dict)]
    assert [each["source"] for each in mounted if not (COMPOSE / each["source"]).exists()] == []
    assert [each["source"] for each in mounted if each["read_only"] is not True] == []


def test_prometheus_and_alertmanager_are_reached_by_their_neighbours_only():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["roomwatch", "grafana"]
    assert SERVICES["prometheus"]["networks"] == ["back"]
    assert compose()["networks"]["back"] == {"internal": True}


def test_no_password_is_written_down():
    assert "GF_SECURITY_ADMIN_PASSWORD" not in SERVICES["grafana"]["environment"]
    used = {name for service in SERVICES.values() for name in service.get("secrets", [])}
    assert used == compose()["secrets"].keys()


def test_grafana_finds_the_data_source_that_the_dashboards_are_shipped_with():
    shipped = ROOT / "dashboards" / "grafana" / "provisioning" / "datasources" / "roomwatch.yml"
    ours, theirs = (
        yaml.safe_load(file.read_text(encoding="utf-8"))["datasources"][0]
        for file in (COMPOSE / "grafana-datasource.yml", shipped)
    )
    assert ours | {"url": ""} == theirs | {"url": ""}


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """The secrets of the demo, as they are made."""
    shutil.copy(COMPOSE / "make-secrets", tmp_path)
    make_secrets(tmp_path)
    return tmp_path / "secrets" / "demo"


def make_secrets(folder: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "RUN_AS": str(os.geteuid())}
    subprocess.run([folder / "make-secrets", "demo"], env=environment, check=True)


def test_secrets_are_made_for_one_reader_and_only_once(secrets: Path):
    before = {file.name: file.read_text() for file in secrets.iterdir()}
    assert before.keys() == compose()["secrets"].keys()
    assert {stat.S_IMODE(file.stat().st_mode) for file in secrets.iterdir()} == {0o600}
    make_secrets(secrets.parents[1])
    assert {file.name: file.read_text() for file in secrets.iterdir()} == before


@pytest.mark.parametrize("name", ["roomwatch.toml", "roomwatch.demo.toml"])
def test_the_configurations_of_compose_are_right(name: str, secrets: Path, tmp_path: Path):
    text = (COMPOSE / name).read_text(encoding="utf-8").replace("/run/secrets", str(secrets))
    (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / name).chmod(0o600)
    config = load(tmp_path / name, SERVICES["roomwatch"]["environment"])
    assert [token.role.value for token in config.private.tokens.values()] == ["admin", "viewer"]
    if "demo" in name:
        (account,), simulated = config.accounts, SimulatedAccount.for_seed(1)
        assert (account.account_sid, account.api_key) == (simulated.account_sid, simulated.api_key)
        assert account.api_secret.get_secret_value() == simulated.api_secret
        assert account.auth_token.get_secret_value() == simulated.auth_token


# --- systemd ---


def test_a_wrong_configuration_is_not_tried_again():
    service = unit("roomwatch.service")["Service"]
    assert service["Restart"] == "on-failure"
    assert service["RestartPreventExitStatus"].split() == ["2", "78"]


def test_the_service_is_allowed_the_files_that_connections_take():
    assert int(unit("roomwatch.service")["Service"]["LimitNOFILE"]) > Public().max_connections * 1.5


@pytest.mark.parametrize(("name", "port"), [("public", "8470"), ("private", "8471")])
def test_a_socket_is_on_loopback_and_says_which_listener_it_is(name: str, port: str):
    socket = unit(f"roomwatch-{name}.socket")["Socket"]
    assert socket["ListenStream"] == f"127.0.0.1:{port}"
    assert (socket["FileDescriptorName"], socket["Service"]) == (name, "roomwatch.service")


# --- proxies, and the manual ---


def test_nginx_takes_in_as_much_as_telemetry_may_be():
    text = (DEPLOY / "nginx" / "roomwatch-public.conf").read_text(encoding="utf-8")
    (limit,) = re.findall(r"client_max_body_size (\d+)k;", text)
    assert int(limit) * 1024 == Telemetry().max_body_bytes


@pytest.mark.parametrize("file", PROXIES, ids=lambda file: file.name)
def test_no_proxy_logs_tokens(file: Path):
    text = re.sub(r"#.*", "", file.read_text())
    assert not re.search(r"log_format[^;]*\$(request|request_uri|args)\b", text)
    assert text.count("access_log") == text.count("server_name") - text.count("return 308")


def test_the_manual_that_is_printed_is_the_manual():
    assert manual() == (ROOT / "config.example.toml").read_text(encoding="utf-8")

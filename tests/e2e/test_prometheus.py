"""A real Prometheus, with the rules that we ship, scrapes a real daemon."""

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from monitor.metrics import FAMILIES
from tests.e2e.tools import ROOT, Demo, free_port, running, tool

pytestmark = pytest.mark.e2e

SHIPPED = ROOT / "dashboards" / "prometheus"
RULE_FILES = ("recording.yml", "alerting.yml")
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


class Prometheus:
    """The little of its API that we ask for."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, **query: str) -> Any:
        with urllib.request.urlopen(f"{self.url}{path}?{urllib.parse.urlencode(query)}", timeout=10) as answer:
            return json.load(answer)["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        return self.get("/api/v1/query", query=expression)["result"]

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5):
                return True
        except OSError:
            return False

    def rules(self) -> list[dict[str, Any]]:
        return [rule for group in self.get("/api/v1/rules")["groups"] for rule in group["rules"]]


def until(holds: Callable[[], Any], what: str, within_s: float = 40) -> Any:
    end = time.monotonic() + within_s
    while not (answer := holds()):
        assert time.monotonic() < end, f"expected {what} within {within_s} s"
        time.sleep(0.25)
    return answer


def configuration(target: str) -> dict[str, Any]:
    """Return the configuration that we ship as an example, at a speed for tests."""
    shipped = yaml.safe_load((SHIPPED / "prometheus.example.yml").read_text(encoding="utf-8"))
    shipped["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    shipped["rule_files"] = [str(SHIPPED / file) for file in shipped["rule_files"]]
    shipped["scrape_configs"][0]["static_configs"] = [{"targets": [target]}]
    return shipped


@pytest.fixture(scope="module")
def prometheus(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    program, folder, port = tool("prometheus"), tmp_path_factory.mktemp("prometheus"), free_port()
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(configuration(demo.private.removeprefix("http://"))), encoding="utf-8")
    command = [
        program,
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    with running(command) as process:
        it = Prometheus(f"http://127.0.0.1:{port}")
        until(lambda: it.is_ready() or process.poll() is not None, "Prometheus to be ready")
        assert process.poll() is None, process.stdout.read()
        until(lambda: it.query('count_over_time(up{job="roomwatch"}[1m]) > 5'), "some scrapes")
        yield it


def exposition(demo: Demo, accept: str) -> tuple[str, str]:
    request = urllib.request.Request(f"{demo.private}/metrics", headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode(), answer.headers["Content-Type"]


def series(page: str) -> set[str]:
    return {sample.name for family in text_string_to_metric_families(page) for sample in family.samples}


def test_the_target_is_up_and_rooms_are_live(prometheus: Prometheus) -> None:
    (target,) = prometheus.get("/api/v1/targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")
    ((up,), (rooms,)) = prometheus.query('up{job="roomwatch"}'), prometheus.query("roomwatch_live_rooms")
    assert up["value"][1] == "1"
    assert float(rooms["value"][1]) > 0


def test_every_series_that_the_daemon_shows_can_be_queried(prometheus: Prometheus, demo: Demo) -> None:
    shown = {name for name in series(exposition(demo, "text/plain")[0]) if name.startswith("roomwatch_")}
    families = {name.removesuffix("_bucket").removesuffix("_count").removesuffix("_sum") for name in shown}
    neither_tried_nor_configured = ("roomwatch_canary_step_duration_seconds", "roomwatch_alertmanager_")
    others = {name for name in FAMILIES if not name.startswith(neither_tried_nor_configured)}
    assert families == others, "a daemon at work has series in every other family"
    until(lambda: shown <= set(prometheus.get("/api/v1/label/__name__/values")), f"{sorted(shown)} to be known")
    assert [name for name in shown if not prometheus.query(name)] == []


def test_every_rule_is_evaluated_without_an_error(prometheus: Prometheus) -> None:
    until(lambda: all(rule["health"] != "unknown" for rule in prometheus.rules()), "all rules to be evaluated")
    assert {rule["name"]: rule.get("lastError") for rule in prometheus.rules() if rule["health"] != "ok"} == {}
    files = [yaml.safe_load((SHIPPED / file).read_text(encoding="utf-8")) for file in RULE_FILES]
    assert len(prometheus.rules()) == sum(len(group["rules"]) for file in files for group in file["groups"])


def test_every_recorded_rule_has_something_to_say_of_calls(prometheus: Prometheus) -> None:
    recorded = [rule["name"] for rule in prometheus.rules() if rule["type"] == "recording"]
    until(lambda: all(prometheus.query(name) for name in recorded), "a series for every recorded rule")
    for name in recorded:
        if "participant" in name:
            assert [each["value"][1] for each in prometheus.query(name) if each["value"][1] == "NaN"] == [], name


def test_only_the_watchdog_fires_over_a_daemon_that_is_well(prometheus: Prometheus) -> None:
    until(lambda: prometheus.query('ALERTS{alertstate="firing"}'), "the watchdog to fire")
    assert {each["metric"]["alertname"] for each in prometheus.query("ALERTS")} == {"RoomwatchWatchdog"}


@pytest.mark.parametrize(("accept", "content_type"), [("text/plain", "text/plain"), (OPENMETRICS, OPENMETRICS)])
def test_a_scraper_gets_the_format_that_it_asks_for(demo: Demo, accept: str, content_type: str) -> None:
    page, given = exposition(demo, accept)
    assert given.startswith(content_type)
    assert page.endswith("# EOF\n") == (accept == OPENMETRICS)

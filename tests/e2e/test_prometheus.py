"""A real Prometheus, with the rules that we ship, scrapes a real daemon."""

import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from monitor.metrics import FAMILIES
from tests.e2e.demos import Demo
from tests.e2e.prometheus_server import SHIPPED, Prometheus, until
from tests.e2e.tools import HANGS_AFTER_S

pytestmark = pytest.mark.e2e

RULE_FILES = ("recording.yml", "alerting.yml")
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def exposition(address: str, accept: str) -> tuple[str, str]:
    request = urllib.request.Request(address, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=HANGS_AFTER_S) as answer:
        return answer.read().decode(), answer.headers["Content-Type"]


def series(demo: Demo) -> set[str]:
    pages = [exposition(address, "text/plain")[0] for address in demo.expositions]
    families = [family for page in pages for family in text_string_to_metric_families(page)]
    return {sample.name for family in families for sample in family.samples}


def test_the_target_is_up_and_rooms_are_live(prometheus: Prometheus, demo: Demo) -> None:
    def is_up() -> bool:
        targets = prometheus.get("/api/v1/targets")["activeTargets"]
        assert len(targets) == len(demo.expositions)
        return {(target["health"], target["lastError"]) for target in targets} == {("up", "")}

    until(is_up, "targets that are well")
    until(
        lambda: len(prometheus.query('up{job="roomwatch"} == 1')) == len(demo.expositions),
        "a scrape of each that is known to have been",
    )
    (rooms,) = until(lambda: prometheus.query("roomwatch_live_rooms"), "rooms")
    assert float(rooms["value"][1]) > 0


def has_a_new_day_begun(demo: Demo) -> bool:
    """Whether it has become another day, UTC, since the demo was started."""
    now = datetime.now(UTC)
    return (now - timedelta(seconds=demo.age_s)).date() != now.date()


def test_every_series_that_the_daemon_shows_can_be_queried(prometheus: Prometheus, demo: Demo) -> None:
    shown = {name for name in series(demo) if name.startswith("roomwatch_")}
    families = {name.removesuffix("_bucket").removesuffix("_count").removesuffix("_sum") for name in shown}
    neither_tried_nor_configured = ("roomwatch_canary_step_duration_seconds", "roomwatch_alertmanager_")
    others = {name for name in FAMILIES if not name.startswith(neither_tried_nor_configured)}
    if has_a_new_day_begun(demo):
        others -= {"roomwatch_usage_day_cost"}  # which is known again with the next hourly poll
    assert families == others, "a daemon at work has series in every other family"
    until(lambda: shown <= set(prometheus.get("/api/v1/label/__name__/values")), f"{sorted(shown)} to be known")
    # A scrape that takes longer than its second is a gap, on a machine that is busy.
    until(lambda: all(prometheus.query(name) for name in shown), "a moment at which each has a value")


def test_every_rule_is_evaluated_without_an_error(prometheus: Prometheus) -> None:
    until(lambda: all(rule["health"] != "unknown" for rule in prometheus.rules()), "all rules to be evaluated")
    assert {rule["name"]: rule.get("lastError") for rule in prometheus.rules() if rule["health"] != "ok"} == {}
    files = [yaml.safe_load((SHIPPED / file).read_text(encoding="utf-8")) for file in RULE_FILES]
    assert len(prometheus.rules()) == sum(len(group["rules"]) for file in files for group in file["groups"])


def test_every_recorded_rule_has_something_to_say_of_calls(prometheus: Prometheus) -> None:
    recorded = [rule["name"] for rule in prometheus.rules() if rule["type"] == "recording"]
    there_is_none = ("alertmanager",)
    told = [name for name in recorded if not any(word in name for word in there_is_none)]
    until(lambda: all(prometheus.query(name) for name in told), "a series for every recorded rule")
    of_people = [name for name in recorded if "participant" in name]
    until(lambda: "NaN" not in {each["value"][1] for name in of_people for each in prometheus.query(name)}, "numbers")


def test_only_the_watchdog_fires_over_a_daemon_that_is_well(prometheus: Prometheus, demo: Demo) -> None:
    firing = 'ALERTS{alertstate="firing"}'
    until(lambda: prometheus.query(firing), "the watchdog to fire")
    assert {each["metric"]["alertname"] for each in prometheus.query(firing)} == {"RoomwatchWatchdog"}, demo.said()
    pending = {each["metric"]["alertname"] for each in prometheus.query('ALERTS{alertstate="pending"}')}
    the_demo_has_an_incident_that_nobody_looks_after = {"RoomwatchIncidentUnattended"}
    other_tests_use_the_same_disk = {"RoomwatchDatabaseSlow"}
    assert pending <= the_demo_has_an_incident_that_nobody_looks_after | other_tests_use_the_same_disk


@pytest.mark.parametrize(("accept", "content_type"), [("text/plain", "text/plain"), (OPENMETRICS, OPENMETRICS)])
def test_a_scraper_gets_the_format_that_it_asks_for(demo: Demo, accept: str, content_type: str) -> None:
    for address in demo.expositions:
        page, given = exposition(address, accept)
        assert given.startswith(content_type)
        assert page.endswith("# EOF\n") == (accept == OPENMETRICS)

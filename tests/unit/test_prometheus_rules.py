"""The shipped Prometheus rules: in the customary form, about metrics that exist, each alert with a page to act on."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.default_rules import DEFAULT_RULES
from monitor.metrics import FAMILIES

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "dashboards" / "prometheus"
PAGES = sorted((ROOT / "docs" / "runbooks").glob("*.md"))


def groups(file: str) -> list[dict[str, Any]]:
    return yaml.safe_load((PROMETHEUS / file).read_text(encoding="utf-8"))["groups"]


RECORDED = [rule for group in groups("recording.yml") for rule in group["rules"]]
ALERTS = [rule for group in groups("alerting.yml") for rule in group["rules"]]
GROUPS = [*groups("recording.yml"), *groups("alerting.yml")]

each_alert = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
each_rule = pytest.mark.parametrize("rule", [*RECORDED, *ALERTS], ids=lambda rule: rule.get("record") or rule["alert"])


def test_a_group_is_small_and_has_a_name_of_its_own():
    names = [group["name"] for group in GROUPS]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 40 and name.startswith("roomwatch-") for name in names)
    assert all(0 < len(group["rules"]) <= 20 for group in GROUPS)


@each_alert
def test_an_alert_is_named_and_graded_as_everywhere(alert):
    assert re.fullmatch(r"Roomwatch([A-Z][a-z]+)+", alert["alert"])
    assert len(alert["alert"]) <= 40
    assert alert["labels"].keys() == {"severity"}
    assert alert["labels"]["severity"] in {"critical", "warning", "info"}


@each_alert
def test_an_alert_says_the_same_each_time_and_then_what_is_different(alert):
    summary, description = alert["annotations"]["summary"], alert["annotations"]["description"]
    assert re.fullmatch(r"[A-Z][^{}]*\.", summary)
    assert re.fullmatch(r"(?s).*\{\{.*\}\}.*\.", description)


@each_alert
def test_an_alert_says_how_long_it_waits(alert):
    assert "for" in alert or alert["alert"] == "RoomwatchWatchdog"


@each_alert
def test_a_template_names_no_label_that_the_expression_has_lost(alert):
    named = set(re.findall(r"\$labels\.(\w+)", alert["annotations"]["description"]))
    kept = {"job", "instance"}
    for family in re.findall(r"(?<![:\w])roomwatch_\w+", alert["expr"]):
        kept |= set(FAMILIES[family].labels)
    for level in re.findall(r"\b(?:instance_)?(\w+):roomwatch_", alert["expr"]):
        kept.add(level)
    assert named <= kept
    assert not re.search(r"(?<!:)\b(sum|min|max|count|avg)\b *(by|without|\()", alert["expr"]), (
        "that is for recording.yml"
    )


@each_alert
def test_an_expression_is_not_true_of_everything(alert):
    assert re.search(r"\s(==|!=|>|<|>=|<=)\s", alert["expr"]) or alert["alert"] == "RoomwatchWatchdog"


@each_alert
def test_what_is_absent_would_have_had_labels(alert):
    for absent in re.findall(r"absent(?:_over_time)?\(([^)]*)\)", alert["expr"]):
        assert re.fullmatch(r"\w+\{.+\}", absent)


@each_alert
def test_a_gauge_is_looked_at_over_some_minutes_so_that_a_failed_scrape_changes_nothing(alert):
    bare = re.findall(r"(?<![\w:(])(roomwatch_\w+|instance\w*:[\w:]+) +[=<>]", alert["expr"])
    assert [each for each in bare if not each.endswith("_timestamp_seconds")] == []


@each_alert
def test_an_alert_leads_to_its_page_and_to_the_dashboard_that_shows_most_about_it(alert):
    assert list(alert["annotations"]) == ["summary", "description", "runbook_url", "dashboard_url"]
    boards = {file.stem for file in (ROOT / "dashboards" / "grafana" / "json").glob("*.json")}
    assert alert["annotations"]["dashboard_url"].removeprefix("/d/") in boards


def test_no_rule_is_there_twice():
    counts = Counter(rule.get("record") or rule["alert"] for rule in [*RECORDED, *ALERTS])
    assert set(counts.values()) == {1}


@each_rule
def test_a_rule_speaks_only_of_metrics_that_exist(rule):
    known = {rule["record"] for rule in RECORDED} | {"up"} | set(FAMILIES)
    known |= {f"process_{name}" for name in ("start_time_seconds", "open_fds", "max_fds", "resident_memory_bytes")}
    for name, family in FAMILIES.items():
        if family.kind == "histogram":
            known |= {f"{name}_bucket", f"{name}_sum", f"{name}_count"}
    named = set(re.findall(r"[\w:]*roomwatch_\w+(?::\w+)*|\bprocess_\w+|\bup\b", rule["expr"]))
    assert named <= known
    assert named or rule["expr"] == "vector(1)"


@each_rule
def test_a_counter_is_looked_at_only_through_its_rate(rule):
    for name in re.findall(r"\w+_total\b|\w+_bucket\b", rule["expr"]):
        assert re.search(rf"\b(rate|increase)\({name}\b", rule["expr"])


@each_alert
def test_an_alert_was_seen_firing(alert):
    tests = (PROMETHEUS / "tests.yml").read_text(encoding="utf-8")
    fires = rf'alertname="{alert["alert"]}", alertstate="firing"|alertname: {alert["alert"]}\n'
    assert re.search(fires, tests), "no test in tests.yml has it firing"


def test_every_alert_has_its_page_and_every_page_its_alert():
    urls = [rule["annotations"]["runbook_url"] for rule in ALERTS] + [rule.runbook_url for rule in DEFAULT_RULES]
    names = [rule["alert"] for rule in ALERTS] + [rule.name for rule in DEFAULT_RULES]
    assert urls == [f"docs/runbooks/{name}.md" for name in names]
    assert [page.stem for page in PAGES] == sorted(names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_short_tells_what_to_do_and_leads_nowhere_wrong(page):
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.stem}\n\n")
    assert len(text.splitlines()) <= 40
    assert re.search(r"^(1\.|\*|\|) ", text, re.MULTILINE), "no step to take"
    assert all((page.parent / link).is_file() for link in re.findall(r"\]\(([^)#]+)\)", text))
    recorded = {rule["record"] for rule in RECORDED}
    for name in re.findall(r"`?([\w:]*roomwatch_\w+(?::\w+)*)", text):
        assert name in recorded or name in FAMILIES, name

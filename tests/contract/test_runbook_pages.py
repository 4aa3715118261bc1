"""Runbooks, served as pages to whoever was just woken."""

import re
from pathlib import Path

import pytest
import yaml

from alerts.default_rules import DEFAULT_RULES
from monitor.config import build
from monitor.http.runbook_page import page
from monitor.http.runbooks import texts
from tests.conftest import Running, Start, settings

ROOT = Path(__file__).parents[2]
TOKEN = "an-access-token-of-tests"
WITH_LOGIN = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
async def running(start: Start) -> Running:
    tokens = {"tests": {"token": TOKEN, "role": "viewer"}}
    return await start(private={"port": 0, "tokens": tokens})


async def test_a_runbook_is_a_page_that_loads_nothing_and_runs_nothing(running: Running) -> None:
    async with running.http.get(f"{running.private}/runbooks/DiskFull", headers=WITH_LOGIN) as response:
        said = await response.text()
        assert response.status == 200
        assert response.content_type == "text/html"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "<h1>DiskFull</h1>" in said
    assert '<html lang="en">' in said
    assert "<script" not in said
    assert '<a href="/runbooks/RoomwatchStoreFull">' in said


async def test_what_prometheus_calls_a_runbook_is_one_with_our_address_before_it(running: Running) -> None:
    rules = yaml.safe_load((ROOT / "dashboards" / "prometheus" / "alerting.yml").read_text(encoding="utf-8"))
    called = {rule["annotations"]["runbook_url"] for group in rules["groups"] for rule in group["rules"]}
    for path in sorted(called):
        async with running.http.get(f"{running.private}/{path}", headers=WITH_LOGIN) as response:
            assert response.status == 200, path


async def test_one_that_is_not_there_is_refused_in_words(running: Running) -> None:
    async with running.http.get(f"{running.private}/runbooks/Nothing", headers=WITH_LOGIN) as response:
        assert response.status == 404
        assert "/runbooks" in (await response.json())["detail"]


async def test_they_are_listed_for_whoever_is_logged_in_and_for_nobody_else(running: Running) -> None:
    async with running.http.get(f"{running.private}/runbooks", headers=WITH_LOGIN) as response:
        assert set(re.findall(r'href="/runbooks/(\w+)"', await response.text())) == set(texts())
    async with running.http.get(f"{running.private}/runbooks/DiskFull") as response:
        assert response.status == 401


def test_every_shipped_rule_leads_to_a_page_where_the_daemon_knows_its_address() -> None:
    config = build(settings(private={"url": "https://watch.example.com/"}))
    shipped = {rule.name: rule.runbook_url for rule in config.rules}
    for rule in DEFAULT_RULES:
        assert shipped[rule.name] == f"https://watch.example.com/runbooks/{rule.name}"
        assert rule.name in texts()


def test_without_an_address_a_runbook_stays_what_the_manual_calls_it() -> None:
    rules = {rule.name: rule for rule in build(settings()).rules}
    assert rules["DiskFull"].runbook_url == "docs/runbooks/DiskFull.md"


def test_a_rule_of_ones_own_keeps_its_own_runbook() -> None:
    mine = {"name": "Any", "over": "room", "raise": "participants > 1", "clear": "participants <= 1"}
    mine["runbook_url"] = "https://wiki.example.com/any"
    config = build(settings(private={"url": "https://watch.example.com"}, rules=[mine]))
    assert {rule.name: rule.runbook_url for rule in config.rules}["Any"] == "https://wiki.example.com/any"


@pytest.mark.parametrize("name", texts())
def test_every_link_of_a_runbook_leads_somewhere(name: str) -> None:
    for target in re.findall(r'href="([^"]*)"', page(name, texts()[name])):
        beside = re.fullmatch(r"/runbooks/(\w+)(#.*)?", target)
        assert target in {"/", "/runbooks"} or target.startswith("https://") or (beside and beside[1] in texts())


def test_what_a_runbook_says_is_never_markup() -> None:
    said = page("X", "# X\n\n<script>alert(1)</script> [storage](../storage.md) [x](javascript:alert(1))\n")
    assert "<script>" not in said
    assert "javascript:" not in re.findall(r'href="([^"]*)"', said)
    assert "<span>storage</span>" in said

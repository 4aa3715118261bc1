"""The Grafana dashboards: as their sources say, as grafana/dashboard-linter wants them, about metrics that exist.

The linter's rules are held here one by one, without an exception.  That the queries are PromQL and find something is
for a real Prometheus to say: tests/e2e/test_dashboards.py.
"""

import json
import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest
import yaml

from dashboards.grafana.files import BOARDS, committed
from dashboards.grafana.promql import CHOSEN, mean, quantile, scoped
from monitor.metrics import FAMILIES
from tests.grafana import DASHBOARDS, GRAFANA, ROOT, SELECTOR, filled_in, panels, queries, variables

PANELS = [panel for dashboard in DASHBOARDS.values() for panel in panels(dashboard)]
QUERIES = list(queries())
UNITS = {"short", "none", "percentunit", "s", "bytes", "reqps", "ops", "dateTimeFromNow"}  # of Grafana's own names

each_dashboard = pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=DASHBOARDS)


# --- the files ----------------------------------------------------------------------------------------------


def test_the_files_are_what_their_sources_say_and_no_others():
    there = {
        file.relative_to(GRAFANA).as_posix(): file.read_text(encoding="utf-8") for file in GRAFANA.glob("*/*.json")
    }
    assert there == committed(), "python -m dashboards.grafana writes them anew"


def test_there_are_five_and_each_is_found_by_the_number_that_it_has_always_had():
    assert [board.uid for board in BOARDS] == [
        f"roomwatch-{name}" for name in ("overview", "quality", "media", "twilio", "itself")
    ]
    assert {uid: dashboard["uid"] for uid, dashboard in DASHBOARDS.items()} == {uid: uid for uid in DASHBOARDS}


def test_the_dashboards_can_be_written_for_one_grafana_with_the_address_of_its_roomwatch(tmp_path: Path):
    asked = ["--into", str(tmp_path), "--roomwatch-url", "https://roomwatch.example/"]
    subprocess.run([sys.executable, "-m", "dashboards.grafana", *asked], cwd=ROOT, check=True)
    written = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in tmp_path.iterdir()}
    assert written.keys() == DASHBOARDS.keys()
    for dashboard in written.values():
        assert variables(dashboard)["roomwatch_url"]["query"] == "https://roomwatch.example"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "roomwatch.example", "https://", "https://a/?b=c"])
def test_what_is_no_address_is_not_written_into_links(address: str, tmp_path: Path):
    asked = ["--into", str(tmp_path), "--roomwatch-url", address]
    done = subprocess.run(
        [sys.executable, "-m", "dashboards.grafana", *asked], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "expected an address such as https://roomwatch.example, got" in done.stderr
    assert list(tmp_path.iterdir()) == []


# --- the linter's rules -------------------------------------------------------------------------------------


@each_dashboard
def test_template_datasource_rule(dashboard):
    (source,) = (each for each in dashboard["templating"]["list"] if each["type"] == "datasource")
    assert (source["name"], source["label"], source["query"]) == ("datasource", "Data source", "prometheus")


@each_dashboard
@pytest.mark.parametrize("name", ["job", "instance"])
def test_template_job_rule_and_template_instance_rule(dashboard, name):
    variable = variables(dashboard)[name]
    assert (variable["type"], variable["label"], variable["multi"]) == ("query", name.capitalize(), True)
    assert (variable["datasource"]["uid"], variable["allValue"]) == ("${datasource}", ".+")


@each_dashboard
def test_template_label_promql_rule(dashboard):
    for variable in variables(dashboard).values():
        if variable["type"] == "query":
            selector = re.fullmatch(r"label_values\((\w+)(\{[^{}]*\})?, (\w+)\)", variable["definition"])
            assert selector, variable["definition"]
            assert selector[1] in {*FAMILIES, "up"}
            assert variable["query"]["query"] == variable["definition"]


@each_dashboard
def test_template_on_time_change_reload_rule(dashboard):
    assert {each["refresh"] for each in variables(dashboard).values() if each["type"] == "query"} == {2}


def test_panel_datasource_rule():
    for panel in PANELS:
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert all(target["datasource"] == panel["datasource"] for target in panel["targets"])


def test_panel_title_description_rule():
    for panel in PANELS:
        assert panel["title"]
        assert panel["description"]


def test_panel_units_rule():
    for panel in PANELS:
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS


def test_panel_no_targets_rule():
    for panel in PANELS:
        assert panel["targets"]


def test_target_promql_rule_as_far_as_it_is_seen_without_a_parser():
    for query in QUERIES:
        expression = filled_in(query.expr, rate_interval="1m", shown="1h")
        assert "$" not in expression
        assert "[]" not in expression
        for opening, closing in ("()", "[]", "{}"):
            assert expression.count(opening) == expression.count(closing)


def test_target_logql_rule_and_target_logql_auto_rule_have_nothing_to_say_as_nothing_is_asked_of_loki():
    assert "loki" not in json.dumps(DASHBOARDS).lower()


def test_target_rate_interval_rule():
    for query in QUERIES:
        for function, window in re.findall(r"(\w+)\([^()]*\[([^\]]+)\]", query.expr):
            if function in {"rate", "irate"}:
                assert window == "$__rate_interval"
            else:
                assert (function, window) == ("increase", "$__range"), "how much it was in the time shown"


def test_target_job_rule_and_target_instance_rule():
    for query in QUERIES:
        selectors = list(SELECTOR.finditer(query.expr))
        assert selectors
        for selector in selectors:
            assert (selector["matchers"] or "").startswith('job=~"$job",instance=~"$instance"'), selector[0]


def test_target_counter_agg_rule():
    for query in QUERIES:
        for counter in re.finditer(r"\w+(?:_total|_bucket|_count|_sum)\{", query.expr):
            assert re.search(r"\b(rate|irate|increase)\($", query.expr[: counter.start()]), counter[0]


@each_dashboard
def test_uneditable_dashboard(dashboard):
    assert dashboard["editable"] is False


# --- what the linter does not ask ---------------------------------------------------------------------------


def known() -> set[str]:
    """Return every series that the daemon may show."""
    parts = {"histogram": ("_bucket", "_sum", "_count")}
    ours = {name + part for name, family in FAMILIES.items() for part in parts.get(family.kind, ("",))}
    process = {"process_start_time_seconds", "process_cpu_seconds_total", "process_resident_memory_bytes"}
    process |= {"process_open_fds", "process_max_fds"}
    return ours | process | {"up"}


def test_a_query_speaks_only_of_metrics_that_exist_and_are_in_the_manual():
    for query in QUERIES:
        manual = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
        for selector in SELECTOR.finditer(query.expr):
            assert selector["name"] in known()
            family = re.sub("_(bucket|sum|count)$", "", selector["name"])
            assert selector["name"] == "up" or family.startswith("process_") or f"| `{family}` |" in manual


def test_a_query_speaks_only_of_labels_that_its_metrics_have():
    for query in QUERIES:
        named = {"job", "instance", "le"}
        for selector in SELECTOR.finditer(query.expr):
            family = FAMILIES.get(re.sub("_(bucket|sum|count)$", "", selector["name"]))
            labels = {*(family.labels if family else ()), "job", "instance", "le"}
            assert set(re.findall(r"(\w+)(?:=|!=|=~|!~)\"", selector["matchers"] or "")) <= labels, selector[0]
            named |= labels
        grouped = {
            label.strip() for labels in re.findall(r"\bby \(([^)]*)\)", query.expr) for label in labels.split(",")
        }
        assert grouped <= named


def test_a_legend_names_only_labels_that_the_query_leaves():
    for panel in PANELS:
        for target in panel["targets"]:
            named = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            kept = {
                label.strip()
                for labels in re.findall(r"\bby \(([^)]*)\)", target["expr"])
                for label in labels.split(",")
            }
            is_of_one = not re.search(r"\b(sum|min|max|topk|bottomk)\b", target["expr"])
            assert named <= kept | ({"instance", "version"} if is_of_one else set())


@each_dashboard
def test_the_first_row_says_how_it_stands_and_what_is_open_is_not_too_much(dashboard):
    first, *others = (each for each in dashboard["panels"] if each["type"] == "row")
    assert (first["title"], first["collapsed"]) == ("Status", False)
    assert {panel["type"] for panel in dashboard["panels"] if 0 < panel["gridPos"]["y"] < 5} == {"stat"}
    assert len([panel for panel in dashboard["panels"] if panel["type"] != "row"]) <= 22
    assert len(list(panels(dashboard))) <= 28
    assert any(row["collapsed"] for row in others), "detail waits until somebody opens it"


@each_dashboard
def test_no_panel_covers_another_or_sticks_out(dashboard):
    every = [*dashboard["panels"], *(each for row in dashboard["panels"] for each in row.get("panels", ()))]
    assert len({panel["id"] for panel in every}) == len(every)
    places = [panel["gridPos"] for panel in dashboard["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert beside or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]


@each_dashboard
def test_titles_are_told_apart(dashboard):
    titles = [panel["title"] for panel in panels(dashboard)]
    assert len(set(titles)) == len(titles)


def test_a_description_is_sentences_that_end():
    for panel in PANELS:
        assert re.fullmatch(r"(?s)[A-Z].*[.?]", panel["description"]), panel["description"]
        assert len(panel["description"]) > 30


def test_a_runbook_that_a_description_names_is_there():
    for panel in PANELS:
        for name in re.findall(r"\b(?:see|runbook|:) ((?:[A-Z][a-z]+){2,})", panel["description"]):
            assert (ROOT / "docs" / "runbooks" / f"{name}.md").is_file(), name


def test_a_panel_over_samples_of_calls_shows_exemplars_once():
    for panel in PANELS:
        is_of_samples = any(re.search(r"participant_\w+_bucket", target["expr"]) for target in panel["targets"])
        assert sum(target.get("exemplar", False) for target in panel["targets"]) == is_of_samples


def test_what_is_told_apart_by_a_label_without_an_end_is_bounded():
    """Codes, rules, receivers and tenants are as many as the world and the configuration have."""
    for query in QUERIES:
        if re.search(r"by \((code|rule|tenant|receiver, reason|slo, scope|account, resource)\)", query.expr):
            assert re.search(r"\b(topk|bottomk)\(\d+, |posts_total|twilio_up|resource=~", query.expr)


def links() -> list[str]:
    """Return every address that a dashboard leads to."""
    of_panels = [link["url"] for panel in PANELS for link in panel["links"]]
    return of_panels + [link["url"] for dashboard in DASHBOARDS.values() for link in dashboard["links"] if link["url"]]


def test_links_to_other_dashboards_keep_time_and_variables_and_arrive():
    inward = [url for url in links() if url.startswith("/d/")]
    assert {url.removeprefix("/d/").partition("?")[0] for url in inward} <= DASHBOARDS.keys()
    assert {url.partition("?")[2] for url in inward} == {"${__url_time_range}&${__all_variables}"}
    for dashboard in DASHBOARDS.values():
        menu, *_ = dashboard["links"]
        assert (menu["type"], menu["tags"], menu["includeVars"], menu["keepTime"]) == (
            "dashboards",
            ["roomwatch"],
            True,
            True,
        )
        assert "roomwatch" in dashboard["tags"]


def test_links_to_roomwatch_lead_to_pages_that_it_has():
    pages = {
        "/",
        "/rooms",
        "/media",
        "/incidents",
        "/silences",
        "/notifications",
        "/sources",
        "/blind-spots",
        "/settings",
    }
    outward = [url for url in links() if not url.startswith("/d/")]
    assert all(url.startswith("${roomwatch_url:raw}/") for url in outward)
    assert {url.removeprefix("${roomwatch_url:raw}").partition("?")[0] for url in outward} == pages


def test_no_link_to_a_dashboard_can_change_where_its_own_links_lead():
    for dashboard in DASHBOARDS.values():
        variable = variables(dashboard)["roomwatch_url"]
        assert (variable["type"], variable["skipUrlSync"]) == ("constant", True)


@each_dashboard
def test_all_graphs_share_a_crosshair_and_show_what_happened(dashboard):
    assert dashboard["graphTooltip"] == 1
    names = [each["name"] for each in dashboard["annotations"]["list"]]
    assert names == ["Annotations & Alerts", "Alerts", "Alerts about Roomwatch", "Starts", "Configurations"]


# --- for grafana.com ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("uid", DASHBOARDS)
def test_what_grafana_com_hands_on_asks_for_what_is_different_elsewhere_and_says_what_it_needs(uid):
    shared = json.loads((GRAFANA / "for_grafana_com" / f"{uid}.json").read_text(encoding="utf-8"))
    asked = {each["name"]: each["type"] for each in shared["__inputs"]}
    assert asked == {"DS_PROMETHEUS": "datasource", "VAR_ROOMWATCH_URL": "constant"}
    used = set(re.findall(r"\$\{((?:DS|VAR)_\w+)\}", json.dumps(shared)))
    assert used == asked.keys()
    assert shared["id"] is None
    needed = {each["id"] for each in shared["__requires"] if each["type"] == "panel"}
    assert needed == {panel["type"] for panel in panels(shared)}


@pytest.mark.parametrize("uid", DASHBOARDS)
def test_what_is_provisioned_asks_for_nothing_as_nobody_would_answer(uid):
    assert not DASHBOARDS[uid].keys() & {"__inputs", "__requires"}
    assert "id" not in DASHBOARDS[uid]


# --- provisioning -------------------------------------------------------------------------------------------


def test_the_data_source_has_a_number_that_stays_and_leads_from_exemplars_to_calls():
    file = GRAFANA / "provisioning" / "datasources" / "roomwatch.yml"
    (source,) = yaml.safe_load(file.read_text(encoding="utf-8"))["datasources"]
    assert (source["uid"], source["type"]) == ("roomwatch-prometheus", "prometheus")
    ways = {each["name"]: each["url"] for each in source["jsonData"]["exemplarTraceIdDestinations"]}
    assert ways.keys() == {"room_sid", "participant_sid"}
    assert all(url.count("$${__value.raw}") == 1 for url in ways.values())


def test_the_dashboards_are_provisioned_so_that_nobody_changes_them_by_mistake():
    file = GRAFANA / "provisioning" / "dashboards" / "roomwatch.yml"
    (provider,) = yaml.safe_load(file.read_text(encoding="utf-8"))["providers"]
    assert (provider["type"], provider["disableDeletion"], provider["allowUiUpdates"]) == ("file", True, False)


# --- how queries come about ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("up", f"up{{{CHOSEN}}}"),
        ('sum(roomwatch_alerts{state="firing"})', f'sum(roomwatch_alerts{{{CHOSEN},state="firing"}})'),
        ("sum by (rule) (roomwatch_alerts)", f"sum by (rule) (roomwatch_alerts{{{CHOSEN}}})"),
        ("rate(roomwatch_a_total[5m]) * 60", f"rate(roomwatch_a_total{{{CHOSEN}}}[5m]) * 60"),
        ("vector(1)", "vector(1)"),
    ],
)
def test_each_selector_asks_for_the_chosen_daemons_only(written: str, asked: str):
    assert scoped(written) == asked


def test_a_quantile_is_taken_over_all_daemons_together():
    assert quantile(0.95, "roomwatch_x_seconds", "direction") == (
        "histogram_quantile(0.95, sum by (le, direction) (rate(roomwatch_x_seconds_bucket[$__rate_interval])))"
    )
    assert mean('roomwatch_x_seconds{direction="up"}') == (
        'sum(rate(roomwatch_x_seconds_sum{direction="up"}[$__rate_interval]))'
        ' / sum(rate(roomwatch_x_seconds_count{direction="up"}[$__rate_interval]))'
    )


def test_all_queries_of_a_panel_have_letters_of_their_own():
    for panel in PANELS:
        refs = [target["refId"] for target in panel["targets"]]
        assert len(set(refs)) == len(refs), panel["title"]

"""Every query of every dashboard, asked of a real Prometheus that scrapes a real daemon with calls in it."""

import re
import time
from collections.abc import Iterable, Mapping
from functools import partial

import pytest

from tests.e2e.prometheus_server import Prometheus, until
from tests.e2e.servers import ON_CLUSTER
from tests.e2e.tools import HANGS_AFTER_S
from tests.grafana import DASHBOARDS, Query, filled_in, queries, variables

pytestmark = pytest.mark.e2e

SHOWN_S = 60
# Scraped once a second: Grafana takes rates over four scrapes at least.
FILLED = {"rate_interval": "4s", "shown": f"{SHOWN_S}s"}

# What a minute of the demo has no reason to show.  Nothing else may be empty.
RIGHTLY_EMPTY: Mapping[tuple[str, str], str] = {
    ("roomwatch-media", "Late or lost, of those due"): "no composition comes to its end within the minute",
    ("roomwatch-media", "Time until a composition is there"): "no composition comes to its end within the minute",
    ("roomwatch-twilio", "Canary's last full round"): "the demo has no canary",
}
# The same of one line of a panel that has others.
RIGHTLY_WITHOUT: dict[tuple[str, str, str], str] = {
    ("roomwatch-itself", "Memory", "B"): "no limit but the machine's",
    ("roomwatch-itself", "How late, each time", "B"): "no garbage is collected within the minute",
}
if ON_CLUSTER:
    RIGHTLY_WITHOUT |= {
        ("roomwatch-itself", "Bytes on disk", "D"): "the disks are those of PostgreSQL and of ClickHouse",
        ("roomwatch-itself", "Write under way", "B"): "only a file has a write-ahead log of ours",
    }


def is_rightly_empty(query: Query) -> bool:
    return (query.dashboard, query.panel) in RIGHTLY_EMPTY or query[:3] in RIGHTLY_WITHOUT


def is_told(prometheus: Prometheus, query: Query) -> bool:
    """Whether the query, asked as Grafana asks it, finds a number."""
    expression = filled_in(query.expr, **FILLED)
    if query.is_instant:
        values = [each["value"] for each in prometheus.query(expression)]
    else:
        found = prometheus.query_range(expression, last_s=SHOWN_S)
        values = [value for each in found for value in each["values"]]
    return any(value != "NaN" for _, value in values)


def untold(prometheus: Prometheus, asked: Iterable[Query]) -> list[Query]:
    return [query for query in asked if not is_told(prometheus, query)]


def test_every_query_of_every_panel_finds_numbers_but_those_that_have_none_to_find(prometheus: Prometheus) -> None:
    end = time.monotonic() + SHOWN_S + HANGS_AFTER_S
    left = [query for query in queries() if not is_rightly_empty(query)]
    while (left := untold(prometheus, left)) and time.monotonic() < end:
        time.sleep(1)
    assert list(map(str, left)) == []


def test_what_is_rightly_empty_is_asked_without_an_error(prometheus: Prometheus) -> None:
    asked = [query for query in queries() if is_rightly_empty(query)]
    named = {
        *((each.dashboard, each.panel) for each in asked),
        *((each.dashboard, each.panel, each.ref) for each in asked),
    }
    assert {*RIGHTLY_EMPTY, *RIGHTLY_WITHOUT} <= named, "each of them is there"
    for query in asked:
        prometheus.query(filled_in(query.expr, **FILLED))


def test_every_variable_has_something_to_choose(prometheus: Prometheus) -> None:
    for dashboard in DASHBOARDS.values():
        for variable in variables(dashboard).values():
            if variable["type"] == "query":
                selector, label = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["definition"]).groups()
                assert prometheus.label_values(label, filled_in(selector, **FILLED)), variable["definition"]


def test_every_page_that_is_scraped_can_be_chosen(prometheus: Prometheus) -> None:
    scraped = {target["labels"]["instance"] for target in prometheus.get("/api/v1/targets")["activeTargets"]}
    for dashboard in DASHBOARDS.values():
        asked = variables(dashboard)["instance"]["definition"]
        selector, label = re.fullmatch(r"label_values\((.+), (\w+)\)", asked).groups()
        assert set(prometheus.label_values(label, filled_in(selector, **FILLED))) == scraped


def test_every_mark_is_understood_and_starts_are_marked(prometheus: Prometheus) -> None:
    (marks,) = {
        tuple((each["name"], each.get("expr")) for each in d["annotations"]["list"]) for d in DASHBOARDS.values()
    }
    asked = {name: filled_in(expr, **FILLED) for name, expr in marks if expr}
    for expr in asked.values():
        prometheus.query(expr)
    for name in ("Starts", "Configurations"):
        found = until(partial(prometheus.query, asked[name]), name)
        at_ms = float(found[0]["value"][1])
        assert abs(at_ms / 1000 - time.time()) < 3600, name


def test_points_in_the_graphs_of_quality_lead_to_calls(prometheus: Prometheus) -> None:
    (query, *_) = (query for query in queries() if query.panel == "Round trips")
    span = {"start": f"{time.time() - SHOWN_S}", "end": f"{time.time()}"}
    found = prometheus.get("/api/v1/query_exemplars", query=filled_in(query.expr, **FILLED), **span)
    labels = [exemplar["labels"] for series in found for exemplar in series["exemplars"]]
    assert labels
    for each in labels:
        assert re.fullmatch(r"RM[0-9a-f]{32}", each["room_sid"])
        assert re.fullmatch(r"PA[0-9a-f]{32}", each["participant_sid"])

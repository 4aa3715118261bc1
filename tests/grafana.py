"""Dashboards as Grafana sees them: the panels of a file, and their queries with the variables filled in."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

Json = dict[str, Any]

ROOT = Path(__file__).parents[1]
GRAFANA = ROOT / "dashboards" / "grafana"
DASHBOARDS: Mapping[str, Json] = {
    file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted((GRAFANA / "json").glob("*.json"))
}
SELECTOR = re.compile(r"\b(?P<name>(?:roomwatch|process|python|scrape)_\w+|up)\b(?:\{(?P<matchers>[^}]*)\})?")


class Query(NamedTuple):
    """One target of a panel."""

    dashboard: str
    panel: str
    ref: str
    expr: str
    is_instant: bool

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.panel}: {self.ref}"


def panels(dashboard: Json) -> Iterator[Json]:
    """Yield all panels but rows, also those of rows that are collapsed."""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            yield from panel["panels"]
        else:
            yield panel


def queries() -> Iterator[Query]:
    for uid, dashboard in DASHBOARDS.items():
        for panel in panels(dashboard):
            for target in panel["targets"]:
                yield Query(uid, panel["title"], target["refId"], target["expr"], target["instant"])


def variables(dashboard: Json) -> dict[str, Json]:
    return {each["name"]: each for each in dashboard["templating"]["list"]}


def filled_in(expression: str, *, rate_interval: str, shown: str, interval: str = "1s", choices: str = ".+") -> str:
    """Return the expression as it reaches Prometheus; where all is chosen, each choice is its `allValue`."""
    values = {"__rate_interval": rate_interval, "__range": shown, "__interval": interval}
    return re.sub(r"\$(\w+)|\$\{(\w+)\}", lambda name: values.get(name[1] or name[2], choices), expression)

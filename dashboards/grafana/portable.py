"""How does a dashboard become one that grafana.com can hand to strangers?

Its import asks whoever imports for what it lacks, and only its import does: `__inputs` mean nothing to provisioning,
which is why there are two files.  What was chosen by a variable here, the data source and the address of Roomwatch, is
asked for there.
"""

from dashboards.grafana.panels import Json

_DATA_SOURCE = "DS_PROMETHEUS"
_URL = "VAR_ROOMWATCH_URL"
OLDEST = "10.0.0"
_NAMES = {
    "bargauge": "Bar gauge",
    "heatmap": "Heatmap",
    "stat": "Stat",
    "state-timeline": "State timeline",
    "timeseries": "Time series",
}


def portable(dashboard: Json) -> Json:
    """Return the dashboard with all that an import has to ask for, and no number of its own."""
    (url,) = (each for each in dashboard["templating"]["list"] if each["name"] == "roomwatch_url")
    asked: Json = {
        "__inputs": [_asked_data_source(), _asked_url(url)],
        "__elements": {},
        "__requires": _needs(dashboard),
    }
    templating = {"list": [_asking(each) for each in dashboard["templating"]["list"]]}
    return asked | dashboard | {"id": None, "templating": templating}


def _asking(variable: Json) -> Json:
    """Return a variable whose value the import fills in."""
    match variable["name"]:
        case "datasource":
            return variable | {"current": _value(f"${{{_DATA_SOURCE}}}")}
        case "roomwatch_url":
            value = _value(f"${{{_URL}}}")
            return variable | {"query": f"${{{_URL}}}", "current": value, "options": [value]}
        case _:
            return variable


def _value(text: str) -> Json:
    return {"selected": False, "text": text, "value": text}


def _asked_data_source() -> Json:
    return {
        "name": _DATA_SOURCE,
        "label": "Prometheus",
        "description": "The Prometheus that scrapes Roomwatch",
        "type": "datasource",
        "pluginId": "prometheus",
        "pluginName": "Prometheus",
    }


def _asked_url(variable: Json) -> Json:
    return {
        "name": _URL,
        "label": variable["label"],
        "description": "Where people open Roomwatch's pages, without a slash at the end",
        "type": "constant",
        "value": variable["query"],
    }


def _needs(dashboard: Json) -> list[Json]:
    kinds = sorted({panel["type"] for panel in _panels(dashboard["panels"])} - {"row"})
    return [
        {"type": "grafana", "id": "grafana", "name": "Grafana", "version": OLDEST},
        {"type": "datasource", "id": "prometheus", "name": "Prometheus", "version": "1.0.0"},
        *({"type": "panel", "id": kind, "name": _NAMES[kind], "version": ""} for kind in kinds),
    ]


def _panels(panels: list[Json]) -> list[Json]:
    return [each for panel in panels for each in (panel, *_panels(panel.get("panels", [])))]

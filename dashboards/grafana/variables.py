"""What can be chosen above a dashboard?

The data source, the job and the instances on every one; some have a variable more.  An instance is whatever is scraped:
of several replicas each is one, and the balancer, under whose name is what is the same for all of them.  The address of
Roomwatch's pages is a constant: what could be changed in a link to the dashboard could lead whoever follows it
somewhere else.
"""

from dashboards.grafana.panels import DATA_SOURCE, Json
from dashboards.grafana.promql import scoped

LOOPBACK = "http://127.0.0.1:8471"
_ALL = {"selected": True, "text": ["All"], "value": ["$__all"]}


def of_dashboard(roomwatch_url: str, *more: Json) -> list[Json]:
    """Return the variables of a dashboard; each may use those before it."""
    return [
        data_source(),
        values_of("job", "Job", "label_values(roomwatch_build_info, job)"),
        values_of("instance", "Instance", 'label_values(up{job=~"$job"}, instance)'),
        *more,
        constant("roomwatch_url", "Roomwatch's address", roomwatch_url),
    ]


def data_source() -> Json:
    """Return the choice of a Prometheus; at first, the one that Grafana has for a default."""
    return {
        "type": "datasource",
        "name": "datasource",
        "label": "Data source",
        "query": "prometheus",
        "current": {},
        "hide": 0,
        "includeAll": False,
        "multi": False,
        "options": [],
        "refresh": 1,
        "regex": "",
    }


def values_of(name: str, label: str, query: str) -> Json:
    """Return a choice among the values of a label, looked up again when another time is shown."""
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": DATA_SOURCE,
        "definition": query,
        "query": {"query": query, "refId": f"{name}-values"},
        "allValue": ".+",
        "current": _ALL,
        "hide": 0,
        "includeAll": True,
        "multi": True,
        "options": [],
        "refresh": 2,
        "regex": "",
        "sort": 1,
    }


def of_chosen(name: str, label: str, metric: str) -> Json:
    """Return a choice among the values that a label of the same name has with the chosen daemons."""
    return values_of(name, label, f"label_values({scoped(metric)}, {name})")


def constant(name: str, label: str, value: str) -> Json:
    """Return what is the same in all panels, and is not for whoever looks at them to change."""
    return {
        "type": "constant",
        "name": name,
        "label": label,
        "query": value,
        "current": {"selected": False, "text": value, "value": value},
        "hide": 2,
        "options": [{"selected": True, "text": value, "value": value}],
        "skipUrlSync": True,
    }

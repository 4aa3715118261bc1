"""What happened when a line bends?

Marks on every graph: an alert of Roomwatch began to fire, Prometheus' own rules over Roomwatch fire, the daemon was
started, its configuration was read anew.
"""

from dashboards.grafana.panels import DATA_SOURCE, Json
from dashboards.grafana.promql import scoped


def of_dashboard() -> list[Json]:
    """Return the marks of every dashboard."""
    return [
        _BUILT_IN,
        _mark(
            "Alerts",
            'sum by (rule) (increase(roomwatch_alert_transitions_total{reason="held"}[1m])) > 0',
            "red",
            title="{{rule}}",
            text="began to fire",
        ),
        _mark(
            "Alerts about Roomwatch",
            'ALERTS{alertname=~"Roomwatch.+",alertname!="RoomwatchWatchdog",alertstate="firing",job=~"$job"}',
            "orange",
            title="{{alertname}}",
            text="{{instance}}: fires in Prometheus",
        ),
        _moment("Starts", "process_start_time_seconds * 1000", "blue", text="{{instance}} was started"),
        _moment(
            "Configurations",
            "roomwatch_config_last_reload_success_timestamp_seconds * 1000",
            "purple",
            text="{{instance}} read its configuration",
        ),
    ]


_BUILT_IN: Json = {
    "builtIn": 1,
    "datasource": {"type": "grafana", "uid": "-- Grafana --"},
    "enable": True,
    "hide": True,
    "iconColor": "rgba(0, 211, 255, 1)",
    "name": "Annotations & Alerts",
    "type": "dashboard",
}


def _mark(name: str, expression: str, colour: str, *, title: str, text: str) -> Json:
    return {
        "name": name,
        "datasource": DATA_SOURCE,
        "enable": True,
        "expr": scoped(expression),
        "iconColor": colour,
        "step": "60s",
        "tagKeys": "severity",
        "textFormat": text,
        "titleFormat": title,
    }


def _moment(name: str, expression: str, colour: str, *, text: str) -> Json:
    """Return a mark at the time that the value itself tells, in milliseconds."""
    return _mark(name, expression, colour, title=name, text=text) | {"useValueForTime": True}

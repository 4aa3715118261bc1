"""What is the same on every dashboard?  Everything but its rows."""

from collections.abc import Sequence
from typing import NamedTuple

from dashboards.grafana import annotations, layout, links, variables
from dashboards.grafana.panels import Json

SCHEMA = 38  # the classic one as Grafana 10.0 writes it; later ones bring it up to date when they read it


class Board(NamedTuple):
    """A dashboard as its file describes it.

    Attributes:
        uid: by which links and bookmarks find it; never changes.
        title: what it is called.
        description: which question it answers.
        rows: its panels.
        choices: variables that it has beside those that all have.
    """

    uid: str
    title: str
    description: str
    rows: Sequence[layout.Row]
    choices: Sequence[Json] = ()


def dashboard(board: Board, roomwatch_url: str = variables.LOOPBACK) -> Json:
    """Return what Grafana reads."""
    return {
        "uid": board.uid,
        "title": f"Roomwatch / {board.title}",
        "description": board.description,
        "tags": [links.TAG],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,  # a crosshair that all panels share
        "fiscalYearStartMonth": 0,
        "liveNow": False,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timepicker": {},
        "timezone": "browser",
        "weekStart": "",
        "annotations": {"list": annotations.of_dashboard()},
        "links": links.of_dashboard(),
        "panels": layout.place(board.rows),
        "templating": {"list": variables.of_dashboard(roomwatch_url, *board.choices)},
    }

"""Where on the board does each panel go?

From left to right in rows of 24 columns, and on to the next line when the next panel is too wide.  A row with a title
heads them; one that is collapsed holds its panels inside itself, as Grafana wants it.
"""

from collections.abc import Sequence
from typing import NamedTuple

from dashboards.grafana.panels import Json

COLUMNS = 24


class Row(NamedTuple):
    """Panels under one heading; a collapsed one asks Prometheus for nothing until somebody opens it."""

    title: str
    panels: Sequence[Json]
    is_collapsed: bool = False


def place(rows: Sequence[Row]) -> list[Json]:
    """Return all panels with their places and numbers."""
    placed: list[Json] = []
    top = 0
    for row in rows:
        inside, bottom = _flowing(row.panels, top + 1)
        placed.append(_heading(row, top, inside))
        placed += [] if row.is_collapsed else inside
        top = top + 1 if row.is_collapsed else bottom
    _number(placed)
    return placed


def _flowing(panels: Sequence[Json], top: int) -> tuple[list[Json], int]:
    """Return the panels with their places, and where the next row may begin."""
    placed, left, bottom = [], 0, top
    for panel in panels:
        width, height = panel["gridPos"]["w"], panel["gridPos"]["h"]
        if left + width > COLUMNS:
            left, top = 0, bottom
        placed.append(panel | {"gridPos": {"x": left, "y": top, "w": width, "h": height}})
        left, bottom = left + width, max(bottom, top + height)
    return placed, bottom


def _heading(row: Row, top: int, inside: list[Json]) -> Json:
    return {
        "type": "row",
        "title": row.title,
        "collapsed": row.is_collapsed,
        "gridPos": {"x": 0, "y": top, "w": COLUMNS, "h": 1},
        "panels": inside if row.is_collapsed else [],
    }


def _number(panels: Sequence[Json], after: int = 0) -> int:
    for panel in panels:
        after += 1
        panel["id"] = after
        after = _number(panel.get("panels", ()), after)
    return after

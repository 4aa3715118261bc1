"""What does Grafana have to be told of a panel?

One function for each kind of panel in use, each a plain dict as Grafana's own editor would write it.  A panel has a
title, a description that says what to do about what it shows, and queries by their legends.  Where on the board it goes
is not its business (`layout`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboards.grafana.promql import bucket, rate, scoped

Json = dict[str, Any]
Queries = str | Mapping[str, str]  # one, or several by their legends
Steps = Sequence[tuple[float, str]]  # from which value on which colour counts

DATA_SOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}
GOOD, WARNING, BAD = "green", "orange", "red"
PLAIN: Steps = ()
NONE_IS_GOOD: Steps = ((1, BAD),)
NONE_IS_BEST: Steps = ((1, WARNING),)
YES_IS_BAD: Mapping[float, tuple[str, str]] = {0: ("no", GOOD), 1: ("YES", BAD)}
YES_IS_GOOD: Mapping[float, tuple[str, str]] = {0: ("NO", BAD), 1: ("yes", GOOD)}


def stat(
    title: str,
    queries: Queries,
    description: str,
    *,
    unit: str = "short",
    decimals: int | None = None,
    steps: Steps = PLAIN,
    base: str = GOOD,
    words: Mapping[float, tuple[str, str]] | None = None,
    nothing: str = "unknown",
    links: Sequence[Json] = (),
    width: int = 4,
) -> Json:
    """Return one number, large; or several small ones; `nothing` is said where there is none."""
    defaults = _defaults(unit, steps, base, nothing, decimals) | {"mappings": _mappings(words or {})}
    options = {
        "colorMode": "background" if steps or words else "value",
        "graphMode": "none" if words else "area",
        "justifyMode": "auto",
        "orientation": "auto",
        "reduceOptions": _LAST,
        "textMode": "auto",
    }
    return _panel("stat", title, queries, description, defaults, options, links, (width, 4), is_instant=bool(words))


def timeseries(
    title: str,
    queries: Queries,
    description: str,
    *,
    unit: str = "short",
    is_stacked: bool = False,
    has_exemplars: bool = False,
    colours: Mapping[str, str] | None = None,
    steps: Steps = PLAIN,
    most: float | None = None,
    links: Sequence[Json] = (),
    width: int = 8,
) -> Json:
    """Return lines over time; `steps` are drawn as lines across, `colours` are of series by their names."""
    custom = {
        "drawStyle": "line",
        "fillOpacity": 40 if is_stacked else 10,
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "pointSize": 5,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"group": "A", "mode": "normal" if is_stacked else "none"},
        "thresholdsStyle": {"mode": "dashed" if steps else "off"},
    }
    limits = {"min": 0} | ({} if most is None else {"max": most})
    defaults = _defaults(unit, steps, GOOD, None, None) | limits | {"custom": custom, "mappings": []}
    defaults["color"] = _PALETTE  # each line its own; `steps` are for the eye to compare with
    options = {
        "legend": {"calcs": ["lastNotNull", "max"], "displayMode": "table", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    panel = _panel("timeseries", title, queries, description, defaults, options, links, (width, 8))
    panel["fieldConfig"]["overrides"] = [_coloured(name, colour) for name, colour in (colours or {}).items()]
    return _with_exemplars(panel) if has_exemplars else panel


def heatmap(
    title: str,
    histogram: str,
    description: str,
    *,
    unit: str,
    has_exemplars: bool = False,
    links: Sequence[Json] = (),
    width: int = 8,
) -> Json:
    """Return how many values fell into each bucket of a histogram."""
    options = {
        "calculate": False,
        "cellGap": 1,
        "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64, "exponent": 0.5, "fill": "dark-orange"},
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto"},
        "showValue": "never",
        "tooltip": {"show": True, "yHistogram": True},
        "yAxis": {"axisPlacement": "left", "reverse": False, "unit": unit},
    }
    queries = {"{{le}}": f"sum by (le) ({rate(bucket(histogram))})"}
    panel = _panel("heatmap", title, queries, description, {"unit": unit}, options, links, (width, 8))
    for target in panel["targets"]:
        target["format"] = "heatmap"
    return _with_exemplars(panel) if has_exemplars else panel


def bars(
    title: str,
    queries: Queries,
    description: str,
    *,
    unit: str = "short",
    steps: Steps = PLAIN,
    base: str = GOOD,
    most: float | None = None,
    nothing: str = "nothing",
    links: Sequence[Json] = (),
    width: int = 8,
) -> Json:
    """Return one bar for each series, as things stand now."""
    limits = {"min": 0} | ({} if most is None else {"max": most})
    defaults = _defaults(unit, steps, base, nothing, None) | limits | {"mappings": []}
    options = {
        "displayMode": "gradient",
        "minVizHeight": 10,
        "minVizWidth": 0,
        "orientation": "horizontal",
        "reduceOptions": _LAST,
        "showUnfilled": True,
        "valueMode": "color",
    }
    return _panel("bargauge", title, queries, description, defaults, options, links, (width, 8), is_instant=True)


def states(
    title: str,
    queries: Queries,
    description: str,
    words: Mapping[float, tuple[str, str]],
    *,
    links: Sequence[Json] = (),
    width: int = 12,
) -> Json:
    """Return for each series a band that shows when it was in which state."""
    defaults = _defaults("none", PLAIN, GOOD, None, None) | {
        "custom": {"fillOpacity": 70, "lineWidth": 0},
        "mappings": _mappings(words),
    }
    options = {
        "alignValue": "left",
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "mergeValues": True,
        "rowHeight": 0.9,
        "showValue": "never",
        "tooltip": {"mode": "single", "sort": "none"},
    }
    return _panel("state-timeline", title, queries, description, defaults, options, links, (width, 8))


_PALETTE: Json = {"mode": "palette-classic"}
_THRESHOLDS: Json = {"mode": "thresholds"}
_LAST = {"calcs": ["lastNotNull"], "fields": "", "values": False}


def _panel(
    kind: str,
    title: str,
    queries: Queries,
    description: str,
    defaults: Json,
    options: Json,
    links: Sequence[Json],
    size: tuple[int, int],
    *,
    is_instant: bool = False,
) -> Json:
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATA_SOURCE,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "gridPos": {"w": size[0], "h": size[1]},
        "links": list(links),
        "options": options,
        "targets": [
            _target(ref, legend, expression, is_instant=is_instant)
            for ref, (legend, expression) in zip("ABCDEFGH", _by_legend(title, queries), strict=False)
        ],
    }


def _by_legend(title: str, queries: Queries) -> list[tuple[str, str]]:
    return [(title, queries)] if isinstance(queries, str) else list(queries.items())


def _target(ref: str, legend: str, expression: str, *, is_instant: bool) -> Json:
    """Return a query: of a moment where only the last value is shown or a whole range is added up, else of all."""
    return {
        "datasource": DATA_SOURCE,
        "editorMode": "code",
        "expr": scoped(expression),
        "legendFormat": legend,
        "range": not (is_instant or "$__range" in expression),
        "instant": is_instant or "$__range" in expression,
        "refId": ref,
    }


def _with_exemplars(panel: Json) -> Json:
    """Ask for exemplars once: every query over one histogram would show the same points again."""
    panel["targets"][0]["exemplar"] = True
    return panel


def _defaults(unit: str, steps: Steps, base: str, nothing: str | None, decimals: int | None) -> Json:
    marks = [{"color": base, "value": None}, *({"color": colour, "value": value} for value, colour in steps)]
    named = {"noValue": nothing, "decimals": decimals}
    return {
        "color": _THRESHOLDS if steps else _PALETTE,
        "thresholds": {"mode": "absolute", "steps": marks},
        "unit": unit,
    } | {key: value for key, value in named.items() if value is not None}


def _mappings(words: Mapping[float, tuple[str, str]]) -> list[Json]:
    if not words:
        return []
    options = {
        f"{value:g}": {"index": index, "text": text, "color": colour}
        for index, (value, (text, colour)) in enumerate(words.items())
    }
    return [{"type": "value", "options": options}]


def _coloured(name: str, colour: str) -> Json:
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}],
    }

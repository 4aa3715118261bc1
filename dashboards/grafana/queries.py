"""What is asked on more than one dashboard, so that it is asked the same way."""

from collections.abc import Mapping

from dashboards.grafana.panels import BAD, GOOD, WARNING
from dashboards.grafana.promql import grown

_KNOWN = 'sum(roomwatch_live_participants{level!="unknown"})'

# Of nobody there is no share: the comparison leaves nothing where nobody's level is known.
DEGRADED_SHARE = f'sum(roomwatch_live_participants{{level=~"0|1"}}) / ({_KNOWN} > 0)'
BAD_MINUTES_SHARE = (
    f"sum({grown('roomwatch_bad_call_seconds_total')}) / (sum({grown('roomwatch_judged_call_seconds_total')}) > 0)"
)
BUDGET_LEFT = "min by (slo) (roomwatch_slo_budget_remaining_ratio)"

# The worst first, so that it lies at the bottom of a stack, where it can be measured.
LEVELS: Mapping[str, str] = {
    "level 0": "dark-red",
    "level 1": BAD,
    "level 2": WARNING,
    "level 3": "yellow",
    "level 4": "light-green",
    "level 5": GOOD,
    "idle": "blue",
    "unknown": "gray",
}


def of_levels(metric: str) -> dict[str, str]:
    """Return one query for each level, so that the order of a stack is ours."""
    return {name: f'sum({metric}{{level="{name.removeprefix("level ")}"}})' for name in LEVELS}


OF_LEVELS = of_levels("roomwatch_live_participants")

"""How does a query come to ask for the chosen daemons only?

Dashboards write a query as one would type it; each selector in it then gets the two variables that every dashboard has,
`$job` and `$instance`.
"""

import re

CHOSEN = 'job=~"$job",instance=~"$instance"'
_SELECTOR = re.compile(r"\b(?:(?:roomwatch|process|python|scrape)_\w+|up)\b(?:\{(?P<matchers>[^}]*)\})?")


def scoped(expression: str) -> str:
    """Return the query with the matchers of the variables in each of its selectors."""
    return _SELECTOR.sub(_choosing, expression)


def _choosing(selector: re.Match[str]) -> str:
    name = selector[0].partition("{")[0]
    return f"{name}{{{','.join(filter(None, (CHOSEN, selector['matchers'])))}}}"


def rate(counter: str) -> str:
    """Return how fast a counter grows, over as long a time as Grafana holds to be sound."""
    return f"rate({counter}[$__rate_interval])"


def grown(counter: str) -> str:
    """Return by how much a counter grew in the time that the dashboard shows."""
    return f"increase({counter}[$__range])"


def quantile(ratio: float, histogram: str, by: str = "") -> str:
    """Return a quantile of a histogram, over all chosen daemons together."""
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({ratio}, sum by ({labels}) ({rate(bucket(histogram))}))"


def mean(histogram: str, by: str = "") -> str:
    """Return the mean of what a histogram counted."""
    name, matchers = _parts(histogram)
    adding = f"sum by ({by}) " if by else "sum"
    total, count = (f"{adding}({rate(name + part + matchers)})" for part in ("_sum", "_count"))
    return f"{total} / {count}"


def bucket(histogram: str) -> str:
    """Return the buckets of a histogram, which may carry matchers."""
    name, matchers = _parts(histogram)
    return f"{name}_bucket{matchers}"


def _parts(selector: str) -> tuple[str, str]:
    name, brace, matchers = selector.partition("{")
    return name, brace + matchers

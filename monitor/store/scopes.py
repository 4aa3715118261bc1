"""In which rollups do somebody's samples count?

In one of each scope: their room, and one value of each dimension by which calls are compared.  To compare by something
else, let `Series` know it, and add a line here.
"""

from collections.abc import Callable, Mapping

from monitor.history.people import hashed
from monitor.history.rollups import ROOM, UNKNOWN
from monitor.history.samples import Samples
from monitor.history.spans import Who
from monitor.naming import Naming
from monitor.store.ports import Line, Series

KeyOf = Callable[[Series], str | None]
Scopes = Mapping[str, KeyOf]


def _sdk(series: Series) -> str | None:
    return " ".join(filter(None, (series.client.sdk, series.client.sdk_version))) or None


SCOPES: Scopes = {
    ROOM: lambda series: series.room,
    "account": lambda series: series.account_sid,
    "region": lambda series: series.client.media_region,
    "edge": lambda series: series.client.edge,
    "sdk": _sdk,
    "browser": lambda series: series.client.browser,
    "network": lambda series: series.client.network,
}


def scopes_of(naming: Naming) -> Scopes:
    """Return the scopes there are where rooms are named like this: one more, if their names tell a tenant."""
    if "tenant" not in naming.values:
        return SCOPES
    return {**SCOPES, "tenant": lambda series: naming.labels(series.room_name)["tenant"]}


def placed(line: Line, scopes: Scopes) -> tuple[Who, Samples]:
    """Return samples with where they count."""
    series = line.series
    keys = {scope: key_of(series) or UNKNOWN for scope, key_of in scopes.items()}
    return Who(hashed(series.room, series.participant), series.participant, keys), line.samples


def is_told_whole(series: Series, scopes: Scopes) -> bool:
    """Whether it is known in which rollup of each scope the samples count."""
    return all(key_of(series) for key_of in scopes.values())

"""Where does one go on from a panel?

To another dashboard, with the time and the variables kept; or to a page of Roomwatch itself, whose address is the
variable `roomwatch_url`.  That one is written `:raw`, as Grafana would otherwise escape its slashes.
"""

from dashboards.grafana.panels import Json

TAG = "roomwatch"
ROOMWATCH = "${roomwatch_url:raw}"
SHOWN = "from=${__from}&to=${__to}"

OVERVIEW = "roomwatch-overview"
QUALITY = "roomwatch-quality"
MEDIA = "roomwatch-media"
TWILIO = "roomwatch-twilio"
ITSELF = "roomwatch-itself"


def to_dashboard(uid: str, title: str) -> Json:
    """Return a link of a panel to another dashboard, at the same time and for the same daemons."""
    return {"title": title, "url": f"/d/{uid}?${{__url_time_range}}&${{__all_variables}}"}


def to_page(path: str, title: str) -> Json:
    """Return a link of a panel to a page of Roomwatch, in a tab of its own."""
    return {"title": title, "url": f"{ROOMWATCH}{path}", "targetBlank": True}


def of_dashboard() -> list[Json]:
    """Return what stands above every dashboard: a menu of the others, and the pages of Roomwatch."""
    return [
        {
            "type": "dashboards",
            "title": "Roomwatch dashboards",
            "tags": [TAG],
            "asDropdown": True,
            "icon": "external link",
            "includeVars": True,
            "keepTime": True,
            "targetBlank": False,
            "tooltip": "The other dashboards, at the same time",
            "url": "",
        },
        _above("Calls", f"/rooms?{SHOWN}", "The calls that began in this time; each has a page of its own"),
        _above("Incidents", "/incidents", "Who was told of what, and who looks after it"),
        _above("Live", "/", "The calls as they are now"),
    ]


def _above(title: str, path: str, tooltip: str) -> Json:
    return {
        "type": "link",
        "title": title,
        "tags": [],
        "asDropdown": False,
        "icon": "external link",
        "includeVars": False,
        "keepTime": False,
        "targetBlank": True,
        "tooltip": tooltip,
        "url": f"{ROOMWATCH}{path}",
    }

"""Did a page of ours ask for this, or one on another site, in the name of whoever is logged in?

A browser sends the cookie along with whatever any page makes it ask; what it cannot be made to do is lie about where
that page is from.  It says so in `Sec-Fetch-Site`, or, if it is an old one or the connection is neither TLS nor to this
machine, in `Origin`.  Where it says neither, a body that is declared as JSON will do, or `X-Requested-With`: a page on
another site can send neither without asking us first, and we never say yes.

A page on another port or subdomain of ours (`same-site`) is another site: somebody else may be behind it.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

_OURS = ("same-origin", "none")  # "none": nobody's page, but the address bar


def came_from_us(headers: Mapping[str, str], url: str, shown_as: str = "") -> bool | None:
    """Whether a page of ours asked, or None if the browser does not say.

    Args:
        headers: of the request, by names in any case.
        url: how people reach us, where a proxy shows us another `Host` than they see.
        shown_as: the host that a trusted proxy says people see.
    """
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in _OURS
    origin = headers.get("Origin")
    if origin is None:
        return None
    place = _place(origin)
    return bool(place) and place in (headers.get("Host", "").lower(), _place(url), shown_as)


def is_declared(headers: Mapping[str, str]) -> bool:
    """Whether a request says something that no page on another site can have a browser say."""
    media_type = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return media_type == "application/json" or "X-Requested-With" in headers


def _place(url: str) -> str:
    """Return host and port of an address, without the port that its scheme has anyway: so browsers write them."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""

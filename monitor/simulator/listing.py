"""Which part of a list does a page hold, and where is the next?

Lists are newest first.  The next page is asked for with a token that names the last item of this one, so rooms that
open meanwhile shift nothing.  A bare `Page` number, as in `previous_page_url`, counts from the top.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote

from multidict import MultiMapping

from monitor.simulator.errors import invalid

Query = MultiMapping[str]
SortKey = tuple[float, str]  # when it was made, and its SID
T = TypeVar("T")

DEFAULT_PAGE_SIZE = 50
PAGING = ("PageSize", "Page", "PageToken")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a caller wants of a list."""

    size: int
    number: int = 0
    token: str | None = None

    @classmethod
    def of(cls, query: Query, largest: int) -> "PageRequest":
        """Read the paging parameters; sizes beyond `largest` are refused as Twilio does."""
        size = _integer(query, "PageSize", min(DEFAULT_PAGE_SIZE, largest))
        if not 1 <= size <= largest:
            raise invalid("PageSize", str(size), f"1 to {largest}")
        return cls(size, _integer(query, "Page", 0), query.get("PageToken"))


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list; `next_token` is None on the last page."""

    items: list[Any]
    request: PageRequest
    next_token: str | None


def cut(items: Iterable[T], request: PageRequest, key: Callable[[T], SortKey]) -> Page:
    """Return the page of `items`, in whatever order they come, that `request` asks for."""
    newest_first = sorted(items, key=key, reverse=True)
    if request.token is not None:
        after = _read_token(request.token)
        rest = [item for item in newest_first if key(item) < after]
    else:
        rest = newest_first[request.number * request.size :]
    shown = rest[: request.size]
    return Page(shown, request, _token(key(shown[-1])) if len(rest) > request.size else None)


def page_urls(path: str, query: Query, page: Page) -> dict[str, str | None]:
    """Return the addresses of this page and its neighbours: first, previous, this, next."""
    kept = [f"{name}={quote(value, safe='')}" for name, value in query.items() if name not in PAGING]
    base = f"{path}?" + "&".join([*kept, f"PageSize={page.request.size}"])
    number = page.request.number
    here = f"{base}&Page={number}" + (f"&PageToken={quote(page.request.token)}" if page.request.token else "")
    return {
        "first": f"{base}&Page=0",
        "previous": f"{base}&Page={number - 1}" if number else None,
        "this": here,
        "next": f"{base}&Page={number + 1}&PageToken={page.next_token}" if page.next_token else None,
    }


def moment(query: Query, name: str) -> float | None:
    """Read an ISO 8601 date or date-time parameter, in seconds since the epoch."""
    text = query.get(name)
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(name, text, "an ISO 8601 date-time in UTC") from None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def within(query: Query, after: str, before: str) -> Callable[[float], bool]:
    """Return whether a moment lies in the window that two date parameters leave; both ends belong to it."""
    earliest, latest = moment(query, after), moment(query, before)
    return lambda at: (earliest is None or int(at) >= earliest) and (latest is None or int(at) <= latest)


def choice(query: Query, name: str, allowed: tuple[str, ...]) -> str | None:
    """Read a parameter that must be one of `allowed`."""
    value = query.get(name)
    if value is not None and value not in allowed:
        raise invalid(name, value, f"one of {', '.join(allowed)}")
    return value


def _integer(query: Query, name: str, default: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    if not text.isdigit():
        raise invalid(name, text, "a whole number")
    return int(text)


def _token(key: SortKey) -> str:
    return f"PT{key[0]!r}~{key[1]}"


def _read_token(token: str) -> SortKey:
    at, _, sid = token.removeprefix("PT").partition("~")
    try:
        return float(at), sid
    except ValueError:
        raise invalid("PageToken", token, "a token of a next_page_url") from None

"""What does api.twilio.com answer?  Usage records, in the paging style of 2010: no `meta`, and relative addresses."""

from datetime import UTC, date, datetime

from aiohttp import web

from monitor.simulator.errors import invalid, not_found
from monitor.simulator.listing import Page, PageRequest, Query, page_urls
from monitor.simulator.shapes import Json
from monitor.simulator.site import Site
from monitor.simulator.usage import CATEGORIES, Category, Period, day_of, periods

SUBRESOURCES = ("AllTime", "Daily", "LastMonth", "Monthly", "ThisMonth", "Today", "Yearly", "Yesterday")
MANY = 1000


class UsageApi:
    """Usage records over one site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[web.RouteDef]:
        """Return the route table."""
        records = "/2010-04-01/Accounts/{account}/Usage/Records"
        return [
            web.get(f"{records}.json", self.list_records),
            web.get(f"{records}/{{subresource}}.json", self.list_records),
        ]

    async def list_records(self, request: web.Request) -> web.Response:
        """List what was used: one record per category and period, the latest period first."""
        subresource = request.match_info.get("subresource", "")
        if subresource not in ("", *SUBRESOURCES) or request.match_info["account"] != self._site.account.account_sid:
            raise not_found(request.path)
        asked = PageRequest.of(request.query, MANY)
        rows = self._rows(request.query, subresource)
        begin = asked.number * asked.size
        shown = rows[begin : begin + asked.size]
        more = f"PT{begin + asked.size}" if begin + asked.size < len(rows) else None
        urls = page_urls(request.path, request.query, Page(shown, asked, more))
        return self._site.answer(
            {
                "usage_records": [self._record(category, period) for period, category in shown],
                "start": begin,
                "end": begin + max(0, len(shown) - 1),
                "page": asked.number,
                "page_size": asked.size,
                "first_page_uri": urls["first"],
                "previous_page_uri": urls["previous"],
                "next_page_uri": urls["next"],
                "uri": urls["this"],
            }
        )

    def _rows(self, query: Query, subresource: str) -> list[tuple[Period, Category]]:
        today = day_of(self._site.clock())
        start = _day(query, "StartDate") or self._site.world.ledger.usage.first_day(today)
        end = _day(query, "EndDate") or today
        wanted = query.getall("Category", [])
        latest_first = reversed(periods(subresource, today, start, end))
        return [
            (period, category)
            for period in latest_first
            for category in CATEGORIES
            if not wanted or category.name in wanted
        ]

    def _record(self, category: Category, period: Period) -> Json:
        account_sid = self._site.account.account_sid
        times, used = self._site.world.ledger.usage.over(period).get(category.name, (0, 0.0))
        base = f"/2010-04-01/Accounts/{account_sid}/Usage/Records"
        return {
            "account_sid": account_sid,
            "api_version": "2010-04-01",
            "as_of": datetime.fromtimestamp(int(self._site.clock()), UTC).isoformat(),
            "category": category.name,
            "count": str(times),
            "count_unit": category.unit,
            "description": category.description,
            "start_date": period[0].isoformat(),
            "end_date": period[1].isoformat(),
            "price": f"{used * category.price_usd:.5f}",
            "price_unit": "usd",
            "subresource_uris": {_snake(name): f"{base}/{name}.json?Category={category.name}" for name in SUBRESOURCES},
            "uri": f"{base}.json?Category={category.name}&StartDate={period[0]}&EndDate={period[1]}",
            "usage": f"{used:.2f}",
            "usage_unit": category.unit,
        }


def _day(query: Query, name: str) -> date | None:
    text = query.get(name)
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise invalid(name, text or "", "a date as YYYY-MM-DD") from None


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")

"""How are usage records listed, without all else that lives at api.twilio.com?

The official client's package for that address is about calls, conferences and queues: eighty modules, 7 MB, and at the
first question a tenth of a second in which nobody else gets their turn.  Only usage is asked for here, and the
library's own paging does without them.
"""

from collections.abc import Mapping
from datetime import date
from types import SimpleNamespace
from typing import Any

from twilio.base.domain import Domain
from twilio.base.page import Page
from twilio.base.version import Version

from collectors.rest.twilio import Twilio

_TOLD = ("account_sid", "category", "start_date", "end_date", "usage", "usage_unit", "price", "price_unit")


class UsageRecords(Page):  # type: ignore[misc]  # the package ships no types
    """One page; each record has what is told of it as text, or None."""

    def get_instance(self, payload: Mapping[str, Any]) -> Any:
        """Return a record by its JSON."""
        return SimpleNamespace(**{name: payload.get(name) for name in _TOLD})


async def first_page(twilio: Twilio, start: date, end: date, page_size: int) -> UsageRecords:
    """Ask for the first page of what the account itself used, by category and day."""
    version = Version(Domain(twilio.client, "https://api.twilio.com"), "2010-04-01")
    asked = {
        "StartDate": start.isoformat(),
        "EndDate": end.isoformat(),
        "IncludeSubaccounts": "false",  # they are accounts of their own, and Twilio would count them here too
        "PageSize": page_size,
    }
    answer = await version.page_async("GET", f"/Accounts/{twilio.account_sid}/Usage/Records/Daily.json", params=asked)
    return UsageRecords(version, answer)

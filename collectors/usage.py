"""What does it cost?

Usage records are sums by category and day.  One category can be asked for at a time, or all of Twilio's hundreds; all
of them are a request for every thousand records, so they are asked for and Video's are kept.  The month to date is
read once; after that only the days that Twilio may still correct.
"""

from collections.abc import AsyncGenerator, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any

from collectors.base import Known
from collectors.events import Event, Source, UsageSeen
from collectors.lists import PAGE_SIZE, Pages, moment
from collectors.rest.twilio import Twilio
from collectors.rest.usage_records import first_page
from collectors.soundness import sound

CORRECTED_FOR = timedelta(days=2)  # today, and these before it
_OF_VIDEO = (
    "video",
    "pv-",
    "group-rooms",
    "small-group-rooms",
    "go-rooms",
    "peer-to-peer-rooms",
    "turnmegabytes",
    "composition",
)


class Usage:
    """What one account used of Video, day by day (`collectors.base.Collector`)."""

    resource = "usage"

    def __init__(self, twilio: Twilio, page_size: int = PAGE_SIZE) -> None:
        self._twilio = twilio
        self._page_size = page_size
        self._month_is_told = False

    async def collect(self, known: Known, now_ms: int) -> AsyncGenerator[Sequence[Event], None]:  # noqa: ARG002 - the protocol's
        """Yield what was used of each of Video's categories on each day."""
        today = moment(now_ms).date()
        start = first_day(today, month_is_told=self._month_is_told)
        async for page in self._list(start, today, now_ms):
            told = [used for used in page if used is not None]
            if told:
                yield told
        self._month_is_told = True

    def _list(self, start: date, end: date, now_ms: int) -> Pages[UsageSeen | None]:
        first = first_page(self._twilio, start, end, self._page_size)
        return Pages(self.resource, first, partial(to_event, now_ms=now_ms))


def first_day(today: date, *, month_is_told: bool) -> date:
    """Return from which day on usage is to be asked for."""
    recent = today - CORRECTED_FOR
    return recent if month_is_told else min(recent, today.replace(day=1))


def to_event(record: Any, now_ms: int) -> UsageSeen | None:
    """Return what Twilio's usage record tells, or None where it is about another product."""
    if not record.category.startswith(_OF_VIDEO):
        return None
    return sound(
        UsageSeen(
            seen_at_ms=now_ms,
            source=Source.POLL,
            account_sid=record.account_sid,
            category=record.category,
            first_day=_day(record.start_date),
            last_day=_day(record.end_date),
            usage=_number(record.usage),
            usage_unit=record.usage_unit,
            price=_number(record.price),
            price_unit=record.price_unit,
        )
    )


def _day(given: date | str | None) -> str:
    return date.fromisoformat(str(given)).isoformat()


def _number(given: Any) -> float | None:
    """Return a number as the client library gives it: a decimal, or text; empty text is none."""
    return None if given is None or given == "" else float(given)

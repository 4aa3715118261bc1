"""Which doors are there to calls?  All that answers about one, or about many, put together."""

from collections.abc import Callable

from aiohttp import web

from monitor.call_views import CallViews
from monitor.http.bundles import Bundles
from monitor.http.call_pages import CallPages
from monitor.http.questions import AskedCalls
from monitor.http.rooms import Rooms
from monitor.http.shared import Shared
from monitor.http.shares import Shares
from monitor.http.streams import StreamRoutes
from monitor.http.tens import Tens
from monitor.http.trends import Trends
from monitor.http.verdicts import Verdicts
from monitor.inquiry import Inquiry
from monitor.live import Live
from monitor.store.ports import Resolve, Store
from monitor.streaming import Streams, Watches


def call_routes(
    store: Store,
    live: Live,
    inquiry: Inquiry,
    watches: Watches,
    *,
    resolve: Resolve,
    kept_since_ms: Callable[[], int],
    private_url: str,
    most_streams_each: int,
    now_ms: Callable[[], int],
) -> list[web.RouteDef]:
    """Return the routes.

    Args:
        store: what is on record.
        live: the rooms as they are now.
        inquiry: how a verdict comes about.
        watches: tells what happens in rooms that somebody looks at.
        resolve: finds whose telemetry is meant by what it calls them.
        kept_since_ms: since when samples are kept.
        private_url: where links to shared calls lead.
        most_streams_each: how many calls somebody may look at live.
        now_ms: what time it is.
    """
    calls = AskedCalls(store.archive, live, now_ms)
    views = CallViews(store, resolve, now_ms, kept_since_ms)
    rooms, pages, verdicts = Rooms(store, calls, resolve), CallPages(calls, views), Verdicts(calls, inquiry)
    streams = Streams(watches, views, calls.call, verdicts.of_call, resolve, now_ms)
    return [
        *rooms.routes(),
        *Tens(store.samples, calls, resolve).routes(),
        *pages.routes(),
        *verdicts.routes(),
        *StreamRoutes(streams, most_streams_each).routes(),
        *Bundles(store, live, calls, resolve, now_ms).routes(),
        *Shares(store.shares, calls, private_url, now_ms).routes(),
        *Shared(store.shares, calls, views, rooms, pages, verdicts, now_ms).routes(),
        *Trends(store.rollups, store.samples, resolve, now_ms).routes(),
    ]

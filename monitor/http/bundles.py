"""How does one take a call home?

    GET /api/v1/rooms/{room}/bundle?redact=true|false

All that is on record of it, as one file (`monitor.bundle`).  It is put together on a thread, one file at a time, in a
folder that only the daemon can read and that is gone once the file has been sent.
"""

import asyncio
import re
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from monitor.bundle.layout import BundleInvalid
from monitor.bundle.redaction import Redaction
from monitor.bundle.taking import EVER_MS, Taken, happenings, span_of
from monitor.bundle.writing import write_bundle
from monitor.call_views import began_ms
from monitor.entities import Room
from monitor.http.operations import NO_ROOM, ROOM, UNCLEAR, Operation, Operations, flag
from monitor.http.parameters import asking
from monitor.http.problems import NOT_KEPT, Refused
from monitor.http.questions import AskedCalls
from monitor.live import Live
from monitor.pseudonyms import Pseudonyms
from monitor.store.ports import Call, Happening, Resolve, Store

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_MOST_NAME = 60
_BEFORE_MS = 86_400_000  # so wrong may a browser's clock be
_KEY_BYTES = 32

OPERATIONS: Operations = {
    "/api/v1/rooms/{room}/bundle": Operation(
        "roomBundle",
        "All that is on record of a call, as one zip file.",
        None,
        [ROOM, flag("redact", "Name nobody in it.")],
        UNCLEAR | NO_ROOM | {503: "The file could not be written."},
        is_costly=True,
        media=("application/zip",),
    ),
}


class Bundles:
    """Answers with calls as files.

    Args:
        store: what is on record.
        live: the picture, which knows recordings and compositions that were not saved yet.
        calls: finds the call that is meant.
        resolve: who had a name at some moment.
        now_ms: what time it is.
    """

    def __init__(
        self, store: Store, live: Live, calls: AskedCalls, resolve: Resolve, now_ms: Callable[[], int]
    ) -> None:
        self._store = store
        self._live = live
        self._calls = calls
        self._resolve = resolve
        self._now_ms = now_ms
        self._turn = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.get("/api/v1/rooms/{room}/bundle", self.bundle, allow_head=False)]

    async def bundle(self, request: web.Request) -> web.StreamResponse:
        """Send a call as a file."""
        try:
            with asking(request.query) as asked:
                is_redacted = asked.flag("redact")
            taken = await self._take(request.match_info["room"])
        except Refused as refused:
            return refused.response()
        now = datetime.fromtimestamp(self._now_ms() / 1000, UTC)
        with tempfile.TemporaryDirectory(prefix="roomwatch-", ignore_cleanup_errors=True) as folder:
            file = Path(folder) / "call.zip"
            try:
                async with self._turn:
                    await asyncio.to_thread(_write, file, taken, now, is_redacted=is_redacted)
            except (BundleInvalid, OSError) as error:
                return Refused(503, f"expected to be able to write the file, got {error}").response()
            response = _SentOnce(file, headers=headers_of(taken, now, is_redacted=is_redacted))
            await response.prepare(request)  # which sends it
            return response

    async def _take(self, asked: str) -> Taken:
        """Return what is on record; what happened is read before the thread begins, which must not use the store."""
        call = await self._calls.call(asked)
        room, log = call.room, self._store.log
        lines = await self._store.samples.timeline(room.history_key, _since_ms(room), EVER_MS, self._resolve)
        happened = [each async for each in happenings(log, room.history_key)]
        by_name = [each async for each in happenings(log, f"name:{room.name or ''}", span_of(room))]
        alerts = await self._store.archive.alerts(call)
        return Taken(self._with_media(call), alerts, lines, _again(happened), _again(by_name))

    def _with_media(self, call: Call) -> Call:
        """Return a call with its recordings and compositions as they are now."""
        media, room_sid = self._live.media, call.room.sid
        recordings = {each.sid: each for each in call.recordings}
        recordings |= {each.sid: each for each in media.recordings.values() if each.room_sid == room_sid}
        compositions = {each.sid: each for each in call.compositions}
        compositions |= {each.sid: each for each in media.compositions.values() if each.room_sid == room_sid}
        return call._replace(recordings=[*recordings.values()], compositions=[*compositions.values()])


class _SentOnce(web.FileResponse):
    """A file that is gone once it was sent: aiohttp prepares every answer, also one that is out already."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the file, the first time."""
        return None if self.prepared else await super().prepare(request)


def _since_ms(room: Room) -> int:
    """Return from when on anything can have been measured in a room: what is older need not be there."""
    return max(began_ms(room, EVER_MS) - _BEFORE_MS, 0)


def headers_of(taken: Taken, now: datetime, *, is_redacted: bool) -> dict[str, str]:
    """Return the headers of a file; its name says which call it is, unless nobody is to know."""
    told = taken.room.sid or taken.room.name or "call"
    name = "redacted" if is_redacted else _UNSAFE.sub("-", told)[:_MOST_NAME]
    return {
        **NOT_KEPT,
        "Content-Type": "application/zip",
        "Content-Disposition": f'attachment; filename="call-{name}-{now:%Y%m%dT%H%M%SZ}.zip"',
        "X-Content-Type-Options": "nosniff",
    }


def _write(file: Path, taken: Taken, now: datetime, *, is_redacted: bool) -> None:
    redaction = None
    if is_redacted:
        of_this_bundle = Pseudonyms(secrets.token_bytes(_KEY_BYTES))
        redaction = Redaction(of_this_bundle.of, taken.room.key, taken.names())
    asyncio.run(write_bundle(file, taken, now, redaction))


async def _again(each: Iterable[Happening]) -> AsyncIterator[Happening]:
    for one in each:
        yield one

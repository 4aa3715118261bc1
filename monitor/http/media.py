"""What became of what was recorded?

    GET /api/v1/media     recordings and compositions that are open, came to nothing, or are finished, in pages

Out of the live picture, which knows what is open and some ten thousand of each that were finished last; what is older
is with its call, under `/api/v1/rooms/{room}`.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Literal

from aiohttp import web
from msgspec import Struct

from collectors.events import RecordingStatus
from monitor.entities import Composition, Recording
from monitor.http.cursors import Number, written
from monitor.http.operations import UNCLEAR, Operation, Operations, paged, parameter
from monitor.http.parameters import asking
from monitor.http.questions import answering
from monitor.limits import CompositionLimits
from monitor.live import Live

MEDIA, MOST_MEDIA = 50, 500
STATES = ("open", "failed", "finished")
KINDS = ("composition", "recording")

State = Literal["open", "failed", "finished"]
Medium = Composition | Recording


class MediaView(Struct, frozen=True):
    """A recording or a composition.

    One that a hook should make, and nobody has seen, has no SID and the status `expected`.  `state` is failed also
    where there is nothing in it.  An open composition waits since `waiting_since_ms` and should be done by `due_at_ms`;
    both are null while its room goes on.
    """

    kind: Literal["composition", "recording"]
    sid: str | None
    state: State
    status: str
    room_sid: str | None
    room_name: str | None
    participant_sid: str | None
    identity: str | None
    track: str | None
    created_at_ms: int | None
    seen_at_ms: int
    waiting_since_ms: int | None
    due_at_ms: int | None
    completed_at_ms: int | None
    percent_done: float | None
    duration_s: float | None
    size_bytes: int | None
    failed_operation: str | None
    error_message: str | None
    times_asked: int


class AfterMedium(Struct, frozen=True, array_like=True, tag="media"):
    """Where a page of media begins: after the one that was made then."""

    at_ms: Number
    sid: str


class MediaPage(Struct, frozen=True):
    """What was looked for, the latest first; `next` is the `after` of the next page, if there is one.

    `totals` says how many there are of each state, of whatever kind and text is asked for.
    """

    now_ms: int
    media: list[MediaView]
    totals: dict[str, int]
    next: str | None


OPERATIONS: Operations = {
    "/api/v1/media": Operation(
        "media",
        "Recordings and compositions that are open, came to nothing or are finished, the latest first, in pages.",
        MediaPage,
        [
            parameter("state", "How it stands.", {"enum": list(STATES)}),
            parameter("kind", "Which of both.", {"enum": list(KINDS)}),
            parameter("text", "The SID of any of it, an identity, or how the name of the room begins."),
            *paged("of them", MEDIA, MOST_MEDIA),
        ],
        UNCLEAR,
    ),
}


class MediaRoutes:
    """Answers questions about recordings and compositions.

    Args:
        live: the picture.
        limits: how long a composition may take.
        now_ms: what time it is.
    """

    def __init__(self, live: Live, limits: CompositionLimits, now_ms: Callable[[], int]) -> None:
        self._live = live
        self._limits = limits
        self._now_ms = now_ms

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.get("/api/v1/media", answering(self.page))]

    async def page(self, request: web.Request) -> Struct:
        """Answer with a page of what is looked for."""
        with asking(request.query) as asked:
            kind, state = asked.choice("kind", KINDS, ""), asked.choice("state", STATES, "")
            text, limit = asked.text("text").strip(), asked.number("limit", MEDIA, MOST_MEDIA)
            after = asked.after(AfterMedium)
        found = [each for each in self._all(kind) if _is_about(each, text)]
        totals: Counter[str] = Counter(map(_state, found))
        wanted = sorted((each for each in found if state in ("", _state(each))), key=_place, reverse=True)
        if after is not None:
            wanted = [each for each in wanted if _place(each) < (after.at_ms, after.sid)]
        shown = wanted[:limit]
        following = written(AfterMedium(*_place(shown[-1]))) if len(wanted) > limit else None
        views = [self._view(each) for each in shown]
        return MediaPage(self._now_ms(), views, {name: totals[name] for name in STATES}, following)

    def _all(self, kind: str) -> Iterator[Medium]:
        if kind != "recording":
            for each in self._live.media.all_compositions():
                if each.is_live or not each.is_expected:  # else another came, or it was given up
                    yield each
        if kind != "composition":
            yield from self._live.media.all_recordings()

    def _view(self, medium: Medium) -> MediaView:
        return _composition(medium, self._limits) if isinstance(medium, Composition) else _recording(medium)


def _is_about(medium: Medium, text: str) -> bool:
    if not text or text in (medium.sid, medium.room_sid) or (medium.room_name or "").startswith(text):
        return True
    return isinstance(medium, Recording) and text in (medium.participant_sid, medium.identity)


def _state(medium: Medium) -> State:
    if medium.is_troubled:
        return "failed"
    is_open = medium.status is RecordingStatus.PROCESSING if isinstance(medium, Recording) else medium.status.is_open
    return "open" if is_open else "finished"


def _place(medium: Medium) -> tuple[int, str]:
    return medium.created_at_ms or medium.seen_at_ms, medium.sid


def _composition(composition: Composition, limits: CompositionLimits) -> MediaView:
    since_ms = composition.waiting_since_ms
    return MediaView(
        kind="composition",
        sid=composition.sid if composition.sid.startswith("CJ") else None,
        state=_state(composition),
        status="expected" if composition.is_expected else composition.status.value,
        room_sid=composition.room_sid,
        room_name=composition.room_name,
        participant_sid=None,
        identity=None,
        track=None,
        created_at_ms=composition.created_at_ms,
        seen_at_ms=composition.seen_at_ms,
        waiting_since_ms=since_ms,
        due_at_ms=None if since_ms is None else since_ms + int(limits.limit_s(composition) * 1000),
        completed_at_ms=composition.completed_at_ms,
        percent_done=composition.percent_done,
        duration_s=composition.duration_s,
        size_bytes=composition.size_bytes,
        failed_operation=composition.failed_operation,
        error_message=composition.error_message,
        times_asked=composition.asked,
    )


def _recording(recording: Recording) -> MediaView:
    return MediaView(
        kind="recording",
        sid=recording.sid,
        state=_state(recording),
        status=recording.status.value,
        room_sid=recording.room_sid,
        room_name=recording.room_name,
        participant_sid=recording.participant_sid,
        identity=recording.identity,
        track=recording.kind,
        created_at_ms=recording.created_at_ms,
        seen_at_ms=recording.seen_at_ms,
        waiting_since_ms=None,
        due_at_ms=None,
        completed_at_ms=None,
        percent_done=None,
        duration_s=recording.duration_s,
        size_bytes=recording.size_bytes,
        failed_operation=recording.failed_operation,
        error_message=None,
        times_asked=0,
    )

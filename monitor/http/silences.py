"""What may be asked about silences, and who may make and end them?

    GET    /api/v1/silences               those that are not over; ?expired=true: the latest of all
    POST   /api/v1/silences               make one
    POST   /api/v1/silences/preview       which firing alerts one would be about
    GET    /api/v1/silences/{id}          one of them
    DELETE /api/v1/silences/{id}          end it now; it stays on record

An operator may.  The author is whoever is logged in, unless the body, or ?by=NAME, names somebody else, as a command
does for whoever typed it.
"""

from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web
from msgspec.structs import replace

from alerts.silences import SilenceError
from monitor.http.operations import UNCLEAR, Operation, Operations, flag, in_path, paged, parameter
from monitor.http.parameters import asking
from monitor.http.problems import Refused
from monitor.http.questions import Question, answering, told
from monitor.http.visitors import visitor_of
from monitor.silence_answers import (
    SHOWN_SILENCES,
    AfterSilence,
    NoSuchSilence,
    PreviewAsked,
    PreviewView,
    SilenceAnswers,
    SilenceAsked,
    SilencesView,
    SilenceView,
)
from monitor.store.ports import StoreFailed

_decode_asked = msgspec.json.Decoder(SilenceAsked)
_KEYS = {"ends_at": "ends_at_ms"}  # as they are written in a body
_decode_preview = msgspec.json.Decoder(PreviewAsked)

_ID = in_path("id", "The id of a silence.")
_NO_SILENCE = {404: "No such silence is on record."}

OPERATIONS: Operations = {
    "/api/v1/silences": Operation(
        "silences",
        "What nobody is told of for a while, in the order in which the silences end, in pages.",
        SilencesView,
        [
            flag("expired", "Also those that are over: the latest thousand of all."),
            *paged("silences", SHOWN_SILENCES, SHOWN_SILENCES),
        ],
        UNCLEAR,
    ),
    "POST /api/v1/silences": Operation(
        "addSilence",
        "Silence alerts that matchers agree with, until a time or for a while.",
        SilenceView,
        body=SilenceAsked,
        status=201,
    ),
    "POST /api/v1/silences/preview": Operation(
        "previewSilence",
        "Which firing alerts matchers agree with: how many, and the first hundred.",
        PreviewView,
        body=PreviewAsked,
    ),
    "/api/v1/silences/{id}": Operation("silence", "One silence, over or not.", SilenceView, [_ID], _NO_SILENCE),
    "DELETE /api/v1/silences/{id}": Operation(
        "expireSilence",
        "End a silence now. It stays on record; one that is over stays as it is.",
        SilenceView,
        [_ID, parameter("by", "Who ends it, for the record; default: whoever is logged in.")],
        UNCLEAR | _NO_SILENCE,
    ),
}


class SilenceRoutes:
    """The routes about silences."""

    def __init__(self, answers: SilenceAnswers) -> None:
        self._answers = answers

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        one = "/api/v1/silences/{id}"
        return [
            web.get("/api/v1/silences", _answering(self.list)),
            web.post("/api/v1/silences", _answering(self.add, status=201)),
            web.post("/api/v1/silences/preview", _answering(self.preview)),
            web.get(one, _answering(self.get)),
            web.delete(one, _answering(self.expire)),
        ]

    async def list(self, request: web.Request) -> msgspec.Struct:
        """Answer with the silences there are."""
        with asking(request.query) as asked:
            expired, limit = asked.flag("expired"), asked.number("limit", SHOWN_SILENCES, SHOWN_SILENCES)
            after = asked.after(AfterSilence)
        return await self._answers.list(expired=expired, after=after, limit=limit)

    async def get(self, request: web.Request) -> msgspec.Struct:
        """Answer with one silence."""
        return await self._answers.get(request.match_info["id"])

    async def add(self, request: web.Request) -> msgspec.Struct:
        """Make a silence, and answer with it."""
        asked = await told(request, _decode_asked)
        return await self._answers.add(replace(asked, author=asked.author or visitor_of(request).name))

    async def preview(self, request: web.Request) -> msgspec.Struct:
        """Answer with what a silence would be about."""
        return await self._answers.preview(await told(request, _decode_preview))

    async def expire(self, request: web.Request) -> msgspec.Struct:
        """End a silence, and answer with it as it is then."""
        return await self._answers.expire(request.match_info["id"], request.query.get("by") or visitor_of(request).name)


def _answering(question: Question, status: int = 200) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> msgspec.Struct:
        try:
            return await question(request)
        except NoSuchSilence as error:
            raise Refused.at(404, "id", str(error)) from None
        except SilenceError as error:
            raise Refused.at(400, _KEYS.get(error.key, error.key), str(error)) from None
        except StoreFailed as error:
            raise Refused(503, f"expected to be able to store it, got {error}; nothing was changed") from None

    return answering(answer, status)

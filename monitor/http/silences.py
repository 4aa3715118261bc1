"""What may be asked about silences, and who may make and end them?

    GET    /api/v1/silences               those that are not over; ?expired=true: the latest of all
    POST   /api/v1/silences               make one
    POST   /api/v1/silences/preview       which firing alerts one would be about
    GET    /api/v1/silences/{id}          one of them
    DELETE /api/v1/silences/{id}?by=NAME  end it now; it stays on record

Whoever is let in by the private door.  Who it is, nobody knows there: they say it themselves, for the record.
"""

from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from alerts.silences import SilenceError
from monitor.http.questions import Question, Refused, answering, told
from monitor.silence_answers import NoSuchSilence, PreviewAsked, SilenceAnswers, SilenceAsked
from monitor.store.ports import StoreFailed

_decode_asked = msgspec.json.Decoder(SilenceAsked)
_KEYS = {"ends_at": "ends_at_ms"}  # as they are written in a body
_decode_preview = msgspec.json.Decoder(PreviewAsked)


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
        expired = request.query.get("expired", "false")
        if expired not in ("true", "false"):
            raise Refused(400, f"expired: expected true or false, got {expired[:60]!r}")
        return await self._answers.list(expired=expired == "true")

    async def get(self, request: web.Request) -> msgspec.Struct:
        """Answer with one silence."""
        return await self._answers.get(request.match_info["id"])

    async def add(self, request: web.Request) -> msgspec.Struct:
        """Make a silence, and answer with it."""
        return await self._answers.add(await told(request, _decode_asked))

    async def preview(self, request: web.Request) -> msgspec.Struct:
        """Answer with what a silence would be about."""
        return await self._answers.preview(await told(request, _decode_preview))

    async def expire(self, request: web.Request) -> msgspec.Struct:
        """End a silence, and answer with it as it is then."""
        return await self._answers.expire(request.match_info["id"], request.query.get("by", ""))


def _answering(question: Question, status: int = 200) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> msgspec.Struct:
        try:
            return await question(request)
        except NoSuchSilence as error:
            raise Refused(404, f"id: {error}") from None
        except SilenceError as error:
            raise Refused(400, f"{_KEYS.get(error.key, error.key)}: {error}") from None
        except StoreFailed as error:
            raise Refused(503, f"expected to be able to store it, got {error}; nothing was changed") from None

    return answering(answer, status)

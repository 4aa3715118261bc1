"""What may be asked about incidents, and who may say that they look after one?

    GET  /api/v1/incidents                      the latest first, in pages; ?open=true: those that are not over
    GET  /api/v1/incidents/{id}                 one, with its alerts, what was said of it, and how that was delivered
    POST /api/v1/incidents/{id}/acknowledge     somebody looks after it
    POST /api/v1/incidents/{id}/unacknowledge   nobody does any more: it is escalated and repeated again

Whoever is let in by the private door.  Who it is, nobody knows there: they say it themselves, for the others.
"""

import math
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from monitor.http.questions import DAY_MS, Question, Refused, answering, moment, number, told
from monitor.incident_answers import (
    AcknowledgeAsked,
    IncidentAnswers,
    IncidentOver,
    NoSuchIncident,
    UnacknowledgeAsked,
)
from monitor.store.ports import IncidentsWanted, StoreFailed

INCIDENTS, MOST_INCIDENTS = 50, 500

_decode_acknowledge = msgspec.json.Decoder(AcknowledgeAsked)
_decode_unacknowledge = msgspec.json.Decoder(UnacknowledgeAsked)


class IncidentRoutes:
    """The routes about incidents."""

    def __init__(self, answers: IncidentAnswers, now_ms: Callable[[], int]) -> None:
        self._answers = answers
        self._now_ms = now_ms

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        one = "/api/v1/incidents/{id}"
        return [
            web.get("/api/v1/incidents", _answering(self.list)),
            web.get(one, _answering(self.get)),
            web.post(f"{one}/acknowledge", _answering(self.acknowledge)),
            web.post(f"{one}/unacknowledge", _answering(self.unacknowledge)),
        ]

    async def list(self, request: web.Request) -> msgspec.Struct:
        """Answer with a page of incidents."""
        query = request.query
        is_open = query.get("open", "false")
        if is_open not in ("true", "false"):
            raise Refused(400, f"open: expected true or false, got {is_open[:60]!r}")
        wanted = IncidentsWanted(
            moment(query, "from", 0) / 1000,
            moment(query, "to", self._now_ms() + DAY_MS) / 1000,
            is_open_only=is_open == "true",
            before=_after(query.get("after")),
            limit=number(query, "limit", INCIDENTS, 1, MOST_INCIDENTS),
        )
        return await self._answers.page(wanted)

    async def get(self, request: web.Request) -> msgspec.Struct:
        """Answer with one incident."""
        return await self._answers.get(request.match_info["id"])

    async def acknowledge(self, request: web.Request) -> msgspec.Struct:
        """Have somebody look after an incident, and answer with it as it is then."""
        return await self._answers.acknowledge(request.match_info["id"], await told(request, _decode_acknowledge))

    async def unacknowledge(self, request: web.Request) -> msgspec.Struct:
        """Have nobody look after an incident, and answer with it as it is then."""
        return await self._answers.unacknowledge(request.match_info["id"], await told(request, _decode_unacknowledge))


def _after(text: str | None) -> tuple[float, str] | None:
    if not text:
        return None
    opened_at, _, incident_id = text.partition("/")
    try:
        before = float(opened_at), incident_id
    except ValueError:
        before = math.nan, ""
    if math.isnan(before[0]) or not incident_id:
        raise Refused(400, f"after: expected the `next` of a page, got {text[:60]!r}")
    return before


def _answering(question: Question) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> msgspec.Struct:
        try:
            return await question(request)
        except NoSuchIncident as error:
            raise Refused(404, f"id: {error}") from None
        except IncidentOver as error:
            raise Refused(409, f"id: {error}") from None
        except StoreFailed as error:
            raise Refused(503, f"expected to be able to store it, got {error}; nothing was changed") from None

    return answering(answer)

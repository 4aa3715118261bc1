"""What may be asked about incidents, and who may say that they look after one?

    GET  /api/v1/incidents                      the latest first, in pages; by state, severity, rule, time
    GET  /api/v1/incidents/{id}                 one, with its alerts, what was said of it, and how that was delivered
    POST /api/v1/incidents/{id}/acknowledge     somebody looks after it
    POST /api/v1/incidents/{id}/unacknowledge   nobody does any more: it is escalated and repeated again

An operator may.  Who looks after it is whoever is logged in, unless the body names somebody else, as a command does
for whoever typed it.
"""

from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web
from msgspec.structs import replace

from alerts.model import Severity
from monitor.http.operations import UNCLEAR, Operation, Operations, flag, in_path, paged, parameter, span
from monitor.http.parameters import asking
from monitor.http.problems import Refused
from monitor.http.questions import DAY_MS, Question, answering, told
from monitor.http.visitors import visitor_of
from monitor.incident_answers import (
    AcknowledgeAsked,
    AfterIncident,
    IncidentAnswers,
    IncidentLife,
    IncidentOver,
    IncidentsPage,
    IncidentView,
    NoSuchIncident,
    UnacknowledgeAsked,
)
from monitor.store.ports import IncidentsWanted, StoreFailed

INCIDENTS, MOST_INCIDENTS = 50, 500
STATES = ("open", "over")
SEVERITIES = tuple(severity.value for severity in Severity)

_decode_acknowledge = msgspec.json.Decoder(AcknowledgeAsked)
_decode_unacknowledge = msgspec.json.Decoder(UnacknowledgeAsked)

_INCIDENT = in_path("id", "The id of an incident.")
_NO_INCIDENT = {404: "No such incident is on record."}
_NO_ERRAND = _NO_INCIDENT | {409: "The incident is over."}

OPERATIONS: Operations = {
    "/api/v1/incidents": Operation(
        "incidents",
        "Alerts that belong together and of which somebody was told, the latest first, in pages.",
        IncidentsPage,
        [
            flag("open", "Only those that are not over."),
            parameter("state", "Only those that are open, or over.", {"enum": list(STATES)}),
            parameter("severity", "How bad it is, or was.", {"enum": list(SEVERITIES)}),
            parameter("rule", "The name of a rule, of which there are alerts in it."),
            *span("that it began"),
            *paged("incidents", INCIDENTS, MOST_INCIDENTS),
        ],
        UNCLEAR,
    ),
    "/api/v1/incidents/{id}": Operation(
        "incident",
        "One incident: its alerts, what was said of it to whom, how that was delivered, and why more was not said.",
        IncidentLife,
        [_INCIDENT],
        _NO_INCIDENT,
    ),
    "POST /api/v1/incidents/{id}/acknowledge": Operation(
        "acknowledgeIncident",
        "Look after an incident: nobody further is told, nothing is repeated, and everybody who was told hears of it.",
        IncidentView,
        [_INCIDENT],
        _NO_ERRAND,
        body=AcknowledgeAsked,
    ),
    "POST /api/v1/incidents/{id}/unacknowledge": Operation(
        "unacknowledgeIncident",
        "Give an incident back: the next step falls due after the pause that was planned.",
        IncidentView,
        [_INCIDENT],
        _NO_ERRAND,
        body=UnacknowledgeAsked,
    ),
}


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
        now_ms = self._now_ms()
        with asking(request.query, now_ms) as asked:
            is_open, state = asked.flag("open"), asked.choice("state", STATES, "")
            severity, limit = asked.choice("severity", SEVERITIES, ""), asked.number("limit", INCIDENTS, MOST_INCIDENTS)
            from_ms, to_ms = asked.span((0, now_ms + DAY_MS))
            after = asked.after(AfterIncident)
        wanted = IncidentsWanted(
            from_ms / 1000,
            to_ms / 1000,
            is_open_only=is_open or state == "open",
            before=(after.opened_at_s, after.id) if after else None,
            limit=limit,
            is_over_only=state == "over",
            severity=severity,
            rule=asked.text("rule"),
        )
        return await self._answers.page(wanted)

    async def get(self, request: web.Request) -> msgspec.Struct:
        """Answer with one incident."""
        return await self._answers.get(request.match_info["id"])

    async def acknowledge(self, request: web.Request) -> msgspec.Struct:
        """Have somebody look after an incident, and answer with it as it is then."""
        asked = await told(request, _decode_acknowledge)
        asked = replace(asked, by=asked.by or visitor_of(request).name)
        return await self._answers.acknowledge(request.match_info["id"], asked)

    async def unacknowledge(self, request: web.Request) -> msgspec.Struct:
        """Have nobody look after an incident, and answer with it as it is then."""
        asked = await told(request, _decode_unacknowledge)
        asked = replace(asked, by=asked.by or visitor_of(request).name)
        return await self._answers.unacknowledge(request.match_info["id"], asked)


def _answering(question: Question) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> msgspec.Struct:
        try:
            return await question(request)
        except NoSuchIncident as error:
            raise Refused.at(404, "id", str(error)) from None
        except IncidentOver as error:
            raise Refused.at(409, "id", str(error)) from None
        except StoreFailed as error:
            raise Refused(503, f"expected to be able to store it, got {error}; nothing was changed") from None

    return answering(answer)

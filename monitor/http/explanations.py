"""Why did it fire, or not, or not reach me?

GET /api/v1/explain?room=…&participant=…&rule=…&at=…      about a room, or about somebody in it
GET /api/v1/explain?alert=…&at=…                          about one alert, by its fingerprint
"""

from collections.abc import Callable, Iterable

from aiohttp import web
from msgspec import Struct

from monitor.entities import Room
from monitor.explanation import Asked, Explained, Explainer, NotOnRecord
from monitor.http.operations import UNCLEAR, Operation, Operations, moment, parameter
from monitor.http.parameters import asking
from monitor.http.problems import Refused
from monitor.http.questions import answering


class SentenceView(Struct, frozen=True):
    """What happened, and when."""

    at_ms: int
    text: str


class ExplanationView(Struct, frozen=True):
    """One alert that there was or might have been.

    `answer` says how it stood at the moment that was asked for and why, `story` what became of it, oldest first,
    `not_asked` why each receiver that was told nothing was not, by the present routes.
    """

    fingerprint: str
    rule: str
    kind: str
    entity: str
    name: str
    answer: tuple[str, ...]
    story: tuple[SentenceView, ...]
    not_asked: tuple[str, ...]


class ExplainView(Struct, frozen=True):
    """What can be told of a moment."""

    at_ms: int
    room_sid: str | None
    room_name: str | None
    alerts: tuple[ExplanationView, ...]


OPERATIONS: Operations = {
    "/api/v1/explain": Operation(
        "explain",
        "Why alerts fired at a moment, or not, and whom they reached: of a room, of somebody in it, or one alert.",
        ExplainView,
        [
            parameter("room", "The SID or name of a room; or else `alert`."),
            parameter("participant", "The SID or identity of somebody in it; without one, the room itself."),
            parameter("rule", "The name of a rule; without one, all rules."),
            parameter("alert", "The fingerprint of an alert."),
            moment("at", "At which moment; default: now"),
        ],
        UNCLEAR | {404: "No such room, person, rule or alert is on record."},
        is_costly=True,
    ),
}


class Explanations:
    """Answers the question."""

    def __init__(self, explainer: Explainer, now_ms: Callable[[], int]) -> None:
        self._explainer = explainer
        self._now_ms = now_ms

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.get("/api/v1/explain", answering(self.explain))]

    async def explain(self, request: web.Request) -> ExplainView:
        """Answer for one alert, or for those about a room or somebody in it."""
        query = request.query
        now_ms = self._now_ms()
        with asking(query, now_ms) as asking_for:
            at_ms = asking_for.moment("at", now_ms)
        if ("alert" in query) == ("room" in query):
            raise Refused(400, "expected room, or alert, the fingerprint of one; got both or neither")
        try:
            if "alert" in query:
                return view(at_ms, None, [await self._explainer.of_alert(query["alert"], at_ms / 1000)])
            asked = Asked(query["room"], at_ms / 1000, query.get("participant", ""), query.get("rule", ""))
            return view(at_ms, *await self._explainer.of_call(asked))
        except NotOnRecord as error:
            raise Refused(404, str(error)) from None


def view(at_ms: int, room: Room | None, found: Iterable[Explained]) -> ExplainView:
    """Return explanations as they are shown."""
    return ExplainView(
        at_ms, room.sid if room else None, room.name if room else None, tuple(_explanation(each) for each in found)
    )


def _explanation(found: Explained) -> ExplanationView:
    subject, told = found
    return ExplanationView(
        subject.fingerprint,
        subject.rule,
        subject.kind,
        subject.entity,
        subject.name,
        told.answer,
        tuple(SentenceView(round(each.at * 1000), each.text) for each in told.story),
        told.not_asked,
    )

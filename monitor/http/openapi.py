"""How does the API describe itself?

`OPERATIONS` has an entry for each path, or `METHOD path` where the method is not GET, and the document is made of it.
The shapes come from the types that make the answers, so they cannot disagree.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from monitor import __version__
from monitor.history.answers import DEGRADED_MINUTES, MOST_KEYS
from monitor.history.rollups import METRICS
from monitor.http.explanations import ExplainView
from monitor.http.incidents import INCIDENTS, MOST_INCIDENTS
from monitor.http.notifications import (
    MOST_NOTIFICATIONS,
    NOTIFICATIONS,
    STATES,
    NotificationLife,
    NotificationsPage,
    Replay,
    Replayed,
)
from monitor.http.receiver_views import ReceiversView, TrialAsked, TrialOwed
from monitor.http.room_views import CallView, FoundPage, SamplesPage
from monitor.http.rooms import FOUND, MOST_FOUND, MOST_POINTS, MOST_SAMPLES, POINTS, SAMPLES
from monitor.http.samples import SamplesView
from monitor.http.trends import (
    KEYS,
    MOST_WORST,
    QUANTILES,
    WORST,
    CoveragePage,
    MinutesView,
    PercentilesPage,
    WorstPage,
)
from monitor.http.verdicts import VerdictView
from monitor.http.views import LiveView
from monitor.incident_answers import AcknowledgeAsked, IncidentLife, IncidentsPage, IncidentView, UnacknowledgeAsked
from monitor.silence_answers import PreviewAsked, PreviewView, SilenceAsked, SilencesView, SilenceView

Json = dict[str, Any]

_ERROR = {"$ref": "#/components/schemas/Error"}
_TEXT = {"type": "string"}
_MOMENT = {"type": "integer", "format": "int64", "minimum": 0}


class Operation(NamedTuple):
    """What a request answers; `refusals` are those beside 401, by status.  `body` is what it has to bring."""

    name: str
    summary: str
    shape: type[Struct] | None
    parameters: Sequence[Json] = ()
    refusals: Mapping[int, str] = {}
    body: type[Struct] | None = None
    status: int = 200


def _parameter(name: str, description: str, schema: Json = _TEXT, *, is_required: bool = False) -> Json:
    return {"name": name, "in": "query", "required": is_required, "description": description, "schema": schema}


def _span(what: str) -> list[Json]:
    return [
        _parameter("from", f"The first moment {what}, in milliseconds.", _MOMENT),
        _parameter("to", f"The moment after the last {what}.", _MOMENT),
    ]


def _count(name: str, description: str, default: int, most: int) -> Json:
    return _parameter(name, description, {"type": "integer", "minimum": 1, "maximum": most, "default": default})


_ROOM = _parameter("room", "The SID of a room, or its name: of several of one name the latest is meant.") | {
    "in": "path",
    "required": True,
}
_AFTER = _parameter("after", "The `next` of the page before.")
_BY = _parameter("by", "What people have in common: room, account, sdk, browser, network or tenant.")
_KEYS = [
    _parameter("key", "One that is of interest; may be given several times.", {"type": "array", "items": _TEXT}),
    _count("limit", "How many of them a page has.", KEYS, MOST_KEYS),
    _AFTER,
]
_UNCLEAR = {400: "A parameter that is none, with what was expected."}
_NO_ROOM = {404: "No such room is on record."}
_TOO_MUCH = {422: "More than is answered at a time, or no such metric, with what was expected."}

_ID = _parameter("id", "The id of a silence.") | {"in": "path", "required": True}
_NO_SILENCE = {404: "No such silence is on record."}
_NO_BODY = {413: "A body of more than 64 KiB.", 415: "A body that is not declared as JSON."}
_NO_SILENCE_OF_THAT = _NO_BODY | {
    400: "A body that cannot be understood, or a silence that nobody can have meant; the error begins with the key."
}
_INCIDENT = _parameter("id", "The id of an incident.") | {"in": "path", "required": True}
_NO_INCIDENT = {404: "No such incident is on record."}
_IS_OVER = {409: "The incident is over."}
_NO_SUCH_WORD = {400: "A body that cannot be understood, or that names nobody."} | {
    status: _NO_SILENCE_OF_THAT[status] for status in (413, 415)
}
_NOT_STORED = {503: "It could not be stored, and nothing was changed."}

OPERATIONS: Mapping[str, Operation] = {
    "/api/v1/live": Operation("live", "The rooms, compositions and alerts as they are now.", LiveView),
    "/api/v1/live/samples": Operation(
        "samples",
        "The last media samples of one participant of a live room.",
        SamplesView,
        [
            _parameter("room", "The SID or the name of a live room.", is_required=True),
            _parameter("participant", "The SID or the identity of somebody in it.", is_required=True),
        ],
        {404: "No such room, or nobody of that name in it."},
    ),
    "/api/v1/rooms": Operation(
        "searchRooms",
        "Calls that go on or are over, the latest first, in pages.",
        FoundPage,
        [
            _parameter("text", "The SID of a room or a participant, an identity, or how the name of a room begins."),
            *_span("that it was created"),
            _count("limit", "How many calls a page has.", FOUND, MOST_FOUND),
            _AFTER,
        ],
        _UNCLEAR,
    ),
    "/api/v1/rooms/{room}": Operation(
        "room",
        "One call: everybody in it on one axis of time, what happened, was made and alerted.",
        CallView,
        [
            _ROOM,
            *_span("that is shown"),
            _count("points", "How many points a lane has at most.", POINTS, MOST_POINTS),
        ],
        _UNCLEAR | _NO_ROOM,
    ),
    "/api/v1/rooms/{room}/samples": Operation(
        "roomSamples",
        "What one participant measured, sample by sample, in pages.",
        SamplesPage,
        [
            _ROOM,
            _parameter("participant", "The SID or the identity of somebody who was in it.", is_required=True),
            *_span("that is shown"),
            _count("limit", "How many samples a page has.", SAMPLES, MOST_SAMPLES),
        ],
        _UNCLEAR | {404: "No such room, or nobody with samples then."},
    ),
    "/api/v1/rooms/{room}/verdict": Operation(
        "roomVerdict",
        "Whose fault it was that a call was bad, and which numbers say so.",
        VerdictView,
        [_ROOM, *_span("that is judged, at most four hours")],
        _UNCLEAR | _NO_ROOM,
    ),
    "/api/v1/percentiles": Operation(
        "percentiles",
        "Quantiles of a metric, within two percent; hours count whole.",
        PercentilesPage,
        [
            _parameter("metric", "What was measured.", {"enum": list(METRICS), "default": "rtt_ms"}),
            _parameter("quantiles", "Numbers from 0 to 1 with commas.", {"type": "string", "default": QUANTILES}),
            _parameter(
                "bucket", "How long a bucket is, in milliseconds: whole hours. Without it, all at once.", _MOMENT
            ),
            _parameter("exact", "Of all rooms and at most a day: read all samples.", {"type": "boolean"}),
            _BY,
            *_span("that counts"),
            *_KEYS,
        ],
        _UNCLEAR | _TOO_MUCH,
    ),
    "/api/v1/worst-rooms": Operation(
        "worstRooms",
        "The rooms that were worst, by the 95th percentile of a metric or the share of minutes at a bad level.",
        WorstPage,
        [
            _parameter("by", "What they are compared by.", {"enum": [DEGRADED_MINUTES, *METRICS]}),
            *_span("that counts"),
            _count("limit", "How many.", WORST, MOST_WORST),
        ],
        _UNCLEAR | _TOO_MUCH,
    ),
    "/api/v1/coverage": Operation(
        "coverage",
        "How many people were heard, and for how much of the time.",
        CoveragePage,
        [_BY, *_span("that counts"), *_KEYS],
        _UNCLEAR | _TOO_MUCH,
    ),
    "/api/v1/minutes": Operation(
        "minutes",
        "How it went minute by minute, in a room or of all who have something in common.",
        MinutesView,
        [_BY, _parameter("key", "Which of them, such as the SID of a room."), *_span("that counts")],
        _UNCLEAR | _TOO_MUCH,
    ),
    "/api/v1/silences": Operation(
        "silences",
        "What nobody is told of for a while, in the order in which the silences end.",
        SilencesView,
        [_parameter("expired", "Also those that are over: the latest thousand of all.", {"type": "boolean"})],
        _UNCLEAR,
    ),
    "POST /api/v1/silences": Operation(
        "addSilence",
        "Silence alerts that matchers agree with, until a time or for a while.",
        SilenceView,
        refusals=_NO_SILENCE_OF_THAT | _NOT_STORED,
        body=SilenceAsked,
        status=201,
    ),
    "POST /api/v1/silences/preview": Operation(
        "previewSilence",
        "Which firing alerts matchers agree with: how many, and the first hundred.",
        PreviewView,
        refusals=_NO_SILENCE_OF_THAT,
        body=PreviewAsked,
    ),
    "/api/v1/silences/{id}": Operation("silence", "One silence, over or not.", SilenceView, [_ID], _NO_SILENCE),
    "DELETE /api/v1/silences/{id}": Operation(
        "expireSilence",
        "End a silence now. It stays on record; one that is over stays as it is.",
        SilenceView,
        [_ID, _parameter("by", "Who ends it, for the record.", is_required=True)],
        _UNCLEAR | _NO_SILENCE | _NOT_STORED,
    ),
    "/api/v1/incidents": Operation(
        "incidents",
        "Alerts that belong together and of which somebody was told, the latest first, in pages.",
        IncidentsPage,
        [
            _parameter("open", "Only those that are not over.", {"type": "boolean"}),
            *_span("that it began"),
            _count("limit", "How many incidents a page has.", INCIDENTS, MOST_INCIDENTS),
            _AFTER,
        ],
        _UNCLEAR,
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
        _NO_SUCH_WORD | _NO_INCIDENT | _IS_OVER | _NOT_STORED,
        body=AcknowledgeAsked,
    ),
    "POST /api/v1/incidents/{id}/unacknowledge": Operation(
        "unacknowledgeIncident",
        "Give an incident back: the next step falls due after the pause that was planned.",
        IncidentView,
        [_INCIDENT],
        _NO_SUCH_WORD | _NO_INCIDENT | _IS_OVER | _NOT_STORED,
        body=UnacknowledgeAsked,
    ),
    "/api/v1/notifications": Operation(
        "notifications",
        "What receivers were told or are to be told, the latest first, in pages.",
        NotificationsPage,
        [
            _parameter("incident", "The id of an incident."),
            _parameter("receiver", "The name of a receiver."),
            _parameter("state", "How it stands.", {"enum": list(STATES)}),
            _count("limit", "How many a page has.", NOTIFICATIONS, MOST_NOTIFICATIONS),
            _AFTER,
        ],
        _UNCLEAR,
    ),
    "/api/v1/notifications/{id}": Operation(
        "notification",
        "One notification, with the attempts at it and what they came to.",
        NotificationLife,
        [_parameter("id", "The id of a notification.") | {"in": "path", "required": True}],
        {404: "No such notification is on record."},
    ),
    "/api/v1/dead-letters": Operation(
        "deadLetters",
        "What was given up and why, the latest first, in pages.",
        NotificationsPage,
        [
            _parameter("receiver", "The name of a receiver."),
            _count("limit", "How many a page has.", NOTIFICATIONS, MOST_NOTIFICATIONS),
            _AFTER,
        ],
        _UNCLEAR,
    ),
    "POST /api/v1/dead-letters/replay": Operation(
        "replayDeadLetters",
        "Owe again what was given up, of some ids or of a receiver, unless a later word has made it pointless.",
        Replayed,
        refusals={400: "A body that says nothing of the kind, with what was expected."},
        body=Replay,
    ),
    "/api/v1/receivers": Operation(
        "receivers", "Who can be told, where they are as far as that is no secret, and how it goes.", ReceiversView
    ),
    "POST /api/v1/receivers/{name}/test": Operation(
        "testReceiver",
        "Tell a receiver a trigger and a resolve that are marked as a test; ask for them by their ids.",
        TrialOwed,
        [_parameter("name", "The name of a receiver.") | {"in": "path", "required": True}],
        {400: "A body that cannot be understood.", 404: "No such receiver is configured."} | _NO_BODY | _NOT_STORED,
        body=TrialAsked,
        status=201,
    ),
    "/api/v1/explain": Operation(
        "explain",
        "Why alerts fired at a moment, or not, and whom they reached: of a room, of somebody in it, or one alert.",
        ExplainView,
        [
            _parameter("room", "The SID or name of a room; or else `alert`."),
            _parameter("participant", "The SID or identity of somebody in it; without one, the room itself."),
            _parameter("rule", "The name of a rule; without one, all rules."),
            _parameter("alert", "The fingerprint of an alert."),
            _parameter("at", "At which moment, in milliseconds since the epoch; default: now.", _MOMENT),
        ],
        _UNCLEAR | {404: "No such room, person, rule or alert is on record."},
    ),
    "/api/v1/openapi.json": Operation("openapi", "This document.", None),
}


def document() -> Json:
    """Return the OpenAPI 3.1 document of the private API."""
    named = [shape for each in OPERATIONS.values() for shape in (each.shape, each.body) if shape is not None]
    shapes = list(dict.fromkeys(named))
    refs, components = msgspec.json.schema_components(shapes, ref_template="#/components/schemas/{name}")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Roomwatch",
            "version": __version__,
            "description": "Times are milliseconds since the epoch. Null means unknown, never zero.",
        },
        "security": [{"bearer": []}, {"session": []}],
        "paths": _paths(dict(zip(shapes, refs, strict=True))),
        "components": {
            "schemas": {
                **components,
                "Error": {"type": "object", "properties": {"error": _TEXT}, "required": ["error"]},
            },
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "roomwatch_session"},
            },
        },
    }


def _paths(ref_of: Mapping[type[Struct], Json]) -> Json:
    paths: Json = {}
    for key, operation in OPERATIONS.items():
        method, _, path = key.rpartition(" ")
        paths.setdefault(path, {})[method.lower() or "get"] = _described(operation, ref_of)
    return paths


def _described(operation: Operation, ref_of: Mapping[type[Struct], Json]) -> Json:
    schema = ref_of[operation.shape] if operation.shape else {"type": "object"}
    refusals = {401: "No session and no token.", **operation.refusals}
    described: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "responses": {str(operation.status): {"description": "The answer.", "content": _json(schema)}}
        | {str(status): {"description": why, "content": _json(_ERROR)} for status, why in sorted(refusals.items())},
    }
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": _json(ref_of[operation.body])}
    return described | ({"parameters": list(operation.parameters)} if operation.parameters else {})


def _json(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}

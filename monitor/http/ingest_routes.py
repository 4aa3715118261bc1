"""How does telemetry come in through aiohttp?

The plain way in: every request is read by the library, handed to `Ingest` and answered.
"""

import asyncio

from aiohttp import web

from monitor.http.admission import Arrival
from monitor.http.body import Refused, read_packed
from monitor.http.ingest import TAKEN, Answer, Ingest, note_refusal

PATH = "/v1/telemetry"
PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Content-Encoding",
    "Access-Control-Max-Age": "86400",
}


class IngestRoutes:
    """`POST /v1/telemetry`, and the question that a browser asks before it posts to another origin."""

    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.post(PATH, self.post), web.options(PATH, self.preflight)]

    async def post(self, request: web.Request) -> web.Response:
        """Take one post, or say why not."""
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def reply(answer: Answer) -> None:
            if not answered.done():  # it is, where the client has gone away meanwhile
                answered.set_result(answer)

        try:
            body = await read_packed(request, self._ingest.max_body_bytes)
        except Refused as refused:
            self._ingest.refuse(refused, request.headers.get("Origin", ""), reply)
        else:
            self._ingest.take(_arrival(request, self._ingest.forwarded_header, body), reply)
        answer = await answered
        if answer.status != TAKEN:
            note_refusal(answer)
        return _response(answer)

    async def preflight(self, request: web.Request) -> web.Response:
        """Tell a browser that it may post from another origin."""
        response = web.Response(status=204, headers=PREFLIGHT)
        _allow_origin(response, self._ingest.allowed_origin(request.headers.get("Origin", "")))
        return response


def _response(answer: Answer) -> web.Response:
    response = web.Response(status=answer.status, body=answer.body, content_type="application/json")
    if answer.retry_after_s is not None:
        response.headers["Retry-After"] = str(answer.retry_after_s)
    _allow_origin(response, answer.allowed_origin)
    return response


def _allow_origin(response: web.Response, allowed: str | None) -> None:
    response.headers["Access-Control-Expose-Headers"] = "Retry-After, X-Request-Id"  # or no script could obey it
    if allowed is not None:
        response.headers["Access-Control-Allow-Origin"] = allowed
        if allowed != "*":
            response.headers["Vary"] = "Origin"


def _arrival(request: web.Request, forwarded_header: str, body: bytes) -> Arrival:
    headers = request.headers
    return Arrival(
        peer=request.remote or "",
        forwarded_for=",".join(headers.getall(forwarded_header, ())),
        content_type=headers.get("Content-Type", ""),
        packing=headers.get("Content-Encoding", ""),
        token=_token(request),
        origin=headers.get("Origin", ""),
        body=body,
    )


def _token(request: web.Request) -> str | None:
    token = bearer(request.headers.get("Authorization", ""))
    return request.query.get("token") if token is None else token


def bearer(authorization: str) -> str | None:
    """Return the token of an `Authorization` header, or None if that is of another kind or empty."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None

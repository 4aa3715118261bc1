"""What may be asked about who changed what?

    GET /api/v1/audit   the latest entries first; ?who=, ?way=, ?did=, ?failed=true, ?from=, ?to=

An admin may, and that they did is an entry itself.
"""

from aiohttp import web
from msgspec import Struct

from monitor.audit_answers import LISTED, MOST_LISTED, AfterEntry, AuditPage, answer
from monitor.http.operations import UNCLEAR, Operation, Operations, flag, paged, parameter, span
from monitor.http.parameters import asking
from monitor.http.questions import answering
from monitor.store.ports import AuditLog, AuditSearch

_ALL_MS = (0, 2**53)

OPERATIONS: Operations = {
    "/api/v1/audit": Operation(
        "audit",
        "Who changed what, or wanted to, the latest first, in pages.",
        AuditPage,
        [
            parameter("who", "Only what somebody of this name did."),
            parameter("way", "Only what was done by those who came in this way: session, token, command …"),
            parameter("did", "Only deeds with this in them, such as /api/v1/silences."),
            flag("failed", "Only what was refused, or failed, or of which nobody knows what came of it."),
            *span("that is asked for"),
            *paged("entries", LISTED, MOST_LISTED),
        ],
        UNCLEAR,
    ),
}


class AuditDoor:
    """The route about the audit log."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.get("/api/v1/audit", answering(self.list))]

    async def list(self, request: web.Request) -> Struct:
        """Answer with a page of entries."""
        with asking(request.query) as asked:
            from_ms, to_ms = asked.span(_ALL_MS)
            after, limit = asked.after(AfterEntry), asked.number("limit", LISTED, MOST_LISTED)
            search = AuditSearch(
                who=asked.text("who"),
                way=asked.text("way"),
                did=asked.text("did"),
                is_failed_only=asked.flag("failed"),
                from_ms=from_ms,
                to_ms=to_ms,
                before=None if after is None else after.number,
                limit=limit,
            )
        return await answer(self._log, search)

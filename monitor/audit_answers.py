"""What is answered about who changed what, whether somebody asks over HTTP or on the command line?"""

from msgspec import Struct
from msgspec.structs import replace

from monitor.http.cursors import Number, written
from monitor.store.ports import AuditLog, AuditSearch

LISTED, MOST_LISTED = 100, 1000


class AuditView(Struct, frozen=True):
    """One entry: who did what, when, from where, and what came of it.

    `status` is as HTTP has it, also of commands: 200 went well, 500 did not; null where nobody knows, as the daemon
    ended in between. `way` is how somebody came in: session, token, proxy, basic, certificate, command or open.
    """

    id: int
    at_ms: int
    who: str
    role: str
    way: str
    place: str
    did: str
    status: int | None
    request_id: str


class AuditPage(Struct, frozen=True):
    """Some entries, the latest first; `next` asks for those before them, and is null without any."""

    entries: list[AuditView]
    next: str | None


class AfterEntry(Struct, frozen=True, array_like=True, tag="audit"):
    """Where a page begins: with the entry before this one."""

    number: Number


async def answer(log: AuditLog, search: AuditSearch) -> AuditPage:
    """Return a page of entries."""
    found = await log.find(replace(search, limit=search.limit + 1))
    views = [
        AuditView(number, each.at_ms, each.who, each.role, each.way, each.place, each.did, each.status, each.request_id)
        for number, each in found[: search.limit]
    ]
    is_more = len(found) > search.limit
    return AuditPage(views, written(AfterEntry(views[-1].id)) if is_more else None)

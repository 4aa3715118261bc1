"""What is behind the link in a notification that says "Acknowledge"?

GET  /acknowledge?incident=ID&token=T   what is wrong, and one button; following the link acknowledges nothing
POST /acknowledge                       the button

200  the page                                  404  no such link of ours; nothing is said of any incident
410  a link of ours, and the incident is over  429  too many wrong links from one address
503  it could not be stored; press again

A link needs no login: at night, on a phone, it has to work at once.  Whoever holds it was told, or was given it by
somebody who was.  It opens nothing but this one page, for as long as this one incident is open.
"""

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from alerts.acknowledgement import LINK, Acknowledgement
from alerts.groups import Groups
from alerts.model import Incident
from alerts.notifiers.wording import one_line
from monitor.acknowledging import Listener
from monitor.http import acknowledge_page as page
from monitor.http.answer_headers import said_of
from monitor.http.body import Refused, read_body
from monitor.http.proxies import TrustedProxies
from monitor.http.rate import RateLimit
from monitor.incident_links import PATH, IncidentLinks
from monitor.store.ports import StoreFailed

MAX_FORM_BYTES = 4096
MAX_FIELDS = 10
LONGEST_QUERY = 200
WRONG_LINKS_PER_S, WRONG_LINKS_AT_ONCE = 0.1, 10

_UNKNOWN = "This link acknowledges nothing: it is not one of ours, or a part of it is missing."
_OVER = "It is over. There is nothing left to acknowledge."


class AcknowledgeDoor:
    """The page, and its button."""

    def __init__(
        self,
        links: IncidentLinks,
        groups: Groups,
        acknowledging: Listener,
        proxies: TrustedProxies,
        now_s: Callable[[], float],
    ) -> None:
        self._links = links
        self._groups = groups
        self._acknowledging = acknowledging
        self._proxies = proxies
        self._now_s = now_s
        self._wrong = RateLimit(WRONG_LINKS_PER_S, WRONG_LINKS_AT_ONCE)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.get(PATH, self.ask), web.post(PATH, self.acknowledge)]

    async def ask(self, request: web.Request) -> web.Response:
        """Show what is wrong."""
        return await _answered(self._asking, request)

    async def acknowledge(self, request: web.Request) -> web.Response:
        """Take the word of whoever pressed the button."""
        return await _answered(self._thanking, request)

    async def _asking(self, request: web.Request) -> str:
        return page.asking(self._shown(request, request.query), request.query["token"])

    async def _thanking(self, request: web.Request) -> str:
        form = await _form(request)
        incident = self._shown(request, form)
        by = one_line(form.get("by", ""), page.LONGEST_NAME)
        await self._acknowledging.acknowledge(Acknowledgement(by, LINK, self._now_s(), incident=incident.id))
        return page.thanking(self._open(incident.id))

    def _shown(self, request: web.Request, query: Mapping[str, str]) -> Incident:
        """Return the incident that a link is about, if it is a link of ours."""
        incident, token = query.get("incident", ""), query.get("token", "")
        if max(len(incident), len(token)) > LONGEST_QUERY or not self._links.fits(incident, token):
            raise self._refusal(request)
        return self._open(incident)

    def _refusal(self, request: web.Request) -> Refused:
        """Return the answer to a wrong link, which tells nothing; many from one address are not even looked at."""
        client = self._proxies.client_of(request.remote or "", said_of(request))
        wait_s = self._wrong.wait_s(client, self._now_s())
        if wait_s:
            return Refused(429, "Too many links that are not ours.", retry_after_s=int(wait_s) + 1)
        return Refused(404, _UNKNOWN)

    def _open(self, incident_id: str) -> Incident:
        incident = self._groups.incident(incident_id, self._now_s())
        if incident is None:
            raise Refused(410, _OVER)
        return incident


async def _form(request: web.Request) -> Mapping[str, str]:
    """Return the fields of the form that the button sends."""
    body = await read_body(request, MAX_FORM_BYTES, MAX_FORM_BYTES)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:
        raise Refused(400, "That is not the form of this page.") from None


async def _answered(document: Callable[[web.Request], Awaitable[str]], request: web.Request) -> web.Response:
    try:
        return web.Response(text=await document(request), content_type="text/html", headers=page.HEADERS)
    except StoreFailed:
        refused = Refused(503, "It could not be stored. Press the button again in a moment.", retry_after_s=5)
    except Refused as error:
        refused = error
    pause = {} if refused.retry_after_s is None else {"Retry-After": str(refused.retry_after_s)}
    text, headers = page.saying(str(refused)), {**page.HEADERS, **pause}
    return web.Response(text=text, status=refused.status, content_type="text/html", headers=headers)

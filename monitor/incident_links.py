"""Where is an incident shown, and where is it acknowledged?  Pure.

A notification has a link to our pages, which ask for a login, and one that acknowledges, which does not: whoever holds
it has been told.  Where all that is wrong is in one call, the page is that of the call, at the moment when it began to
be wrong and with whom it is about; otherwise it is that of the incident.

A link that acknowledges is good for one incident, by a token that nobody can make without the daemon's own secret, and
only for as long as the incident is open.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from alerts.model import Alert, Incident, Kind

PATH = "/acknowledge"
SIGNED_WITH = "acknowledge-links"  # which of the daemon's own secrets
SECRET_BYTES = 32
_IN_A_CALL = frozenset({Kind.PARTICIPANT, Kind.ROOM})
_ENTITY = re.compile(r"(RM[0-9a-f]{32})(?:/(PA[0-9a-f]{32})?.*)?", re.DOTALL)  # names of people stay out of addresses
_TOKEN_BYTES = 16  # of the HMAC: 128 bits, which nobody guesses


class IncidentLinks:
    """Makes links of incidents, and knows its own again.

    Until it is given its secret there is no link that acknowledges; nor where there is no public address, which is to
    be left empty if nobody but this machine reaches it.
    """

    def __init__(self, private_url: str, public_url: str) -> None:
        self._private_url = private_url.rstrip("/")
        self._public_url = public_url.rstrip("/")
        self._secret = b""

    def sign_with(self, secret: bytes) -> None:
        """Make and know links by this secret from now on."""
        self._secret = secret

    def of(self, incident: Incident) -> Mapping[str, str]:
        """Return the links of an incident, by what they are for."""
        page = f"{self._private_url}{page_of(incident)}" if self._private_url else ""
        links = {"page": page, "acknowledge": self._acknowledge(incident.id)}
        return {purpose: url for purpose, url in links.items() if url}

    def fits(self, incident: str, token: str) -> bool:
        """Whether a token is that of an incident."""
        return bool(self._secret) and hmac.compare_digest(
            self._token(incident).encode(), token.encode(errors="replace")
        )

    def _acknowledge(self, incident: str) -> str:
        if not self._public_url or not self._secret:
            return ""
        return f"{self._public_url}{PATH}?{urlencode({'incident': incident, 'token': self._token(incident)})}"

    def _token(self, incident: str) -> str:
        digest = hmac.digest(self._secret, b"acknowledge " + incident.encode(errors="replace"), "sha256")
        return urlsafe_b64encode(digest[:_TOKEN_BYTES]).decode().rstrip("=")


def page_of(incident: Incident) -> str:
    """Return the address of the page that shows an incident best, from the root of our pages on."""
    rooms = {_room_of(alert) for alert in incident.alerts}
    room = rooms.pop() if len(rooms) == 1 else None
    if room is None or incident.unlisted_count:
        return f"/incidents/{quote(incident.id, safe='')}"
    people = dict.fromkeys(who for alert in incident.alerts if (who := _participant_of(alert)))
    shown = dict(zip(("participant", "and"), people, strict=False))
    began_s = min(alert.fired_at or incident.started_at for alert in incident.alerts)
    return f"/rooms/{room}?{urlencode({'at': round(began_s * 1000), **shown})}"


def _room_of(alert: Alert) -> str | None:
    """Return the SID of the room that an alert is in, or None if it is in none, or in one without a SID."""
    found = _ENTITY.fullmatch(alert.entity) if alert.kind in _IN_A_CALL else None
    return found[1] if found else None


def _participant_of(alert: Alert) -> str | None:
    found = _ENTITY.fullmatch(alert.entity)
    return found[2] if found else None

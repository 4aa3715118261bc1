"""Where is an incident shown, and where is it acknowledged?  Pure.

A notification has a link to our pages, which ask for a login, and one that acknowledges, which does not: whoever holds
it has been told.  Such a link is good for one incident, by a token that nobody can make without the daemon's own
secret, and only for as long as the incident is open.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from urllib.parse import urlencode

from alerts.model import Incident

PATH = "/acknowledge"
ALERTS_PAGE = "/#alerts"
SIGNED_WITH = "acknowledge-links"  # which of the daemon's own secrets
SECRET_BYTES = 32
_TOKEN_BYTES = 16  # of the HMAC: 128 bits, which nobody guesses


class IncidentLinks:
    """Makes links of incidents, and knows its own again.

    Until it is given its secret there is no link that acknowledges; nor where there is no public address, which is to
    be left empty if nobody but this machine reaches it.
    """

    def __init__(self, private_url: str, public_url: str) -> None:
        self._page = f"{private_url.rstrip('/')}{ALERTS_PAGE}" if private_url else ""
        self._public_url = public_url.rstrip("/")
        self._secret = b""

    def sign_with(self, secret: bytes) -> None:
        """Make and know links by this secret from now on."""
        self._secret = secret

    def of(self, incident: Incident) -> Mapping[str, str]:
        """Return the links of an incident, by what they are for."""
        links = {"page": self._page, "acknowledge": self._acknowledge(incident.id)}
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

"""What does PagerDuty say of our incidents?

A webhook subscription (version 3) posts one event at a time.  Three of them say something of an incident that we
opened, which they call by our dedup key, as `incident_key`: it was acknowledged, unacknowledged, or resolved.  Any
other event, and anything that cannot be read, says nothing: PagerDuty repeats what is not answered with a 2xx, and
nothing would become clearer by hearing it again.

What we told PagerDuty ourselves comes back as an event, too, with our own integration as its agent.  That is no news.

Events are signed with HMAC-SHA256 over the raw body: one `v1=` and hexadecimal digits for each secret there is, so a
secret can be replaced while both sides still know the old one.
"""

import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from alerts.acknowledgement import Acknowledgement, Closure, Untrusted, Withdrawal, Word
from alerts.notifiers.base import Headers, cut, header, json_object

VIA = "PagerDuty"
SIGNATURE_HEADER = "X-PagerDuty-Signature"
LONGEST_NAME = 100

_MEANING: Mapping[str, type[Acknowledgement | Withdrawal | Closure]] = {
    "incident.acknowledged": Acknowledgement,
    "incident.unacknowledged": Withdrawal,
    "incident.resolved": Closure,
}


def decode(secrets: Iterable[str], headers: Headers, body: bytes, now: float) -> tuple[Word, ...]:
    """Return what an event says of an incident, or nothing.

    Raises:
        Untrusted: none of `secrets` signed it.
    """
    if not is_signed(secrets, header(headers, SIGNATURE_HEADER), body):
        raise Untrusted(f"expected {SIGNATURE_HEADER} with a signature by webhook_secret, got none that fits")
    event = _mapping(json_object(body).get("event"))
    meaning = _MEANING.get(str(event.get("event_type")))
    key = _mapping(event.get("data")).get("incident_key")
    agent = _mapping(event.get("agent"))
    if meaning is None or not isinstance(key, str) or not key or _is_us(agent):
        return ()
    return (meaning(by=_name(agent), via=VIA, at=_moment(event.get("occurred_at"), now), dedup_key=key),)


def is_signed(secrets: Iterable[str], signatures: str, body: bytes) -> bool:
    """Return whether one of the comma-separated `signatures` is one that a secret makes of `body`."""
    given = [each.strip().encode(errors="replace") for each in signatures.split(",")]
    expected = [f"v1={hmac.digest(secret.encode(), body, 'sha256').hex()}".encode() for secret in secrets if secret]
    # All are compared, so that the time it takes tells nothing of which one fits.
    return any([hmac.compare_digest(one, other) for one in given for other in expected])  # noqa: C419 - see above


def _is_us(agent: Mapping[str, Any]) -> bool:
    return str(agent.get("type")).endswith("inbound_integration_reference")


def _name(agent: Mapping[str, Any]) -> str:
    summary = agent.get("summary")
    return cut(summary, LONGEST_NAME) if isinstance(summary, str) else ""


def _moment(text: object, now: float) -> float:
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except (ValueError, OverflowError, OSError):
        return now


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}

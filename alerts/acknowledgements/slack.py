"""Who pressed "Acknowledge" in Slack?

Slack posts what is done with a message to one address for each app: a form with the one field `payload`, which is
JSON.  Of all that may arrive there, one thing concerns us: `block_actions` with our button among them, whose value is
the id of the incident.  Everything else says nothing, links that were followed among it.

Requests are signed with HMAC-SHA256 over version, time and raw body.  What is older than five minutes is not believed:
somebody may have kept it.
"""

import hmac
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs

from alerts.acknowledgement import Acknowledgement, Untrusted
from alerts.notifiers.base import Headers, cut, header, json_object

VIA = "Slack"
ACKNOWLEDGE = "acknowledge"
SIGNATURE_HEADER = "X-Slack-Signature"
TIMESTAMP_HEADER = "X-Slack-Request-Timestamp"
OLDEST_S = 300.0
LONGEST_NAME = 100


def decode(signing_secret: str, headers: Headers, body: bytes, now: float) -> tuple[Acknowledgement, ...]:
    """Return the acknowledgements among what was done.

    Raises:
        Untrusted: the request is not signed with `signing_secret`, or is not of the present.
    """
    _prove(signing_secret, headers, body, now)
    payload = _payload(body)
    if payload.get("type") != "block_actions":
        return ()
    by = _name(payload.get("user"))
    return tuple(
        Acknowledgement(by=by, via=VIA, at=_moment(action.get("action_ts"), now), incident=action["value"])
        for action in _actions(payload)
        if action.get("action_id") == ACKNOWLEDGE and isinstance(action.get("value"), str) and action["value"]
    )


def _prove(signing_secret: str, headers: Headers, body: bytes, now: float) -> None:
    timestamp = header(headers, TIMESTAMP_HEADER)
    if not abs(now - _moment(timestamp, float("-inf"))) <= OLDEST_S:
        raise Untrusted(f"expected {TIMESTAMP_HEADER} within {OLDEST_S:g} s of now, got another or none")
    signed = b"v0:" + timestamp.encode(errors="replace") + b":" + body
    expected = f"v0={hmac.digest(signing_secret.encode(), signed, 'sha256').hex()}"
    given = header(headers, SIGNATURE_HEADER)
    if not signing_secret or not hmac.compare_digest(given.encode(errors="replace"), expected.encode()):
        raise Untrusted(f"expected {SIGNATURE_HEADER} to be made with signing_secret, got another or none")


def _payload(body: bytes) -> Mapping[str, Any]:
    try:
        fields = parse_qs(body, max_num_fields=10)
    except ValueError:
        return {}
    return json_object(fields.get(b"payload", [b""])[0])


def _actions(payload: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    actions = payload.get("actions")
    return (action for action in actions if isinstance(action, Mapping)) if isinstance(actions, list) else iter(())


def _name(user: object) -> str:
    known = user if isinstance(user, Mapping) else {}
    names = (known.get(key) for key in ("name", "username", "id"))
    return cut(next((name for name in names if isinstance(name, str) and name), ""), LONGEST_NAME)


def _moment(text: object, otherwise: float) -> float:
    is_number = isinstance(text, str) and len(text) < 30 and text.replace(".", "", 1).isdecimal()
    return float(str(text)) if is_number else otherwise

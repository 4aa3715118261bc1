"""Whose telemetry is this, and may they send it?

Two kinds of token let telemetry in.  A participant's own Twilio access token proves who they are and which room they
were let into; it is checked as Twilio would, but accepted for a while after its end, since calls outlive tokens.  An
ingest key from the configuration proves only that its holder is trusted to speak for anyone.
"""

import hmac
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

import jwt

from collectors.observations import TelemetryBatch
from monitor.settings import Account, IngestKey

TWILIO_TOKEN_TYPE = "twilio-fpa;v=1"  # noqa: S105 - the `cty` header of every Twilio access token
TOKENS_REMEMBERED = 20_000


class Unauthorised(Exception):
    """There is no token, or it proves nothing."""


class Forbidden(Exception):
    """The token is good, but for another room or another person."""


class Grant(NamedTuple):
    """What a token allows: to speak as `identity` in `room`, a name or SID; None means anyone, any room."""

    identity: str | None
    room: str | None
    until_s: float
    account_sid: str | None = None  # None: an ingest key does not say


class IngestAuthority:
    """Checks tokens, and remembers those it has checked: every post of a call carries the same one."""

    def __init__(self, accounts: Iterable[Account], keys: Iterable[IngestKey], grace_s: float) -> None:
        self._secrets = {sid: (account, secret) for account in accounts for sid, secret in account.token_keys().items()}
        self._keys = [key.key.get_secret_value().encode() for key in keys]
        self._grace_s = grace_s
        self._checked: OrderedDict[bytes, Grant] = OrderedDict()

    def grant(self, token: str | None, now_s: float) -> Grant:
        """Return what the token allows.

        Raises:
            Unauthorised: it allows nothing; the message may be shown to whoever sent it.
        """
        if not token:
            raise Unauthorised("expected a token in Authorization: Bearer or in ?token=, got none")
        digest = sha256(token.encode("utf-8", "surrogatepass")).digest()
        known = self._checked.get(digest)
        if known is not None and now_s < known.until_s:
            return known
        grant = self._check(token, now_s)
        self._checked[digest] = grant
        if len(self._checked) > TOKENS_REMEMBERED:
            self._checked.popitem(last=False)
        return grant

    def _check(self, token: str, now_s: float) -> Grant:
        given = token.encode("utf-8", "surrogatepass")
        if any(hmac.compare_digest(given, key) for key in self._keys):
            return Grant(None, None, float("inf"))
        try:
            claims = self._verified_claims(token)
        except (jwt.PyJWTError, UnicodeError):  # the second: bytes that are no text at all
            # Why exactly is for the developer's own tools to say; here it would help guessing.
            raise Unauthorised("expected an ingest key or a Twilio access token of this account, got another") from None
        return self._granted(claims, now_s)

    def _verified_claims(self, token: str) -> Mapping[str, Any]:
        header = jwt.get_unverified_header(token)
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
        account, secret = self._secrets.get(issuer if isinstance(issuer, str) else "", (None, ""))
        if account is None or header.get("cty") != TWILIO_TOKEN_TYPE:
            raise jwt.InvalidTokenError
        # The end is checked below, with grace; the library would refuse the token outright.
        options: Any = {"require": ["exp", "iss", "sub"], "verify_exp": False}
        claims: Mapping[str, Any] = jwt.decode(token, secret, algorithms=["HS256"], options=options, leeway=60)
        if claims["sub"] != account.account_sid:
            raise jwt.InvalidTokenError
        return claims

    def _granted(self, claims: Mapping[str, Any], now_s: float) -> Grant:
        try:
            until_s = float(claims["exp"]) + self._grace_s
            grants = claims["grants"]
            video, identity = grants["video"], grants["identity"]
        except (KeyError, TypeError, ValueError):
            raise Unauthorised("expected a token with an identity and a video grant, got one without") from None
        if now_s >= until_s:
            raise Unauthorised(f"expected a token that ended less than {self._grace_s:g} s ago, got an older one")
        if not isinstance(identity, str) or not isinstance(video, dict):
            raise Unauthorised("expected a token with an identity and a video grant, got one without")
        room = video.get("room")
        return Grant(identity, room if isinstance(room, str) and room else None, until_s, claims["sub"])


def check(grant: Grant, batch: TelemetryBatch, name_of: Callable[[str | None], str | None]) -> None:
    """Let the batch pass if the grant covers its room and its reporter; `name_of` tells a live room's name by SID.

    Raises:
        Forbidden: it does not; the message may be shown to whoever sent it.
    """
    if grant.identity is not None and batch.identity not in (None, grant.identity):
        raise Forbidden("identity: expected the identity of the token, got another")
    if grant.room is None or grant.room == batch.room_sid:
        return
    known_name = name_of(batch.room_sid)
    if grant.room != (known_name or batch.room_name) or batch.room_name not in (None, grant.room):
        raise Forbidden("room_name: expected the room of the token, got another")

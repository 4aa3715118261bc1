"""Whose telemetry is this, and may they send it?

Two kinds of token let telemetry in.  A participant's own Twilio access token proves who they are and which room they
were let into; it is checked as Twilio would, but accepted for a while after its end, since calls outlive tokens.  An
ingest key from the configuration proves only that its holder is trusted to speak for anyone, from the origins that go
with it.
"""

import hmac
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from math import isfinite
from typing import Any, NamedTuple, Protocol

import jwt

from collectors.observations import TelemetryBatch
from monitor.http.origins import ANY_ORIGIN, AllowedOrigins
from monitor.settings import Account, IngestKey

TWILIO_TOKEN_TYPE = "twilio-fpa;v=1"  # noqa: S105 - the `cty` header of every Twilio access token
TOKENS_REMEMBERED = 100_000  # one a person; to check one anew costs as much as taking a post
LEEWAY_S = 60.0  # by which clocks that mint tokens may be ahead of ours


class Unauthorised(Exception):
    """There is no token, or it proves nothing."""


class Forbidden(Exception):
    """The token is good, but for another room or another person."""


class Grant(NamedTuple):
    """What a token allows: to speak as `identity` in `room`, a name or SID, from a page of one of the `origins`.

    None means anyone, or any room.
    """

    identity: str | None
    room: str | None
    until_s: float
    account_sid: str | None = None  # None: an ingest key does not say
    origins: AllowedOrigins = ANY_ORIGIN

    @property
    def room_sid(self) -> str | None:
        """Return the SID of the room, where the token names it so."""
        return self.room if self.room is not None and _SID.fullmatch(self.room) else None


_SID = re.compile(r"RM[0-9a-f]{32}")


class Rooms(Protocol):
    """What is known of rooms, live or ended lately."""

    def name_of(self, room_sid: str | None) -> str | None:
        """Return the name of the room with this SID."""

    def sid_of(self, room_name: str | None) -> str | None:
        """Return the SID of the live room with this name."""


class IngestAuthority:
    """Checks tokens, and remembers those it has checked: every post of a call carries the same one."""

    def __init__(
        self,
        accounts: Iterable[Account],
        keys: Iterable[IngestKey],
        grace_s: float,
        origins: AllowedOrigins = ANY_ORIGIN,
    ) -> None:
        self._secrets = {sid: (account, secret) for account in accounts for sid, secret in account.token_keys().items()}
        self._keys = [
            (
                key.key.get_secret_value().encode(),
                origins if key.allowed_origins is None else AllowedOrigins(key.allowed_origins),
            )
            for key in keys
        ]
        self._grace_s = grace_s
        self._origins = origins
        self._checked: OrderedDict[bytes, Grant] = OrderedDict()

    def grant(self, token: str | None, now_s: float) -> Grant:
        """Return what the token allows.

        Raises:
            Unauthorised: it allows nothing; the message may be shown to whoever sent it.
        """
        if not token:
            raise Unauthorised("expected a token in Authorization: Bearer or in ?token=, got none")
        digest = blake2b(token.encode("utf-8", "surrogatepass"), digest_size=16).digest()
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
        for key, origins in self._keys:
            if hmac.compare_digest(given, key):
                return Grant(None, None, float("inf"), origins=origins)
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
        # Times are compared below: with grace, and by the clock that everything here goes by.
        untimed = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
        options: Any = {"require": ["exp", "iss", "sub"], **untimed}
        claims: Mapping[str, Any] = jwt.decode(token, secret, algorithms=["HS256"], options=options)
        if claims["sub"] != account.account_sid:
            raise jwt.InvalidTokenError
        return claims

    def _granted(self, claims: Mapping[str, Any], now_s: float) -> Grant:
        until_s, from_s = _moment(claims, "exp") + self._grace_s, _moment(claims, "nbf") - LEEWAY_S
        if now_s >= until_s:
            raise Unauthorised(f"expected a token that ended less than {self._grace_s:g} s ago, got an older one")
        if now_s < from_s:
            raise Unauthorised("expected a token that may be used already, got one that is for later")
        identity, room = _video_grant(claims)
        return Grant(identity, room, until_s, claims["sub"], self._origins)


def _moment(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise Unauthorised(f"expected a token with a number in {name}, got one without")
    return value


def _video_grant(claims: Mapping[str, Any]) -> tuple[str, str | None]:
    """Return the identity, and the room if there is one, that the grants of a token name."""
    grants = claims.get("grants")
    identity, video = (grants.get("identity"), grants.get("video")) if isinstance(grants, dict) else (None, None)
    if not isinstance(identity, str) or not identity or not isinstance(video, dict):
        raise Unauthorised("expected a token with an identity and a video grant, got one without")
    room = video.get("room")
    if room is not None and not isinstance(room, str):
        raise Unauthorised("expected a token with the name or the SID of a room, got something else")
    return identity, room or None


def check(grant: Grant, batch: TelemetryBatch, rooms: Rooms) -> None:
    """Let the batch pass if the grant covers its room and its reporter.

    A room has two names, its own and its SID.  A token knows it by one, a post may know it by the other: then only what
    is known of rooms can tell whether they mean the same.

    Raises:
        Forbidden: it does not; the message may be shown to whoever sent it.
    """
    if grant.identity is None:
        return
    if batch.identity not in (None, grant.identity):
        raise Forbidden("identity: expected the identity of the token, got another")
    if grant.room is None:
        return
    covers = _covers_by_name if grant.room_sid is None else _covers_by_sid
    if not covers(grant.room, batch, rooms):
        raise Forbidden("room_name: expected the room of the token, got another")


def _covers_by_name(room: str, batch: TelemetryBatch, rooms: Rooms) -> bool:
    if batch.room_name not in (None, room):
        return False
    if batch.room_sid is None:
        return True
    # A SID that nobody has told of yet is believed to whoever says the name with it, and to nobody else.
    return (rooms.name_of(batch.room_sid) or batch.room_name) == room


def _covers_by_sid(room: str, batch: TelemetryBatch, rooms: Rooms) -> bool:
    if batch.room_sid is None:
        return batch.room_name == room or rooms.sid_of(batch.room_name) in (None, room)
    return batch.room_sid == room

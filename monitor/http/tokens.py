"""Whose token is this?

Those of the configuration belong to people and scripts, by name and role.  One more is made up by the daemon, for
commands on its own machine; and, where nobody could log in as an admin otherwise, one that logs in once
(`monitor.http.one_time`).

Tokens are compared by their hashes, all of them each time, so that how long it takes tells nothing.
"""

import hmac
import secrets
from hashlib import sha256

from msgspec import Struct

from monitor.roles import Role
from monitor.settings import Private

ADMIN_NAME = "admin"  # by `private.access_token`, or by a one-time address: more is not known
COMMAND_NAME = "command"


class Held(Struct, frozen=True):
    """A token that somebody has."""

    name: str
    role: Role
    digest: bytes

    def __repr__(self) -> str:
        """Return whose it is, and nothing of it."""
        return f"Held({self.name!r}, {self.role.value})"

    def proof(self, cookie: str) -> str:
        """Return what ties a session to this token; it takes the cookie to make it, so the store proves nothing."""
        return hmac.digest(_bytes(cookie), self.digest, "sha256").hex()


class Tokens:
    """Every token that opens the private door."""

    def __init__(self, settings: Private) -> None:
        self._configured = _configured(settings)
        #: Whether nothing in the configuration logs an admin in (`monitor.http.one_time`).
        self.needs_one_time = Role.ADMIN not in settings.roles()
        self._made_up: list[Held] = []

    def use(self, settings: Private) -> None:
        """Go by the tokens of another configuration from now on; sessions by one that is gone end with it."""
        self._configured = _configured(settings)

    def new_local(self) -> str:
        """Return a token that lets commands in for as long as this daemon lives."""
        token = secrets.token_urlsafe(32)
        self._made_up.append(_held(COMMAND_NAME, Role.ADMIN, token))
        return token

    def configured(self, token: str) -> Held | None:
        """Return whose token of the configuration this is."""
        return _of(self._configured, token)

    def made_up(self, token: str) -> Held | None:
        """Return whose token of those this is that nobody can guess."""
        return _of(self._made_up, token)

    def proven(self, name: str, proof: str, cookie: str) -> Held | None:
        """Return the token that a session began with, if it is still somebody's."""
        same = (each for each in self._configured if each.name == name)
        return next((each for each in same if hmac.compare_digest(each.proof(cookie), proof)), None)


def once(token: str) -> Held:
    """Return who logs in with a token that works once."""
    return _held(ADMIN_NAME, Role.ADMIN, token)


def _configured(settings: Private) -> list[Held]:
    held = [_held(name, token.role, token.token.get_secret_value()) for name, token in settings.tokens.items()]
    if settings.access_token is not None:
        held.append(_held(ADMIN_NAME, Role.ADMIN, settings.access_token.get_secret_value()))
    return held


def _held(name: str, role: Role, token: str) -> Held:
    return Held(name, role, sha256(_bytes(token)).digest())


def _of(held: list[Held], token: str) -> Held | None:
    digest = sha256(_bytes(token)).digest()
    found = None
    for each in held:
        if hmac.compare_digest(each.digest, digest):
            found = each
    return found


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")

"""Who asks, by the word of a proxy that has people log in?

oauth2-proxy, Authelia, Cloudflare Access and their like let nobody through who has not logged in with them, and write
into headers who it is.  Anybody can write such headers, so they count only where the other end of the connection is in
`private.trusted_proxies`; that nobody reaches the listener around the proxy is for the network to see to.  Headers are
taken at their word: of a signed token that comes with them nothing is read.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from monitor.roles import Role, highest

LONGEST_NAME = 100

Headers = Callable[[str], Sequence[str]]  # all that a header says, by its name in any case


class NotBelieved(Exception):
    """Somebody says who asks who is not asked."""


class NotWelcome(Exception):
    """It is known who asks, or should be, and they may not come in."""


class Known(Struct, frozen=True):
    """Who asks, and what they may do."""

    name: str
    role: Role


class Map(Struct, frozen=True):
    """Which headers say who somebody is, and who may do what."""

    user_header: str
    email_header: str | None
    groups_header: str | None
    default_role: Role | None
    users: Mapping[str, Role]
    groups: Mapping[str, Role]

    def known(self, headers: Headers, *, is_trusted: bool) -> Known | None:
        """Return who asks, or None if the headers do not say.

        Raises:
            NotBelieved: it is not the proxy that says so.
            NotWelcome: nobody has given them a role, or it is not said once who it is.
        """
        users = [each.strip() for each in headers(self.user_header)]
        if not any(users):
            return None
        if not is_trusted:
            raise NotBelieved(f"{self.user_header} counts only from private.trusted_proxies, which this is not from")
        user, email = _once(self.user_header, users), self._email(headers)
        role = self._role(filter(None, (user, email)), self._groups(headers))
        name = _shown(email or user)
        if role is None:
            raise NotWelcome(f"{name}: expected somebody with a role in private.proxy_login, got somebody without one")
        return Known(name, role)

    def _email(self, headers: Headers) -> str:
        said = headers(self.email_header) if self.email_header else ()
        return _once(self.email_header or "", said) if said else ""

    def _groups(self, headers: Headers) -> Iterable[str]:
        said = headers(self.groups_header) if self.groups_header else ()
        return (group.strip() for line in said for group in line.split(","))

    def _role(self, names: Iterable[str], groups: Iterable[str]) -> Role | None:
        own = [self.users[name] for name in names if name in self.users]
        theirs = [self.groups[group] for group in groups if group in self.groups]
        return highest([*own, *theirs]) or self.default_role


def _once(header: str, said: Sequence[str]) -> str:
    """Return what a header says; two of them are one that the proxy wrote and one that it let through."""
    if len(said) != 1:
        raise NotWelcome(f"{header}: expected it once, got it {len(said)} times")
    return said[0].strip()


def _shown(name: str) -> str:
    return "".join(each for each in name if each.isprintable())[:LONGEST_NAME]

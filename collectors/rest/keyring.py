"""Which key opens the account, while keys are being exchanged?

An operator who rotates API keys configures the new one beside the old one, revokes the old one whenever it suits, and
takes it out of the configuration at leisure.  The keyring holds both, remembers which one opened last, and has the
other one tried when that one does not open any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Credentials:
    """Who we are to Twilio: an API key, or the account's own auth token."""

    account_sid: str
    username: str
    password: str = field(repr=False)


class Keyring:
    """The `active` key, and perhaps the `next` one."""

    def __init__(self, active: Credentials, following: Credentials | None = None) -> None:
        self.account_sid = active.account_sid
        self._keys = {"active": active} if following is None else {"active": active, "next": following}
        self.using = "active"

    def in_order(self) -> Sequence[str]:
        """Return the names of the keys, the one that opened last before the other."""
        return sorted(self._keys, key=lambda name: name != self.using)

    def key(self, name: str) -> Credentials:
        """Return a key by its name."""
        return self._keys[name]

    def opened(self, name: str) -> bool:
        """Take note of the key that opened, and return whether it is another one than before."""
        is_other, self.using = name != self.using, name
        return is_other

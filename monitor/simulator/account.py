"""Whose Twilio is this?  The one account the simulator serves, and the secrets that go with it."""

from dataclasses import dataclass, field

from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VideoGrant

from monitor.simulator.sids import hex_digits

TOKEN_LIFETIME_S = 24 * 3600  # the longest Twilio allows, and what it recommends for Video


@dataclass(frozen=True, slots=True)
class SimulatedAccount:
    """An account, its auth token, its API key and the next one.  None of it opens anything but a simulator."""

    account_sid: str
    api_key: str
    api_secret: str = field(repr=False)
    auth_token: str = field(repr=False)
    next_api_key: str
    next_api_secret: str = field(repr=False)

    @classmethod
    def for_seed(cls, seed: int) -> "SimulatedAccount":
        """Return the account that belongs to `seed`, always the same one."""
        return cls(
            account_sid="AC" + hex_digits(seed, "account"),
            api_key="SK" + hex_digits(seed, "api key"),
            api_secret=hex_digits(seed, "api secret"),
            auth_token=hex_digits(seed, "auth token"),
            next_api_key="SK" + hex_digits(seed, "next api key"),
            next_api_secret=hex_digits(seed, "next api secret"),
        )

    def opens(self, user: str, password: str, *, key_revoked: bool = False) -> bool:
        """Whether HTTP Basic `user` and `password` are this account's: an API key, or its SID and auth token."""
        if (user, password) == (self.api_key, self.api_secret):
            return not key_revoked
        return (user, password) in (
            (self.next_api_key, self.next_api_secret),
            (self.account_sid, self.auth_token),
        )

    def participant_token(self, identity: str, room_name: str) -> str:
        """Return the access token with which `identity` joined `room_name`."""
        token = AccessToken(self.account_sid, self.api_key, self.api_secret, identity=identity, ttl=TOKEN_LIFETIME_S)
        token.add_grant(VideoGrant(room=room_name))
        return str(token.to_jwt())

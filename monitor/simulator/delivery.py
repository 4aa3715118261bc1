"""How do status callbacks reach their URL?  Signed, in Twilio's own unreliable way.

The policy decides how often a callback is carried (never, once, twice) and how late; since every one travels alone,
neighbours overtake each other.  A failed attempt is repeated as the fragment of the callback URL allows: `rc` is the
number of retries and `rp` what deserves one.  Without a fragment Twilio retries once, and only failed connections.
"""

import uuid
from dataclasses import dataclass
from random import Random
from urllib.parse import parse_qs, urldefrag

import aiohttp
from twilio.request_validator import RequestValidator

from monitor.simulator.callbacks import Form, callback_form, callback_target
from monitor.simulator.courier import Courier
from monitor.simulator.entities import Happening
from monitor.simulator.scenarios import CallbackPolicy

RETRY_EVERY_S = (0.5, 1.0, 2.0, 4.0, 8.0)
TIMEOUT = aiohttp.ClientTimeout(total=15.0, connect=5.0)  # Twilio's defaults
HARD_LIMIT = 20_000
WORKERS = 16


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the fragment of a callback URL asks for."""

    retries: int = 1
    policy: frozenset[str] = frozenset({"ct"})

    @classmethod
    def of(cls, fragment: str) -> "Overrides":
        """Read `fragment`, such as `rc=5&rp=all`; what it leaves out is Twilio's default."""
        given = parse_qs(fragment)
        retries = min(5, int(given.get("rc", ["1"])[0]))
        return cls(retries, frozenset(given.get("rp", ["ct"])[0].split(",")))

    def allow_retry(self, failure: str) -> bool:
        """Whether `failure` (4xx, 5xx, ct, rt) deserves another attempt."""
        return "all" in self.policy or failure in self.policy


@dataclass(slots=True)
class Tally:
    """How callbacks fared: delivered by answer 2xx, lost after the last attempt, dropped by the scenario."""

    delivered: int = 0
    lost: int = 0
    dropped: int = 0


def travel_times(policy: CallbackPolicy, rng: Random) -> list[float]:
    """Return after how many seconds each copy of one callback arrives; an empty list for one that never does."""
    if rng.random() < policy.drop_ratio:
        return []
    usual = rng.uniform(0.0, policy.spread_s)
    first = rng.uniform(*policy.late_s) if rng.random() < policy.late_ratio else usual
    if rng.random() < policy.repeat_ratio:
        return [first, first + rng.uniform(*policy.late_s)]
    return [first]


class CallbackDelivery:
    """Posts callbacks to the URL of their room or composition, or else to the account's."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        policy: CallbackPolicy,
        *,
        account_sid: str,
        auth_token: str,
        callback_url: str,
        signing_url: str | None,
        seed: int,
    ) -> None:
        self._session = session
        self._policy = policy
        self._account_sid = account_sid
        self._validator = RequestValidator(auth_token)
        self._callback_url = callback_url
        self._signing_url = urldefrag(signing_url or callback_url).url
        self._rng = Random(f"{seed} callbacks")
        self._courier = Courier(workers=WORKERS, limit=HARD_LIMIT)
        self.tally = Tally()

    async def run(self) -> None:
        """Deliver until cancelled."""
        await self._courier.run()

    def hear(self, happening: Happening) -> None:
        """Send the callback that tells of `happening`, if there is one."""
        form = callback_form(happening, self._account_sid)
        if form is None:
            return
        times = travel_times(self._policy, self._rng)
        self.tally.dropped += not times
        token = str(uuid.UUID(int=self._rng.getrandbits(128)))
        for delay_s in times:
            target = callback_target(happening) or self._callback_url
            letter = _Letter(self, target, form, self._headers(target, form, token))
            self.tally.lost += not self._courier.send(letter.attempt, delay_s)

    def _headers(self, target: str, form: Form, token: str) -> dict[str, str]:
        """Return the headers Twilio sends with `form`; the signature covers the URL without its fragment."""
        url = self._signing_url if target == self._callback_url else urldefrag(target).url
        return {
            "X-Twilio-Signature": str(self._validator.compute_signature(url, form)),
            "I-Twilio-Idempotency-Token": token,
            "User-Agent": "TwilioProxy/1.1",
        }

    async def post(self, url: str, form: Form, headers: dict[str, str]) -> str | None:
        """Post once; return None for an answer 2xx, else what failed, in the words of the retry policy."""
        try:
            async with self._session.post(url, data=form, headers=headers, timeout=TIMEOUT) as answer:
                await answer.read()
                return None if answer.status < 300 else f"{answer.status // 100}xx"
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return "ct"
        except (aiohttp.ClientError, TimeoutError):
            return "rt"


class _Letter:
    """One copy of a callback on its way, with the attempts made so far."""

    def __init__(self, delivery: CallbackDelivery, target: str, form: Form, headers: dict[str, str]) -> None:
        self._delivery = delivery
        self._url, fragment = urldefrag(target)
        self._overrides = Overrides.of(fragment)
        self._form = form
        self._headers = headers
        self._retries = 0

    async def attempt(self) -> float | None:
        """Post; return the seconds until the next attempt, or None when there is none."""
        failure = await self._delivery.post(self._url, self._form, self._headers)
        tally = self._delivery.tally
        if failure is None:
            tally.delivered += 1
            return None
        if self._retries >= self._overrides.retries or not self._overrides.allow_retry(failure):
            tally.lost += 1
            return None
        self._retries += 1
        return RETRY_EVERY_S[self._retries - 1]

"""What if Twilio does not do what it should, in every way that a network and a service have?

Each way befalls an account of its own, all at the same time, beside one at which nothing is wrong.
"""

import asyncio
import re
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest
import trustme

from monitor.simulator.scenarios import Scenario
from monitor.simulator.simulator import Simulator
from tests.crash import middleman
from tests.crash.middleman import ELSEWHERE, Middleman, Mood, refusing
from tests.crash.surroundings import Surroundings, surrounded, until
from tests.fault_table import Observe

pytestmark = pytest.mark.crash

SAID_WITHIN_S = RECOVERS_WITHIN_S = 90.0  # on a machine that is busy with other tests; usually a few seconds
REQUESTS_PER_S, BURST_REQUESTS = 4.0, 10
LITTLE_S = 5.0  # in which less than half of what is allowed is asked of who throttles
MOST_UNDER_WAY = 8
GROWS_BY_BYTES = 40_000_000
CALM = Scenario(
    "calm", "one room, in which two people stay", rooms=1, participants_per_room=2, stays_s=(3600.0, 3600.0)
)
RULES = [
    {"name": "InUse", "over": "room", "raise": "participants >= 1", "clear": "participants < 1"},
    {"name": "MonitorBlind", "over": "daemon", "raise": "blind >= 1", "clear": "blind < 1"},
]
SILENT: Mapping[str, Mood] = {
    "hangs": middleman.hanging,
    "dribbles": middleman.dribbling,
    "resets": middleman.resetting,
    "breaks-off": middleman.breaking_off,
    "answers-503": refusing(503),
    "answers-500": refusing(500),
}
TALKS_NONSENSE: Mapping[str, Mood] = {
    "is-no-http": middleman.babbling,
    "is-a-page": middleman.page,
    "is-half": middleman.cut_json,
    "redirects": middleman.redirecting,
    "refuses": refusing(400),
}
THROTTLES: Mapping[str, Mood] = {"plainly": refusing(429), "politely": refusing(429, Retry_After="1")}


class Troubled:
    """An account, and who stands between it and the daemon."""

    def __init__(self, name: str, mood: Mood, between: Middleman, twilio: Simulator) -> None:
        self.name = name
        self.mood = mood
        self.between = between
        self.twilio = twilio

    def account(self) -> dict[str, Any]:
        """Return its table of the configuration."""
        account = self.twilio.account
        return {
            "name": self.name,
            "account_sid": account.account_sid,
            "api_key": account.api_key,
            "api_secret": account.api_secret,
            "base_url": self.between.address,
            "requests_per_s": REQUESTS_PER_S,
            "burst_requests": BURST_REQUESTS,
        }


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Surroundings]:
    async with surrounded(tmp_path) as here:
        yield here


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def troubled(
    stack: AsyncExitStack, moods: Mapping[str, Mood], tls: ssl.SSLContext | None = None
) -> list[Troubled]:
    """Let there be an account for each mood."""
    found = []
    for seed, (name, mood) in enumerate(moods.items(), start=100):
        twilio = Simulator(CALM, seed=seed)
        between = Middleman(await twilio.start())
        stack.push_async_callback(twilio.stop)
        await stack.enter_async_context(between.listening(tls))
        found.append(Troubled(name, mood, between, twilio))
    return found


async def watched(here: Surroundings, accounts: list[Troubled], **environment: str) -> int:
    """Start a daemon that watches them beside one that is well; return its process id."""
    own = here.twilio.account
    well = {"account_sid": own.account_sid, "api_key": own.api_key, "api_secret": own.api_secret}
    config = here.config(
        rules=RULES,
        # As long as a machine that is busy may take for an answer: who is slow is not away.
        alerts={"blind_after_s": 3},
        polling={"rooms_every_s": 0.5, "timeout_s": 3},
        accounts=[
            {"name": "well", "auth_token": own.auth_token, "base_url": here.twilio.base_url, **well},
            *(each.account() for each in accounts),
        ],
    )
    return (await here.start(config, **environment)).pid


async def said_to_be(trouble: str, here: Surroundings) -> set[str]:
    """Return the accounts of which the daemon says so."""
    _, page = await here.get("/metrics")
    pattern = rf'^roomwatch_account_trouble\{{account="([^"]+)",trouble="{trouble}"\}} 1'
    return set(re.findall(pattern, page, re.MULTILINE))


async def until_said_to_be(trouble: str, here: Surroundings, expected: set[str]) -> None:
    """Wait until the daemon says so of these accounts."""
    ends_s = time.monotonic() + SAID_WITHIN_S
    while (found := await said_to_be(trouble, here)) != expected:
        assert time.monotonic() < ends_s, f"expected {expected} to be {trouble}, got {found}"
        await asyncio.sleep(0.2)


def in_use(here: Surroundings) -> list[str]:
    """Return what was told of rooms other than those of the account that is well, in which people come and go."""
    own = {*here.twilio.world.rooms}
    return [each.status for each in here.told if each.rule == "InUse" and each.entity not in own]


def asked_too_often(account: Troubled, since_s: float) -> bool:
    asked = [at_s for at_s in account.between.asked_at_s if at_s >= since_s]
    return len(asked) > BURST_REQUESTS + REQUESTS_PER_S * (time.monotonic() - since_s)


async def goes_wrong_and_mends(here: Surroundings, accounts: list[Troubled], observed: Observe) -> None:
    """Let every account be in trouble at once, and see that what must hold does."""
    pid = await watched(here, accounts)
    names = {each.name for each in accounts}
    await until(lambda: len(in_use(here)) == len(accounts), SAID_WITHIN_S)
    before_bytes, since_s = psutil.Process(pid).memory_info().rss, time.monotonic()
    for each in accounts:
        each.between.turn(each.mood)
    await until_said_to_be("unreachable", here, names)
    await until(lambda: ("MonitorBlind", "firing") in [(told.rule, told.status) for told in here.told])
    observed(f"{len(names)} accounts said to be unreachable after {time.monotonic() - since_s:.0f} s")
    answered = here.witness.statuses[202]
    await until(lambda: here.witness.statuses[202] > answered + 10)
    assert not [each.name for each in accounts if asked_too_often(each, since_s)]
    assert max(each.between.most_open for each in accounts) <= MOST_UNDER_WAY
    assert psutil.Process(pid).memory_info().rss < before_bytes + GROWS_BY_BYTES
    mended_s = time.monotonic()
    for each in accounts:
        each.between.turn(middleman.passing_on)
    await until_said_to_be("unreachable", here, set())
    blind = lambda: [told.status for told in here.told if told.rule == "MonitorBlind" and told.at_s > since_s]  # noqa: E731
    await until(lambda: "resolved" in blind(), RECOVERS_WITHIN_S)
    assert blind() == ["firing", "resolved"]
    assert in_use(here) == ["firing"] * len(accounts), "a room was taken for another than it was"
    assert not [each.name for each in accounts if ELSEWHERE in each.between.paths], "followed a redirect"
    observed(f"one MonitorBlind, no other alert moved, all seen again {time.monotonic() - mended_s:.0f} s after")


@pytest.mark.fault(
    "Twilio that hangs, dribbles, resets, breaks off or answers 5xx",
    expected="it is said to be unreachable and MonitorBlind fires once; room alerts hold; the budget is kept; it mends",
)
async def test_a_twilio_that_does_not_answer_is_said_to_be_away_and_no_alert_of_a_room_moves(
    here: Surroundings, stack: AsyncExitStack, observed: Observe
) -> None:
    await goes_wrong_and_mends(here, await troubled(stack, SILENT), observed)
    observed(await here.kept())


@pytest.mark.fault(
    "Twilio that talks nonsense, redirects or refuses",
    expected="as if it did not answer: what cannot be understood is not seen; no redirect is followed",
)
async def test_a_twilio_that_talks_nonsense_is_not_seen_and_that_is_said(
    here: Surroundings, stack: AsyncExitStack, observed: Observe
) -> None:
    await goes_wrong_and_mends(here, await troubled(stack, TALKS_NONSENSE), observed)


@pytest.mark.fault(
    "Twilio that answers 429 to everything, with Retry-After or without",
    expected="it is said to throttle, is asked ever less, and is seen again soon after",
)
async def test_a_twilio_that_throttles_is_asked_less_and_seen_again(
    here: Surroundings, stack: AsyncExitStack, observed: Observe
) -> None:
    accounts = await troubled(stack, THROTTLES)
    await watched(here, accounts)
    await until(lambda: len(in_use(here)) == len(accounts), SAID_WITHIN_S)
    for each in accounts:
        each.between.turn(each.mood)
    await until_said_to_be("throttled", here, set(THROTTLES))
    since_s = time.monotonic()
    await asyncio.sleep(LITTLE_S)  # at least: on a busy machine it is more, in which more is asked
    asked = {each.name: sum(0 < at_s - since_s <= LITTLE_S for at_s in each.between.asked_at_s) for each in accounts}
    assert max(asked.values()) < LITTLE_S * REQUESTS_PER_S / 2, asked
    observed(f"while it throttled asked {asked['plainly']} and {asked['politely']} times in {LITTLE_S:g} s")
    read = {each.name: await seen_at_s(here, each) for each in accounts}
    for each in accounts:
        each.between.turn(middleman.passing_on)
    for each in accounts:
        while await seen_at_s(here, each) <= read[each.name]:
            await asyncio.sleep(0.2)
    assert in_use(here) == ["firing"] * len(accounts)
    observed("rooms were seen again, and none was taken for another")


async def seen_at_s(here: Surroundings, account: Troubled) -> float:
    """Return when the rooms of an account were last read."""
    labels = f'account="{account.name}",resource="rooms"'
    return await here.metric(f"roomwatch_twilio_last_success_timestamp_seconds{{{labels}}}")


@pytest.mark.fault(
    "Twilio with a certificate that nobody vouches for",
    expected="nothing is sent to it, it is said to be unreachable, and it mends with the certificate",
)
async def test_a_twilio_with_a_wrong_certificate_is_told_no_key_and_is_said_to_be_away(
    here: Surroundings, stack: AsyncExitStack, tmp_path: Path, observed: Observe
) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    stranger.issue_cert("localhost").configure_cert(context)
    [account] = await troubled(stack, {"secret": middleman.passing_on}, context)
    await watched(here, [account], SSL_CERT_FILE=str(tmp_path / "authority.pem"))
    await until_said_to_be("unreachable", here, {"secret"})
    assert account.between.paths == [], "a key was told to a stranger"
    observed("said to be unreachable, and no request went to it")
    authority.issue_cert("localhost").configure_cert(context)
    await until_said_to_be("unreachable", here, set())
    await until(lambda: in_use(here) == ["firing"], RECOVERS_WITHIN_S)
    observed("seen again with the right certificate")

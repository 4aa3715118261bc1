"""What if those who are to be told cannot be reached, or do not want to be?

Each sort of trouble befalls a receiver of its own, all at the same time, beside one that is well.
"""

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.builders import quality
from tests.crash import middleman
from tests.crash.killed_daemon import OFF
from tests.crash.middleman import ELSEWHERE, Middleman, Mood, refusing
from tests.crash.surroundings import Surroundings, surrounded, until
from tests.fault_table import Observe

pytestmark = pytest.mark.crash

AT_ONCE_S = 9.0  # on a machine that is busy with other tests; the one that hangs is given up after ten
RECOVERS_WITHIN_S = 90.0
RULE = {
    "name": "Bad",
    "over": "participant",
    "raise": "level <= 1",
    "clear": "level >= 3",
    "severity": "critical",
    "summary": "{participant_sid} has a bad connection.",
}
CAN_HAVE_HEARD = "breaks-off"
AWAY: Mapping[str, Mood] = {
    "hangs": middleman.hanging,
    "resets": middleman.resetting,
    CAN_HAVE_HEARD: middleman.breaking_off,
    "is-no-http": middleman.babbling,
    "answers-500": refusing(500),
    "answers-503": refusing(503),
    "throttles": refusing(429),
    "throttles-politely": refusing(429, Retry_After="2"),
}
REFUSES: Mapping[str, Mood] = {
    "too-large": refusing(413),
    "redirects": middleman.redirecting,
    "not-there": refusing(404),
}


class Receiver:
    """Somebody who is told, and who stands between."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []  # whom it was about, and what of them
        self.ids: Counter[str] = Counter()
        self.between = Middleman("")

    async def hear(self, request: web.Request) -> web.Response:
        id_ = request.headers["webhook-id"]
        self.ids[id_] += 1
        if self.ids[id_] == 1:  # a repeat of what may have been heard is no news
            for alert in (await request.json())["alerts"]:
                self.heard.append((alert["roomwatch"]["entity"]["id"].rpartition("/")[2], alert["status"]))
        return web.Response()

    def of(self, who: str) -> list[str]:
        """Return what was told of somebody."""
        return [what for about, what in self.heard if about == who]

    async def come(self, stack: AsyncExitStack, tls: ssl.SSLContext | None = None) -> None:
        app = web.Application()
        app.router.add_post("/", self.hear)
        server = TestServer(app)
        await server.start_server()
        stack.push_async_callback(server.close)
        self.between = Middleman(str(server.make_url("/")).rstrip("/"))
        await stack.enter_async_context(self.between.listening(tls))


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Surroundings]:
    async with surrounded(tmp_path) as here:
        yield here


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def received(stack: AsyncExitStack, moods: Mapping[str, Mood]) -> dict[str, Receiver]:
    """Let there be a receiver for each mood."""
    found = {name: Receiver() for name in moods}
    for each in found.values():
        await each.come(stack)
    return found


async def paging(here: Surroundings, receivers: Mapping[str, Receiver], fallback: str = "", **environment: str) -> None:
    """Start a daemon that tells all of them, and one that is well."""
    config = here.config(
        rules=[RULE],
        accounts=[],
        receivers={
            "well": {"kind": "webhook", "url": here.receiver},
            **{name: {"kind": "webhook", "url": f"{each.between.address}/"} for name, each in receivers.items()},
        },
        routes=[{"receiver": name, "continue": True} for name in ("well", *receivers) if name != fallback],
        alerts={
            "default_receiver": "well",
            "disabled_rules": OFF,
            **({"fallback_receiver": fallback} if fallback else {}),
        },
    )
    await here.start(config, **environment)


async def is_bad(here: Surroundings, who: str, *, level: int = 0) -> None:
    assert await here.post(quality(level), participant_sid=who) == 202


def told(here: Surroundings, who: str) -> list[str]:
    """Return what the receiver that is well was told of somebody."""
    return [each.status for each in here.told if each.entity.endswith(who)]


ALICE, BOB, CAROL = (f"PA{letter * 32}" for letter in "bcd")


@pytest.mark.fault(
    "receivers that hang, reset, break off, talk nonsense, answer 5xx or 429",
    expected="others hear at once; back again, each hears all of it in order, and what is over never but with its end",
)
async def test_receivers_that_are_away_delay_nobody_and_hear_everything_in_order_afterwards(
    here: Surroundings, stack: AsyncExitStack, observed: Observe
) -> None:
    receivers = await received(stack, AWAY)
    await paging(here, receivers)
    for name, each in receivers.items():
        each.between.turn(AWAY[name])
    slowest_s = 0.0
    for who in (ALICE, BOB, CAROL):
        began_s = time.monotonic()
        await is_bad(here, who)
        await until(lambda who=who: told(here, who) == ["firing"])
        slowest_s = max(slowest_s, time.monotonic() - began_s)
    assert slowest_s < AT_ONCE_S
    observed(f"beside {len(AWAY)} that are away one that is well hears within {slowest_s:.2f} s")
    await is_bad(here, ALICE, level=4)
    await until(lambda: told(here, ALICE) == ["firing", "resolved"])
    await until(lambda: all(each.between.paths for each in receivers.values()))
    back_s = time.monotonic()
    for each in receivers.values():
        each.between.turn(middleman.passing_on)
    for who in (BOB, CAROL):
        await until(lambda who=who: all(each.of(who) for each in receivers.values()), RECOVERS_WITHIN_S)
    observed(f"all told {time.monotonic() - back_s:.0f} s after they are back")
    for who in (BOB, CAROL):
        await is_bad(here, who, level=4)
        await until(lambda who=who: all(len(each.of(who)) == 2 for each in receivers.values()), RECOVERS_WITHIN_S)
    for name, each in receivers.items():
        assert each.of(BOB) == each.of(CAROL) == ["firing", "resolved"], name
        # Of whom it may have heard it is told the end, though nobody knows whether it had heard the beginning.
        assert each.of(ALICE) in ([], ["resolved"], ["firing", "resolved"]), (name, "opened and not closed")
        assert name == CAN_HAVE_HEARD or max(each.ids.values()) == 1, (name, "heard twice under one id")
    observed("each word once under its id, in order; again only where the answer was cut off")


@pytest.mark.fault(
    "receivers that refuse: 413, 404, a redirect",
    expected="the words become dead letters, the stand-in is told at once and hears the end; no redirect is followed",
)
async def test_what_a_receiver_refuses_is_told_to_the_stand_in_and_kept(
    here: Surroundings, stack: AsyncExitStack, observed: Observe
) -> None:
    receivers = await received(stack, REFUSES)
    stand_in = Receiver()
    await stand_in.come(stack)
    await paging(here, {**receivers, "stand-in": stand_in}, fallback="stand-in")
    for name, each in receivers.items():
        each.between.turn(REFUSES[name])
    await is_bad(here, ALICE)
    await until(lambda: len(stand_in.ids) == len(REFUSES), RECOVERS_WITHIN_S)
    assert stand_in.of(ALICE) == ["firing"] * len(REFUSES)
    for name in REFUSES:
        assert await here.metric(f'roomwatch_notifications_dead_total{{receiver="{name}"}}') == 1, name
    await is_bad(here, ALICE, level=4)
    await until(lambda: stand_in.of(ALICE)[len(REFUSES) :] == ["resolved"] * len(REFUSES), RECOVERS_WITHIN_S)
    assert not [name for name, each in receivers.items() if ELSEWHERE in each.between.paths]
    observed(f"{len(REFUSES)} dead letters; the stand-in heard the beginning and the end")


@pytest.mark.fault(
    "a receiver with a certificate that nobody vouches for",
    expected="no word is sent to it, others hear at once, and it is told once the certificate is right",
)
async def test_a_receiver_with_a_wrong_certificate_is_told_nothing_until_it_is_right(
    here: Surroundings, stack: AsyncExitStack, tmp_path: Path, observed: Observe
) -> None:
    authority, stranger, receiver = trustme.CA(), trustme.CA(), Receiver()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    stranger.issue_cert("localhost").configure_cert(context)
    await receiver.come(stack, context)
    await paging(here, {"secret": receiver}, SSL_CERT_FILE=str(tmp_path / "authority.pem"))
    await is_bad(here, ALICE)
    await until(lambda: told(here, ALICE) == ["firing"])
    assert here.daemon is not None
    while "CertificateError" not in here.daemon.said:
        await asyncio.sleep(0.1)
    assert receiver.between.paths == [], "a word was told to a stranger"
    authority.issue_cert("localhost").configure_cert(context)
    await until(lambda: receiver.of(ALICE) == ["firing"], RECOVERS_WITHIN_S)
    observed("nothing said to the stranger; told with the right certificate")

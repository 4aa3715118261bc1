"""What the daemon does when Twilio does not do what it should: it says so, waits, and is well again by itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from collectors.events import Trouble
from monitor.app import Daemon
from monitor.polling import Poll
from monitor.simulator.account import SimulatedAccount
from monitor.simulator.scenarios import SCENARIOS, Episode, RestPolicy, Scenario
from monitor.simulator.simulator import Simulator
from tests.conftest import Running, Start
from tests.daemon_process import free_port

QUICK = {"rooms_every_s": 0.2, "compositions_every_s": 0.2, "summaries_every_s": 0.2, "timeout_s": 0.6}
CANARY = {"enabled": True, "timeout_s": 5}
POLITE = Scenario(
    "polite",
    "the REST API allows few requests, and says when to come back",
    rest=RestPolicy(reads_per_s=3.0, retry_after_ms=1000),
)


def hanging(*, after_s: float, for_s: float) -> Scenario:
    return Scenario("hangs", "", rooms=2, rest=RestPolicy(hanging=Episode(after_s, lasts_s=for_s)))


class Watched:
    """Accounts at Twilios of their own, and the daemon that watches them."""

    def __init__(self, running: Running, simulators: list[Simulator]) -> None:
        self.daemon: Daemon = running.daemon
        self.http, self.private = running.http, running.private
        self.simulators = simulators
        self.sids = [simulator.account.account_sid for simulator in simulators]

    def poll(self, account: str, resource: str = "rooms") -> Poll:
        (found,) = [poll for poll in self.daemon.polls if (poll.account, poll.resource) == (account, resource)]
        return found

    def troubles(self, which: int = 0) -> set[Trouble]:
        return set(self.daemon.live.accounts[self.sids[which]].troubles)

    def requests(self, account: str) -> float:
        counted = self.daemon.metrics.values["roomwatch_twilio_requests_total"]
        return sum(count for labels, count in counted.items() if labels[0] == account)

    async def scraped(self, name: str) -> dict[str, float]:
        async with self.http.get(f"{self.private}/metrics") as response:
            page = await response.text()
        lines = [line for line in page.splitlines() if line.startswith(name)]
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


Watch = Callable[..., Awaitable[Watched]]


@pytest.fixture
async def watch(start: Start) -> AsyncIterator[Watch]:
    """Watch one account for each scenario; they are called a, b, c."""
    async with AsyncExitStack() as open_ones:

        async def begin(*scenarios: Scenario, speed: float = 1, **given: Any) -> Watched:
            port = free_port()
            simulators, accounts = [], []
            for number, scenario in enumerate(scenarios):
                account = SimulatedAccount.for_seed(number + 1)
                simulator = Simulator(
                    scenario, account=account, speed=speed, daemon_url=f"http://127.0.0.1:{port}", **given
                )
                base_url = await simulator.start()
                open_ones.push_async_callback(simulator.stop)
                simulators.append(simulator)
                accounts.append(
                    {
                        "name": "abc"[number],
                        "account_sid": account.account_sid,
                        "api_key": account.api_key,
                        "api_secret": account.api_secret,
                        "next_api_key": account.next_api_key,
                        "next_api_secret": account.next_api_secret,
                        "auth_token": account.auth_token,
                        "base_url": base_url,
                        "requests_per_s": 50,
                        "burst_requests": 50,
                    }
                )
            public = {"port": port, "url": f"http://127.0.0.1:{port}"}
            return Watched(await start(public=public, polling=QUICK, accounts=accounts, canary=CANARY), simulators)

        yield begin


async def until(holds: Callable[[], Any], within_s: float = 60) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.02)


async def test_a_twilio_that_hangs_is_left_alone_and_comes_back_by_itself_and_others_do_not_notice(
    watch: Watch,
) -> None:
    watched = await watch(hanging(after_s=4.0, for_s=9.0), SCENARIOS["healthy"])
    await until(lambda: watched.poll("a").is_up and watched.daemon.live.rooms)
    await until(lambda: Trouble.UNREACHABLE in watched.troubles(0))
    stale_ms, known = watched.poll("a").last_success_ms, set(watched.daemon.live.rooms)
    await asyncio.sleep(2 * QUICK["timeout_s"])  # those that were under way
    asked = watched.requests("a")
    await asyncio.sleep(1)
    assert watched.requests("a") - asked <= 2, "asked on though nobody answers"
    assert known <= set(watched.daemon.live.rooms), "what was known is gone only because Twilio hangs"
    assert watched.poll("a").last_success_ms == stale_ms
    up = await watched.scraped("roomwatch_twilio_up")
    assert up['roomwatch_twilio_up{account="a",resource="rooms"}'] == 0
    assert up['roomwatch_twilio_up{account="b",resource="rooms"}'] == 1
    assert watched.poll("b").last_success_ms > (stale_ms or 0)
    assert not watched.troubles(1)
    await until(lambda: watched.poll("a").is_up)
    await until(lambda: not watched.troubles(0))


async def test_a_key_that_is_revoked_is_changed_for_the_next_without_a_gap(watch: Watch) -> None:
    watched = await watch(SCENARIOS["key-rotation"], speed=30)
    await until(lambda: watched.daemon.metrics.total("roomwatch_twilio_key_changes_total") == 1)
    await asyncio.sleep(0.5)
    assert watched.poll("a").is_up
    assert not watched.troubles(0)


async def test_an_account_that_nothing_opens_any_more_is_told_and_mends_itself(watch: Watch) -> None:
    watched = await watch(SCENARIOS["auth-lost"], SCENARIOS["healthy"], speed=20)
    await until(lambda: Trouble.AUTH_LOST in watched.troubles(0))
    assert not watched.troubles(1)
    await until(lambda: not watched.troubles(0))


async def test_a_429_is_asked_again_in_the_time_that_was_asked_for_and_told(watch: Watch) -> None:
    watched = await watch(POLITE)
    await until(lambda: watched.daemon.metrics.total("roomwatch_twilio_throttled_total") > 0)
    await until(lambda: Trouble.THROTTLED in watched.troubles())
    await until(lambda: watched.daemon.metrics.total("roomwatch_twilio_retries_total") > 0)
    await until(lambda: watched.poll("a").is_up)
    limits = await watched.scraped("roomwatch_twilio_rate_limit_requests_per_second{")
    assert 0 < limits['roomwatch_twilio_rate_limit_requests_per_second{account="a"}'] < 50


async def test_answers_that_make_no_sense_are_failed_polls_and_nothing_worse(watch: Watch) -> None:
    watched = await watch(SCENARIOS["garbage"], speed=20)
    await until(lambda: "expected Twilio's JSON" in watched.poll("a").error)
    await until(lambda: watched.poll("a").is_up)


async def test_an_account_whose_callbacks_never_come_is_reported_as_silent(watch: Watch) -> None:
    watched = await watch(SCENARIOS["no-callbacks"], rooms=6, room_lasts_s=(20.0, 60.0), speed=20)
    health = watched.daemon.live.account_book.callbacks[watched.sids[0]]
    await until(lambda: len(watched.daemon.live.calls.ended) > 6)
    assert not watched.troubles()
    health.judge(watched.daemon.clock.now_ms() + 120_000)  # as if two minutes had gone by
    await until(lambda: Trouble.CALLBACKS_SILENT in watched.troubles())


async def test_rooms_that_nobody_watched_are_known_from_their_summaries_with_everybody_who_was_in_them(
    start: Start,
) -> None:
    past = Scenario("past", "", rooms=2, participants_per_room=3, room_lasts_s=(60.0, 120.0), stays_s=(20.0, 50.0))
    simulator = Simulator(past, started_at=Simulator(past).clock() - 3600)
    base_url, account = await simulator.start(), simulator.account
    try:
        running = await start(
            polling=QUICK,
            accounts=[
                {
                    "account_sid": account.account_sid,
                    "api_key": account.api_key,
                    "api_secret": account.api_secret,
                    "base_url": base_url,
                    "requests_per_s": 500,
                    "burst_requests": 500,
                }
            ],
        )
        ended = running.daemon.live.calls.ended
        world = simulator.world
        over = [room for room in world.rooms.values() if room.ended_at and room.ended_at < simulator.clock() - 600]
        assert len(over) > 20
        await until(lambda: all(room.sid in ended for room in over))
        await until(lambda: all({p.sid for p in ended[r.sid].people()} == set(r.participants) for r in over))
        assert all(ended[room.sid].end_reason == room.end_reason for room in over)
    finally:
        await simulator.stop()


async def test_the_budget_is_as_it_was_after_a_restart(start: Start, tmp_path) -> None:
    simulator = Simulator(POLITE)
    base_url, account = await simulator.start(), simulator.account
    given = {
        "storage": {"path": str(tmp_path / "roomwatch.db")},
        "polling": QUICK,
        "accounts": [
            {
                "account_sid": account.account_sid,
                "api_key": account.api_key,
                "api_secret": account.api_secret,
                "base_url": base_url,
                "requests_per_s": 50,
                "burst_requests": 50,
            }
        ],
    }
    try:
        first = await start(**given)
        await until(lambda: first.daemon.metrics.total("roomwatch_twilio_throttled_total") > 2)
        await first.stop()
        kept = first.daemon.live.accounts[account.account_sid].budget
        second = await start(**given)
        found = second.daemon.live.accounts[account.account_sid].budget
    finally:
        await simulator.stop()
    assert kept is not None
    assert kept.rate is not None
    assert found is not None
    assert found.rate == kept.rate


async def test_a_canary_comes_back_through_the_whole_daemon_and_leaves_nothing_behind(watch: Watch) -> None:
    watched = await watch(SCENARIOS["healthy"], rooms=0)
    assert watched.daemon.canary is not None
    assert await watched.daemon.canary.run()
    account = watched.daemon.live.accounts[watched.sids[0]]
    assert account.canary is not None
    assert set(account.canary.steps_s) == {
        *("create", "token", "fetch", "complete", "callback_created", "callback_ended", "round_trip"),
    }
    last = await watched.scraped("roomwatch_canary_last_success_timestamp_seconds")
    assert last["roomwatch_canary_last_success_timestamp_seconds"] > 0
    (room,) = watched.simulators[0].world.rooms.values()
    assert room.status == "completed"


async def test_a_canary_that_twilio_does_not_answer_is_an_event_that_rules_see(watch: Watch) -> None:
    watched = await watch(hanging(after_s=0.0, for_s=60.0))
    assert watched.daemon.canary is not None
    assert not await watched.daemon.canary.run()
    account = watched.daemon.live.accounts[watched.sids[0]]
    assert account.canary is not None
    assert account.canary.failed_step == "create"
    await until(lambda: any(alert.rule == "CanaryFailed" for alert in watched.daemon.evaluation.engine.alerts))

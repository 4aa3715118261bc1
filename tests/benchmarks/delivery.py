"""How soon is somebody paged, also in a storm?

`make bench`, or `python -m tests.benchmarks.delivery --help`.

Two cases, each on a database of its own that survives a power cut.  *At once*: so many critical notifications become
due in one transaction, for a receiver that answers at once.  *Storm*: some thousand of all severities become due for
three receivers: one is quick; one never answers; one is a PagerDuty that takes 120 events a minute and refuses more.

Timed is from the commit of the decision until the first byte has arrived at the receiver, which is a process on the
other core.  The floor is what aiohttp needs for as many bare posts, as many at a time, each on a connection of its own.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import aiohttp
import uvloop

from alerts.delivery import AttemptMade
from alerts.dispatcher import HANDS_PER_RECEIVER, Dispatcher
from alerts.model import Judgement, Notification, Severity
from alerts.notifiers.base import Notifier
from alerts.notifiers.pagerduty import PagerDuty, PagerDutyConfig
from alerts.notifiers.webhook import Webhook, WebhookConfig
from alerts.transport import Transport
from monitor.store.sqlite import SqliteStore
from tests.alert_builders import make_alert, make_notification
from tests.benchmarks import machine, servers
from tests.benchmarks.figures import Figure, Goal, aligned, judged, ratios, spread
from tests.benchmarks.records import recorded

QUICK, HANGS, PAGER = "quick", "hangs", "PagerDuty"
CRITICAL_SHARE = 20  # of so many notifications of a storm one is critical
CRITICAL_PAGES = 96  # most of what is critical in a storm and what PagerDuty takes in a minute
SETTLES_WITHIN_S = 180.0

Seconds = Sequence[float]


class Round(NamedTuple):
    """How long it took until each was heard of, in seconds, and how many PagerDuty refused."""

    floor: Seconds
    at_once: Seconds
    quick: Seconds
    pager: Seconds
    refused: int


def words(receiver: str, count: int, critical: int) -> list[Notification]:
    """Return triggers, of which the last ones are critical."""
    severities = [Severity.WARNING if number % 2 else Severity.INFO for number in range(count - critical)]
    return [
        make_notification(
            entity=f"PA{number}", receiver=receiver, alert=make_alert(fingerprint=f"f1-{number}", severity=severity)
        )
        for number, severity in enumerate([*severities, *([Severity.CRITICAL] * critical)])
    ]


class Bench:
    """The receivers, and what is told to them."""

    def __init__(self, address: str, folder: Path) -> None:
        self._address = address
        self._folder = folder
        self._lives = 0

    def notifiers(self) -> Mapping[str, Notifier]:
        """Return who is told."""
        return {
            QUICK: Webhook(WebhookConfig(f"{self._address}/quick")),
            HANGS: Webhook(WebhookConfig(f"{self._address}/hangs")),
            PAGER: PagerDuty(PagerDutyConfig("k" * 32, base_url=self._address)),
        }

    async def told(self, owed: Sequence[Notification], awaited: Iterable[str]) -> tuple[Mapping[str, float], int]:
        """Have them told until these are; return how long each took by its id or key, and how many were refused."""
        self._lives += 1
        store = await SqliteStore.open(self._folder / f"{self._lives}.db")
        async with Transport() as transport:
            waiting = Awaited(awaited)
            dispatcher = Dispatcher(store.alerts, self.notifiers(), transport, time.time, waiting.note)
            running = asyncio.create_task(dispatcher.run())
            now = time.time()
            await store.alerts.record(Judgement(notifications=tuple(replace(each, created_at=now) for each in owed)))
            began_s = time.monotonic()
            dispatcher.wake()
            with suppress(TimeoutError):
                async with asyncio.timeout(SETTLES_WITHIN_S):
                    await waiting.all_there.wait()
            await dispatcher.drain(0)
            await running
        await store.close()
        heard_at_s, refused = await self._heard()
        return {key: at_s - began_s for key, at_s in heard_at_s.items()}, refused

    async def posted(self, count: int) -> Seconds:
        """Return how long it took bare posts to arrive, as many at a time as the dispatcher sends."""
        began_s, numbers = time.monotonic(), iter(range(count))
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        async with aiohttp.ClientSession(connector=connector) as http:

            async def post_some() -> None:
                for number in numbers:
                    async with http.post(
                        f"{self._address}/quick", data=b"x" * 900, headers={"webhook-id": str(number)}
                    ):
                        pass

            await asyncio.gather(*(post_some() for _ in range(HANDS_PER_RECEIVER)))
        heard_at_s, _ = await self._heard()
        return [at_s - began_s for at_s in heard_at_s.values()]

    async def _heard(self) -> tuple[Mapping[str, float], int]:
        async with aiohttp.ClientSession() as http, http.get(f"{self._address}/heard") as answer:
            said = await answer.json()
        return said["heard_at_s"], said["refused"]


class Awaited:
    """Waits until some notifications are settled."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._missing = set(ids)
        self.all_there = asyncio.Event()

    def note(self, notification: Notification, made: AttemptMade) -> None:
        """Take note of an attempt."""
        if made.outcome in ("delivered", "rejected"):
            self._missing.discard(notification.id)
        if not self._missing:
            self.all_there.set()


async def one_round(bench: Bench, alerts: int, storm: int) -> Round:
    """Measure both cases and the floor."""
    floor = await bench.posted(alerts)
    at_once = words(QUICK, alerts, alerts)
    heard, _ = await bench.told(at_once, [each.id for each in at_once])
    pages = min(CRITICAL_PAGES, storm // CRITICAL_SHARE)
    quick, hanging = words(QUICK, storm * 2 // 5, storm // CRITICAL_SHARE), words(HANGS, storm // 5, storm // 5)
    paged = words(PAGER, storm * 2 // 5, pages)
    awaited = [each.id for each in (*quick, *paged[len(paged) - pages :])]
    stormed, refused = await bench.told([*hanging, *quick, *paged], awaited)
    return Round(
        floor,
        [heard[each.id] for each in at_once],
        [stormed[each.id] for each in quick if each.incident.severity is Severity.CRITICAL],
        [stormed[each.dedup_key] for each in paged if each.incident.severity is Severity.CRITICAL],
        refused,
    )


async def measure(options: argparse.Namespace) -> list[Round]:
    """Return what each round came to."""
    desks_core, _ = machine.cores()
    patience, rounds = machine.Patience(options.patience), []
    with tempfile.TemporaryDirectory(prefix="roomwatch-bench-", ignore_cleanup_errors=True) as folder:
        async with servers.desks(desks_core) as desks:
            bench = Bench(f"http://127.0.0.1:{desks.port}", Path(folder))
            for number in range(1, options.rounds + 1):
                await patience.wait()
                rounds.append(await one_round(bench, options.alerts, options.storm))
                print(f"round {number}/{options.rounds}: p99 {_at(rounds[-1].at_once, 0.99):.0f} ms", flush=True)
    return rounds


def _at(seconds: Seconds, share: float) -> float:
    """Return a quantile in milliseconds."""
    return sorted(seconds)[min(len(seconds) - 1, int(share * len(seconds)))] * 1000


def table(rounds: Sequence[Round], options: argparse.Namespace) -> str:
    """Return how soon they were heard of."""
    cases = {
        f"{options.alerts:,} bare posts": [each.floor for each in rounds],
        f"{options.alerts:,} at once, all critical": [each.at_once for each in rounds],
        f"critical of a storm of {options.storm:,}, quick receiver": [each.quick for each in rounds],
        f"critical of a storm of {options.storm:,}, PagerDuty": [each.pager for each in rounds],
    }
    floor = {share: [_at(each.floor, share) for each in rounds] for share in (0.5, 0.99)}
    rows = [("from decision to first byte", "p50 ms", "p99 ms", "x bare, p50", "x bare, p99")]
    for name, values in cases.items():
        p50, p99 = ([_at(each, share) for each in values] for share in (0.5, 0.99))
        beside = (spread(ratios(mine, floor[share]), ".2f") for mine, share in ((p50, 0.5), (p99, 0.99)))
        rows.append((name, spread(p50, ".0f"), spread(p99, ".0f"), *beside))
    return aligned(rows)


def figures(rounds: Sequence[Round], options: argparse.Namespace) -> list[Figure]:
    """Return what the dispatcher is judged by."""

    def p99(name: str, values: Iterable[Seconds], goal: Goal) -> Figure:
        return Figure(f"{name}, p99", [_at(each, 0.99) for each in values], ".0f", "ms", goal)

    return [
        p99(f"{options.alerts:,} at once, all critical", [each.at_once for each in rounds], Goal(None, 1000)),
        p99("critical of a storm, quick receiver", [each.quick for each in rounds], Goal(1000, 500)),
        p99("critical of a storm, PagerDuty", [each.pager for each in rounds], Goal(1000, 500)),
        Figure("of a storm, answered 429", [each.refused for each in rounds], ".0f", "", Goal(0, 0)),
    ]


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--rounds", type=int, default=3, metavar="N", help="how often (default: 3)")
    add("--alerts", type=int, default=1_000, metavar="N", help="at once (default: 1000)")
    add("--storm", type=int, default=5_000, metavar="N", help="notifications of a storm (default: 5000)")
    add("--patience", type=float, default=60.0, metavar="S", help="to wait for a quiet machine, in all (default: 60)")
    options = parser.parse_args()
    print("How soon is somebody paged, also in a storm?")
    print(machine.described(), flush=True)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rounds = runner.run(measure(options))
    print(f"\n{table(rounds, options)}\n\n{judged(recorded('delivery', figures(rounds, options)))}", flush=True)


if __name__ == "__main__":
    main()

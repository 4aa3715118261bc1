"""Does a cluster keep what it promises while everything in it dies?

`python -m tests.benchmarks.drill --help`; it takes PostgreSQL, and what `make clickhouse` installs.

Replicas on a PostgreSQL of three servers, of which one standby has what is acknowledged, and on the engine of
ClickHouse take what browsers measure, page a PagerDuty and two phones, and poll two accounts of a simulated Twilio.
Meanwhile replicas, standbys and ClickHouse are killed or stopped at random moments, and the primary is killed and a
standby promoted.  In the end everything is let run until nothing is owed, and what was promised is counted.
"""

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, time
from typing import Any, NamedTuple

import aiohttp
import asyncpg

from collectors.observations import MediaStats
from monitor.history.answers import Selection
from monitor.history.rollups import HOUR_MS
from monitor.store.clickhouse.client import Address, Client
from monitor.store.cluster import ClusterStore
from tests import clickhouse_engine, clusters
from tests.benchmarks.figures import aligned
from tests.clickhouse_engine import Engine
from tests.crash.drill_people import Book, Crowd
from tests.crash.drilled_replicas import (
    ACCOUNTS,
    AT_ONCE,
    BURST_REQUESTS,
    REQUESTS_PER_S,
    KeptReplica,
    Twilio,
    beyond_rate,
    hands,
    kept_replicas,
    worst_second,
)
from tests.crash.duty_watch import DutyWatch
from tests.crash.killed_daemon import OFF, QUIET, RULE
from tests.crash.moody_pager import MoodyPager
from tests.crash.moody_phones import Phones
from tests.crash.strikes import Strikes
from tests.postgres_quorum import PostgresQuorum, running_quorum
from tests.stored import EVER_MS, as_told

BROWSERS, PEOPLE = 12, 4
EVENTS_PER_MINUTE = 10_000  # so that nobody waits for the minute to be over
TAKES_OVER_WITHIN_S = 6.0  # a lease, and three seconds where its holder was stopped within a transaction
UNSURE_S = 0.5  # about who has a lease when somebody asks Twilio
OWED_WITHIN_S = 300.0  # who died in the midst of an attempt is waited for, for two minutes
_NUMBERS = ("+491512345678", "+491512345679")
_SENDERS = ("+15005550006", "+15005550007")
_WAITING = "SELECT count(*) FROM outbox WHERE state = 'waiting'"
_STATES = "SELECT state || CASE WHEN maybe_heard THEN ', maybe heard' ELSE '' END, count(*) FROM outbox GROUP BY 1"


class Promise(NamedTuple):
    """Something that was counted, what was promised of it, and whether that was kept; None: nothing was promised.

    What is `is_by_clock` was measured by the clock of whoever looked on, and may be a busy machine's fault.
    """

    words: str
    expected: str
    observed: str
    is_kept: bool | None = None
    is_by_clock: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of a drill."""

    struck: Mapping[str, int]
    promises: Sequence[Promise]
    last_words: Sequence[str]  # of replicas that ended though nobody killed them

    @property
    def broken(self) -> Sequence[Promise]:
        return [each for each in self.promises if each.is_kept is False]


@dataclass(frozen=True)
class Scene:
    """Everything that takes part."""

    postgres: PostgresQuorum
    clickhouse: Engine
    replicas: Sequence[KeptReplica]
    twilio: Twilio
    pager: MoodyPager
    phones: Phones
    strikes: Strikes
    watch: DutyWatch
    book: Book


async def drill(seconds: float, deaths: int, fail_overs: int, count: int, seed: int, folder: Path) -> Outcome:
    """Put a cluster through it."""
    async with AsyncExitStack() as stack:
        postgres = stack.enter_context(running_quorum())
        clickhouse = stack.enter_context(clickhouse_engine.running(folder / "clickhouse"))
        client = Client(Address("127.0.0.1", clickhouse.port))
        await client.command(f"CREATE DATABASE IF NOT EXISTS {clusters.DATABASE}")
        await client.close()
        pager, phones, book = MoodyPager(seed, EVENTS_PER_MINUTE), Phones(seed), Book()
        paged_at = await stack.enter_async_context(pager.served())
        sent_at = await stack.enter_async_context(phones.served())
        cluster = {
            "postgres": postgres.address,
            "clickhouse": f"http://127.0.0.1:{clickhouse.port}",
            "clickhouse_database": clusters.DATABASE,
        }
        given = paging(paged_at, sent_at)
        replicas, twilio = await stack.enter_async_context(kept_replicas(folder, count, cluster, seed, given))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        strikes = Strikes(seed, replicas, postgres, clickhouse)
        watch = DutyWatch(
            postgres.address, lambda: {each.name for each in replicas if each.is_able}, lambda: strikes.has_primary
        )
        await strikes.mended()  # when all of them are there
        watching = asyncio.create_task(watch.watch())
        began_s = monotonic()
        crowd = Crowd(seed, [each.replica.public for each in replicas], http, book)
        async with asyncio.TaskGroup() as people:
            for number in range(BROWSERS):
                people.create_task(crowd.measure(number))
            for number in range(PEOPLE):
                people.create_task(crowd.be(number))
            await strikes.strike(seconds, deaths, fail_overs)
            await asyncio.sleep(began_s + seconds - monotonic())
            await strikes.mended()
            crowd.over.set()
        pager.moods.end()
        scene = Scene(postgres, clickhouse, replicas, twilio, pager, phones, strikes, watch, book)
        settled_s = await nothing_owed(scene)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        found = [
            *await of_samples(scene),
            *await of_pages(scene, settled_s),
            *of_polls(scene, monotonic() - began_s),
            *of_duties(scene),
        ]
        return Outcome(strikes.struck, found, [words for each in replicas for words in each.ended_alone])


def paging(paged_at: str, sent_at: str) -> dict[str, Any]:
    """Return settings that tell everybody of a bad connection, and of nothing else."""
    phones = {
        f"phone-{number}": {
            "kind": "twilio_sms",
            "account_sid": "AC" + "c" * 32,
            "auth_token": "t" * 32,
            "base_url": sent_at,
            "to": to,
            "sender": sender,
        }
        for number, (to, sender) in enumerate(zip(_NUMBERS, _SENDERS, strict=True))
    }
    pager = {
        "kind": "pagerduty",
        "routing_key": "k" * 32,
        "base_url": paged_at,
        "events_per_minute": EVENTS_PER_MINUTE,
    }
    match = {"alertname": RULE["name"]}
    return {
        "alerts": {"group_by": ["..."], "group_wait": "0s", "resolve_wait": "0s", "disabled_rules": OFF},
        "rules": [RULE],
        "receivers": {"pager": pager, **phones, "log": {"kind": "log"}},
        "routes": [
            *({"receiver": name, "match": match, "continue": True} for name in phones),
            {"receiver": "pager", "match": match},
            {"receiver": "log"},
        ],
    }


async def nothing_owed(scene: Scene) -> float | None:
    """Return after how long nothing was owed any more, None if that did not come."""
    began_s, quiet = monotonic(), 0
    with suppress(TimeoutError):
        async with asyncio.timeout(OWED_WITHIN_S):
            while quiet < QUIET:
                await asyncio.sleep(0.5)
                ((waiting,),) = await asked(scene.postgres, _WAITING)
                is_open = [await each.replica.open_incidents() for each in scene.replicas if each.is_able]
                quiet = 0 if waiting or any(map(paged, is_open)) else quiet + 1
            return monotonic() - began_s
    return None


def paged(incidents: Sequence[Mapping[str, Any]]) -> bool:
    """Whether anybody is told of one of them."""
    return any(RULE["name"] in str(each) for each in incidents)


async def asked(postgres: PostgresQuorum, question: str) -> Sequence[Any]:
    """Return what PostgreSQL answers."""
    connection = await asyncpg.connect(postgres.address, target_session_attrs="primary")
    try:
        rows: Sequence[Any] = await connection.fetch(question)
        return rows
    finally:
        await connection.close()


# --- what is counted -----------------------------------------------------------------------------------------


async def of_samples(scene: Scene) -> list[Promise]:
    """Count what was measured, as it is told by ClickHouse and the log together."""
    book = scene.book
    store = await clusters.connect(scene.postgres.address, scene.clickhouse.port, replica="reader")
    client = Client(Address("127.0.0.1", scene.clickhouse.port, clusters.DATABASE))
    try:
        rows = await read_back(store, book.rooms)
        hour_ms = int(time() * 1000) // HOUR_MS * HOUR_MS
        selection = Selection("room", hour_ms - 24 * HOUR_MS, hour_ms + HOUR_MS)
        sums = await store.rollups.percentiles(selection, "rtt_ms", (0.5,), as_told)
        ((moved,),) = await client.query("SELECT count() FROM media FINAL WHERE room != ''")
    finally:
        await client.close()
        await store.close()
    lost, wanted = book.acknowledged - rows.keys(), len(book.acknowledged)
    twice, summed = rows.total() - len(rows), sum(each.samples for each in sums)
    unknown = sum(times for answer, times in book.answers.items() if answer not in ("202", "503", "none"))
    return [
        Promise("posts taken, and said again until then", "", f"{book.posts:,}, {book.repeated:,}"),
        Promise("posts answered otherwise than by 202, 503 or not", "0", f"{unknown:,}", unknown == 0),
        Promise("longest time in which none was acknowledged", "", f"{book.longest_wait_s:.1f} s"),
        Promise("samples acknowledged, that are lost", f"{wanted:,}, 0", f"{wanted:,}, {len(lost):,}", not lost),
        Promise("  rows read back that are there already", "0", f"{twice:,}", twice == 0),
        Promise(
            "  rows read back that nobody measured", "0", f"{(n := len(rows.keys() - book.acknowledged)):,}", n == 0
        ),
        Promise("  samples in sums", f"{wanted:,}", f"{summed:,}", summed == wanted),
        Promise("  of those in ClickHouse, the others in the log", "", f"{moved:,}"),
    ]


async def read_back(store: ClusterStore, rooms: set[str]) -> Counter[tuple[str, int]]:
    """Return how many rows there are of each sample."""
    found: Counter[tuple[str, int]] = Counter()
    for room in rooms:
        for line in await store.samples.timeline(room, 0, EVER_MS, as_told):
            seen = (each for each in line.samples.observations() if isinstance(each, MediaStats))
            found.update((line.series.participant, each.at_ms) for each in seen)
    return found


async def of_pages(scene: Scene, settled_s: float | None) -> list[Promise]:
    """Count what was told."""
    heard, phones = scene.pager.pager, scene.phones
    states = dict(await asked(scene.postgres, _STATES))
    ((unknown,),) = await asked(scene.postgres, "SELECT count(*) FROM attempts WHERE outcome = 'unknown'")
    told = {entity.rpartition("/")[2] for entity in heard.entities.values()}
    never = set(scene.book.troubled) - told
    unexplained = len(await seen_bad(scene.postgres, never) - await over_before(scene.postgres, never))
    late = "not within " + f"{OWED_WITHIN_S:g} s" if settled_s is None else f"within {settled_s:.0f} s"
    return [
        Promise("connections that went bad, told to the pager", "", f"{len(scene.book.troubled)}, {len(told)}"),
        Promise("  never told of, without a reason on record", "0", f"{len(never)}, {unexplained}", unexplained == 0),
        Promise(
            "incidents opened at the pager, opened twice",
            "0",
            f"{len(heard.opened)}, {heard.opened_twice}",
            heard.opened_twice == 0,
        ),
        Promise("  left open", "0", f"{len(heard.open)}", not heard.open),
        Promise("  triggers told again though accepted", "", f"{heard.told_again}"),
        Promise(
            "text messages, said twice without saying so",
            "0",
            f"{phones.heard.total()}, {phones.said_twice}",
            phones.said_twice == 0,
        ),
        Promise("  marked as a possible duplicate", "", f"{phones.marked}"),
        Promise("attempts of which nobody knows whether they were heard", "", f"{unknown}"),
        Promise("nothing owed any more", f"within {OWED_WITHIN_S:g} s", late, settled_s is not None),
        Promise(
            "  words by what became of them", "", "; ".join(f"{name} {times}" for name, times in sorted(states.items()))
        ),
    ]


async def seen_bad(postgres: PostgresQuorum, among: set[str]) -> set[str]:
    """Return of whom the alert fired: a connection that was bad while nobody judged was never seen."""
    rows = await asked(postgres, f"SELECT entity FROM transitions WHERE after = 'firing' AND rule = '{RULE['name']}'")
    return among & {entity.rpartition("/")[2] for (entity,) in rows}


async def over_before(postgres: PostgresQuorum, among: set[str]) -> set[str]:
    """Return of whom it was over before the pager took it, or may have been heard."""
    rows = await asked(
        postgres,
        "SELECT convert_from(body, 'UTF8') FROM outbox"
        " WHERE receiver = 'pager' AND kind = 'trigger' AND (state = 'cancelled' OR maybe_heard)",
    )
    return {who for who in among if any(who in body for (body,) in rows)}


def of_polls(scene: Scene, took_s: float) -> list[Promise]:
    """Count who asked Twilio."""
    asked_of, found = scene.twilio.asked, []
    strays = turns = 0
    for account, simulator in scene.twilio.simulators.items():
        duty = f"poller:{simulator.account.account_sid}"
        watched_from_s = scene.watch.held[duty][0][0]  # who asked before, while all of them began, nobody can judge
        by_whom = [each for each in asked_of if each.account == account and each.at_s >= watched_from_s]
        began = hands(by_whom, account)
        turns += max(0, len(began) - 1 - scene.watch.changes(duty))
        strays += sum(
            scene.watch.is_anothers(duty, each.replica, each.at_s - UNSURE_S, each.at_s + UNSURE_S) for each in by_whom
        )
        found.append(f"{len(began) - 1}")
    most = int(ACCOUNTS * (REQUESTS_PER_S * took_s + BURST_REQUESTS + AT_ONCE))
    second, at_most = worst_second(asked_of), BURST_REQUESTS + AT_ONCE + int(REQUESTS_PER_S)
    beyond = beyond_rate(asked_of)
    refused = sum(simulator.site.tally.by_status.get(429, 0) for simulator in scene.twilio.simulators.values())
    return [
        Promise("requests to Twilio", f"<= {most:,}", f"{len(asked_of):,}", len(asked_of) <= most),
        Promise(
            "  within the worst second, about one account",
            f"<= {at_most}",
            f"{second}",
            second <= at_most,
            is_by_clock=True,
        ),
        Promise(
            "  beyond the rate at worst",
            f"<= {BURST_REQUESTS + AT_ONCE}",
            f"{beyond:.1f}",
            beyond <= BURST_REQUESTS + AT_ONCE + 1,
            is_by_clock=True,
        ),
        Promise("  429", "", f"{refused}"),
        Promise("  by one while another had the duty", "0", f"{strays}", strays == 0, is_by_clock=True),
        Promise(
            "  times that who asked changed and the lease did not",
            "0",
            f"{turns} of {' + '.join(found)}",
            turns == 0,
            is_by_clock=True,
        ),
    ]


def of_duties(scene: Scene) -> list[Promise]:
    """Tell for how long duties rested."""
    watch = scene.watch
    rested = [
        Promise(
            f"{duty} at rest, at longest",
            f"<= {TAKES_OVER_WITHIN_S:g} s",
            f"{longest_s:.1f} s",
            longest_s <= TAKES_OVER_WITHIN_S,
            is_by_clock=True,
        )
        for duty, longest_s in sorted(watch.longest_s.items())
    ]
    alone = sum(len(each.ended_alone) for each in scene.replicas)
    looked = f"{watch.looks:,}, {watch.late_s:.1f} s"
    return [
        *rested,
        Promise("looks at the leases, longest time between two", "", looked),
        Promise("  how its connections ended", "", "; ".join(f"{name} {n}" for name, n in watch.ended.items())),
        Promise("replicas that ended by themselves, or did not start", "", f"{alone}"),
    ]


def table(outcome: Outcome) -> str:
    """Return what was promised beside what was observed."""
    verdicts = {True: "kept", False: "BROKEN", None: ""}
    struck = ", ".join(f"{times} x {what}" for what, times in sorted(outcome.struck.items()))
    rows = [
        ("promise", "expected", "observed", ""),
        *((*each[:3], verdicts[each.is_kept]) for each in outcome.promises),
    ]
    return f"{struck}\n\n{aligned(rows)}"


def main() -> int:
    """Put a cluster through it, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120.0, metavar="S", help="of it (default: 120)")
    parser.add_argument("--deaths", type=int, default=60, metavar="N", help="and freezes, in all (default: 60)")
    parser.add_argument("--fail-overs", type=int, default=2, metavar="N", help="of those, of the primary (default: 2)")
    parser.add_argument("--replicas", type=int, default=3, metavar="N", help="at least two (default: 3)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of all that chance decides (default: 1)")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="where logs are kept; default: they are not")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="roomwatch-drill-", ignore_cleanup_errors=True) as folder:
        where = options.folder or Path(folder)
        asking = drill(options.seconds, options.deaths, options.fail_overs, options.replicas, options.seed, where)
        outcome = asyncio.run(asking)
    print(table(outcome))
    for words in outcome.last_words:
        print(f"\nended by itself: {words}")
    return 1 if outcome.broken else 0


if __name__ == "__main__":
    sys.exit(main())

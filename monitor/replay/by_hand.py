"""How does the command that replays go about it?

It reads the database as it is at one moment, beside the daemon, and changes nothing.
"""

import asyncio
import sys
import time
from collections.abc import Collection
from pathlib import Path

from msgspec.structs import replace

from monitor.config import Config
from monitor.configured_limits import limits_of
from monitor.failures import CommandFailed
from monitor.policy import links_of, policy_of
from monitor.replay.progress import Progress, pace_text
from monitor.replay.replaying import Asked, Bench, replay
from monitor.replay.wording import Replayed, moment
from monitor.store.sqlite import SqliteStore


def replay_rules(
    database: Path, config: Config, asked: Asked, now_ms: int, only_rules: Collection[str] = ()
) -> Replayed:
    """Run the configured rules, or some of them, over what is on record.

    Raises:
        CommandFailed: there is no such rule, or the time has not come yet.
        StoreFailed: the database cannot be read.
    """
    bench = bench_of(config, only_rules)
    if asked.from_ms >= now_ms:
        raise CommandFailed(f"--from: expected a time that has begun, got {moment(asked.from_ms / 1000)}")
    asked = replace(asked, to_ms=min(asked.to_ms, now_ms))
    began_s = time.monotonic()
    with SqliteStore.opened_to_read(database) as store:
        replayed = asyncio.run(_replay(store, bench, asked))
    sys.stderr.write(f"{pace_text((asked.from_ms, asked.to_ms), time.monotonic() - began_s)}\n")
    return replayed


async def _replay(store: SqliteStore, bench: Bench, asked: Asked) -> Replayed:
    if not bench.accounts:
        bench = replace(bench, accounts=[account.sid for account in (await store.picture.load()).accounts])
    if not sys.stderr.isatty():
        return await replay(store, bench, asked, lambda doing, at_ms: None)  # noqa: ARG005  # nobody looks
    progress = Progress(sys.stderr, asked.span_ms, time.monotonic)
    try:
        return await replay(store, bench, asked, progress.tell)
    finally:
        progress.end()


def bench_of(config: Config, only_rules: Collection[str] = ()) -> Bench:
    """Return what a configuration has to try out.

    Raises:
        CommandFailed: a rule that is asked for is not configured.
    """
    names = [rule.name for rule in config.rules]
    for name in only_rules:
        if name not in names:
            raise CommandFailed(f"--rule: expected one of {', '.join(names)}, got {name!r}")
    return Bench(
        [rule for rule in config.rules if not only_rules or rule.name in only_rules],
        policy_of(config, links_of(config)),
        limits_of(config),
        config.naming,
        [account.account_sid for account in config.accounts],
        int(config.live.forget_after_s * 1000),
    )

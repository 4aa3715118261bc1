"""`copy`, `backfill` and `verify`: how does what is in a file become a cluster's, and the other way round?"""

import argparse
import asyncio
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from monitor.commands.options import FAILED, OK, Commands, add_config, configured
from monitor.config import Config, ConfigInvalid
from monitor.export.progress import EVERY_S, share_text
from monitor.on_record import recollected
from monitor.opening import open_to_move, open_to_return
from monitor.places import resolve
from monitor.store.comparing import Verified
from monitor.store.scopes import scopes_of

_CODES = "78 wrong configuration, or none of a cluster."
_FROM = "the database of the daemon that was"


def add(commands: Commands) -> None:
    """Add `copy`, `backfill` and `verify`."""
    _add_copy(commands)
    _add_backfill(commands)
    _add_verify(commands)


def _add_copy(commands: Commands) -> None:
    command = commands.add_parser(
        "copy",
        description="Copy everything but what was measured from the file of a daemon, which is stopped, into the "
        "configured cluster, in which nothing is and no replica is at work: the picture, calls that are over and what "
        "happened in them, alerts, incidents and what is owed, silences, logins, and telemetry that is in the log "
        "still.  The file is only read.  Or, with --to, copy all that the cluster has into a new file from which one "
        "daemon can go on, what was measured included; all replicas are stopped.  Either is copied whole or not at "
        "all.",
        epilog=f"Exit codes: 0 it is copied, or was before; 1 nothing was copied, and why; {_CODES}",
    )
    _add_either_file(command)
    command.set_defaults(command=_copy)


def _add_backfill(commands: Commands) -> None:
    command = commands.add_parser(
        "backfill",
        description="Carry what was measured, and what it adds up to, from the file that was copied, the latest first, "
        "also while replicas are at work.  Given again it goes on where it was broken off, and nothing counts twice.",
        epilog=f"Exit codes: 0 all of it is there; 1 not all of it, and why; {_CODES}",
    )
    _add_file(command)
    command.add_argument(
        "--abandon", action="store_true", help="carry no more: say that the rest of the history is not wanted"
    )
    command.set_defaults(command=_backfill)


def _add_verify(commands: Commands) -> None:
    command = commands.add_parser(
        "verify",
        description="Compare what was copied row by row, unless replicas have been at work since, and what was carried "
        "day by day: how many there are, and the sums of every column.  With --to, compare a file that was copied "
        "from the cluster, before a daemon or a replica is started.",
        epilog=f"Exit codes: 0 it is the same; 1 it is not, and where, or it cannot be compared; {_CODES}",
    )
    _add_either_file(command)
    command.set_defaults(command=_verify)


def _add_file(command: argparse.ArgumentParser) -> None:
    add_config(command)
    command.add_argument("--from", dest="file", type=Path, required=True, metavar="FILE", help=_FROM)


def _add_either_file(command: argparse.ArgumentParser) -> None:
    add_config(command)
    either = command.add_mutually_exclusive_group(required=True)
    either.add_argument("--from", dest="file", type=Path, metavar="FILE", help=_FROM)
    either.add_argument("--to", dest="back", type=Path, metavar="FILE", help="the database of the daemon that is to be")


# --- what they do -----------------------------------------------------------------------------------------


def _copy(options: argparse.Namespace) -> int:
    config = _of_a_cluster(options)
    return asyncio.run(_copied(config, options.file) if options.back is None else _returned(config, options.back))


def _backfill(options: argparse.Namespace) -> int:
    return asyncio.run(_carried(_of_a_cluster(options), options.file, is_abandoned=options.abandon))


def _verify(options: argparse.Namespace) -> int:
    config, file, back = _of_a_cluster(options), options.file, options.back
    return asyncio.run(_verified(config, file) if back is None else _verified_back(config, back))


def _of_a_cluster(options: argparse.Namespace) -> Config:
    config = configured(options)
    if not config.cluster.is_told:
        raise ConfigInvalid(["cluster: expected one, got none"])
    return config


async def _copied(config: Config, file: Path) -> int:
    line = _Line()
    async with open_to_move(config.cluster) as moving:
        try:
            copied = await moving.copy(file, line.tell)
        finally:
            line.end()
    if copied.is_old:
        print(f"{file}: it was copied before; nothing was changed")
        return OK
    _list(file, copied.rows)
    print("Start the replicas.  `roomwatch backfill` carries what was measured, while they are at work.")
    return OK


async def _returned(config: Config, file: Path) -> int:
    line = _Line()
    async with open_to_return(config.cluster, scopes_of(config.naming)) as returning:
        live = await recollected(returning.store)
        try:
            returned = await returning.copy(file, partial(resolve, live), line.tell)
        finally:
            line.end()
    _list(file, returned.rows)
    print(f"  history: {returned.samples:,} samples and {returned.rollups:,} rollups")
    print("Start the daemon on it, and no replica any more; `roomwatch verify --to` can compare them before that.")
    return OK


def _list(file: Path, copied: Mapping[str, int]) -> None:
    print(f"{file}: copied, {sum(copied.values()):,} rows")
    for table, rows in copied.items():
        print(f"  {table}: {rows:,}")


async def _carried(config: Config, file: Path, *, is_abandoned: bool) -> int:
    line = _Line()
    async with open_to_move(config.cluster) as moving:
        if is_abandoned:
            await moving.abandon(file)
            print(f"{file}: no more of its history will be carried")
            return OK
        try:
            carried = await moving.backfill(file, line.tell)
        finally:
            line.end()
    print(f"{file}: {carried.samples:,} samples and {carried.rollups:,} rollups are in the cluster")
    if carried.damaged:
        print(f"{carried.damaged:,} chunks and rollups of the file are damaged, and stay behind; see the log")
    return OK


async def _verified(config: Config, file: Path) -> int:
    async with open_to_move(config.cluster) as moving:
        return _tell(await moving.verify(file, _rollups_since_ms(config)))


async def _verified_back(config: Config, file: Path) -> int:
    async with open_to_return(config.cluster, scopes_of(config.naming)) as returning:
        return _tell(await returning.verify(file, _rollups_since_ms(config)))


def _rollups_since_ms(config: Config) -> int:
    return config.storage.keeping().bounds_ms(round(time.time() * 1000))["rollups"]


def _tell(found: Verified) -> int:
    for difference in found.differences:
        print(difference)
    for compared, what, otherwise in (
        (found.tables, "rows", "not compared, since replicas have been at work since the copy"),
        (found.samples, "samples", "not compared, since not all are carried yet"),
        (found.rollups, "rollups", "not compared, since not all are carried yet"),
    ):
        if compared is None:
            print(f"{what}: {otherwise}")
        elif not compared.differences:
            print(f"{what}: {compared.compared:,} in the file, and the same in the cluster")
    return FAILED if found.differences else OK


class _Line:
    """One line on a terminal that says how far it is; where there is none, nobody is told."""

    def __init__(self) -> None:
        self._is_looked_at = sys.stderr.isatty()
        self._of = ""
        self._count = self._before = 0
        self._began_s = self._said_s = time.monotonic()

    def tell(self, of: str, more: int, expected: int) -> None:
        """Say how far it is, unless that was said just now."""
        now_s = time.monotonic()
        if of != self._of:  # what is told first was there before
            self._of, self._count, self._before, self._began_s = of, 0, more if of == "samples" else 0, now_s
        self._count += more
        if self._is_looked_at and now_s - self._said_s >= EVERY_S:
            self._said_s = now_s
            text = share_text(of, self._count, expected, now_s - self._began_s, self._before)
            print(f"\r{text:<78}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line empty for whatever is said next."""
        if self._is_looked_at and self._count:
            print(f"\r{'':<78}\r", end="", file=sys.stderr, flush=True)

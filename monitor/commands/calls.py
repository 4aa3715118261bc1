"""`export` and `import`: one call as a file, the samples of a time as tables, and a call from elsewhere."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from monitor.bundle.putting import is_too_old
from monitor.by_hand import export_call, export_samples, import_call
from monitor.commands.options import OK, USAGE, Commands, add_config, configured, database_of, moment_or_ago
from monitor.export.layout import FORMATS, files_at
from monitor.naming import shortened
from monitor.sizes import in_words
from monitor.store.ports import Wanted


class WrongUsage(Exception):
    """Arguments that do not go together; `str()` says which would."""


def add(commands: Commands) -> None:
    """Add `export` and `import`."""
    _add_export(commands)
    _add_import(commands)


def _add_export(commands: Commands) -> None:
    command = commands.add_parser(
        "export",
        usage="roomwatch export ROOM FILE [--redact] [--force] [--config FILE]\n"
        "       roomwatch export --from T --to T [--format parquet|csv] [--room ROOM] [--identity NAME] [--force]\n"
        "                        [--config FILE] FILE",
        description="Write all that is on record of the call in ROOM, a SID or a name, to FILE: a zip file that a "
        "person can look into and `roomwatch import` can read.  Or, with --from and --to, write all that was measured "
        "in a time as tables: to two files in the folder FILE, or to FILE and one beside it if its name ends in "
        ".parquet, .csv or .csv.gz.  The daemon may go on meanwhile.",
        epilog="T is how long ago (90m, 7d), a date (2026-11-21, from its beginning, UTC), a time with its zone "
        "(2026-11-21T09:00:00+01:00), or `now`; what happened at --to itself is not among it.  Only their owner can "
        "read what is written.  Exit codes: 0 it is whole and on disk, 1 there is nothing, 2 wrong usage, 78 wrong "
        "configuration.",
    )
    command.add_argument("names", nargs="+", metavar="ROOM FILE", help="of which call, and where to")
    command.add_argument("--redact", action="store_true", help="pseudonyms for names, and no addresses")
    command.add_argument("--from", dest="from_ms", type=moment_or_ago, metavar="T", help="from when on")
    command.add_argument("--to", dest="to_ms", type=moment_or_ago, metavar="T", help="until when")
    command.add_argument("--format", choices=FORMATS, help="default: as FILE is named, else parquet")
    command.add_argument("--room", default="", metavar="ROOM", help="of one room only, by its SID or name")
    command.add_argument("--identity", default="", metavar="NAME", help="of one person only")
    command.add_argument("--force", action="store_true", help="replace what exists, once the new one is whole")
    add_config(command)
    command.set_defaults(command=_export)


def _add_import(commands: Commands) -> None:
    command = commands.add_parser(
        "import",
        description="Check FILE, which `roomwatch export` has made, and add the call in it to the configured database, "
        "which no daemon may have meanwhile.  What is known there stays as it is, and only what is missing is added.",
        epilog="The call is kept as one that is over: nobody is paged for it.  Exit codes: 0 all of it is in the "
        "database, 1 nothing was changed, 78 wrong configuration.",
    )
    command.add_argument("file", type=Path, metavar="FILE", help="a bundle")
    add_config(command)
    command.set_defaults(command=_import)


def _export(options: argparse.Namespace) -> int:
    is_range = options.from_ms is not None or options.to_ms is not None
    try:
        return _export_samples(options) if is_range else _export_call(options)
    except WrongUsage as wrong:
        print(f"roomwatch export: {wrong}; see roomwatch export --help", file=sys.stderr)
        return USAGE


def _export_call(options: argparse.Namespace) -> int:
    if len(options.names) != 2 or options.format or options.room or options.identity:
        raise WrongUsage("expected ROOM and FILE, or --from T --to T and FILE")
    asked, file = options.names[0], Path(options.names[1])
    database = database_of(configured(options))
    manifest = export_call(database, asked, file, datetime.now(UTC), redact=options.redact, force=options.force)
    counts = manifest.counts
    print(
        f"{file}: {_called(manifest.room_sid)}, {counts.people} people, {counts.happenings} happenings,"
        f" {counts.media_samples + counts.levels} samples, {in_words(file.stat().st_size)}"
    )
    if not options.redact:
        print("Names and addresses of people are in it; --redact leaves them out.")
    return OK


def _called(room_sid: str | None) -> str:
    return shortened(room_sid) if room_sid else "a room without a SID"


def _export_samples(options: argparse.Namespace) -> int:
    if options.from_ms is None or options.to_ms is None or len(options.names) != 1 or options.redact:
        raise WrongUsage("expected --from T, --to T and one FILE, and no --redact")
    if options.from_ms >= options.to_ms:
        raise WrongUsage("expected --from to be before --to")
    files = files_at(Path(options.names[0]), options.format)
    wanted = Wanted(options.from_ms, options.to_ms, options.room, options.identity)
    written = export_samples(database_of(configured(options)), wanted, files, force=options.force)
    print(
        f"{files.media}: {written.media_samples} media samples; {files.levels}: {written.levels} levels;"
        f" {in_words(written.size_bytes)}"
    )
    return OK


def _import(options: argparse.Namespace) -> int:
    config = configured(options)
    database = database_of(config)
    room, manifest, added = import_call(options.file, config.storage)
    name = _called(room.sid)
    if not any(added):
        print(f"{database}: all of {name} was there already; nothing was changed")
        return OK
    counts = manifest.counts
    print(
        f"{database}: {name} imported; new are {added.happenings} of {counts.happenings} happenings and {added.samples}"
        f" of {counts.media_samples + counts.levels} samples"
    )
    kept_days = min(config.storage.raw_days, config.storage.history_days)
    if is_too_old(room, datetime.now(UTC), kept_days):
        print(f"It is older than {kept_days:g} days: by storage.raw_days and history_days the daemon drops it again.")
    return OK

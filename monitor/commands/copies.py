"""`backup` and `restore`: a copy of the database, and back."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from monitor.commands.options import OK, Commands, add_config, configured, database_of
from monitor.sizes import in_words
from monitor.store.backup import back_up
from monitor.store.copying import untold
from monitor.store.restore import restore

PROGRESS_FROM_BYTES = 64_000_000  # a smaller copy is made before anyone could read how far it is


def add(commands: Commands) -> None:
    """Add `backup` and `restore`."""
    _add_backup(commands)
    _add_restore(commands)


def _add_backup(commands: Commands) -> None:
    command = commands.add_parser(
        "backup",
        description="Copy the database to FILE, as it is at one moment, also while the daemon writes to it.  The copy "
        "is checked, is one file that only its owner can read, and has no free pages in it.",
        epilog="Exit codes: 0 the backup is whole and on disk, 1 there is none, 78 wrong configuration.",
    )
    add_config(command)
    command.add_argument("file", type=Path, metavar="FILE", help="where to")
    command.add_argument("--force", action="store_true", help="replace FILE if it exists, once the copy is whole")
    command.set_defaults(command=_backup)


def _add_restore(commands: Commands) -> None:
    command = commands.add_parser(
        "restore",
        description="Check the backup FILE and put a copy of it in the place of the configured database, which no "
        "daemon may have meanwhile.  The database that was there is not deleted: it gets another name.",
        epilog="Exit codes: 0 it is in place, 1 nothing was changed, 78 wrong configuration.",
    )
    add_config(command)
    command.add_argument("file", type=Path, metavar="FILE", help="a backup")
    command.set_defaults(command=_restore)


def _backup(options: argparse.Namespace) -> int:
    database = database_of(configured(options))
    on_progress = _show_progress if sys.stderr.isatty() else untold
    copy = back_up(database, options.file, force=options.force, on_progress=on_progress)
    print(f"{copy.file}: a backup of {database}, {in_words(copy.size_bytes)}, schema {copy.schema}, checked")
    return OK


def _show_progress(done_bytes: int, wanted_bytes: int) -> None:
    if wanted_bytes >= PROGRESS_FROM_BYTES:
        said = f"copied {in_words(done_bytes):>8} of {in_words(wanted_bytes)}"
        print(said, end="\r", file=sys.stderr, flush=True)  # whatever is said next is said over it


def _restore(options: argparse.Namespace) -> int:
    database = database_of(configured(options))
    restored = restore(options.file, database, datetime.now(UTC))
    size = in_words(restored.size_bytes)
    print(f"{database}: restored from {options.file}, {size}, schema {restored.schema}, checked")
    if restored.aside is not None:
        print(f"What was there is {restored.aside}, with its -wal if it had one; delete it when you miss nothing.")
    print("Start the daemon: it asks Twilio what goes on now.  What browsers told since the backup is not in it.")
    return OK

"""How do the commands that take calls out of a database, and put them into one, go about it?

They run beside the daemon, and end.  Taking out changes nothing, so the daemon may go on; putting in wants the database
alone.
"""

import asyncio
import secrets
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from monitor import audit
from monitor.bundle.layout import Manifest
from monitor.bundle.putting import put
from monitor.bundle.reading import opened_bundle
from monitor.bundle.redaction import Redaction
from monitor.bundle.taking import take
from monitor.bundle.writing import write_bundle
from monitor.entities import Room
from monitor.export.exporting import Written, export_range
from monitor.export.layout import Files
from monitor.export.progress import Progress
from monitor.pseudonyms import Pseudonyms
from monitor.settings import Storage
from monitor.store.adding import Added
from monitor.store.backup import refuse_its_own_files, refuse_to_overwrite
from monitor.store.ports import Wanted
from monitor.store.sqlite import SqliteStore

_KEY_BYTES = 32


class Imported(NamedTuple):
    """The room of a call that was imported, what the bundle says of itself, and how much of it was new."""

    room: Room
    manifest: Manifest
    added: Added


def export_call(
    database: Path, asked: str, file: Path, now: datetime, *, redact: bool = False, force: bool = False
) -> Manifest:
    """Write all that is on record of a call, by SID or name, to a bundle.

    Raises:
        CommandFailed: there is no such call.
        StoreFailed: the database cannot be read, or something is at `file`.
    """
    refuse_its_own_files(database, file)
    refuse_to_overwrite(file, force=force)
    with SqliteStore.opened_to_read(database) as store:
        return asyncio.run(_export_call(store, asked, file, now, redact=redact))


async def _export_call(store: SqliteStore, asked: str, file: Path, now: datetime, *, redact: bool) -> Manifest:
    taken = await take(store, asked)
    redaction = None
    if redact:
        of_this_bundle = Pseudonyms(secrets.token_bytes(_KEY_BYTES))
        redaction = Redaction(of_this_bundle.of, taken.room.key, taken.names())
    return await write_bundle(file, taken, now, redaction)


def import_call(file: Path, storage: Storage) -> Imported:
    """Add the call in a bundle to the database, as far as it is not there.

    Raises:
        CommandFailed: it is no bundle, or damaged.
        StoreFailed: a daemon has the database, or it cannot be written; nothing was changed.
    """
    with opened_bundle(file) as bundle:

        async def add() -> Added:
            store = await SqliteStore.open(Path(storage.path), storage.synchronous, storage.reserve_bytes)
            try:
                async with audit.by_hand(store.audit, time.time, f"import {bundle.record.room.key}"):
                    return await put(bundle, store)
            finally:
                await store.close()

        return Imported(bundle.record.room, bundle.manifest, asyncio.run(add()))


def export_samples(database: Path, wanted: Wanted, files: Files, *, force: bool = False) -> Written:
    """Write what was measured in a time to two tables.

    Raises:
        CommandFailed: it takes a package that is not there.
        StoreFailed: the database cannot be read, or something is where the tables should go.
    """
    for file in (files.media, files.levels):
        refuse_its_own_files(database, file)
        refuse_to_overwrite(file, force=force)
    with SqliteStore.opened_to_read(database) as store:
        files.media.parent.mkdir(mode=0o700, exist_ok=True)
        return asyncio.run(_export_samples(store, wanted, files))


async def _export_samples(store: SqliteStore, wanted: Wanted, files: Files) -> Written:
    if not sys.stderr.isatty():
        return await export_range(store, wanted, files, lambda rows, size_bytes: None)  # noqa: ARG005  # nobody looks
    progress = Progress(sys.stderr, await store.samples.estimate(wanted), time.monotonic)
    try:
        return await export_range(store, wanted, files, progress.tell)
    finally:
        progress.end()

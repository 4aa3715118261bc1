"""Is all well with the database file, and with the disk that it is on?"""

import asyncio
import os
import shutil
import time
from pathlib import Path

from monitor.config import Config
from monitor.doctor.findings import Finding, fail, ok
from monitor.doctor.storage_judgement import (
    judge_database,
    judge_disk,
    judge_integrity,
    judge_mode,
    judge_saving,
    judge_schema,
    judge_wal,
)
from monitor.store.inspection import Inspection, inspect
from monitor.store.ports import StoreFailed
from monitor.store.schema import SchemaTooNew, copy_before_migration, newest

PATIENCE_S = 20.0  # for the check of the whole file


async def check_storage(config: Config) -> list[Finding]:
    """Examine the configured database, whether a daemon runs on it or not."""
    if config.cluster.is_told:
        return []
    if config.database is None:
        findings = [ok("database", "in memory: nothing is kept beyond the process")]
    else:
        findings = await asyncio.to_thread(_examined, config.database, config.storage.reserve_bytes)
    return [finding._replace(about="storage") for finding in findings]


def _examined(database: Path, reserve_bytes: int) -> list[Finding]:
    if not database.exists():
        return [_judge_absence(database), *_disk(database, 0, reserve_bytes)]
    try:
        seen = inspect(database, PATIENCE_S)
    except SchemaTooNew as error:
        return [fail("schema", str(error), "use the version that wrote it, or a newer one")]
    except StoreFailed as error:
        return [fail("database", str(error), "check storage.path and who may read it, or restore a backup")]
    return [*_judged(seen, database), *_disk(database, seen.size_bytes, reserve_bytes)]


def _judged(seen: Inspection, database: Path) -> list[Finding]:
    copy = copy_before_migration(database, seen.schema)
    return [
        judge_database(str(database), seen.size_bytes, seen.free_bytes, seen.holder),
        judge_schema(seen.schema, newest(), copy.name),
        judge_integrity(seen.faults, PATIENCE_S),
        judge_mode(seen.mode, str(database)),
        judge_wal(seen.wal_bytes),
        *([] if seen.unsaved is None else [judge_saving(*seen.unsaved, time.time(), is_held=seen.holder is not None)]),
    ]


def _judge_absence(database: Path) -> Finding:
    folder = _nearest(database)
    if not os.access(folder, os.W_OK | os.X_OK):
        remedy = "give the daemon's user a folder of its own, or correct storage.path"
        return fail("database", f"there is none at {database}, and {folder} cannot be written", remedy)
    return ok("database", f"there is none at {database} yet; the daemon creates it")


def _disk(database: Path, size_bytes: int, reserve_bytes: int) -> list[Finding]:
    free_bytes = shutil.disk_usage(_nearest(database)).free
    return [judge_disk(free_bytes, size_bytes, reserve_bytes)]


def _nearest(database: Path) -> Path:
    """Return the folder of a file, or the nearest above it that exists."""
    return next(folder for folder in database.resolve().parents if folder.is_dir())

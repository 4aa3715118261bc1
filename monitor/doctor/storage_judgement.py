"""What does it mean, that the database was found so?  Pure: measurements in, findings out."""

from collections.abc import Sequence

from monitor.doctor.findings import Finding, fail, ok, warn
from monitor.sizes import in_words
from monitor.store.fullness import wanted_bytes

FREE_FLOOR_BYTES = 1_000_000_000  # below that a disk is nearly full, whatever its size
WAL_WARN_BYTES = 256_000_000  # it begins anew at 16 MB, unless somebody reads for long
UNSAVED_WARN_S = 900.0  # three times the longest rest between two saves


def judge_database(path: str, size_bytes: int, free_bytes: int, holder: str | None) -> Finding:
    """Say which database it is, how large, and who has it."""
    size = in_words(size_bytes) + (f", {in_words(free_bytes)} of it free" if free_bytes else "")
    return ok("database", f"{path}, {size}; {f'{holder} has it' if holder else 'no daemon has it'}")


def judge_schema(schema: int, newest: int, copy: str) -> Finding:
    """Say whether the next start changes the file for good."""
    if schema == newest:
        return ok("schema", f"{schema}, as this version writes it")
    return ok("schema", f"{schema}: the next start makes it {newest}, and keeps the file as it was as {copy}")


def judge_integrity(faults: Sequence[str] | None, patience_s: float) -> Finding:
    """Say what SQLite found; None means that it was not given the time to finish."""
    if faults is None:
        found = f"no fault in {patience_s:g} s, in which not all of the file was looked at"
        return warn("integrity", found, "roomwatch backup checks all of its copy")
    if faults:
        remedy = "stop the daemon, keep the file and its -wal, and restore the last backup"
        return fail("integrity", "; ".join(faults), remedy)
    return ok("integrity", "SQLite finds no fault")


def judge_mode(mode: int, path: str) -> Finding:
    """Say whether others than the owner may read who was in which call."""
    if mode & 0o077:
        return warn("permissions", f"{mode:o}: others than its owner may open it", f"chmod 600 {path}*")
    return ok("permissions", f"{mode:o}: its owner's alone")


def judge_wal(wal_bytes: int) -> Finding:
    """Say whether the write-ahead log can begin anew now and then."""
    found = f"{in_words(wal_bytes)} in the write-ahead log"
    if wal_bytes > WAL_WARN_BYTES:
        return warn("write-ahead log", found, "see who keeps the file open for reading: a shell, a backup that hangs")
    return ok("write-ahead log", found)


def judge_saving(rows: int, oldest_at_ms: int | None, now_s: float, *, is_held: bool) -> Finding:
    """Say how much of the log the next start would have to read because the picture is older."""
    if not rows or oldest_at_ms is None:
        return ok("saved picture", "has all of the log")
    age_s = max(0.0, now_s - oldest_at_ms / 1000)
    found = f"lacks the last {rows} rows of the log, of which the first is {_age(age_s)} old"
    if is_held and age_s > UNSAVED_WARN_S:
        return warn("saved picture", found, 'see why it is not saved: "picture not saved" in the log')
    return ok("saved picture", found)


def _age(age_s: float) -> str:
    for unit, length_s in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if age_s >= 2 * length_s:
            return f"{age_s / length_s:.0f} {unit}"
    return f"{age_s:.0f} s"


def judge_disk(free_bytes: int, size_bytes: int, reserve_bytes: int) -> Finding:
    """Say whether there is room: to go on, and for a copy of the database, which an upgrade begins with."""
    found, remedy = f"{in_words(free_bytes)} free", "free some, or keep less: storage.raw_days, storage.history_days"
    if free_bytes < wanted_bytes(reserve_bytes):
        return fail("disk", f"{found}: full, or about to be", remedy)
    if free_bytes < FREE_FLOOR_BYTES:
        return warn("disk", found, remedy)
    if free_bytes < size_bytes:
        return warn("disk", f"{found}, which does not suffice for a copy of the database", remedy)
    return ok("disk", found)

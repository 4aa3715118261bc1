"""What does it mean, that the databases of a cluster were found so?  Pure: measurements in, findings out."""

from collections.abc import Collection, Mapping

from monitor.doctor.findings import Finding, fail, ok, warn

OLDEST_POSTGRES = 150_000
TESTED_CLICKHOUSE = 26  # the oldest that it was tested with
KNOWN_BLOCKS = 10_000  # of each table: a segment that is put down again is known by them
SKEW_S = 1.0


def judge_postgres_version(version: int) -> Finding:
    """Say whether a PostgreSQL is new enough; 150004 is 15.4."""
    found = f"{version // 10_000}.{version % 10_000}"
    if version < OLDEST_POSTGRES:
        return fail("version", found, "upgrade PostgreSQL to 15 or newer")
    return ok("version", found)


def judge_durability(settings: Mapping[str, str]) -> Finding:
    """Say whether what PostgreSQL has committed is on its disk."""
    off = [name for name in ("fsync", "full_page_writes") if settings.get(name) != "on"]
    if off:
        return fail("disk", f"{' and '.join(off)} off: a power cut may take all of it", "set it on, and restart")
    return ok("disk", "fsync and full_page_writes are on")


def judge_commits(settings: Mapping[str, str]) -> Finding:
    """Say what a commit waits for."""
    waits = settings.get("synchronous_commit", "")
    if waits in ("off", "local"):
        found = f"synchronous_commit = {waits}: what was acknowledged may be lost with the primary"
        return fail("commits", found, "set synchronous_commit = on for the server, the database and the user")
    if waits == "remote_write":
        found = "synchronous_commit = remote_write: what was acknowledged may be lost where both machines fail"
        return warn("commits", found, "set synchronous_commit = on")
    return ok("commits", f"synchronous_commit = {waits}")


def judge_standbys(settings: Mapping[str, str], standbys: int | None) -> Finding:
    """Say whether commits wait for a standby, and whether it is there; None: nobody may know."""
    named = settings.get("synchronous_standby_names", "")
    if not named:
        found = "none is named: what was acknowledged is lost with this server"
        return warn("standby", found, "name them in synchronous_standby_names on every node, if others are meant to be")
    if settings.get("wal_level") == "minimal":
        return fail("standby", "wal_level = minimal: none can follow", "set wal_level = replica, and restart")
    if standbys == 0:
        found = f"{named} is named, and none is there: nothing is committed"
        return fail("standby", found, "start a standby")
    there = "of which this user may not know whether they are there" if standbys is None else f"{standbys} there"
    return ok("standby", f"{named}, {there}")


def judge_wal(settings: Mapping[str, str]) -> Finding:
    """Say whether the write-ahead log has what a standby or an archive needs."""
    level = settings.get("wal_level", "")
    if level == "minimal":
        return warn("wal_level", level, "set wal_level = replica, and restart: no standby and no archive can follow")
    return ok("wal_level", level)


def judge_clock(ahead_s: float, unsure_s: float) -> Finding:
    """Say whether the clock of a server agrees with the one here."""
    off_s = max(0.0, abs(ahead_s) - unsure_s)
    if off_s > SKEW_S:
        found = f"{abs(ahead_s):.1f} s {'ahead of' if ahead_s > 0 else 'behind'} this machine's"
        return fail("clock", found, "have NTP set both")
    return ok("clock", f"within {max(abs(ahead_s), unsure_s):.1f} s of this machine's")


def judge_clickhouse_version(version: str) -> Finding:
    """Say whether a ClickHouse is one that this was tested with, or newer."""
    major = version.partition(".")[0]
    if not major.isdecimal() or int(major) < TESTED_CLICKHOUSE:
        return warn("version", version, f"upgrade ClickHouse: nothing older than {TESTED_CLICKHOUSE} has been tested")
    return ok("version", version)


def judge_engines(engines: Mapping[str, str], cluster: str) -> Finding:
    """Say whether tables are on the engine that the configuration asks for."""
    if not engines:
        return ok("tables", "there are none yet; the daemon makes them, or roomwatch migrate")
    is_replicated = {name: engine.startswith("Replicated") for name, engine in engines.items()}
    wrong = sorted(name for name, told in is_replicated.items() if told != bool(cluster))
    if wrong:
        wanted = f"replicated on the servers of {cluster}" if cluster else "of one server"
        remedy = "correct cluster.clickhouse_cluster, or move them to other tables by hand"
        return fail("tables", f"{_listed(wrong)}: expected tables {wanted}, got {engines[wrong[0]]}", remedy)
    return ok("tables", "replicated" if cluster else "of one server")


def judge_windows(windows: Mapping[str, int]) -> Finding:
    """Say whether tables know a block again that is put down twice."""
    small = sorted(name for name, blocks in windows.items() if blocks < KNOWN_BLOCKS)
    if small:
        found = f"{_listed(small)}: expected {KNOWN_BLOCKS} blocks to be known again, got {windows[small[0]]}"
        return fail("repeats", found, "ALTER TABLE ... MODIFY SETTING (non_)replicated_deduplication_window")
    return ok("repeats", f"{KNOWN_BLOCKS} blocks are known again" if windows else "there are no tables yet")


def _listed(names: Collection[str]) -> str:
    return ", ".join(names)

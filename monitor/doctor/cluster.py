"""Are the databases of a cluster set so that nothing acknowledged is lost, and nothing counts twice?"""

from monitor.config import Config
from monitor.doctor.cluster_judgement import (
    judge_clickhouse_version,
    judge_clock,
    judge_commits,
    judge_durability,
    judge_engines,
    judge_postgres_version,
    judge_standbys,
    judge_wal,
    judge_windows,
)
from monitor.doctor.findings import Finding, fail, ok, warn
from monitor.opening import DriverMissing, inspect_clickhouse, inspect_postgres
from monitor.settings import Cluster
from monitor.store.ports import StoreFailed


async def check_cluster(config: Config) -> list[Finding]:
    """Ask both databases how they are set; where there is no cluster there is nothing to ask."""
    if not config.cluster.is_told:
        return []
    try:
        return [
            *[finding._replace(about="PostgreSQL") for finding in await _of_postgres(config.cluster)],
            *[finding._replace(about="ClickHouse") for finding in await _of_clickhouse(config.cluster)],
        ]
    except DriverMissing as error:
        return [fail("packages", str(error), "install them")._replace(about="cluster")]


async def _of_postgres(cluster: Cluster) -> list[Finding]:
    try:
        seen = await inspect_postgres(cluster)
    except StoreFailed as error:
        return [fail("answer", str(error), "nothing works without it: see whether it runs, and cluster.postgres")]
    return [
        ok("answer", "it is the primary"),
        judge_postgres_version(seen.version),
        judge_durability(seen.settings),
        judge_commits(seen.settings),
        judge_standbys(seen.settings, seen.standbys),
        judge_wal(seen.settings),
        judge_clock(seen.ahead_s, seen.unsure_s),
    ]


async def _of_clickhouse(cluster: Cluster) -> list[Finding]:
    try:
        seen = await inspect_clickhouse(cluster)
    except StoreFailed as error:
        return [warn("answer", str(error), "samples wait in PostgreSQL: see whether it runs, and cluster.clickhouse")]
    return [
        ok("answer", "it answers"),
        judge_clickhouse_version(seen.version),
        judge_engines(seen.engines, cluster.clickhouse_cluster),
        judge_windows(seen.windows),
        judge_clock(seen.ahead_s, seen.unsure_s),
    ]

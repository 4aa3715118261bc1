"""The databases of a cluster, looked at and brought up to date by hand."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from tests import clickhouse_engine

clickhouse_engine.need()  # before what imports the driver

from monitor.config import Config, build
from monitor.doctor.cluster import check_cluster
from monitor.doctor.cluster_judgement import KNOWN_BLOCKS
from monitor.doctor.findings import Verdict
from monitor.opening import migrate_cluster, open_store
from monitor.store.clickhouse.client import Address, Client
from monitor.store.clickhouse.schema import DEDUPLICATED_BLOCKS
from monitor.store.cluster import ClusterStore
from monitor.store.schema import SchemaTooNew
from tests.postgres_server import running_pair

if TYPE_CHECKING:
    from tests.postgres_server import PostgresServer

pytestmark = [pytest.mark.clickhouse, pytest.mark.cluster]

DATABASE = "kept_up"


def configured(postgres: str, port: int) -> Config:
    told = {"postgres": postgres, "clickhouse": f"http://127.0.0.1:{port}", "clickhouse_database": DATABASE}
    return build({"cluster": told})


@pytest.fixture
async def clickhouse(engine: clickhouse_engine.Engine) -> AsyncIterator[Client]:
    client = Client(Address("127.0.0.1", engine.port))
    await client.command(f"CREATE DATABASE {DATABASE}")
    yield client
    await client.command(f"DROP DATABASE {DATABASE}")
    await client.close()


@pytest.fixture
async def config(
    postgres_server: "PostgresServer", engine: clickhouse_engine.Engine, clickhouse: Client
) -> AsyncIterator[Config]:
    async with postgres_server.empty_database() as address:
        yield configured(address, engine.port)


async def migrated(config: Config, *, is_dry_run: bool = False) -> list[str]:
    return [line async for line in migrate_cluster(config.cluster, is_dry_run=is_dry_run)]


async def found(config: Config) -> dict[tuple[str, str], Verdict]:
    return {(finding.about, finding.what): finding.verdict for finding in await check_cluster(config)}


# --- migrate ----------------------------------------------------------------------------------------------


async def test_a_dry_run_says_what_would_be_done_and_changes_nothing(config: Config) -> None:
    said = await migrated(config, is_dry_run=True)
    assert any("would be done: 0001_control.sql" in line for line in said)
    assert any("would be done: 0002_rollups.sql" in line for line in said)
    assert await migrated(config, is_dry_run=True) == said


async def test_what_is_migrated_is_as_this_version_has_it_and_stays_so(config: Config) -> None:
    before = await migrated(config)
    assert any("to do: 0003_segments.sql" in line for line in before)
    after = await migrated(config, is_dry_run=True)
    assert [line.rpartition(", ")[2] for line in after] == ["as this version has it"] * 2
    assert not any("to do" in line for line in await migrated(config))
    store = await open_store(config)
    assert isinstance(store, ClusterStore)
    await store.close()


async def test_a_newer_schema_is_refused_before_anything_is_changed(
    config: Config, postgres_server: "PostgresServer"
) -> None:
    await migrated(config)
    assert config.cluster.postgres is not None
    name = config.cluster.postgres.get_secret_value().partition("@/")[2].partition("?")[0]
    await postgres_server.execute("UPDATE schema_version SET version = 99", on=name)
    for is_dry_run in (True, False):
        with pytest.raises(SchemaTooNew, match="got 99; upgrade Roomwatch"):
            await migrated(config, is_dry_run=is_dry_run)


# --- doctor -----------------------------------------------------------------------------------------------


def test_the_doctor_wants_as_many_blocks_to_be_known_as_tables_are_made_with() -> None:
    assert KNOWN_BLOCKS == DEDUPLICATED_BLOCKS


async def test_servers_that_are_quick_and_unsafe_are_refused(config: Config) -> None:
    await migrated(config)
    verdicts = await found(config)
    failed = {what for what, verdict in verdicts.items() if verdict is Verdict.FAIL}
    assert failed == {("PostgreSQL", "disk"), ("PostgreSQL", "commits"), ("PostgreSQL", "standby")}
    assert verdicts["PostgreSQL", "version"] is verdicts["PostgreSQL", "clock"] is Verdict.OK
    of_clickhouse = {what: verdict for (about, what), verdict in verdicts.items() if about == "ClickHouse"}
    assert set(of_clickhouse.values()) == {Verdict.OK}


async def test_a_primary_whose_standby_is_there_commits_well(
    engine: clickhouse_engine.Engine, clickhouse: Client
) -> None:
    with running_pair() as pair:
        config = configured(pair.address, engine.port)
        await migrated(config)  # which waits for the standby
        verdicts = await found(config)
    assert verdicts["PostgreSQL", "commits"] is verdicts["PostgreSQL", "standby"] is Verdict.OK


async def test_a_table_that_knows_too_few_blocks_again_is_refused(config: Config, clickhouse: Client) -> None:
    await migrated(config)
    await clickhouse.command(f"ALTER TABLE {DATABASE}.people MODIFY SETTING non_replicated_deduplication_window = 10")
    assert (await found(config))["ClickHouse", "repeats"] is Verdict.FAIL


async def test_a_clickhouse_that_is_away_is_a_warning_and_a_postgresql_that_is_away_a_failure(
    config: Config,
) -> None:
    away = build({"cluster": {"postgres": "postgresql://nobody@127.0.0.1:9/none", "clickhouse": "http://127.0.0.1:9"}})
    assert await found(away) == {("PostgreSQL", "answer"): Verdict.FAIL, ("ClickHouse", "answer"): Verdict.WARN}

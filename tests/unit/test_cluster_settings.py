"""What may be said of a cluster?"""

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from monitor.config import Config, ProblemsFound, build, with_environment

CLUSTER = {"postgres": "postgresql://roomwatch:secret@db1,db2/roomwatch", "clickhouse": "http://clickhouse:8123"}


def problem(given: Mapping[str, Any]) -> str:
    with pytest.raises(ProblemsFound) as found:
        build(given)
    return str(found.value)


def of_environment(given: dict[str, Any], **environment: str) -> Config:
    return build(with_environment(given, environment))


def test_there_is_no_cluster_unless_somebody_says_so() -> None:
    assert not build({}).cluster.is_told
    assert build({}).database is not None
    assert build({"cluster": CLUSTER}).database is None


@pytest.mark.parametrize("key", ["path", "synchronous", "reserve_bytes"])
def test_what_is_about_a_file_may_not_stand_beside_a_cluster(key: str) -> None:
    values = {"path": "roomwatch.db", "synchronous": "full", "reserve_bytes": 0}
    assert f"storage.{key}: expected nothing beside" in problem({"cluster": CLUSTER, "storage": {key: values[key]}})


def test_how_long_things_are_kept_counts_for_a_cluster_too() -> None:
    config = build({"cluster": CLUSTER, "storage": {"raw_days": 5}})
    assert config.storage.keeping().raw_days == 5


def test_the_path_that_an_image_sets_does_not_stand_in_the_way_of_a_cluster() -> None:
    config = of_environment({"cluster": CLUSTER}, ROOMWATCH_STORAGE_PATH="/var/lib/roomwatch/roomwatch.db")
    assert config.database is None
    config = of_environment({}, ROOMWATCH_STORAGE_PATH="/var/lib/roomwatch/roomwatch.db")
    assert str(config.database) == "/var/lib/roomwatch/roomwatch.db"


def test_a_cluster_may_be_told_by_the_environment() -> None:
    told = {f"ROOMWATCH_CLUSTER_{key}".upper(): value for key, value in CLUSTER.items()}
    config = of_environment({}, ROOMWATCH_STORAGE_PATH="/data/roomwatch.db", **told)
    assert config.cluster.is_told
    assert config.database is None


@pytest.mark.parametrize(("missing", "other"), [("postgres", "PostgreSQL"), ("clickhouse", "ClickHouse")])
def test_one_half_of_a_cluster_is_none(missing: str, other: str) -> None:
    said = problem({"cluster": {key: value for key, value in CLUSTER.items() if key != missing}})
    assert f"{missing}: expected the address of a {other}" in said


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("postgres", "mysql://somebody:secret@db/roomwatch"),
        ("postgres", "postgresql://somebody:secret@db"),
        ("clickhouse", "clickhouse:8123"),
        ("clickhouse", "http://somebody:secret@clickhouse:8123"),
        ("replica", "one/other"),
    ],
)
def test_what_is_no_address_and_no_name_is_refused_without_a_secret(key: str, wrong: str) -> None:
    said = problem({"cluster": {**CLUSTER, key: wrong}})
    assert f"cluster.{key}" in said
    assert "secret" not in said


def test_without_the_packages_of_the_extra_it_is_said_how_to_get_them() -> None:
    said = subprocess.run(
        [sys.executable, "-c", _OPEN, CLUSTER["postgres"], CLUSTER["clickhouse"]],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "expected the packages of the extra roomwatch[cluster], got none called clickhouse_connect" in said
    assert "pip install 'roomwatch[cluster]'" in said


_OPEN = """
import asyncio, sys
sys.modules["clickhouse_connect"] = None  # as if it were not installed
from monitor.config import build
from monitor.opening import DriverMissing, open_store
config = build({"cluster": {"postgres": sys.argv[1], "clickhouse": sys.argv[2]}})
try:
    asyncio.run(open_store(config))
except DriverMissing as error:
    print(error)
"""

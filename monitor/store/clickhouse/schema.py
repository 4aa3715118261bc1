"""Which tables are there in ClickHouse, and how are they brought up to date?

By numbered files, forward only.  What defines a table is no transaction there, so each statement may be run again, and
a file counts as done after its last.  On which engine tables are is a value: the plain one of a single server, or its
replicated twin.
"""

import re
from importlib import resources
from string import Template

from msgspec import Struct

from monitor.store.clickhouse.client import Client, Table
from monitor.store.ports import StoreFailed

DEDUPLICATED_BLOCKS = 10_000  # of each table: so many inserts later a token is still known
DEDUPLICATED_S = 7 * 86_400

_VERSIONS = Table("schema_versions", {"version": "UInt32"})
_CREATE_VERSIONS = """
CREATE TABLE IF NOT EXISTS schema_versions $on_cluster (version UInt32, at DateTime DEFAULT now())
ENGINE = $replacing ORDER BY version
"""


class Engine(Struct, frozen=True):
    """On which engine tables are.

    Attributes:
        cluster: the cluster on whose servers tables are replicated, as ClickHouse's configuration calls it, which has
            the macros `shard` and `replica`; empty: there is one server, and nothing is replicated.
        is_synced: whether what is acknowledged is on the disk, and not only with the operating system.
    """

    cluster: str = ""
    is_synced: bool = True

    def rendered(self, statement: str) -> str:
        """Return a statement for this engine."""
        return Template(statement).substitute(
            on_cluster=f"ON CLUSTER `{self.cluster}`" if self.cluster else "",
            replacing=self._engine("Replacing"),
            aggregating=self._engine("Aggregating"),
            durable=self._settings(DEDUPLICATED_BLOCKS),
            repeatable=self._settings(0),
        )

    def _engine(self, sort: str) -> str:
        if not self.cluster:
            return f"{sort}MergeTree"
        return f"Replicated{sort}MergeTree('/clickhouse/tables/{{shard}}/{{database}}/{{table}}', '{{replica}}')"

    def _settings(self, deduplicated_blocks: int) -> str:
        settings = {"fsync_after_insert": int(self.is_synced), "fsync_part_directory": int(self.is_synced)}
        if self.cluster:
            settings["replicated_deduplication_window"] = deduplicated_blocks
            settings["replicated_deduplication_window_seconds"] = DEDUPLICATED_S
        else:
            settings["non_replicated_deduplication_window"] = deduplicated_blocks  # it is off by default
        return ", ".join(f"{name} = {value}" for name, value in settings.items())


PLAIN = Engine()


class NotOurs(StoreFailed):
    """The tables are those of a newer Roomwatch, or of another log."""


async def migrate(client: Client, engine: Engine = PLAIN) -> None:
    """Bring the tables up to date.

    Raises:
        NotOurs: the tables are those of a newer Roomwatch.
        StoreFailed: it cannot be done.
    """
    await client.command(engine.rendered(_CREATE_VERSIONS))
    version, newest = await version_of(client), len(scripts())
    if version > newest:
        raise NotOurs(f"ClickHouse: expected schema {newest} or older, got {version}; upgrade Roomwatch")
    for number, script in enumerate(scripts()[version:], start=version + 1):
        for statement in statements(script):
            await client.command(engine.rendered(statement))
        await client.insert(_VERSIONS, [[number]])


async def version_of(client: Client) -> int:
    """Return the schema that the tables have; nought: there are none."""
    ((version,),) = await client.query("SELECT max(version) FROM schema_versions")
    return int(version)


async def is_empty(client: Client) -> bool:
    """Whether there are no tables of ours in the database."""
    ((is_there,),) = await client.query(
        "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = 'schema_versions'"
    )
    return not is_there


def scripts() -> list[str]:
    """Return the migrations there are, in their order."""
    return [script for _, script in _files()]


def names() -> list[str]:
    """Return what the migrations are called, in their order."""
    return [name for name, _ in _files()]


def _files() -> list[tuple[str, str]]:
    folder = resources.files("monitor.store.clickhouse") / "migrations"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [(file.name, file.read_text(encoding="utf-8")) for file in files]


def statements(script: str) -> list[str]:
    """Return the statements of a migration."""
    bare = re.sub(r"^--.*\n", "", script, flags=re.MULTILINE)
    return [statement for each in bare.split(";\n") if (statement := each.strip())]

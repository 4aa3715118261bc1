"""One suite, every store: a secret is made once."""

from pathlib import Path

from monitor.store.ports import Store
from monitor.store.sqlite import SqliteStore

ON_POSTGRES = True


async def test_a_secret_is_the_first_that_was_made_up_for_its_name(store: Store) -> None:
    assert await store.secrets.secret("links", b"first") == b"first"
    assert await store.secrets.secret("links", b"second") == b"first"
    assert await store.secrets.secret("others", b"third") == b"third"


async def test_a_secret_outlives_the_process(tmp_path: Path) -> None:
    for fresh in (b"first", b"second"):
        store = await SqliteStore.open(tmp_path / "roomwatch.db")
        assert await store.secrets.secret("links", fresh) == b"first"
        await store.close()

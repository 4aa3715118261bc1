"""Samples and rollups in ClickHouse, while somebody is killed in between."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path
from shutil import rmtree

import pytest

from tests import clickhouse_engine

clickhouse_engine.need()  # before what imports the driver

from collectors.observations import ClientInfo, MediaStats, MediaStatsSeries
from monitor.history.answers import Selection, Unanswerable
from monitor.history.rollups import HOUR_MS
from monitor.store.clickhouse import reading
from monitor.store.clickhouse.client import ANSWER_TIMEOUT_S, Address, Client, Table
from monitor.store.clickhouse.schema import Engine, migrate, scripts, statements
from monitor.store.clickhouse.store import ClickHouseHistory
from monitor.store.ports import Entry, Lacking, Line, Place, Resolved, StoreFailed, Wanted
from tests import history_elsewhere
from tests.builders import ALICE, BOB, NOW_MS, ROOM, batch, level
from tests.history_elsewhere import StoreWithClickHouse
from tests.segments import MemorySegments
from tests.stored import EVER_MS, as_told, lines, values

pytestmark = pytest.mark.clickhouse

TEN = NOW_MS // HOUR_MS * HOUR_MS
DAY_MS = 24 * HOUR_MS
EVERY_TABLE = ("series", "media", "levels", "minutes", "sketches", "people")


@pytest.fixture
async def store(engine: clickhouse_engine.Engine) -> AsyncIterator[StoreWithClickHouse]:
    async with history_elsewhere.opened(engine.port) as opened:
        yield opened


@pytest.fixture
async def clickhouse(engine: clickhouse_engine.Engine, store: StoreWithClickHouse) -> AsyncIterator[Client]:
    client = Client(Address("127.0.0.1", engine.port, "roomwatch"))
    yield client
    await client.close()


async def measured(store: StoreWithClickHouse, *rtts: float, by: str = ALICE, at_ms: int = TEN) -> None:
    """Log a post of round-trip times, ten seconds apart."""
    seen = [MediaStats(at_ms + 10_000 * place, rtt_ms=rtt) for place, rtt in enumerate(rtts)]
    (log_id,) = await store.log.append([Entry(batch(*seen, level(1, at_ms=at_ms), reporter=by))], NOW_MS)
    await store.picture.save([], log_id or 0)


async def settle(store: StoreWithClickHouse) -> int:
    return await store.samples.settle(NOW_MS, 0, as_told)


async def counted(store: StoreWithClickHouse) -> tuple[int, float, float]:
    """Return how many round-trip times, minutes heard and levels of one there are, by rollups."""
    selection = Selection("room", TEN, TEN + HOUR_MS)
    (found,) = await store.rollups.percentiles(selection, "rtt_ms", (0.5,), as_told)
    (there,) = await store.rollups.attendance(selection, as_told)
    minutes = await store.rollups.minutes("room", ROOM, TEN, TEN + HOUR_MS, as_told)
    return found.samples, there.heard, minutes.count("level_1").sum()


async def rows(clickhouse: Client, table: str) -> int:
    """Return how many rows there are but for marks."""
    mark = "room" if table.removesuffix(" FINAL") in ("series", "media", "levels") else "scope"
    ((count,),) = await clickhouse.query(f"SELECT count() FROM {table} WHERE {mark} != ''")
    return int(count)


class Deaf(MemorySegments):
    """A log that is not there any more when it is to be told that a segment is settled."""

    is_deaf = True

    async def settled(self, number: int) -> None:
        if self.is_deaf:
            raise StoreFailed("the log: expected an answer, got none")
        await super().settled(number)


@pytest.fixture
async def half(engine: clickhouse_engine.Engine, store: StoreWithClickHouse) -> AsyncIterator[Deaf]:
    """A store whose writer was killed when a segment was in ClickHouse, before the log knew."""
    log = Deaf(store)
    history = ClickHouseHistory(Client(Address("127.0.0.1", engine.port, "roomwatch")), log)
    store.samples, store.rollups = history.samples, history.rollups
    await measured(store, 10, 20, 30)
    with pytest.raises(StoreFailed, match="the log"):
        await settle(store)
    yield log
    await history.close()


# --- killed in between ------------------------------------------------------------------------------------


async def test_what_is_in_both_places_is_told_once(store: StoreWithClickHouse, half: Deaf, clickhouse: Client) -> None:
    assert await rows(clickhouse, "media") == 3
    (line,) = await lines(store, ROOM)
    assert [value for _, value in values(line)] == [10, 20, 30, 1]
    assert [line.samples.count async for line in store.samples.lines(Wanted(0, EVER_MS), as_told)] == [4]
    assert await counted(store) == (3, 1, 1)


async def test_a_segment_that_is_put_down_again_counts_once(
    store: StoreWithClickHouse, half: Deaf, clickhouse: Client
) -> None:
    half.is_deaf = False
    assert await settle(store) == 4
    assert await settle(store) == 0
    assert [await rows(clickhouse, table) for table in ("media", "levels")] == [3, 1]
    assert await counted(store) == (3, 1, 1)


async def test_a_segment_whose_token_was_forgotten_counts_once_all_the_same(
    store: StoreWithClickHouse, half: Deaf, clickhouse: Client
) -> None:
    for table in EVERY_TABLE:
        await clickhouse.command(f"ALTER TABLE {table} MODIFY SETTING non_replicated_deduplication_window = 0")
    try:
        half.is_deaf = False
        await settle(store)
    finally:
        for table in EVERY_TABLE:
            await clickhouse.command(f"ALTER TABLE {table} MODIFY SETTING non_replicated_deduplication_window = 10000")
    assert await rows(clickhouse, "media") == 3
    (line,) = await lines(store, ROOM)
    assert [value for _, value in values(line)] == [10, 20, 30, 1]
    assert await store.samples.estimate(Wanted(0, EVER_MS)) == 4
    assert await counted(store) == (3, 1, 1)


@pytest.mark.parametrize("table", EVERY_TABLE)
async def test_what_is_lost_with_the_engine_though_its_token_was_kept_is_put_down_again(
    engine: clickhouse_engine.Engine, store: StoreWithClickHouse, half: Deaf, clickhouse: Client, table: str
) -> None:
    """A server writes down the token of a block before the block is in its place, and may be killed in between."""
    (paths,) = await clickhouse.query(
        "SELECT path FROM system.parts WHERE database = 'roomwatch' AND table = {table:String} AND active",
        {"table": table},
    )
    engine.kill()
    for path in paths:
        rmtree(path)
    engine.start()
    half.is_deaf = False
    await settle(store)
    (line,) = await lines(store, ROOM)
    assert [value for _, value in values(line)] == [10, 20, 30, 1]
    assert await counted(store) == (3, 1, 1)


async def test_a_segment_that_is_in_one_table_only_counts_once(
    store: StoreWithClickHouse, half: Deaf, clickhouse: Client
) -> None:
    await clickhouse.command("TRUNCATE TABLE sketches")
    assert await counted(store) == (3, 1, 1)


async def test_hours_are_not_rebuilt_while_a_segment_is_settled_in_part(store: StoreWithClickHouse, half: Deaf) -> None:
    with pytest.raises(StoreFailed, match="expected whole segments"):
        await store.rollups.rebuild(TEN, TEN + HOUR_MS)
    half.is_deaf = False
    await settle(store)
    assert await store.rollups.rebuild(TEN, TEN + HOUR_MS) == 4
    assert await counted(store) == (3, 1, 1)


async def test_a_rebuilt_hour_goes_on_counting_and_leaves_others_alone(store: StoreWithClickHouse) -> None:
    await measured(store, 10, 20)
    await measured(store, 5, at_ms=TEN + HOUR_MS)
    await settle(store)
    assert await store.rollups.rebuild(TEN, TEN + HOUR_MS) == 3
    await measured(store, 30, by=BOB)
    await settle(store)
    assert await counted(store) == (3, 2, 2)
    (later,) = await store.rollups.percentiles(
        Selection("room", TEN + HOUR_MS, TEN + 2 * HOUR_MS), "rtt_ms", (1,), as_told
    )
    assert later.samples == 1


async def test_who_becomes_known_by_sid_between_two_attempts_is_not_there_twice(
    store: StoreWithClickHouse, half: Deaf, clickhouse: Client
) -> None:
    half.is_deaf = False
    await settle(store)
    half.is_deaf = True
    named = batch(MediaStats(TEN, rtt_ms=40.0), reporter=None, identity="bob", room_sid=None, room_name="acme")
    (log_id,) = await store.log.append([Entry(named)], NOW_MS)
    await store.picture.save([], log_id or 0)
    with pytest.raises(StoreFailed, match="the log"):
        await settle(store)
    half.is_deaf = False
    assert await store.samples.settle(NOW_MS, 0, lambda *_: Resolved(Place(ROOM, BOB))) == 1
    assert [await rows(clickhouse, table) for table in ("media", "people")] == [4, 14]
    found = [line.samples.column("rtt_ms").tolist() async for line in store.samples.lines(Wanted(0, EVER_MS), as_told)]
    assert sorted(found) == [[10, 20, 30], [40]]


async def test_what_is_settled_while_somebody_reads_is_told_once(
    store: StoreWithClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SERIES_A_PAGE", 1)
    for who in (ALICE, BOB):
        await measured(store, 10, by=who)
    await settle(store)
    for who in (ALICE, BOB):
        await measured(store, 20, by=who, at_ms=TEN + 60_000)
    told: list[tuple[str, float]] = []
    async with aclosing(store.samples.lines(Wanted(0, EVER_MS, only="rtt_ms"), as_told)) as found:
        async for series, samples in found:
            told += [(series.participant, rtt_ms) for rtt_ms in samples.column("rtt_ms").tolist()]
            await settle(store)
    assert sorted(told) == [(ALICE, 10), (ALICE, 20), (BOB, 10), (BOB, 20)]


async def test_what_is_settled_while_rollups_are_asked_for_counts_once(
    store: StoreWithClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    query, left = Client.query, [1, 1, 1]

    async def settle_before(self: Client, sql: str, *given: object, **named: object) -> object:
        if "mark:String" in sql and "GROUP BY" in sql and left:  # the log has been looked at
            left.pop()
            await settle(store)
        return await query(self, sql, *given, **named)

    monkeypatch.setattr(Client, "query", settle_before)
    for number, asked in enumerate((1, 2, 3), start=1):
        await measured(store, 10, at_ms=TEN + 60_000 * number)
        assert await counted(store) == (asked, asked, asked)
    assert not left


# --- away -------------------------------------------------------------------------------------------------


async def test_while_clickhouse_is_away_the_log_keeps_and_tells_what_it_has(
    engine: clickhouse_engine.Engine, store: StoreWithClickHouse
) -> None:
    await measured(store, 10)
    await settle(store)
    await measured(store, 20, at_ms=TEN + 60_000)
    engine.kill()
    try:
        with pytest.raises(StoreFailed, match=r"ClickHouse at 127\.0\.0\.1"):
            await settle(store)
        with pytest.raises(Lacking, match="what is settled is missing") as of_timeline:
            await lines(store, ROOM)
        assert [values(line)[0] for line in of_timeline.value.found] == [(TEN + 60_000, 20)]
        with pytest.raises(Lacking, match="what is settled is missing") as of_rollups:
            await counted(store)
        assert [each.samples for each in of_rollups.value.found] == [1]
        told: list[Line] = []
        with pytest.raises(Lacking, match="not all that is settled was told"):
            told.extend([line async for line in store.samples.lines(Wanted(0, EVER_MS), as_told)])
    finally:
        engine.start()
    assert await settle(store) == 2
    (line,) = await lines(store, ROOM)
    assert [value for _, value in values(line)] == [10, 20, 1, 1]
    assert await counted(store) == (2, 2, 2)


async def test_before_its_tables_are_there_nothing_is_lost_and_who_settles_makes_them(
    engine: clickhouse_engine.Engine, store: StoreWithClickHouse, clickhouse: Client
) -> None:
    history = ClickHouseHistory(Client(Address("127.0.0.1", engine.port, "new_born")), store.segments)
    try:
        store.samples, store.rollups = history.samples, history.rollups
        await measured(store, 10)
        with pytest.raises(StoreFailed, match="database new_born: expected to do as told"):
            await settle(store)
        await clickhouse.command("CREATE DATABASE new_born")
        with pytest.raises(Lacking):
            await lines(store, ROOM)
        assert await settle(store) == 2
        assert await counted(store) == (1, 1, 1)
    finally:
        await history.close()
        await clickhouse.command("DROP DATABASE IF EXISTS new_born")


async def test_no_sample_is_lost_or_twice_when_the_engine_is_killed_again_and_again(
    engine: clickhouse_engine.Engine, store: StoreWithClickHouse, clickhouse: Client
) -> None:
    for number in range(60):
        await measured(store, float(number), at_ms=TEN + 1_000 * number)
    settling = asyncio.create_task(settle_at_last(store))
    for _ in range(4):
        await asyncio.sleep(0.15)
        engine.kill()
        engine.start()
    await settling
    (line,) = await lines(store, ROOM)
    assert sorted(line.samples.column("rtt_ms").tolist()) == [float(number) for number in range(60)]
    assert (await counted(store))[0] == 60
    assert await rows(clickhouse, "media FINAL") == 60


async def settle_at_last(store: StoreWithClickHouse) -> None:
    log = MemorySegments(store, posts_a_segment=3)
    store.samples._log = store.rollups._log = log
    while (store.log.entries and log._through < store.picture.through) or log._sealed:
        try:
            await settle(store)
        except StoreFailed:
            await asyncio.sleep(0.05)


# --- many rows, many days ---------------------------------------------------------------------------------


async def test_every_row_of_a_large_insert_arrives(store: StoreWithClickHouse, clickhouse: Client) -> None:
    times = tuple(range(TEN, TEN + 70_000))
    posts = [Entry(batch(MediaStatsSeries(times, rtt_ms=(1.0,) * len(times)), reporter=who)) for who in (ALICE, BOB)]
    *_, log_id = await store.log.append(posts, NOW_MS)
    await store.picture.save([], log_id or 0)
    assert await settle(store) == 140_000
    assert await rows(clickhouse, "media") == 140_000
    ((distinct,),) = await clickhouse.query("SELECT uniqExact(participant, at_ms) FROM media WHERE room != ''")
    assert distinct == 140_000


async def test_days_that_are_over_go_as_a_whole_and_cannot_be_rebuilt(store: StoreWithClickHouse) -> None:
    await measured(store, 10, at_ms=TEN - 3 * DAY_MS)
    await measured(store, 20)
    await settle(store)
    assert await store.samples.drop_before(TEN - DAY_MS) == 2
    (line,) = await lines(store, ROOM)
    assert [value for _, value in values(line)] == [20, 1]
    with pytest.raises(Unanswerable, match=f"expected {TEN - DAY_MS} or later"):
        await store.rollups.rebuild(TEN - 3 * DAY_MS, TEN)
    span = Selection("room", TEN - 3 * DAY_MS, TEN + HOUR_MS)
    assert (await store.rollups.percentiles(span, "rtt_ms", (1,), as_told))[0].samples == 2
    await store.rollups.drop_before(TEN - DAY_MS)
    assert (await store.rollups.percentiles(span, "rtt_ms", (1,), as_told))[0].samples == 1


async def test_clocks_that_are_wrong_may_name_more_days_than_a_block_has_by_default(store: StoreWithClickHouse) -> None:
    seen = [MediaStats(TEN - number * DAY_MS, rtt_ms=1.0) for number in range(120)]
    (log_id,) = await store.log.append([Entry(batch(*seen))], NOW_MS)
    await store.picture.save([], log_id or 0)
    assert await settle(store) == 120
    (line,) = await lines(store, ROOM)
    assert len(line.samples.at_ms) == 120


async def test_words_and_names_come_back_whatever_is_in_them(store: StoreWithClickHouse) -> None:
    odd = 'it\'s \\ "odd" \t\n{room:String} é 🎧 %s'
    post = batch(
        MediaStats(TEN, rtt_ms=1.0),
        reporter=None,
        identity=odd,
        room_sid=None,
        room_name=odd,
        client=ClientInfo(browser=odd),
    )
    (log_id,) = await store.log.append([Entry(post)], NOW_MS)
    await store.picture.save([], log_id or 0)
    await settle(store)
    (line,) = await lines(store, f"name:{odd}")
    assert (line.series.identity, line.series.client.browser) == (odd, odd)
    wanted = Wanted(0, EVER_MS, room=odd, identity=odd, any_of=frozenset({f"name:{odd}"}))
    assert [line.samples.count async for line in store.samples.lines(wanted, as_told)] == [1]
    (found,) = await store.rollups.percentiles(Selection("browser", TEN, TEN + 1, keys=[odd]), "rtt_ms", (1,), as_told)
    assert found.key == odd


async def test_a_log_that_numbers_anew_what_was_settled_is_refused(
    engine: clickhouse_engine.Engine, store: StoreWithClickHouse
) -> None:
    address = Address("127.0.0.1", engine.port, "roomwatch")
    older = MemorySegments(store)
    await measured(store, 10)
    await settle(store)
    with pytest.raises(
        StoreFailed, match=r"expected a log that goes on after segment \d+, got one that goes on with \d+"
    ):
        await ClickHouseHistory.open(address, older)
    history = await ClickHouseHistory.open(address, store.segments)
    await history.close()


# --- the schema -------------------------------------------------------------------------------------------


async def test_tables_of_a_newer_version_are_left_alone(clickhouse: Client) -> None:
    newer = len(scripts()) + 1
    await clickhouse.insert(Table("schema_versions", {"version": "UInt32"}), [[newer]], "newer")
    try:
        with pytest.raises(StoreFailed, match=f"got {newer}; upgrade Roomwatch"):
            await migrate(clickhouse)
    finally:
        await clickhouse.command(
            f"ALTER TABLE schema_versions DELETE WHERE version = {newer} SETTINGS mutations_sync = 2"
        )


async def test_the_replicated_twin_of_each_statement_is_one_that_the_engine_understands(clickhouse: Client) -> None:
    twin = Engine(cluster="calls")
    for script in scripts():
        for statement in statements(script):
            rendered = twin.rendered(statement)
            assert "ON CLUSTER `calls`" in rendered
            assert "ENGINE = Replicated" in rendered or rendered.startswith("ALTER TABLE"), "a table of its own"
            await clickhouse.query(f"EXPLAIN AST {rendered}")


async def test_what_is_wrong_is_told_without_the_password(engine: clickhouse_engine.Engine, tmp_path: Path) -> None:
    address = Address("127.0.0.1", engine.port, "nowhere", "somebody", "a-secret-of-tests")
    client = Client(address)
    with pytest.raises(StoreFailed, match="database nowhere: expected an answer, got") as failure:
        await client.query("SELECT 1")
    await client.close()
    assert "a-secret-of-tests" not in str(failure.value) + repr(address)
    assert not await Client(Address("127.0.0.1", 9)).ping()


@pytest.fixture
async def impatient(engine: clickhouse_engine.Engine) -> AsyncIterator[Client]:
    """Who asks soon whether ClickHouse is there."""
    client = Client(Address("127.0.0.1", engine.port), patience_s=0.3)
    assert await client.query("SELECT 1")
    yield client
    await client.close()


@pytest.fixture
def frozen(engine: clickhouse_engine.Engine) -> Iterator[clickhouse_engine.Engine]:
    """A ClickHouse whose machine stands still."""
    engine.freeze()
    yield engine
    engine.thaw()


async def test_a_clickhouse_that_stands_still_is_given_up_though_its_connections_stay(
    impatient: Client, frozen: clickhouse_engine.Engine
) -> None:
    silent = "expected an answer, got no sign of life within 0.3 s"
    async with asyncio.timeout(ANSWER_TIMEOUT_S / 2):
        with pytest.raises(StoreFailed, match=silent):
            await impatient.query("SELECT 1")
        with pytest.raises(StoreFailed, match=silent):
            await impatient.query("SELECT 1")
        frozen.thaw()
        while not await impatient.ping():
            await asyncio.sleep(0.05)
        assert await impatient.query("SELECT 1")


async def test_who_connects_to_a_clickhouse_that_stands_still_gives_up_too(frozen: clickhouse_engine.Engine) -> None:
    new = Client(Address("127.0.0.1", frozen.port), patience_s=0.3)
    async with asyncio.timeout(ANSWER_TIMEOUT_S / 2):
        with pytest.raises(StoreFailed, match="no sign of life"):
            await new.query("SELECT 1")
    await new.close()


async def test_a_slow_answer_is_waited_for_as_long_as_pings_are_answered(impatient: Client) -> None:
    slow = "SELECT sum(sleepEachRow(1)) FROM numbers(3) SETTINGS max_block_size = 1"
    ((answer,),) = await impatient.query(slow)
    assert answer == 0

"""Several replicas that send what one outbox owes: each word is somebody's, and nobody's is lost with them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from alerts.delivery import AttemptMade, Fate, Settled, Settlement
from alerts.dispatcher import TIDY_UP_EVERY_S
from alerts.lanes import needless
from alerts.model import Judgement, Kind, Note, Notification, NotificationKind, Owed, Reading
from monitor.store.leases import LeaseLost
from monitor.store.ports import OutboxEntry, OutboxSearch
from monitor.store.postgres.alerts import PostgresAlerts
from monitor.store.postgres.connection import Connection
from monitor.store.postgres.database import Database
from monitor.store.postgres.outbox import add_owed
from tests.alert_builders import START, make_notification
from tests.dispatching import Clock, Dispatching, served, until
from tests.judging import fired
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.cluster

RESOLVE = NotificationKind.RESOLVE
AT_ONCE_S = 0.0  # how long a claim lasts whose sender is to be taken for dead
Opening = Callable[..., Awaitable[PostgresAlerts]]


@pytest.fixture
async def open_alerts(postgres_server: PostgresServer) -> AsyncIterator[Opening]:
    opened: list[Database] = []
    async with postgres_server.database() as address:

        async def open_another(name: str, **more: Any) -> PostgresAlerts:
            opened.append(await Database.open(address))
            return PostgresAlerts(opened[-1], name, **more)

        yield open_another
        for each in opened:
            await each.close()


@pytest.fixture
async def one(open_alerts: Opening) -> PostgresAlerts:
    return await open_alerts("one")


@pytest.fixture
async def other(open_alerts: Opening) -> PostgresAlerts:
    return await open_alerts("other")


def word(entity: str = "PA1", kind: NotificationKind = NotificationKind.TRIGGER, at: float = START) -> Notification:
    return make_notification(kind, entity=entity, at=at)


async def owe(store: PostgresAlerts, *words: Notification) -> None:
    await store.record(Judgement(notifications=words))


async def heads(store: PostgresAlerts) -> list[Owed]:
    return list(await store.due(START + 9, 100))


async def due(store: PostgresAlerts) -> list[str]:
    return [owed.notification.id for owed in await heads(store)]


async def begin(store: PostgresAlerts, *words: Notification, at: float = START) -> list[str]:
    return list(await store.begin({each.id: "here" for each in words}, at))


async def settle(
    store: PostgresAlerts, told: Notification, fate: Fate, at: float = START + 1, next_at: float | None = None
) -> None:
    became = Settlement(fate, 1, at, next_at, "" if fate is Fate.DELIVERED else "answered 503")
    await store.settle([Settled(told.id, became, AttemptMade(at, 0.5, fate.value))])


async def entry(store: PostgresAlerts, told: Notification) -> OutboxEntry:
    found = await store.notification(told.id)
    assert found is not None
    return found


@asynccontextmanager
async def uncommitted(store: PostgresAlerts, work: Callable[[Connection], Awaitable[Any]]) -> AsyncIterator[None]:
    """Have something written that is committed when the block ends."""
    is_written, may_commit = asyncio.Event(), asyncio.Event()

    async def write(connection: Connection) -> None:
        await work(connection)
        is_written.set()
        await may_commit.wait()

    writing = asyncio.create_task(store._database.write(write, is_bounded=False))
    await is_written.wait()
    try:
        yield
    finally:
        may_commit.set()
        await writing


async def until_one_waits_for(store: PostgresAlerts, task: asyncio.Task[Any]) -> None:
    """Wait until a task waits for a transaction that somebody else has not committed."""
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    while not await store._database.read(waiting):
        assert not task.done()
        await asyncio.sleep(0.01)


async def test_of_two_that_begin_at_once_one_is_granted_each_attempt(
    one: PostgresAlerts, other: PostgresAlerts
) -> None:
    words = [word(f"PA{number}") for number in range(30)]
    await owe(one, *words)
    granted = await asyncio.gather(
        *(begin(sender, *words[number : number + 5]) for number in range(0, 30, 3) for sender in (one, other))
    )
    assert sorted(each for some in granted for each in some) == sorted(each.id for each in words)


async def test_what_one_attempts_is_not_due_for_another_nor_is_what_waits_behind_it(
    one: PostgresAlerts, other: PostgresAlerts
) -> None:
    await owe(one, word(), word(kind=RESOLVE), word("PA2"))
    assert await begin(one, word()) == [word().id]
    assert await due(one) == await due(other) == [word("PA2").id]
    assert await begin(other, word(), word(kind=RESOLVE)) == []
    await settle(one, word(), Fate.DELIVERED)
    assert word(kind=RESOLVE).id in await due(other)


async def test_who_read_the_outbox_too_early_begins_nothing_before_its_time(
    one: PostgresAlerts, other: PostgresAlerts
) -> None:
    await owe(one, word())
    assert await due(other) == [word().id]
    await begin(one, word())
    await settle(one, word(), Fate.RETRY, next_at=START + 60)
    assert await begin(other, word(), at=START + 2) == []
    assert await begin(other, word(), at=START + 60) == [word().id]


async def test_a_start_takes_no_attempt_from_another_that_lives(
    open_alerts: Opening, one: PostgresAlerts, other: PostgresAlerts
) -> None:
    await owe(one, word(), word("PA2"))
    await begin(one, word())
    await begin(other, word("PA2"))
    assert await (await open_alerts("third")).recover(START + 5) == 0
    assert await (await open_alerts("one")).recover(START + 5) == 1
    assert await due(other) == [word().id]
    assert (await entry(other, word())).maybe_heard
    assert await other.take_over(START + 5) == await other.recover(START + 6) - 1 == 0


async def test_the_attempts_of_the_dead_are_ended_by_whoever_looks_first(
    open_alerts: Opening, one: PostgresAlerts, other: PostgresAlerts
) -> None:
    dead = await open_alerts("dead", claim_s=AT_ONCE_S)
    words = [word(f"PA{number}") for number in range(20)]
    await owe(one, *words, word("living"))
    await begin(dead, *words)
    await begin(one, word("living"))
    assert await dead.take_over(START + 5) == 0, "its own it knows of"
    assert sum(await asyncio.gather(*(each.take_over(START + 5) for each in (one, other) * 3))) == 20
    assert sorted(await due(other)) == sorted(each.id for each in words)
    for each in words:
        told = await entry(other, each)
        ((_, made),) = await other.attempts(told.seq)
        assert (told.maybe_heard, made.outcome, made.at, made.duration_s) == (True, "unknown", START + 5, 5.0)


@pytest.mark.parametrize(
    ("fate", "state"), [(Fate.DELIVERED, "delivered"), (Fate.RETRY, "waiting"), (Fate.DEAD, "waiting")]
)
async def test_of_what_was_taken_for_dead_only_a_delivery_still_counts(
    open_alerts: Opening, other: PostgresAlerts, fate: Fate, state: str
) -> None:
    late = await open_alerts("late", claim_s=AT_ONCE_S)
    await owe(late, word())
    await begin(late, word())
    await other.take_over(START)
    assert await begin(other, word()) == [word().id]
    await settle(late, word(), fate, next_at=START)
    found = await entry(other, word())
    assert found.state == state
    assert await due(late) == [], "the other one is still at it"
    assert [made.outcome for _, made in await other.attempts(found.seq)] == ["unknown", fate.value]


@pytest.mark.promise("P5")
@pytest.mark.parametrize("fate", [None, Fate.DELIVERED, Fate.RETRY])
async def test_nothing_is_cancelled_that_another_has_said_or_is_saying(
    one: PostgresAlerts, other: PostgresAlerts, fate: Fate | None
) -> None:
    await owe(one, word(), word(kind=RESOLVE))
    (read_early,) = await heads(other)
    await begin(one, word())
    if fate is not None:
        became = Settlement(fate, 1, START + 1, START + 1, maybe_heard=fate is Fate.RETRY)
        await one.settle([Settled(word().id, became)])
    unheard = needless(read_early, START + 1)
    assert [each.settlement.fate for each in unheard] == [Fate.CANCELLED, Fate.CANCELLED]
    await other.settle(unheard)
    assert (await entry(other, word(kind=RESOLVE))).state == "waiting"
    assert (await entry(other, word())).state == ("delivered" if fate is Fate.DELIVERED else "waiting")


async def test_what_is_over_before_anybody_began_to_say_it_is_cancelled(
    one: PostgresAlerts, other: PostgresAlerts
) -> None:
    await owe(one, word(), word(kind=RESOLVE))
    (head,) = await heads(other)
    await other.settle(needless(head, START + 1))
    assert {each.state for each in await one.notifications(OutboxSearch())} == {"cancelled"}


async def test_what_another_attempts_is_not_given_up_meanwhile(one: PostgresAlerts, other: PostgresAlerts) -> None:
    await owe(one, word(), word("PA2"))
    await begin(one, word())
    assert [owed.notification.id for owed in await other.overdue("ops", START + 9, 10)] == [word("PA2").id]
    await other.settle([Settled(word().id, Settlement(Fate.DEAD, 0, START + 9, last_error="given up"))])
    assert (await entry(one, word())).state == "waiting"


async def test_a_word_is_not_replayed_that_another_begins_to_overtake(
    one: PostgresAlerts, other: PostgresAlerts
) -> None:
    await owe(one, word(), word(kind=RESOLVE))
    await settle(one, word(), Fate.DEAD)
    overtakes = "UPDATE outbox SET begun_at_s = 1, begun_by = 'one', claimed_until_s = 'infinity' WHERE id = $1"
    async with uncommitted(one, lambda connection: connection.execute(overtakes, word(kind=RESOLVE).id)):
        replayed = asyncio.create_task(other.replay(START + 2))
        await until_one_waits_for(other, replayed)
    assert await replayed == 0


async def test_attempts_that_two_write_at_once_have_numbers_of_their_own(
    one: PostgresAlerts, other: PostgresAlerts
) -> None:
    await owe(one, word())
    await asyncio.gather(*(settle(each, word(), Fate.RETRY, next_at=START) for each in (one, other) * 10))
    kept = await one.attempts((await entry(one, word())).seq)
    assert [number for number, _ in kept] == list(range(1, 21))


# --- what is decided --------------------------------------------------------------------------------------


async def test_a_judgement_that_two_write_at_once_is_written_once(one: PostgresAlerts, other: PostgresAlerts) -> None:
    made, judge = fired()
    ended = judge.look(Reading(Kind.PARTICIPANT, made.alerts[0].entity, gone="room_ended"), at=200.0)
    noted = replace(ended, notes=(Note(200.0, made.alerts[0].fingerprint, "g", "told"),))
    for judgement in (made, noted):
        await asyncio.gather(*(each.record(judgement) for each in (one, other) * 5))
    found = await one.changes_of(made.alerts[0].fingerprint, 1e9, 10)
    assert [each.transition for each in found] == [*made.transitions, *ended.transitions]
    owed = await one.notifications(OutboxSearch())
    assert [each.notification for each in owed] == [*ended.notifications, *made.notifications]
    assert await one._database.read("SELECT count(*) FROM notes") == [(1,)]


async def test_of_a_lane_no_word_can_be_seen_before_an_earlier_one(one: PostgresAlerts, other: PostgresAlerts) -> None:
    async with uncommitted(one, lambda connection: add_owed(connection, [word()])):
        second = asyncio.create_task(owe(other, word(kind=RESOLVE)))
        await until_one_waits_for(other, second)
        assert await due(other) == []
    await second
    assert [each.notification for each in await one.notifications(OutboxSearch())] == [word(kind=RESOLVE), word()]


async def test_who_lost_the_duty_of_judging_decides_nothing_any_more(postgres_server: PostgresServer) -> None:
    made, _ = fired()
    async with postgres_server.store() as store:
        lost = await store.leases.take("alerts", 30)
        held = await store.leases.take("alerts", 30)
        assert lost is not None
        assert held is not None
        with pytest.raises(LeaseLost):
            await store.under(lost).alerts.record(made)
        assert (await store.alerts.outbox_counts()).waiting == 0
        await store.under(held).alerts.record(made)
        assert (await store.alerts.outbox_counts()).waiting == len(made.notifications)
        await store.close()


# --- whoever sends ----------------------------------------------------------------------------------------


async def test_of_several_dispatchers_each_word_is_said_by_one(one: PostgresAlerts, other: PostgresAlerts) -> None:
    words = [word(f"PA{number}") for number in range(60)]
    async with served("ops") as receivers:
        dispatching = Dispatching(receivers, Clock())
        async with dispatching(one, hands_per_receiver=4) as first, dispatching(other, hands_per_receiver=4) as second:
            await owe(one, *words)
            for each in (first, second):
                each.wake()
            await until(lambda: len(receivers["ops"].heard) >= len(words), within_s=60)
            for each in (first, second):
                await each.drain(60)
        assert sorted(receivers["ops"].ids) == sorted(each.id for each in words)
    assert (await one.outbox_counts()).waiting == 0


@pytest.mark.promise("P2")
async def test_what_a_dispatcher_was_saying_when_it_died_is_said_by_another(
    open_alerts: Opening, one: PostgresAlerts
) -> None:
    clock, dies = Clock(), await open_alerts("dies", claim_s=AT_ONCE_S)
    async with served("ops") as receivers:
        ops, dispatching = receivers["ops"], Dispatching(receivers, clock)
        ops.hangs = True
        await owe(dies, word())
        async with dispatching(dies):
            await until(lambda: ops.heard, within_s=60)
        ops.hangs = False
        async with dispatching(one) as survivor:
            clock.at += TIDY_UP_EVERY_S
            survivor.wake()
            await until(lambda: len(ops.heard) == 2, within_s=60)
            await survivor.drain(60)
        assert ops.ids == [word().id] * 2
    told = await entry(one, word())
    assert (told.state, told.maybe_heard) == ("delivered", True)

"""The dispatcher over a real receiver on loopback, an outbox in memory and a clock that only moves when told to."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from alerts.delivery import Fate
from alerts.dispatcher import TIDY_UP_EVERY_S, Dispatcher
from alerts.notifiers.base import PAGER_PATIENCE_S, HttpRequest
from alerts.notifiers.webhook import Webhook, WebhookConfig
from alerts.transport import Transport
from tests.alert_builders import START
from tests.alerts_store import OutboxStore
from tests.dispatching import Clock, Dispatching, a_moment, resolve, served, trigger, until


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def receivers():
    async with served("ops", "chat") as made:
        yield made


@pytest.fixture
def ops(receivers):
    return receivers["ops"]


@pytest.fixture
def dispatching(receivers, clock):
    return Dispatching(receivers, clock)


async def test_what_is_owed_is_delivered_and_settled(ops, dispatching):
    page = trigger()
    store = OutboxStore(page)
    async with dispatching(store):
        await until(lambda: not store.owed)
    assert ops.ids == [page.id]
    assert (store.fate_of(page).fate, store.fate_of(page).attempts) == (Fate.DELIVERED, 1)


async def test_rows_added_later_go_out_when_the_dispatcher_is_woken(ops, dispatching):
    store = OutboxStore()
    async with dispatching(store) as dispatcher:
        await a_moment()
        store.add(trigger())
        dispatcher.wake()
        await until(lambda: not store.owed)


@pytest.mark.promise("P4")
async def test_a_resolve_waits_for_its_trigger(ops, dispatching, clock):
    page, end = trigger(), resolve()
    ops.hangs = True
    store = OutboxStore(page)
    async with dispatching(store) as dispatcher:
        await until(lambda: ops.busy)
        store.add(end)
        dispatcher.wake()
        await a_moment()
        assert ops.ids == [page.id]
        ops.let_go.set()
        await until(lambda: not store.owed)
    assert ops.ids == [page.id, end.id]


@pytest.mark.promise("P2", "P10")
async def test_a_failed_attempt_is_repeated_under_the_same_id_and_not_before_its_time(ops, dispatching, clock):
    page = trigger()
    store = OutboxStore(page)
    ops.script = [(500, {}), (503, {})]
    async with dispatching(store) as dispatcher:
        for attempts in (1, 2):
            await until(lambda n=attempts: len(store.settlements) == n)
            dispatcher.wake()
            await a_moment()
            assert len(ops.heard) == attempts
            clock.at = store.fate_of(page).next_at
            dispatcher.wake()
        await until(lambda: not store.owed)
    assert ops.ids == [page.id] * 3
    assert [last.fate for _, last in store.settlements] == [Fate.RETRY, Fate.RETRY, Fate.DELIVERED]


@pytest.mark.promise("P33")
async def test_a_word_that_only_tries_a_receiver_out_is_soon_given_up(ops, dispatching, clock):
    tried = replace(trigger(), is_test=True)
    store = OutboxStore(tried)
    ops.script = [(503, {})] * 9
    async with dispatching(store) as dispatcher:
        await until(lambda: store.settlements)
        clock.at = START + 61
        dispatcher.wake()
        await until(lambda: not store.owed)
    assert store.fate_of(tried).fate is Fate.DEAD


async def test_a_retry_that_falls_due_needs_nobody_to_wake_the_dispatcher(ops, dispatching, clock):
    store = OutboxStore(trigger(at=START + 0.1))
    loop = asyncio.get_running_loop()
    began = loop.time()

    def running_clock():
        return START + loop.time() - began

    async with Transport() as transport:
        dispatcher = Dispatcher(store, {"ops": ops.notifier()}, transport, running_clock)
        running = asyncio.create_task(dispatcher.run())
        await until(lambda: not store.owed)
        await dispatcher.drain(1)
        await running
    assert loop.time() - began >= 0.1


@pytest.mark.promise("P11")
async def test_a_receiver_that_asks_for_a_pause_is_left_alone_with_all_its_lanes(receivers, ops, dispatching, clock):
    store = OutboxStore(trigger())
    ops.script = [(429, {"Retry-After": "7"})]
    async with dispatching(store) as dispatcher:
        await until(lambda: store.settlements)
        store.add(trigger("PA2"), trigger("PA3", receiver="chat"))
        for clock.at in (START, START + 6.9):
            dispatcher.wake()
            await a_moment()
        assert len(ops.heard) == 1
        assert len(receivers["chat"].heard) == 1
        clock.at = START + 7
        dispatcher.wake()
        await until(lambda: not store.owed)
    assert len(ops.heard) == 3


@pytest.mark.promise("P15")
async def test_a_slow_receiver_does_not_delay_another(receivers, ops, dispatching):
    ops.hangs = True
    store = OutboxStore(*(trigger(f"PA{number}") for number in range(500)), trigger(receiver="chat", at=START))
    async with dispatching(store, hands_per_receiver=3):
        await until(lambda: receivers["chat"].heard)
        await until(lambda: ops.busy == 3)
        assert len(ops.heard) == 3
        ops.let_go.set()
        await until(lambda: not store.owed)
    assert ops.busiest == 3
    assert max(Counter(ops.ids).values()) == 1


@pytest.mark.promise("P2")
async def test_what_was_cut_off_is_sent_again_after_a_restart_under_the_same_id(ops, dispatching):
    page = trigger()
    store = OutboxStore(page)
    ops.hangs = True
    async with dispatching(store):
        await until(lambda: ops.heard)
    assert page.id in store.owed
    ops.hangs = False
    async with dispatching(store):
        await until(lambda: not store.owed)
    assert ops.ids == [page.id, page.id]


class Poisoned:
    """A notifier with a fault in it, on the way out or on the way back."""

    budget = None
    give_up_after_s = PAGER_PATIENCE_S

    def __init__(self, url=None):
        self.url = url

    def render(self, _notification, _now):
        if self.url is None:
            raise KeyError("s3cret")
        return HttpRequest("POST", self.url, {}, b'{"alerts": [{"labels": {}}]}')

    def judge(self, _status, _headers, _body):
        raise ValueError("s3cret")


@pytest.mark.promise("P38", "P40")
@pytest.mark.parametrize("way", ["out", "back"])
async def test_a_notifier_that_fails_spoils_its_own_row_only(ops, dispatching, caplog, way):
    broken, page = trigger(receiver="broken"), trigger()
    store = OutboxStore(broken, page)
    url = str(ops.server.make_url("/")) if way == "back" else None
    async with dispatching(store, notifiers={"broken": Poisoned(url)}):
        await until(lambda: not store.owed)
    assert store.fate_of(page).fate is Fate.DELIVERED
    assert store.fate_of(broken).fate is Fate.DEAD
    assert "the notifier failed: " in store.fate_of(broken).last_error
    assert "test_dispatcher.py:" in caplog.text
    assert "s3cret" not in store.fate_of(broken).last_error + caplog.text


async def test_a_row_for_a_receiver_that_nobody_configured_is_dead_and_says_so(dispatching):
    lost = trigger(receiver="nobody")
    store = OutboxStore(lost)
    async with dispatching(store):
        await until(lambda: not store.owed)
    assert store.fate_of(lost).last_error.startswith("no receiver named 'nobody' is configured; ")
    assert store.fate_of(lost).last_error.endswith("to be closed by hand")


async def test_a_receiver_that_cannot_be_reached_is_tried_again(dispatching):
    away = trigger(receiver="away")
    store = OutboxStore(away)
    async with dispatching(store, notifiers={"away": Webhook(WebhookConfig("http://127.0.0.1:9/s3cret"))}):
        await until(lambda: store.settlements)
    assert store.fate_of(away).fate is Fate.RETRY
    assert store.fate_of(away).last_error == "could not connect to http://127.0.0.1:9: ClientConnectorError"


async def test_every_attempt_is_reported_with_its_outcome(ops, dispatching, clock):
    seen = []
    store = OutboxStore(trigger(), trigger("PA2"), trigger(receiver="nobody"))
    ops.script = [(500, {})]
    async with dispatching(store, on_attempt=lambda *report: seen.append(report)) as dispatcher:
        await until(lambda: len(seen) == 3)
        clock.at += 2
        dispatcher.wake()
        await until(lambda: not store.owed)
    counts = Counter((notification.receiver, made.outcome) for notification, made in seen)
    assert counts == {("ops", "delivered"): 2, ("ops", "unavailable"): 1, ("nobody", "rejected"): 1}


async def test_an_observer_that_fails_costs_no_page(ops, dispatching):
    store = OutboxStore(trigger(), trigger("PA2"))

    def miscount(*report):
        raise ZeroDivisionError

    async with dispatching(store, on_attempt=miscount):
        await until(lambda: not store.owed)
    assert len(ops.heard) == 2


class ShakyStore(OutboxStore):
    """Fails the first call of every kind, as a locked database would."""

    def __init__(self, *notifications):
        super().__init__(*notifications)
        self.failed = set()

    def _shake(self, call):
        if call not in self.failed:
            self.failed.add(call)
            raise OSError("database is locked")

    async def due(self, *args):
        self._shake("due")
        return await super().due(*args)

    async def next_due_at(self, *args):
        self._shake("next_due_at")
        return await super().next_due_at(*args)

    async def begin(self, *args):
        self._shake("begin")
        return await super().begin(*args)

    async def settle(self, *args):
        self._shake("settle")
        await super().settle(*args)


async def test_a_store_that_fails_is_asked_again_and_nothing_is_sent_twice(ops, dispatching):
    store = ShakyStore(trigger(), trigger("PA2"))
    async with dispatching(store):
        await until(lambda: not store.owed)
    assert store.failed == {"due", "begin", "next_due_at", "settle"}
    assert len(ops.heard) == 2


class LateStore(OutboxStore):
    """Returns what was true a moment ago."""

    async def due(self, *args):
        rows = await super().due(*args)
        await asyncio.sleep(0.03)
        return rows


async def test_a_row_settled_while_the_store_was_being_read_is_not_sent_again(ops, dispatching):
    store = LateStore(trigger(), trigger("PA2"))
    async with dispatching(store) as dispatcher:
        while store.owed:
            dispatcher.wake()
            await asyncio.sleep(0.001)
    assert len(ops.heard) == 2


# --- several senders --------------------------------------------------------------------------------------


async def test_of_two_dispatchers_on_one_outbox_each_word_is_said_by_one(ops, dispatching):
    store = LateStore()
    async with dispatching(store) as one, dispatching(store) as other:
        store.add(*(trigger(f"PA{number}") for number in range(20)))
        one.wake()
        other.wake()
        await until(lambda: not store.owed, within_s=30)
    assert len(ops.heard) == len(set(ops.ids)) == 20


class Quicker(OutboxStore):
    """An outbox of which another sender took the first word, a moment after it was read."""

    async def begin(self, targets, now):
        granted = await super().begin(targets, now)
        return set(granted) - {next(iter(self.outbox))}


async def test_a_word_that_another_sender_was_quicker_with_keeps_no_hand_and_no_later_word(ops, dispatching):
    store = Quicker(trigger("PA1"))
    async with dispatching(store, hands_per_receiver=1) as dispatcher:
        await until(lambda: any(row.begun_at is not None for row in store.outbox.values()), within_s=30)
        later = trigger("PA2")
        store.add(later)
        dispatcher.wake()
        await until(lambda: later.id not in store.owed, within_s=30)
        await dispatcher.drain(30)
    assert ops.ids == [later.id]


class Orphaned(OutboxStore):
    """An outbox in which another sender died during an attempt."""

    async def take_over(self, now):
        return await self.recover(now)


async def test_what_another_sender_left_behind_is_said_once_it_must_be_dead(ops, dispatching, clock, caplog):
    store = Orphaned()
    async with dispatching(store) as dispatcher:
        await until(lambda: dispatcher.came_round_at, within_s=30)
        page = trigger()
        store.add(page)
        await store.begin({page.id: "here"}, clock.at)
        clock.at += TIDY_UP_EVERY_S
        dispatcher.wake()
        await until(lambda: not store.owed, within_s=30)
    assert ops.ids == [page.id]
    assert store.fate_of(page).maybe_heard
    assert "1 attempts of others were never settled" in caplog.text


# --- the end ---------------------------------------------------------------------------------------------


@pytest.mark.promise("P8")
async def test_a_drain_sends_what_is_due_and_lets_attempts_finish(ops, dispatching):
    ops.hangs = True
    store = OutboxStore(trigger())
    async with dispatching(store) as dispatcher:
        await until(lambda: ops.busy)
        store.add(resolve())
        draining = asyncio.create_task(dispatcher.drain(2))
        await a_moment()
        assert not draining.done()
        ops.let_go.set()
        await draining
    assert store.owed == {}


class SlowToRead(OutboxStore):
    async def due(self, now, limit, skip=()):
        found = await super().due(now, limit, skip)
        await asyncio.sleep(0.05)  # in which attempts end
        return found


@pytest.mark.promise("P8")
async def test_a_drain_looks_again_when_attempts_ended_while_it_looked(ops, dispatching):
    pages = [trigger(entity=f"PA{number}") for number in range(4)]
    store = SlowToRead(*pages)
    async with dispatching(store, hands_per_receiver=1) as dispatcher:
        await until(lambda: ops.heard)
        await dispatcher.drain(5)
    assert sorted(ops.ids) == sorted(page.id for page in pages)


async def test_a_drain_leaves_what_is_not_due_in_the_outbox(ops, dispatching):
    later = trigger(at=START + 60)
    store = OutboxStore(later)
    async with dispatching(store) as dispatcher:
        await dispatcher.drain(2)
    assert (list(store.owed), ops.heard) == ([later.id], [])


@pytest.mark.promise("P8")
async def test_a_drain_ends_at_its_deadline_and_what_was_in_flight_is_still_owed(ops, dispatching):
    ops.hangs = True
    store = OutboxStore(trigger())
    async with dispatching(store) as dispatcher:
        await until(lambda: ops.busy)
        async with asyncio.timeout(30):
            await dispatcher.drain(0.05)
    assert (len(store.owed), store.settlements) == (1, [])


async def test_a_dispatcher_that_never_ran_has_nothing_to_drain(clock):
    async with Transport() as transport, asyncio.timeout(30):
        await Dispatcher(OutboxStore(), {}, transport, clock).drain(60)

"""What a receiver may rely on, over real receivers on loopback and a clock that only moves when told to."""

import asyncio
from dataclasses import replace

import pytest
from aiohttp import web

from alerts.breaker import Circuit
from alerts.delivery import Fate
from alerts.model import NotificationKind, Severity
from alerts.notifiers.base import PAGER_PATIENCE_S, Budget, HttpRequest, judge_status
from alerts.notifiers.pagerduty import PagerDuty, PagerDutyConfig
from alerts.notifiers.webhook import Webhook, WebhookConfig
from tests.alert_builders import START, make_alert, make_notification
from tests.alerts_store import OutboxStore
from tests.dispatching import Clock, Dispatching, a_moment, resolve, served, trigger, until

NOBODY = Webhook(WebhookConfig("http://127.0.0.1:9/s3cret"))
SERVER_ERROR = (500, {})


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


@pytest.fixture
async def serve():
    """Let a service answer on loopback, and tell it where."""
    runners = []

    async def start(service, path="/"):
        app = web.Application()
        app.router.add_post(path, service.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        service.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return service

    yield start
    for runner in runners:
        await runner.cleanup()


def state_of(store, notification):
    return store.outbox[notification.id].state


# --- what is over before it was said ---


@pytest.mark.promise("P5")
async def test_an_incident_that_was_over_before_anybody_accepted_it_is_never_mentioned(ops, dispatching, clock):
    page, end = trigger(), resolve()
    store = OutboxStore(page)
    ops.script = [SERVER_ERROR]
    async with dispatching(store) as dispatcher:
        await until(lambda: store.settlements)
        store.add(end)
        clock.at += 2
        dispatcher.wake()
        await until(lambda: not store.owed)
    assert (state_of(store, page), state_of(store, end)) == ("cancelled", "cancelled")
    assert ops.ids == [page.id], "it was refused, and after that nothing was said"


@pytest.mark.promise("P5")
async def test_an_incident_that_somebody_may_have_heard_of_is_closed_and_not_opened_again(ops, dispatching, clock):
    page, end = trigger(), resolve()
    store = OutboxStore(page)
    ops.hangs = True
    async with dispatching(store, timeout_s=1):
        await until(lambda: store.settlements)
    ops.hangs = False
    store.add(end)
    clock.at += 2
    async with dispatching(store):
        await until(lambda: not store.owed)
    assert (state_of(store, page), state_of(store, end)) == ("superseded", "delivered")
    assert ops.ids == [page.id, end.id]


@pytest.mark.promise("P2", "P5")
async def test_what_was_cut_off_by_a_kill_is_closed_after_it(ops, dispatching):
    page, end = trigger(), resolve()
    store = OutboxStore(page)
    ops.hangs = True
    async with dispatching(store):
        await until(lambda: ops.busy)
    ops.hangs = False
    store.add(end)
    async with dispatching(store):
        await until(lambda: not store.owed)
    assert (state_of(store, page), state_of(store, end)) == ("superseded", "delivered")


@pytest.mark.promise("P5")
async def test_the_end_of_what_a_receiver_rejected_is_not_told_to_it(ops, dispatching):
    page, end = trigger(), resolve()
    store = OutboxStore(page, end)
    ops.script = [(404, {})]
    store.outbox[end.id].next_at = START + 1
    async with dispatching(store):
        await until(lambda: not store.owed)
    assert ops.heard == [] or ops.ids == [page.id]


async def test_of_several_updates_only_the_last_is_sent(ops, dispatching):
    page = trigger()
    updates = [replace(make_notification(NotificationKind.UPDATE), id=f"update-{number}") for number in range(3)]
    store = OutboxStore(page)
    ops.hangs = True
    async with dispatching(store) as dispatcher:
        await until(lambda: ops.busy)
        store.add(*updates)
        ops.let_go.set()
        dispatcher.wake()
        await until(lambda: not store.owed)
    assert ops.ids == [page.id, "update-2"]
    assert [state_of(store, each) for each in updates] == ["superseded", "superseded", "delivered"]


# --- pauses, budgets, order ---


class Counting:
    """A service that takes so many requests in a window that slides, and answers 429 to more; it minds who asks."""

    def __init__(self, requests, per_s):
        self.requests, self.per_s = requests, per_s
        self.arrived, self.heard, self.refused = [], [], 0

    async def answer(self, request):
        now = asyncio.get_running_loop().time()
        self.arrived = [*(each for each in self.arrived if each > now - self.per_s), now]
        self.heard.append((await request.read()).decode())
        self.refused += len(self.arrived) > self.requests
        return web.Response(status=429 if len(self.arrived) > self.requests else 202)


class Plain:
    """A notifier that says the id, and sets limits."""

    give_up_after_s = PAGER_PATIENCE_S

    def __init__(self, url, budget):
        self.url, self.budget = url, budget

    def render(self, notification, _attempt):
        return HttpRequest("POST", self.url, {}, notification.id.encode())

    def judge(self, status, headers, _body):
        return judge_status(status, headers)


@pytest.fixture
async def counting(serve):
    return await serve(Counting(20, 0.3))


def real_clock():
    loop = asyncio.get_running_loop()
    began = loop.time()
    return lambda: START + loop.time() - began


@pytest.mark.promise("P14")
async def test_a_storm_never_meets_the_limit_of_a_service_even_over_a_restart(counting, dispatching):
    names = ("one", "two")  # two receivers that share a key
    pages = [trigger(f"PA{number}", receiver=names[number % 2]) for number in range(90)]
    store, now = OutboxStore(*pages), real_clock()
    notifiers = {name: Plain(counting.url, Budget(counting.requests, counting.per_s, "key")) for name in names}
    async with dispatching(store, notifiers=notifiers, now=now):
        await until(lambda: len(counting.heard) >= 30)
    async with dispatching(store, notifiers=notifiers, now=now):
        await until(lambda: not store.owed, within_s=60)
    assert counting.refused == 0
    assert set(counting.heard) == {each.id for each in pages}


@pytest.mark.promise("P14")
async def test_in_a_storm_who_has_to_get_up_is_told_first_and_then_who_may_rest(counting, dispatching):
    def of(entity, severity):
        return make_notification(entity=entity, alert=make_alert(severity=severity, fingerprint=f"f1-{entity}"))

    infos = [of(f"I{number}", Severity.INFO) for number in range(3)]
    warnings = [of(f"W{number}", Severity.WARNING) for number in range(3)]
    ends = [resolve(f"R{number}") for number in range(3)]
    criticals = [of(f"C{number}", Severity.CRITICAL) for number in range(3)]
    store = OutboxStore(*infos, *warnings, *ends, *criticals)
    notifier = Plain(counting.url, Budget(20, 0.3, "key"))
    async with dispatching(store, notifiers={"ops": notifier}, now=real_clock(), hands_per_receiver=1):
        await until(lambda: not store.owed)
    assert counting.heard == [each.id for each in (*criticals, *ends, *warnings, *infos)]


async def test_who_waits_for_a_budget_sleeps_meanwhile(counting, dispatching):
    class Asked(OutboxStore):
        times = 0

        async def due(self, *args):
            self.times += 1
            return await super().due(*args)

    store = Asked(*(trigger(f"PA{number}") for number in range(25)))
    notifier = Plain(counting.url, Budget(20, 0.3, "key"))
    async with dispatching(store, notifiers={"ops": notifier}, now=real_clock()):
        await until(lambda: not store.owed)
    assert store.times < 120


@pytest.mark.promise("P11")
async def test_a_pause_that_was_asked_for_burns_no_attempt_and_is_obeyed_by_all_who_share_the_key(
    serve, dispatching, clock
):
    class Tired:
        heard = 0

        async def answer(self, _request):
            self.heard += 1
            return web.Response(status=429 if self.heard == 1 else 202, headers={"Retry-After": "7"})

    service = await serve(Tired())
    notifiers = {name: Plain(service.url, Budget(100, 1.0, "key")) for name in ("one", "two")}
    page = trigger(receiver="one")
    store = OutboxStore(page)
    async with dispatching(store, notifiers=notifiers) as dispatcher:
        await until(lambda: store.settlements)
        store.add(trigger("PA2", receiver="two"))
        for clock.at in (START + 1, START + 6.9):
            dispatcher.wake()
            await a_moment()
        assert service.heard == 1
        assert (store.fate_of(page).attempts, store.fate_of(page).next_at) == (0, START + 7)
        clock.at = START + 7
        dispatcher.wake()
        await until(lambda: not store.owed)
    assert service.heard == 3


@pytest.mark.promise("P11")
async def test_a_429_that_names_no_pause_means_half_a_minute(ops, dispatching):
    page = trigger()
    store = OutboxStore(page)
    ops.script = [(429, {})]
    async with dispatching(store):
        await until(lambda: store.settlements)
    assert store.fate_of(page).next_at == START + 30


# --- those who do not answer ---


@pytest.mark.promise("P16")
async def test_a_receiver_that_is_away_is_left_alone_and_noticed_when_it_is_back(ops, dispatching, clock):
    store = OutboxStore(*(trigger(f"PA{number}") for number in range(20)))
    ops.script = [SERVER_ERROR] * 6
    async with dispatching(store, hands_per_receiver=1) as dispatcher:
        await until(lambda: dispatcher.breakers["ops"] is Circuit.OPEN)
        assert len(ops.heard) == 5
        clock.at += 1.9
        dispatcher.wake()
        await a_moment()
        assert len(ops.heard) == 5
        clock.at += 0.1
        dispatcher.wake()
        await until(lambda: len(ops.heard) == 6)
        await a_moment()
        assert (len(ops.heard), dispatcher.breakers["ops"]) == (6, Circuit.OPEN), "one probe, and it failed"
        clock.at += 4
        dispatcher.wake()
        await until(lambda: not store.owed)
        assert dispatcher.breakers == {"ops": Circuit.CLOSED, "chat": Circuit.CLOSED}
    assert max(row.attempts for row in store.outbox.values()) <= 3


@pytest.mark.promise("P16")
async def test_somebody_who_comes_back_is_noticed_within_two_minutes_though_one_row_waits_alone(dispatching, clock):
    store = OutboxStore(trigger(receiver="away"))
    async with dispatching(store, notifiers={"away": NOBODY}) as dispatcher:
        for attempts in range(1, 15):
            await until(lambda n=attempts: len(store.settlements) == n)
            clock.at += 120
            dispatcher.wake()


async def test_what_is_owed_to_one_who_stays_away_is_given_up_in_its_time_though_nobody_asked(dispatching, clock):
    store = OutboxStore(*(trigger(f"PA{number}", receiver="away") for number in range(200)))
    told = []

    async def on_dead(notification, reason):
        told.append((notification.id, reason))

    async with dispatching(store, notifiers={"away": NOBODY}, on_dead=on_dead, hands_per_receiver=5) as dispatcher:
        await until(lambda: dispatcher.breakers["away"] is Circuit.OPEN)
        assert len(store.settlements) <= 10
        clock.at = START + PAGER_PATIENCE_S + 1
        dispatcher.wake()
        await until(lambda: not store.owed)
        await until(lambda: len(told) == 200)
    assert {row.state for row in store.outbox.values()} == {"dead"}
    assert all(reason.startswith("given up after 24 h: ") for _, reason in told)


@pytest.mark.promise("P15")
async def test_one_who_hangs_for_a_minute_delays_nobody(receivers, ops, dispatching):
    ops.hangs = True
    store = OutboxStore(*(trigger(f"PA{number}") for number in range(100)))
    loop = asyncio.get_running_loop()
    async with dispatching(store, timeout_s=60) as dispatcher:
        await until(lambda: ops.busy == 32)
        latencies = []
        for number in range(20):
            began = loop.time()
            store.add(trigger(f"PA{number}", receiver="chat"))
            dispatcher.wake()
            await until(lambda n=number: len(receivers["chat"].heard) == n + 1)
            latencies.append(loop.time() - began)
    assert sorted(latencies)[10] < 30, "and not the minute"
    assert len(ops.heard) == 32


@pytest.mark.promise("P40")
@pytest.mark.parametrize("status", [207, 299, 304, 418, 451, 499, 509, 529, 599])
async def test_an_answer_that_nobody_has_heard_of_stops_no_lane(ops, dispatching, status):
    page, other = trigger(), trigger("PA2")
    store = OutboxStore(page)
    ops.script = [(status, {})]
    async with dispatching(store) as dispatcher:
        await until(lambda: store.settlements)
        store.add(other)
        dispatcher.wake()
        await until(lambda: store.fate_of(other))
    assert store.fate_of(other).fate is Fate.DELIVERED


# --- receivers that change ---


def pager(ops_url, key="k"):
    return PagerDuty(PagerDutyConfig(key * 32, base_url=ops_url))


class Desk:
    """A PagerDuty that keeps what was said by routing key."""

    def __init__(self):
        self.heard = []

    async def answer(self, request):
        event = await request.json()
        self.heard.append((event["routing_key"][0], event["event_action"]))
        return web.json_response({"status": "success"}, status=202)


@pytest.fixture
async def desk(serve):
    return await serve(Desk(), "/v2/enqueue")


async def opened(store, dispatching, **notifiers):
    async with dispatching(store, notifiers=notifiers):
        await until(lambda: not store.owed)


@pytest.mark.promise("P3", "P6")
async def test_a_receiver_that_a_reload_took_away_is_told_of_the_end(desk, dispatching):
    store = OutboxStore(trigger(receiver="pager"))
    async with dispatching(store, notifiers={"pager": pager(desk.url)}) as dispatcher:
        await until(lambda: not store.owed)
        dispatcher.use({})
        store.add(resolve(receiver="pager"))
        dispatcher.wake()
        await until(lambda: not store.owed)
    assert desk.heard == [("k", "trigger"), ("k", "resolve")]


@pytest.mark.promise("P3")
async def test_an_incident_is_closed_with_the_key_that_opened_it_though_a_reload_brought_another(desk, dispatching):
    store = OutboxStore(trigger(receiver="pager"))
    async with dispatching(store, notifiers={"pager": pager(desk.url, "o")}) as dispatcher:
        await until(lambda: not store.owed)
        dispatcher.use({"pager": pager(desk.url, "n")})
        store.add(resolve(receiver="pager"), trigger("PA2", receiver="pager"))
        dispatcher.wake()
        await until(lambda: not store.owed)
    assert sorted(desk.heard) == [("n", "trigger"), ("o", "resolve"), ("o", "trigger")]


@pytest.mark.promise("P3")
async def test_a_receiver_that_has_another_name_after_a_restart_is_told_of_the_end(desk, dispatching):
    store = OutboxStore(trigger(receiver="pager"))
    await opened(store, dispatching, pager=pager(desk.url))
    store.add(resolve(receiver="pager"), trigger("PA2", receiver="pager"))
    await opened(store, dispatching, night_shift=pager(desk.url))
    assert sorted(desk.heard) == [("k", "resolve"), ("k", "trigger"), ("k", "trigger")]


@pytest.mark.promise("P3")
async def test_what_a_receiver_that_is_gone_for_good_has_open_is_to_be_closed_by_hand(desk, dispatching):
    end = resolve(receiver="pager")
    store = OutboxStore(trigger(receiver="pager"))
    await opened(store, dispatching, pager=pager(desk.url))
    store.add(end)
    await opened(store, dispatching)
    assert store.fate_of(end).fate is Fate.DEAD
    assert "closed by hand" in store.fate_of(end).last_error


# --- dead letters ---


@pytest.mark.promise("P13")
async def test_who_else_has_to_know_of_a_death_is_told_though_a_kill_came_between(ops, dispatching):
    page = trigger()
    store = OutboxStore(page)
    ops.script = [(404, {})]
    told, is_asked = [], asyncio.Event()

    async def never(_notification, _reason):
        is_asked.set()
        await asyncio.Event().wait()

    async def on_dead(notification, reason):
        told.append((notification, reason))

    async with dispatching(store, on_dead=never):
        await is_asked.wait()
    for _ in range(2):
        async with dispatching(store, on_dead=on_dead):
            await until(lambda: told)
            await a_moment()
    assert told == [(page, "answered 404 Not Found")]
    assert len(store.outbox[page.id].payload_hash) == 16


async def test_a_fallback_that_fails_for_one_is_asked_for_the_others_and_keeps_no_drain_waiting(ops, dispatching):
    first, second = trigger(), trigger("PA2")
    store = OutboxStore(first, second)
    ops.script = [(404, {}), (404, {})]
    told = []

    async def on_dead(notification, _reason):
        if notification == first:
            raise OSError
        told.append(notification)

    async with dispatching(store, on_dead=on_dead) as dispatcher:
        await until(lambda: told == [second])
        async with asyncio.timeout(30):
            await dispatcher.drain(60)
    assert [each.notification for each in await store.not_fallen_back(9)] == [first]


@pytest.mark.promise("P13")
async def test_what_was_rejected_arrives_by_replay_once_the_receiver_is_put_right(ops, dispatching, clock):
    page = trigger()
    store = OutboxStore(page)
    ops.script = [(401, {})]
    async with dispatching(store) as dispatcher:
        await until(lambda: not store.owed)
        clock.at += 2 * PAGER_PATIENCE_S
        assert await store.replay(clock.at) == 1
        dispatcher.wake()
        await until(lambda: not store.owed)
    assert state_of(store, page) == "delivered"
    assert [made.status for _, made in store.outbox[page.id].made] == ["401 Unauthorized", "200 OK"]


# --- what is kept of attempts ---


@pytest.mark.promise("P30")
async def test_each_attempt_leaves_its_outcome_its_time_and_the_answer(ops, dispatching, clock):
    page = trigger()
    store = OutboxStore(page)
    ops.script = [SERVER_ERROR]
    async with dispatching(store) as dispatcher:
        await until(lambda: store.settlements)
        clock.at += 2
        dispatcher.wake()
        await until(lambda: not store.owed)
    failed, done = (made for _, made in store.outbox[page.id].made)
    assert (failed.outcome, failed.status, failed.at) == ("unavailable", "500 Internal Server Error", START)
    assert (done.outcome, done.status, done.error) == ("delivered", "200 OK", "")


@pytest.mark.promise("P33")
async def test_a_test_message_goes_the_way_of_all_words_and_shows_the_answer(ops, dispatching):
    tests = [replace(each, is_test=True) for each in (trigger(), resolve())]
    store = OutboxStore(*tests)
    ops.script = [(200, {}), (403, {})]
    async with dispatching(store):
        await until(lambda: not store.owed)
    assert [store.outbox[each.id].made[0][1].status for each in tests] == ["200 OK", "403 Forbidden"]


@pytest.mark.promise("P39")
async def test_an_outcome_that_nobody_knows_is_counted_apart_and_the_repeat_is_marked(ops, dispatching, clock):
    marks, seen = [], []

    class Marking(Webhook):
        def render(self, notification, attempt):
            marks.append(attempt.maybe_heard)
            return super().render(notification, attempt)

    store = OutboxStore(trigger())
    ops.hangs = True
    notifiers = {"ops": Marking(WebhookConfig(str(ops.server.make_url("/"))))}

    def report(_notification, made):
        seen.append(made.outcome)

    async with dispatching(store, notifiers=notifiers, timeout_s=1, on_attempt=report):
        await until(lambda: seen and store.settlements)
    ops.hangs = False
    clock.at += 2
    async with dispatching(store, notifiers=notifiers, on_attempt=report):
        await until(lambda: not store.owed)
    assert (seen, marks) == (["unknown", "delivered"], [False, True])
    assert [made.outcome for row in store.outbox.values() for _, made in row.made] == ["unknown", "delivered"]


@pytest.mark.promise("P38")
async def test_no_secret_of_an_address_is_kept_or_logged(dispatching, caplog):
    store = OutboxStore(trigger(receiver="away"))
    async with dispatching(store, notifiers={"away": NOBODY}):
        await until(lambda: store.settlements)
    assert "s3cret" not in caplog.text + repr(store.outbox) + repr(store.settlements)


@pytest.mark.promise("P10")
async def test_the_moment_of_the_next_attempt_outlives_a_restart(ops, dispatching, clock):
    page = trigger()
    store = OutboxStore(page)
    ops.script = [SERVER_ERROR]
    async with dispatching(store):
        await until(lambda: store.settlements)
    next_at = store.fate_of(page).next_at
    clock.at = next_at - 0.01
    async with dispatching(store) as dispatcher:
        await a_moment()
        assert len(ops.heard) == 1
        clock.at = next_at
        dispatcher.wake()
        await until(lambda: not store.owed)
    assert len(ops.heard) == 2

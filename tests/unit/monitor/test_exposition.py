"""What a scrape shows, and how much of it there is."""

import re
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from collectors.base import CollectError
from collectors.events import AccountTrouble, CompositionSeen, CompositionStatus, Source, Trouble, UsageSeen
from collectors.observations import Direction, MediaStats
from monitor.agenda import Agenda
from monitor.census import Census, take
from monitor.exposition import AccountUse, House, exposition
from monitor.limits import Limits
from monitor.live import Live
from monitor.metrics import FAMILIES, LEVELS, Metrics
from monitor.naming import Naming
from monitor.pipeline import Pipeline
from monitor.polling import Poll, RequestCounter
from monitor.store.memory import MemoryStore
from monitor.store.ports import OutboxCounts, Size
from tests.builders import ACCOUNT, NOW_MS, batch, composition, connection, level, recording, room

FORMATS = ("text/plain; version=0.0.4", "application/openmetrics-text; version=1.0.0")
STATS = MediaStats(
    at_ms=NOW_MS, rtt_ms=61.0, up=Direction(loss_ratio=0.2, jitter_ms=4.0), down=Direction(jitter_ms=8.0)
)

PLAIN = Naming()
TODAY = "2025-11-21"  # NOW_MS is on that day

Labels = frozenset[tuple[str, str]]
NOBODY = take(Live(), Limits(), 0)


class Rooms:
    """A source that has nothing new, or cannot be read."""

    resource = "rooms"

    def __init__(self) -> None:
        self.broken = False

    async def collect(self, *_: Any) -> AsyncGenerator[list[Any], None]:
        if self.broken:
            raise CollectError("network", "rooms: expected an answer, got none")
        yield []


def house(
    *polls: Poll, accounts: Sequence[AccountUse] = (), naming: Naming = PLAIN, census: Census | None = None
) -> House:
    return House([], OutboxCounts(0, 0, None), list(polls), 0, 10, accounts, naming, Size(0, 0), census or NOBODY)


def samples(metrics: Metrics, live: Live, house: House) -> dict[tuple[str, Labels], float]:
    page, _ = exposition(metrics, live, house, "text/plain")
    families = text_string_to_metric_families(page.decode())
    return {(each.name, frozenset(each.labels.items())): each.value for family in families for each in family.samples}


class Watch:
    """Two accounts, each with a source of its own and a clock that the test moves."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS
        self.metrics, self.live = Metrics(), Live()
        pipeline = Pipeline(
            MemoryStore().log, self.live, self.metrics, lambda _: None, capacity_events=9, now_ms=lambda: NOW_MS
        )
        self.sources = [Rooms(), Rooms()]
        self.polls = [
            Poll(sid, self.sources[i], Agenda(self.live, 1), pipeline, lambda: self.now_ms)
            for i, sid in enumerate("AB")
        ]

    async def poll(self, *which: int) -> None:
        for index in which:
            await self.polls[index].poll()

    def up(self) -> list[float]:
        return self._of("roomwatch_twilio_up")

    def last_success_s(self) -> list[float]:
        return self._of("roomwatch_twilio_last_success_timestamp_seconds")

    def _of(self, name: str) -> list[float]:
        seen = samples(self.metrics, self.live, house(*self.polls))
        return [seen[(name, frozenset({("account", account), ("resource", "rooms")}))] for account in "AB"]


async def test_one_account_that_cannot_be_read_is_told_from_another_that_can():
    watch = Watch()
    await watch.poll(0, 1)
    assert (watch.up(), watch.last_success_s()) == ([1, 1], [NOW_MS / 1000, NOW_MS / 1000])
    watch.sources[0].broken = True
    watch.now_ms += 60_000
    await watch.poll(0, 1)
    assert (watch.up(), watch.last_success_s()) == ([0, 1], [NOW_MS / 1000, NOW_MS / 1000 + 60])


async def test_an_account_that_was_never_read_counts_as_one_that_cannot_be():
    watch = Watch()
    await watch.poll(0)
    assert (watch.up(), watch.last_success_s()) == ([1, 0], [NOW_MS / 1000, 0])


def test_where_no_account_is_polled_nothing_says_that_polling_fails():
    assert not [name for name, _ in samples(Metrics(), Live(), house()) if name.startswith("roomwatch_twilio_up")]


def test_what_an_account_has_left_is_shown_by_its_name():
    sids = [ACCOUNT, "AC" + "b" * 32]
    live = Live(sids)
    accounts = [
        AccountUse("main", sids[0], 5, 7, 1.5, 4, breaker_open=False, waiting=3),
        AccountUse("eu", sids[1], 0, 0, 2, 1, breaker_open=True, waiting=9),
    ]
    seen = samples(Metrics(), live, house(accounts=accounts, census=take(live, Limits(), NOW_MS / 1000)))
    shown = {
        name.removeprefix("roomwatch_twilio_"): [seen[(name, frozenset({("account", account)}))] for account in names]
        for names in [("main", "eu")]
        for name, family in FAMILIES.items()
        if name.startswith("roomwatch_twilio_") and family.kind == "gauge" and family.labels == ("account",)
        if not name.endswith("clock_offset_seconds")  # set when an answer comes
    }
    assert shown == {
        "budget_remaining_requests": [7, 0],
        "rate_limit_requests_per_second": [1.5, 2],
        "concurrency_limit": [4, 1],
        "waiting_requests": [3, 9],
        "breaker_open": [0, 1],
    }


def test_troubles_are_counted_as_rules_see_them_and_by_the_name_of_the_account():
    live = Live([ACCOUNT])
    for event in (
        composition("failed", created_at_ms=NOW_MS),
        recording("completed", size_bytes=0),
        recording(sid="RT" + "b" * 32),
        AccountTrouble(NOW_MS, Source.SELF, ACCOUNT, Trouble.AUTH_LOST, is_on=True),
        UsageSeen(NOW_MS, Source.POLL, ACCOUNT, "group-rooms", TODAY, TODAY, price=1.5, price_unit="usd"),
        batch(connection("disconnected", code=53105), reporter=None, identity="eve", room_sid=None, room_name="x"),
        batch(level(3)),
        batch(connection("reconnecting", code=53001)),
        batch(connection("disconnected", code=53001)),
    ):
        live.apply(event)
    use = AccountUse("main", ACCOUNT, 5, 7, 1.5, 4, breaker_open=False, waiting=3)
    seen = samples(Metrics(), live, house(accounts=[use], census=take(live, Limits(), NOW_MS / 1000)))

    def value(name: str, **labels: str) -> float:
        return seen[(f"roomwatch_{name}", frozenset(labels.items()))]

    assert value("troubled_compositions", trouble="failed") == 1
    assert value("troubled_compositions", trouble="missing") == 0
    assert value("troubled_recordings", trouble="empty") == 1
    assert value("open_recordings") == 1
    assert value("account_trouble", account="main", trouble="auth_lost") == 1
    assert value("account_trouble", account="main", trouble="throttled") == 0
    assert value("usage_day_cost", account="main", currency="usd") == 1.5
    assert value("join_failures_total", account="main", code="53105") == 1
    assert value("disconnects_total", account="main", code="53001") == 1
    assert value("reconnects_total", account="main", code="53001") == 1
    assert value("unsettled_rooms", account="main") == 5


def test_requests_are_counted_for_the_account_that_made_them():
    metrics = Metrics()
    counter = RequestCounter(metrics, "main")
    counter.on_request("rooms", "429", 0.1)
    counter.on_throttled("rooms", 2.0)
    counter.on_retry("rooms", "throttled")
    seen = samples(metrics, Live(), house())
    assert seen[("roomwatch_twilio_throttled_total", frozenset({("account", "main")}))] == 1
    retried = frozenset({("account", "main"), ("reason", "throttled")})
    assert seen[("roomwatch_twilio_retries_total", retried)] == 1
    asked = frozenset({("account", "main"), ("resource", "rooms"), ("code", "429")})
    assert seen[("roomwatch_twilio_requests_total", asked)] == 1


def busy(rooms: int) -> tuple[Metrics, Live]:
    """Return what a daemon knows that has seen this many rooms: two people in each, one of them in trouble."""
    metrics, live = Metrics(), Live()
    for number in range(rooms):
        sid = f"RM{number:032x}"
        for event in (
            room(sid=sid, room_name=f"acme:class:{number}"),
            batch(level(number % 6), STATS, room_sid=sid, reporter=f"PA{number:032x}", identity=f"alice-{number}"),
            batch(connection("reconnecting"), room_sid=sid, reporter=f"PB{number:032x}", identity=f"bob-{number}"),
            CompositionSeen(NOW_MS, Source.CALLBACK, f"CJ{number:032x}", CompositionStatus.PROCESSING, room_sid=sid),
        ):
            live.apply(event)
            metrics.count_event(event)
    return metrics, live


def page(rooms: int, accept: str) -> list[str]:
    return exposition(*busy(rooms), house(), accept)[0].decode().splitlines()


@pytest.mark.parametrize("accept", FORMATS)
def test_two_thousand_rooms_have_as_many_series_as_ten(accept):
    few, many = page(10, accept), page(2_000, accept)
    assert "roomwatch_live_rooms 2000.0" in many
    assert [line.rpartition(" ")[0] for line in few] == [line.rpartition(" ")[0] for line in many]


@pytest.mark.parametrize("accept", FORMATS)
def test_no_series_names_a_room_or_a_person(accept):
    written = "\n".join(page(50, accept))
    assert not re.search(r"\b[A-Z]{2}[0-9a-f]{32}\b", written)
    assert not re.search(r"acme|alice|bob", written)


@pytest.mark.parametrize("accept", FORMATS)
def test_what_is_written_can_be_read_in_the_format_that_was_asked_for(accept):
    body, content_type = exposition(*busy(3), house(), accept)
    wants_open = "openmetrics" in accept
    assert content_type.startswith("application/openmetrics-text" if wants_open else "text/plain")
    read = openmetrics.text_string_to_metric_families if wants_open else text_string_to_metric_families
    families = {family.name: family for family in read(body.decode())}
    for name, family in FAMILIES.items():
        assert families[name.removesuffix("_total")].documentation == family.help


NAMING = Naming(tenants=["acme", "globex"], kinds=["class"])


def named(rooms: int, tenant: str) -> dict[tuple[str, Labels], float]:
    """Return what is shown by name where this many rooms are called after a tenant, or each after one of its own."""
    metrics, live = Metrics(), Live()
    for number in range(rooms):
        sid = f"RM{number:032x}"
        live.apply(room(sid=sid, room_name=f"{tenant.format(number)}:class:{number}"))
        live.apply(batch(level(number % 6), room_sid=sid, reporter=f"PA{number:032x}"))
    seen = samples(metrics, live, house(naming=NAMING))
    return {key: value for key, value in seen.items() if key[0].startswith(("roomwatch_tenant_", "roomwatch_kind_"))}


def shown(seen: dict[tuple[str, Labels], float], name: str, **labels: str) -> float:
    return seen[(name, frozenset(labels.items()))]


def test_two_thousand_rooms_of_tenants_that_nobody_listed_add_no_series():
    none, many = named(0, ""), named(2_000, "tenant-{}")
    assert none.keys() == many.keys()
    assert len(none) == (4 + 3) * (1 + len(LEVELS))
    assert shown(many, "roomwatch_tenant_live_rooms", tenant="other") == 2_000
    assert shown(many, "roomwatch_kind_live_rooms", resource_kind="class") == 2_000


def test_rooms_and_people_are_counted_for_their_tenant():
    seen = named(12, "acme")
    assert shown(seen, "roomwatch_tenant_live_rooms", tenant="acme") == 12
    assert shown(seen, "roomwatch_tenant_live_rooms", tenant="globex") == 0
    assert [shown(seen, "roomwatch_tenant_live_participants", tenant="acme", level=str(n)) for n in range(6)] == [2] * 6


def test_a_room_whose_name_tells_nothing_is_counted_as_unknown():
    metrics, live = Metrics(), Live()
    live.apply(room(room_name="standup"))
    assert shown(samples(metrics, live, house(naming=NAMING)), "roomwatch_tenant_live_rooms", tenant="unknown") == 1


def test_without_lists_nothing_is_shown_by_name():
    seen = samples(*busy(3), house())
    assert not [name for name, _ in seen if name.startswith(("roomwatch_tenant_", "roomwatch_kind_"))]

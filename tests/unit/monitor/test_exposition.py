"""What a scrape shows, and how much of it there is."""

import re
from collections.abc import AsyncGenerator, Sequence
from math import isnan
from typing import Any

import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from collectors.base import CollectError
from collectors.events import AccountTrouble, CompositionSeen, CompositionStatus, Source, Trouble, UsageSeen
from collectors.observations import Direction, MediaStats
from monitor.agenda import Agenda
from monitor.census import Census, take
from monitor.error_budgets import ErrorBudgets
from monitor.exposition import EXEMPLAR_AGE_S, AccountUse, House, exposition
from monitor.folding import Fold
from monitor.headcount import LEVELS
from monitor.limits import Limits
from monitor.live import Live
from monitor.metrics import FAMILIES, Metrics
from monitor.naming import Naming
from monitor.outcomes import Outcome, Over
from monitor.pipeline import Pipeline
from monitor.polling import Poll, RequestCounter
from monitor.store.memory import MemoryStore
from monitor.store.ports import OutboxCounts, Size
from tests.builders import (
    ACCOUNT,
    ALICE,
    BOB,
    CAROL,
    NOW_MS,
    ROOM,
    batch,
    composition,
    connection,
    level,
    participant,
    recording,
    room,
)

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
            MemoryStore().log,
            Fold(self.live, lambda _: None),
            self.metrics,
            capacity_events=9,
            now_ms=lambda: NOW_MS,
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
        AccountUse("main", sids[0], 5, 7, 1.5, 4, breaker_open=False, waiting=3, budget_capacity_requests=10),
        AccountUse("eu", sids[1], 0, 0, 2, 1, breaker_open=True, waiting=9, budget_capacity_requests=20),
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
        "budget_capacity_requests": [10, 20],
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


def names(line: str) -> str:
    """Return what a line is about, without its value and its exemplar."""
    return line.partition(" # {")[0].rpartition(" ")[0]


@pytest.mark.parametrize("accept", FORMATS)
def test_two_thousand_rooms_have_as_many_series_as_ten(accept):
    few, many = page(10, accept), page(2_000, accept)
    assert "roomwatch_live_rooms 2000.0" in many
    assert [names(line) for line in few] == [names(line) for line in many]


@pytest.mark.parametrize("accept", FORMATS)
def test_no_series_names_a_room_or_a_person(accept):
    written = re.sub(r" # \{.*", "", "\n".join(page(50, accept)))  # exemplars are no series
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
    levels = ("0", "1", "2", "3", "4", "idle")  # level 5 alone does not show that anything flows
    assert [shown(seen, "roomwatch_tenant_live_participants", tenant="acme", level=each) for each in levels] == [2] * 6


def test_a_room_whose_name_tells_nothing_is_counted_as_unknown():
    metrics, live = Metrics(), Live()
    live.apply(room(room_name="standup"))
    assert shown(samples(metrics, live, house(naming=NAMING)), "roomwatch_tenant_live_rooms", tenant="unknown") == 1


def test_without_lists_nothing_is_shown_by_name():
    seen = samples(*busy(3), house())
    assert not [name for name, _ in seen if name.startswith(("roomwatch_tenant_", "roomwatch_kind_"))]


# --- who fares badly, who is heard, and what is not known ---


def degraded(rooms: int, of: int) -> Live:
    """Return a picture of so many rooms with so many people each, one more of them degraded from room to room."""
    live = Live()
    for number in range(rooms):
        for person in range(of):
            value = 1 if person < number else 4
            live.apply(batch(level(value), room_sid=f"RM{number:032}", reporter=f"PA{number:016}{person:016}"))
    return live


def ranked(live: Live, name: str) -> list[float]:
    seen = samples(Metrics(), live, house())
    return [shown(seen, f"roomwatch_worst_room_degraded_{name}", rank=str(rank)) for rank in range(1, 11)]


def test_the_worst_rooms_are_ranked_by_the_share_of_people_who_fare_badly():
    live = degraded(rooms=4, of=4)
    assert ranked(live, "ratio")[:4] == [0.75, 0.5, 0.25, 0.0]
    assert ranked(live, "participants")[:4] == [3, 2, 1, 0]


def test_a_room_that_is_not_there_is_not_a_room_in_which_all_is_well():
    assert [isnan(ratio) for ratio in ranked(degraded(rooms=4, of=4), "ratio")] == [False] * 4 + [True] * 6
    assert all(map(isnan, ranked(Live(), "participants")))


def test_more_than_ten_rooms_have_ten_ranks():
    assert ranked(degraded(rooms=30, of=30), "participants") == [29 - rank for rank in range(10)]


def test_a_room_that_has_recovered_or_ended_is_no_longer_among_the_worst():
    live = degraded(rooms=3, of=2)
    live.apply(batch(level(4, at_ms=NOW_MS + 1), room_sid=f"RM{1:032}", reporter=f"PA{1:016}{0:016}"))
    live.apply(room("completed", sid=f"RM{2:032}", ended_at_ms=NOW_MS))
    assert ranked(live, "participants")[:2] == [0, 0]


def at(live: Live, now_s: float) -> dict[tuple[str, Labels], float]:
    return samples(Metrics(), live, house()._replace(now_s=now_s))


def test_who_has_not_been_heard_for_a_minute_is_not_covered():
    live = Live()
    live.apply(batch(level(4)))
    live.apply(batch(level(4), reporter=BOB, at_ms=NOW_MS + 60_000))
    live.apply(participant(CAROL))
    seen = at(live, NOW_MS / 1000 + 61)
    assert shown(seen, "roomwatch_heard_participants") == 1
    assert shown(seen, "roomwatch_telemetry_coverage_ratio") == pytest.approx(1 / 3)


def test_of_nobody_no_share_is_heard():
    assert isnan(shown(at(Live(), NOW_MS / 1000), "roomwatch_telemetry_coverage_ratio"))


def test_five_with_no_track_is_idle_and_no_level_is_unknown():
    live = Live()
    live.apply(batch(level(5)))
    live.apply(batch(level(5), STATS, reporter=BOB))
    live.apply(participant(CAROL))
    seen = samples(Metrics(), live, house())
    people = {each: shown(seen, "roomwatch_live_participants", level=each) for each in LEVELS}
    assert {each: count for each, count in people.items() if count} == {"idle": 1, "5": 1, "unknown": 1}


def test_rooms_are_counted_by_the_regions_on_the_list_and_no_other():
    live = Live()
    for number, region in enumerate(("us1", "us1", "ie1", "de1", None)):
        live.apply(room(sid=f"RM{number:032}", media_region=region))
    seen = samples(Metrics(), live, house()._replace(regions=("us1", "jp1")))
    rooms = {labels: value for (name, labels), value in seen.items() if name == "roomwatch_region_live_rooms"}
    regions = {"us1": 2, "jp1": 0, "other": 2, "unknown": 1}
    assert rooms == {frozenset({("media_region", region)}): count for region, count in regions.items()}


def test_minutes_are_counted_for_the_tenants_and_regions_on_the_list_and_for_all_others_together():
    budgets = ErrorBudgets()
    for tenant, region in (("acme", "us1"), (None, "us1"), (None, None)):
        budgets.count(Outcome(Over.GOOD_MINUTES, NOW_MS, good=3, bad=1, tenant=tenant, region=region))
    seen = samples(Metrics(), Live(), house(naming=NAMING)._replace(budgets=budgets, regions=("us1", "jp1")))
    by_tenant = {each: shown(seen, "roomwatch_tenant_bad_call_seconds_total", tenant=each) for each in TENANTS}
    assert by_tenant == {"acme": 60, "globex": 0, "other": 120}
    assert shown(seen, "roomwatch_region_judged_call_seconds_total", media_region="us1") == 480
    assert shown(seen, "roomwatch_region_judged_call_seconds_total", media_region="other") == 240


TENANTS = ("acme", "globex", "other")


# --- exemplars ---


def exemplars(accept: str, **given: Any) -> list[str]:
    metrics, live = Metrics(**given), Live()
    metrics.count_event(batch(STATS))
    written = exposition(metrics, live, house()._replace(now_s=NOW_MS / 1000), accept)[0].decode()
    return [line for line in written.splitlines() if "RM" in line]


def test_an_exemplar_says_in_which_call_a_value_was_measured():
    (line,) = (each for each in exemplars(FORMATS[1]) if "rtt_seconds" in each)
    assert line.startswith('roomwatch_participant_rtt_seconds_bucket{le="0.1"} 1.0 # {')
    assert f'room_sid="{ROOM}"' in line
    assert f'participant_sid="{ALICE}"' in line
    assert line.endswith(f"}} 0.061 {NOW_MS / 1000}")


def test_only_openmetrics_has_exemplars():
    assert exemplars(FORMATS[0]) == []


def test_who_switches_exemplars_off_shows_no_sid_at_all():
    assert exemplars(FORMATS[1], shows_exemplars=False) == []


def test_an_exemplar_is_shown_for_a_quarter_of_an_hour():
    metrics = Metrics()
    metrics.count_event(batch(STATS))
    late = house()._replace(now_s=NOW_MS / 1000 + EXEMPLAR_AGE_S + 1)
    assert b"room_sid" not in exposition(metrics, Live(), late, FORMATS[1])[0]

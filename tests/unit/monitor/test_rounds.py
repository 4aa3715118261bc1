"""Does somebody look at what does not tell of itself?"""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest

from alerts.delivery import Fate, Settled, Settlement
from alerts.model import Judgement, Kind
from collectors.base import CollectError
from monitor.agenda import Agenda
from monitor.blindness import DAEMON, Sight
from monitor.entities import Change, Ref
from monitor.error_budgets import ErrorBudgets
from monitor.folding import Fold
from monitor.live import Live
from monitor.loop_lag import LoopLag
from monitor.metrics import Metrics
from monitor.objectives import Objective
from monitor.outcomes import Outcome, Over
from monitor.pipeline import Pipeline
from monitor.polling import Poll
from monitor.rounds import Rounds
from monitor.store.memory import MemoryStore
from tests.alert_builders import make_notification
from tests.builders import ACCOUNT, NOW_MS, batch, level


class Broken:
    """A source that cannot be read."""

    resource = "rooms"

    async def collect(self, *_: Any) -> AsyncGenerator[list[Any], None]:
        raise CollectError("network", "rooms: expected an answer, got none")
        yield []


class Account:
    name, sid = "main", ACCOUNT

    def __init__(self, *polls: Poll) -> None:
        self.polls = polls


class House:
    """A daemon's parts, and a clock that the test moves."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS
        self.store, self.live, self.metrics = MemoryStore(), Live([ACCOUNT]), Metrics()
        self.budgets = ErrorBudgets([Objective("Joins", Over.JOINS, 0.99)])
        pipeline = Pipeline(
            self.store.log,
            Fold(self.live, lambda _: None),
            self.metrics,
            capacity_events=10,
            now_ms=lambda: self.now_ms,
        )
        self.poll = Poll("main", Broken(), Agenda(self.live, 1), pipeline, lambda: self.now_ms)
        self.noticed: Sequence[Change] = ()
        self.rounds = Rounds(
            self.store,
            self.live,
            pipeline,
            self.metrics,
            self.budgets,
            [Account(self.poll)],
            instance="here",
            now_s=lambda: self.now_ms / 1000,
            on_change=self._notice,
            sight=Sight,
        )

    def _notice(self, changes: Sequence[Change]) -> None:
        self.noticed = changes

    def values(self, kind: Kind, key: str) -> dict[str, float | None]:
        reading = self.rounds.readers[kind](key, self.now_ms / 1000)
        assert reading is not None
        return dict(reading.values)


@pytest.fixture
def house() -> House:
    return House()


async def test_a_round_looks_at_every_source_budget_and_the_daemon(house: House) -> None:
    house.budgets.count(Outcome(Over.JOINS, NOW_MS, bad=1, account_sid=ACCOUNT))
    await house.rounds.go()
    assert {change.ref for change in house.noticed} == {
        DAEMON,
        Ref("source", "telemetry"),
        Ref("source", f"{ACCOUNT}/callbacks"),
        Ref("source", f"{ACCOUNT}/rooms"),
        Ref("slo", f"Joins/{ACCOUNT}"),
    }


async def test_the_outbox_is_watched_for_what_waits_and_for_what_was_given_up(house: House) -> None:
    waiting, given_up = (make_notification(entity=name, at=NOW_MS / 1000 - 700) for name in "ab")
    await house.store.alerts.record(Judgement(notifications=(waiting, given_up)))
    await house.store.alerts.settle([Settled(given_up.id, Settlement(Fate.DEAD, 1, NOW_MS / 1000 - 60))])
    await house.rounds.go()
    values = house.values(Kind.DAEMON, DAEMON.key)
    assert (values["outbox_oldest_s"], values["dead_notifications"]) == (700, 1)
    house.now_ms += 3_600_000
    await house.rounds.go()
    assert house.values(Kind.DAEMON, DAEMON.key)["dead_notifications"] == 0


async def test_a_poll_that_fails_grows_stale_and_says_how_often(house: House) -> None:
    for _ in range(3):
        await house.poll.poll()
    house.now_ms += 200_000
    await house.rounds.go()
    values = house.values(Kind.SOURCE, f"{ACCOUNT}/rooms")
    assert values == {"stale_s": pytest.approx(20), "failures_in_a_row": 3}


async def test_browsers_are_missed_only_while_somebody_is_there_who_could_post(house: House) -> None:
    house.now_ms += 300_000
    assert house.values(Kind.SOURCE, "telemetry")["stale_s"] == 0
    house.live.apply(batch(level(4)))
    await house.rounds.go()
    assert house.values(Kind.SOURCE, "telemetry")["stale_s"] == 180


async def test_the_mean_time_of_commits_is_that_since_the_round_before(house: House) -> None:
    for seconds in (0.25, 0.75):
        house.metrics.observe("roomwatch_pipeline_commit_duration_seconds", seconds)
    await house.rounds.go()
    assert house.values(Kind.DAEMON, DAEMON.key)["commit_s"] == 0.5
    await house.rounds.go()
    assert house.values(Kind.DAEMON, DAEMON.key)["commit_s"] is None


async def test_a_source_or_a_budget_that_is_no_more_has_no_reading(house: House) -> None:
    readers = house.rounds.readers
    assert [readers[kind]("gone", 0.0) for kind in (Kind.SOURCE, Kind.SLO, Kind.DAEMON)] == [None] * 3


async def test_a_loop_that_is_late_is_found_to_be() -> None:
    moments = iter([10.0, 10.05, 20.0, 20.85])
    lag = LoopLag(lambda: next(moments))
    assert lag.worst_s is None
    await lag.measure()
    assert lag.worst_s == pytest.approx(0.0)
    await lag.measure()
    assert lag.worst_s == pytest.approx(0.8)

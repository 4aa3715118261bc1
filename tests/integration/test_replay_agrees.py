"""Does a replay say what the daemon has said?"""

from collections.abc import Iterator, Sequence
from dataclasses import replace as other
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from alerts.model import Notification, Reason, State, Transition
from collectors.events import AccountTrouble, CanarySeen, Event, Source, Trouble, UsageSeen
from collectors.observations import MediaStats
from monitor.replay.by_hand import bench_of
from monitor.replay.replaying import Asked, replay
from monitor.replay.wording import Replayed
from monitor.simulator.cast import TENANTS
from monitor.simulator.scenarios import SCENARIOS, Scenario
from monitor.store.sqlite import SqliteStore
from tests.builders import ACCOUNT, batch, composition, level, recording, room
from tests.virtual_daemon import (
    BEGAN_S,
    POST_EVERY_S,
    VirtualDaemon,
    Watched,
    live_through,
    live_through_story,
    virtual_daemon,
)

RULES = [
    {"name": "LongWay", "over": "participant", "raise": "rtt_ms > 250", "for": "15s", "clear": "rtt_ms < 200"},
    {"name": "Lossy", "over": "participant", "raise": "loss_ratio > 0.04", "clear": "loss_ratio < 0.02"},
]
SETTINGS: dict[str, Any] = {
    "rules": RULES,
    "receivers": {"ops": {"kind": "webhook", "url": "http://127.0.0.1:9/"}},
    "compositions": {"limit_floor_s": 120.0, "missing_after_s": 120.0},
    "limits": {"room_grace_s": 60.0},
    "usage": {"month_budget": 10.0},
    "names": {"tenants": list(TENANTS)},
}
Turn = tuple[str, str, str, str, float]  # what an alert became, its rule and entity, why, and when
Word = tuple[str, str, str, str, str, float]  # what was said, of which rule and entity, why, to whom, and when


class Lived(NamedTuple):
    """What a daemon has concluded, and what it owed to whom."""

    turns: list[Turn]
    words: list[Word]


async def lived_and_replayed(
    folder: Path, scenario: Scenario, seconds: int, *, is_prompt: bool, **given: Any
) -> tuple[Lived, Replayed]:
    database = folder / "roomwatch.db"
    async with virtual_daemon(database, **{**SETTINGS, **given}) as daemon:
        await live_through(daemon, Watched(scenario, is_prompt=is_prompt), seconds)
        lived = await lived_by(daemon)
    return lived, await replayed(database, daemon, seconds)


async def lived_by(daemon: VirtualDaemon) -> Lived:
    turns = [turn(each) for each in await daemon.transitions() if State.FIRING in (each.before, each.after)]
    return Lived(turns, [word(each) for each in daemon.owed])


async def replayed(database: Path, daemon: VirtualDaemon, seconds: int) -> Replayed:
    asked = Asked(int(BEGAN_S * 1000), int((BEGAN_S + seconds) * 1000))
    with SqliteStore.opened_to_read(database) as store:
        return await replay(store, bench_of(daemon.config), asked, lambda *_: None)


def turn(transition: Transition) -> Turn:
    return transition.after.value, transition.rule, transition.entity, transition.why, transition.at


def word(owed: Notification) -> Word:
    first = owed.incident.first
    return owed.kind.value, first.rule, first.entity, owed.reason, owed.receiver, owed.created_at


def words_in(replay: Replayed) -> list[Word]:
    return [
        (each.what, each.rule, each.entity, each.why, to, each.at_s) for each in replay.said for to in each.receivers
    ]


def assert_same(again: Sequence[Turn | Word], lived: Sequence[Turn | Word], within_s: float) -> None:
    """See that the same happened, for the same reasons, at about the same times."""
    again, lived = sorted(again), sorted(lived)
    assert [each[:-1] for each in again] == [each[:-1] for each in lived]
    apart_s = [abs(one[-1] - other[-1]) for one, other in zip(again, lived, strict=True)]
    assert max(apart_s, default=0.0) <= within_s


@pytest.mark.promise("P32")
@pytest.mark.parametrize(
    "scenario",
    [
        *("bad-uplink", "bad-region", "reconnect-storm", "join-failures", "near-limits"),
        *("stuck-composition", "composition-missing", "failed-composition"),
    ],
)
async def test_what_browsers_tell_at_once_is_replayed_to_the_millisecond(tmp_path: Path, scenario: str) -> None:
    lived, again = await lived_and_replayed(tmp_path, SCENARIOS[scenario], 480, is_prompt=True)
    assert lived.turns
    assert lived.words
    assert_same([turn(each) for each in again.transitions], lived.turns, within_s=0.002)  # posts tell whole ms
    assert_same(words_in(again), lived.words, within_s=0.002)


@pytest.mark.promise("P32")
async def test_groups_wait_in_a_replay_as_they_did(tmp_path: Path) -> None:
    waits = {"group_wait": "10s", "group_interval": "1m", "resolve_wait": "10s"}
    lived, again = await lived_and_replayed(tmp_path, SCENARIOS["bad-region"], 480, is_prompt=True, alerts=waits)
    assert {word[0] for word in lived.words} == {"trigger", "update", "resolve"}
    assert_same(words_in(again), lived.words, within_s=0.002)


@pytest.mark.promise("P32")
async def test_rules_over_regions_and_tenants_are_replayed_too(tmp_path: Path) -> None:
    crowded = other(SCENARIOS["bad-region"], rooms=18)
    lived, again = await lived_and_replayed(tmp_path, crowded, 300, is_prompt=True)
    crowds = {"RegionQualityDegraded", "TenantQualityDegraded"}
    assert crowds <= {turn[1] for turn in lived.turns}
    assert not crowds & {gap.rule for gap in (*again.not_replayed, *again.partly_replayed)}
    assert_same([turn(each) for each in again.transitions], lived.turns, within_s=0.002)


@pytest.mark.promise("P32")
@pytest.mark.parametrize("scenario", ["bad-uplink", "bad-region"])
async def test_what_is_posted_later_begins_in_a_replay_when_it_was_measured(tmp_path: Path, scenario: str) -> None:
    lived, again = await lived_and_replayed(tmp_path, SCENARIOS[scenario], 480, is_prompt=False)
    assert lived.turns
    assert_same([turn(each) for each in again.transitions], lived.turns, within_s=POST_EVERY_S)


def slow_story() -> Iterator[tuple[float, Event]]:
    """Yield what makes rules fire that wait for long, or hear of nothing but Twilio."""

    def at_ms(seconds: int) -> int:
        return int(BEGAN_S * 1000) + seconds * 1000

    def told(seconds: int, event: Event) -> tuple[float, Event]:
        return BEGAN_S + seconds, replace(event, dedup_key=f"c:{seconds}") if hasattr(event, "source") else event

    about = {"account_sid": ACCOUNT, "room_name": "acme:class:1"}
    yield told(1, room(at_ms=at_ms(1), created_at_ms=at_ms(1), **about))
    for seconds in range(10, 70, 10):  # in a room of which nobody else ever tells
        yield told(seconds, batch(level(1, at_ms=at_ms(seconds)), at_ms=at_ms(seconds), room_sid="RM" + "f" * 32))
    trouble = AccountTrouble(at_ms(100), Source.SELF, ACCOUNT, Trouble.AUTH_LOST, is_on=True, detail="no key")
    yield told(100, trouble)
    yield told(101, CanarySeen(at_ms(101), Source.SELF, ACCOUNT, "create", error="401"))
    for day in range(1, 21):
        date = f"2025-11-{day:02}"
        yield told(110 + day, UsageSeen(at_ms(110 + day), Source.POLL, ACCOUNT, "video", date, date, price=1.0))
    yield told(200, replace(trouble, seen_at_ms=at_ms(200), is_on=False))
    yield told(300, composition("failed", at_ms=at_ms(300), account_sid=ACCOUNT))
    yield told(301, recording("completed", at_ms=at_ms(301), account_sid=ACCOUNT, size_bytes=0))
    yield told(5_000, room("completed", at_ms=at_ms(5_000), ended_at_ms=at_ms(5_000), **about))


async def test_rules_that_wait_for_hours_and_those_over_accounts_are_replayed_too(tmp_path: Path) -> None:
    async with virtual_daemon(tmp_path / "roomwatch.db", **SETTINGS) as daemon:
        await live_through_story(daemon, slow_story(), 9_000)
        lived = await lived_by(daemon)
    again = await replayed(tmp_path / "roomwatch.db", daemon, 9_000)
    assert {turn[1] for turn in lived.turns} == {
        *("ParticipantQualityDegraded", "RoomZombie", "TwilioAuthLost", "CanaryFailed", "CostForecastHigh"),
        *("CompositionFailed", "RecordingEmpty"),
    }
    assert_same([turn(each) for each in again.transitions], lived.turns, within_s=60.0)  # chores forget by the minute
    assert [(each.rule, each.firing) for each in again.sums if each.firing] == [
        ("CanaryFailed", 1),
        ("CostForecastHigh", 1),
    ]


def restless_story() -> Iterator[tuple[float, Event]]:
    """Yield somebody who goes to and fro, then comes back slowly, and of whose network nobody tells for long."""
    at_s = 13  # never when a minute is over: of two things at one moment no record tells which came first
    for lasts_s, times in ((20, 60), (240, 8)):
        for number in range(times):
            for after_s in range(0, lasts_s, 10):
                at_ms = int(BEGAN_S * 1000) + (at_s + after_s) * 1000
                level_now = level(1 if number % 2 == 0 else 3 + after_s // 10 % 3, at_ms=at_ms)
                rtt_ms = None if number % 4 == 3 else 300.0 - 150.0 * (number % 2) + after_s
                yield at_ms / 1000, batch(MediaStats(at_ms, 10_000, rtt_ms), level_now, at_ms=at_ms)
            at_s += lasts_s
    yield BEGAN_S + at_s, room("completed", at_ms=int(BEGAN_S * 1000) + at_s * 1000, dedup_key="c:1")


RESTLESS_RULES = [
    {"name": f"LongWay{no_data}", "over": "participant", "raise": "rtt_ms > 250", "clear": "rtt_ms < 200"}
    | {"no_data": no_data.lower(), "no_data_for": "90s", "keep_firing_for": "50s", "clear_for_max": "10m"}
    for no_data in ("Hold", "Fire", "Resolve", "Alert")
]


@pytest.mark.promise("P32")
async def test_what_flaps_comes_back_or_falls_silent_does_so_again(tmp_path: Path) -> None:
    async with virtual_daemon(tmp_path / "roomwatch.db", **{**SETTINGS, "rules": RESTLESS_RULES}) as daemon:
        await live_through_story(daemon, restless_story(), 9_000)
        lived = await daemon.transitions()
    again = await replayed(tmp_path / "roomwatch.db", daemon, 9_000)
    assert {Reason.FLAPPING, Reason.NO_DATA, Reason.CLEARED} <= {each.reason for each in lived}
    assert "LongWayAlertNoData" in {each.rule for each in lived}
    assert list(again.transitions) == [each for each in lived if State.FIRING in (each.before, each.after)]

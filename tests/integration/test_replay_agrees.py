"""Does a replay say what the daemon has said?"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from alerts.model import State, Transition
from collectors.events import AccountTrouble, CanarySeen, Event, Source, Trouble, UsageSeen
from monitor.replay.by_hand import bench_of
from monitor.replay.replaying import Asked, replay
from monitor.replay.wording import Replayed
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
}
Episode = tuple[str, str, str, float]  # what, rule, entity, when


async def lived_and_replayed(
    folder: Path, scenario: str, seconds: int, *, is_prompt: bool
) -> tuple[Sequence[Episode], Replayed]:
    database = folder / "roomwatch.db"
    async with virtual_daemon(database, **SETTINGS) as daemon:
        await live_through(daemon, Watched(scenario, is_prompt=is_prompt), seconds)
        said = [told(each) for each in await daemon.transitions() if State.FIRING in (each.before, each.after)]
    return said, await replayed(database, daemon, seconds)


async def replayed(database: Path, daemon: VirtualDaemon, seconds: int) -> Replayed:
    asked = Asked(int(BEGAN_S * 1000), int((BEGAN_S + seconds) * 1000))
    with SqliteStore.opened_to_read(database) as store:
        return await replay(store, bench_of(daemon.config), asked, lambda *_: None)


def told(transition: Transition) -> Episode:
    what = "trigger" if transition.after is State.FIRING else "resolve"
    return what, transition.rule, transition.entity, transition.at


def said_in(replay: Replayed) -> list[Episode]:
    return [(each.what, each.rule, each.entity, each.at_s) for each in replay.said]


def assert_same(again: Replayed, lived: Sequence[Episode], within_s: float) -> None:
    """See that the same began and ended, of the same, at about the same times."""
    replayed_too, lived = sorted(said_in(again)), sorted(lived)
    assert [each[:3] for each in replayed_too] == [each[:3] for each in lived]
    apart_s = [abs(one[3] - other[3]) for one, other in zip(replayed_too, lived, strict=True)]
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
    lived, again = await lived_and_replayed(tmp_path, scenario, 480, is_prompt=True)
    assert lived
    assert_same(again, lived, within_s=0.002)  # moments in posts are whole milliseconds


@pytest.mark.promise("P32")
@pytest.mark.parametrize("scenario", ["bad-uplink", "bad-region"])
async def test_what_is_posted_later_begins_in_a_replay_when_it_was_measured(tmp_path: Path, scenario: str) -> None:
    lived, again = await lived_and_replayed(tmp_path, scenario, 480, is_prompt=False)
    assert lived
    assert_same(again, lived, within_s=POST_EVERY_S)


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
        lived = [told(each) for each in await daemon.transitions() if State.FIRING in (each.before, each.after)]
    again = await replayed(tmp_path / "roomwatch.db", daemon, 9_000)
    assert {each[1] for each in lived} == {
        *("ParticipantQualityDegraded", "RoomZombie", "TwilioAuthLost", "CanaryFailed", "CostForecastHigh"),
        *("CompositionFailed", "RecordingEmpty"),
    }
    assert_same(again, lived, within_s=60.0)  # what is forgotten is so when chores are done
    assert [(each.rule, each.firing) for each in again.sums if each.firing] == [
        ("CanaryFailed", 1),
        ("CostForecastHigh", 1),
    ]

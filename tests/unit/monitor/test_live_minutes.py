"""Are minutes judged as they go by?"""

from collections import Counter
from typing import Any

import pytest

from collectors.observations import Direction, DirectionSeries, MediaStats, MediaStatsSeries
from monitor.live import Live
from monitor.live_minutes import MOST_WAITING
from monitor.outcomes import Outcome, Over
from tests.builders import ACCOUNT, ALICE, BOB, NOW_MS, batch, connection, level, room

STEP_MS = 10_000
WELL, LOSSY = Direction(loss_ratio=0.0, jitter_ms=3.0, bitrate_bps=1e6), Direction(loss_ratio=0.3, bitrate_bps=1e6)


class Witness:
    """A picture, and how many minutes were what."""

    def __init__(self) -> None:
        self.told: list[Outcome] = []
        self.live = Live([ACCOUNT], on_outcome=self.told.append)
        self.at_ms = NOW_MS

    def hear(self, *seen: Any, who: str = ALICE, after_ms: int = 0) -> None:
        self.at_ms += after_ms
        self.live.apply(batch(*seen, reporter=who, at_ms=self.at_ms))

    def lives(self, way: Direction, minutes: float, who: str = ALICE) -> None:
        for _ in range(round(minutes * 60_000 / STEP_MS)):
            self.at_ms += STEP_MS
            self.hear(MediaStats(self.at_ms, STEP_MS, 50.0, up=way), who=who)

    def minutes(self) -> tuple[int, int, int]:
        """Return how many were good, bad, and unknown."""
        self.live.judge_minutes()
        counts: Counter[str] = Counter()
        for outcome in self.told:
            if outcome.over is Over.GOOD_MINUTES:
                counts.update(good=outcome.good, bad=outcome.bad, unknown=outcome.unknown)
        return counts["good"], counts["bad"], counts["unknown"]


@pytest.fixture
def witness() -> Witness:
    return Witness()


def test_a_minute_counts_once_it_is_over(witness: Witness) -> None:
    witness.lives(WELL, 0.9)
    assert witness.minutes() == (0, 0, 0)
    witness.lives(WELL, 0.2)
    assert witness.minutes() == (1, 0, 0)


def test_samples_wait_to_be_judged_but_not_in_any_number(witness: Witness) -> None:
    witness.lives(WELL, MOST_WAITING * STEP_MS / 60_000 - 1)
    assert not [each for each in witness.told if each.over is Over.GOOD_MINUTES]
    witness.lives(WELL, 1)
    assert [each for each in witness.told if each.over is Over.GOOD_MINUTES]


def test_a_post_of_many_samples_counts_as_many_that_wait(witness: Witness) -> None:
    seen = [MediaStats(NOW_MS + STEP_MS * number, STEP_MS, 50.0, up=WELL) for number in range(MOST_WAITING)]
    witness.hear(*seen[:-1])
    assert not [each for each in witness.told if each.over is Over.GOOD_MINUTES]
    witness.hear(seen[-1])
    assert [each for each in witness.told if each.over is Over.GOOD_MINUTES]


def test_a_sample_is_judged_by_the_level_that_there_was_when_it_came(witness: Witness) -> None:
    witness.hear(level(1, at_ms=NOW_MS))
    witness.lives(WELL, 1)
    witness.hear(level(5, at_ms=witness.at_ms))
    assert witness.minutes() == (0, 1, 0)


def test_loss_makes_bad_minutes(witness: Witness) -> None:
    witness.lives(LOSSY, 3)
    assert witness.minutes() == (0, 3, 0)


def test_a_bad_level_makes_a_bad_minute_of_good_samples(witness: Witness) -> None:
    witness.hear(level(1, at_ms=NOW_MS))
    witness.lives(WELL, 2)
    assert witness.minutes() == (0, 2, 0)


def test_the_minute_that_was_begun_counts_when_its_participant_leaves(witness: Witness) -> None:
    witness.lives(WELL, 0.5)
    witness.hear(connection("disconnected", at_ms=witness.at_ms))
    assert witness.minutes() == (1, 0, 0)


def test_a_gap_in_the_samples_is_not_known(witness: Witness) -> None:
    witness.lives(WELL, 1)
    witness.at_ms += 5 * 60_000
    witness.lives(WELL, 1)
    assert witness.minutes() == (2, 0, 5)


def test_time_in_which_the_connection_is_made_anew_is_bad(witness: Witness) -> None:
    witness.lives(WELL, 1)
    witness.hear(connection("reconnecting", at_ms=witness.at_ms, code=53405))
    witness.hear(connection("reconnected", at_ms=witness.at_ms + 60_000), after_ms=60_000)
    witness.lives(WELL, 1)
    assert witness.minutes() == (2, 1, 0)


def test_a_level_speaks_alone_for_those_who_send_no_samples(witness: Witness) -> None:
    witness.hear(level(4, at_ms=NOW_MS))
    for _ in range(4):
        witness.hear(after_ms=30_000)
    witness.hear(level(1, at_ms=witness.at_ms + 1), after_ms=1)
    for _ in range(4):
        witness.hear(after_ms=30_000)
    good, bad, _ = witness.minutes()
    assert (good, bad) == (2, 2)


def test_many_samples_at_once_are_judged_like_one_by_one(witness: Witness) -> None:
    at_ms = tuple(NOW_MS + STEP_MS * each for each in range(1, 13))
    ways = DirectionSeries(loss_ratio=(0.0,) * 6 + (0.3,) * 6, bitrate_bps=(1e6,) * 12)
    witness.hear(MediaStatsSeries(at_ms, (STEP_MS,) * 12, up=ways), after_ms=120_000)
    assert witness.minutes() == (1, 1, 0)


def test_a_clock_that_is_off_does_not_move_the_minutes(witness: Witness) -> None:
    for each in range(12):
        own_ms = NOW_MS + 7_000_000 + STEP_MS * each
        seen = MediaStats(own_ms, STEP_MS, up=WELL)
        witness.live.apply(batch(seen, at_ms=NOW_MS + STEP_MS * each, clock_offset_ms=7_000_000))
    assert witness.minutes() == (2, 0, 0)


def test_a_minute_belongs_to_the_account_and_the_region_of_its_room(witness: Witness) -> None:
    witness.live.apply(room(media_region="de1", account_sid=ACCOUNT))
    witness.lives(LOSSY, 1, who=BOB)
    witness.live.judge_minutes()
    (told,) = [each for each in witness.told if each.over is Over.GOOD_MINUTES]
    assert (told.account_sid, told.region, told.tenant, told.bad) == (ACCOUNT, "de1", None, 1)

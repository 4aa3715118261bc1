"""Which minutes of a call were good, and which nobody can tell."""

from collections.abc import Iterable
from itertools import chain

import pytest

from collectors.observations import (
    Connection,
    ConnectionState,
    Direction,
    DirectionSeries,
    MediaStats,
    MediaStatsSeries,
    NetworkQuality,
    Observation,
    Track,
)
from monitor.good_minutes import MINUTE_MS, Minutes, _Stay, good_minutes
from tests.builders import ALICE, BOB, NOW_MS

WELL = Direction(loss_ratio=0.0, jitter_ms=5, bitrate_bps=800_000)
LOSSY = Direction(loss_ratio=0.2, jitter_ms=5, bitrate_bps=800_000)
SILENT = Direction(bitrate_bps=0)
NO_LOSS_KNOWN = Direction(jitter_ms=5, bitrate_bps=800_000)


def at(minute: float) -> int:
    return NOW_MS + round(minute * MINUTE_MS)


def level(minute: float, value: int | None, of: str | None = None) -> NetworkQuality:
    return NetworkQuality(at(minute), value, of)


def connection(minute: float, state: str) -> Connection:
    return Connection(at(minute), ConnectionState(state))


def published(minute: float, state: str = "published") -> Track:
    return Track(at(minute), state, "MT1")


def samples(way: Direction, begin: float, end: float) -> list[MediaStats]:
    """Return a sample for each ten seconds between two minutes."""
    count = round((end - begin) * 6)
    return [MediaStats(at(begin + (index + 1) / 6), 10_000, 50, way, way) for index in range(count)]


def minutes(*observations: Observation | Iterable[Observation], begin: float = 0, end: float | None = None) -> Minutes:
    several = (each if isinstance(each, list) else [each] for each in observations)
    ordered = sorted(chain.from_iterable(several), key=_moment)
    return good_minutes(ordered, participant_sid=ALICE, began_ms=at(begin), ended_ms=None if end is None else at(end))


def _moment(seen: Observation) -> int:
    return seen.at_ms[-1] if isinstance(seen.at_ms, tuple) else seen.at_ms


# --- good and bad -----------------------------------------------------------------------------------------


def test_minutes_of_good_samples_are_good() -> None:
    assert minutes(samples(WELL, 0, 5)) == Minutes(5, 0, 0)


def test_minutes_of_bad_samples_are_bad() -> None:
    assert minutes(samples(WELL, 0, 2), samples(LOSSY, 2, 3), samples(WELL, 3, 4)) == Minutes(3, 1, 0)


def test_ten_bad_seconds_spoil_a_minute_and_three_do_not() -> None:
    assert minutes(samples(WELL, 0, 1 / 2), samples(LOSSY, 1 / 2, 4 / 6), samples(WELL, 4 / 6, 1)) == Minutes(0, 1, 0)
    three_seconds = [level(0.5, 2), level(0.55, 4)]
    assert minutes(samples(WELL, 0, 1), three_seconds) == Minutes(1, 0, 0)
    four_seconds = [level(0.5, 2), level(0.57, 4)]
    assert minutes(samples(WELL, 0, 1), four_seconds) == Minutes(0, 1, 0)


def test_a_bad_level_spoils_what_the_score_finds_good() -> None:
    assert minutes(level(0, 4), samples(WELL, 0, 3), level(1, 2), level(2, 3)) == Minutes(2, 1, 0)


def test_a_bad_score_spoils_what_the_level_finds_good() -> None:
    assert minutes(level(0, 5), samples(LOSSY, 0, 2)) == Minutes(0, 2, 0)


def test_a_level_counts_until_the_next_one() -> None:
    assert minutes(level(0, 4), level(3, 1), level(5, 3), end=10) == Minutes(8, 2, 0)


def test_a_level_that_changed_within_a_sample_counts_from_then_on() -> None:
    one = MediaStats(at(1), 60_000, 50, WELL, WELL)
    assert minutes(level(0, 4), level(0.9, 1), one, end=1) == Minutes(0, 1, 0)
    assert minutes(level(0, 1), level(0.01, 4), one, end=1) == Minutes(1, 0, 0)


def test_the_last_minute_goes_by_what_there_is_of_it() -> None:
    assert minutes(level(0, 4), end=2.5) == Minutes(3, 0, 0)


def test_the_ratio_leaves_out_what_is_not_known() -> None:
    assert Minutes(3, 1, 10).good_ratio == 0.75
    assert Minutes(0, 0, 10).good_ratio is None


# --- unknown ----------------------------------------------------------------------------------------------


def test_without_anything_told_there_is_no_minute() -> None:
    assert good_minutes([]) == Minutes(0, 0, 0)


def test_a_stay_of_which_nothing_is_told_is_unknown() -> None:
    assert minutes(connection(0, "connected"), end=7) == Minutes(0, 0, 7)
    assert good_minutes([], began_ms=at(0), ended_ms=at(7)) == Minutes(0, 0, 7)


@pytest.mark.parametrize("unknown", [None, -1])
def test_a_level_that_is_not_known_is_neither_good_nor_bad(unknown: int | None) -> None:
    assert minutes(level(0, 4), level(2, unknown), end=5) == Minutes(2, 0, 3)


def test_level_five_with_nothing_flowing_is_idle() -> None:
    assert minutes(level(0, 5), samples(SILENT, 0, 3)) == Minutes(0, 0, 3)


def test_a_track_that_carries_nothing_is_idle_too() -> None:
    assert minutes(level(0, 5), published(0), samples(SILENT, 0, 3)) == Minutes(0, 0, 3)
    assert minutes(level(0, 4), samples(SILENT, 0, 3)) == Minutes(0, 0, 3)


def test_level_five_by_itself_does_not_tell_whether_anything_flows() -> None:
    assert minutes(level(0, 5), end=3) == Minutes(0, 0, 3)


def test_level_five_of_somebody_who_publishes_is_good() -> None:
    assert minutes(level(0, 5), published(1), published(3, "unpublished"), end=4) == Minutes(2, 0, 2)


def test_level_five_is_good_where_bits_are_seen_to_flow() -> None:
    assert minutes(level(0, 5), samples(NO_LOSS_KNOWN, 0, 2)) == Minutes(2, 0, 0)


def test_a_good_score_without_loss_or_level_proves_nothing() -> None:
    assert minutes(samples(NO_LOSS_KNOWN, 0, 2)) == Minutes(0, 0, 2)


def test_a_bad_score_proves_itself_whatever_is_not_known() -> None:
    slow = [MediaStats(at(1), MINUTE_MS, 2_000)]
    assert minutes(slow) == Minutes(0, 1, 0)


def test_a_minute_of_which_less_than_half_is_known_is_unknown() -> None:
    assert minutes(samples(WELL, 0, 2 / 6), end=1) == Minutes(0, 0, 1)
    assert minutes(samples(WELL, 0, 3 / 6), end=1) == Minutes(1, 0, 0)


def test_a_gap_in_the_samples_is_not_covered_by_the_last_level() -> None:
    assert minutes(level(0, 4), samples(WELL, 0, 2), samples(WELL, 5, 6), end=9) == Minutes(3, 0, 6)


def test_a_gap_while_the_connection_is_made_anew_is_bad() -> None:
    reconnects = [connection(2, "reconnecting"), connection(4, "reconnected")]
    assert minutes(level(0, 4), samples(WELL, 0, 2), reconnects, samples(WELL, 4, 5)) == Minutes(3, 2, 0)


# --- connections ------------------------------------------------------------------------------------------


def test_making_the_connection_anew_is_bad_whatever_the_level_says() -> None:
    assert minutes(level(0, 4), connection(1, "reconnecting"), connection(2, "reconnected"), end=3) == Minutes(2, 1, 0)


def test_level_nought_after_an_outage_is_left_over_from_it() -> None:
    outage: list[Observation] = [connection(1, "reconnecting"), level(1, 0), connection(2, "reconnected")]
    assert minutes(level(0, 4), outage, level(4, 4), end=5) == Minutes(2, 1, 2)


def test_who_has_left_is_neither_well_nor_unwell() -> None:
    assert minutes(level(0, 4), connection(2, "disconnected"), end=4) == Minutes(2, 0, 2)


# --- what comes in ----------------------------------------------------------------------------------------


def test_what_is_said_of_others_is_passed_over() -> None:
    assert minutes(level(0, 4, ALICE), level(1, 1, BOB), end=3) == Minutes(3, 0, 0)


def test_a_series_counts_like_its_rows() -> None:
    rows = samples(LOSSY, 0, 2)
    lossy = DirectionSeries(loss_ratio=(0.2,) * len(rows))
    series = MediaStatsSeries(tuple(row.at_ms for row in rows), (10_000,) * len(rows), (), lossy)
    assert good_minutes([series]) == good_minutes(rows) == Minutes(0, 2, 0)


def test_a_sample_without_an_interval_speaks_for_ten_seconds() -> None:
    plain = [MediaStats(at((index + 1) / 6), None, 50, WELL, WELL) for index in range(6)]
    assert minutes(plain) == Minutes(1, 0, 0)
    assert minutes([plain[-1]]) == Minutes(0, 0, 1)


def test_a_sample_speaks_for_a_minute_at_most() -> None:
    assert minutes([MediaStats(at(10), 10 * MINUTE_MS, 50, WELL, WELL)]) == Minutes(1, 0, 9)


def test_what_comes_out_of_order_does_not_turn_time_back() -> None:
    mixed = [*samples(WELL, 1, 3), *samples(LOSSY, 0, 1)]
    assert good_minutes(mixed, began_ms=at(0)) == Minutes(2, 0, 1)


def test_what_comes_after_the_end_does_not_count() -> None:
    assert minutes(level(0, 4), samples(LOSSY, 2, 5), end=2) == Minutes(2, 0, 0)


def test_a_silence_of_years_is_counted_at_once() -> None:
    years = 50 * 365 * 24 * 60
    assert minutes(level(0, 4), level(years, 4)).good == years


@pytest.mark.parametrize("step_ms", [0, 1, 100])
def test_only_the_levels_of_the_last_minute_are_held(step_ms: int) -> None:
    stay = _Stay(NOW_MS, None, None)
    for index in range(100_000):
        stay.step(NetworkQuality(NOW_MS + index * step_ms, index % 6))
    assert len(stay._states) <= MINUTE_MS + 2

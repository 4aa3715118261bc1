"""Whatever comes in, a score is in its bounds, and nothing that gets worse makes it better."""

from math import inf, isfinite, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from collectors.observations import Connection, ConnectionState, Direction, MediaStats, NetworkQuality, Track
from monitor.emodel import BEST_MOS, CODECS, WORST_MOS, mos
from monitor.good_minutes import MINUTE_MS, good_minutes
from monitor.quality import Score, audio_score, score_of
from tests.builders import NOW_MS

anything = (
    st.none()
    | st.floats()
    | st.integers()
    | st.sampled_from([nan, inf, -inf, -1.0, -0.0, 1e308, 10**400, 5e-324, 0, 1])
)
amounts = st.floats(0, 1e308) | st.floats(0, 1_000) | st.integers(0, 10**400)
ratios = st.floats(0, 1)
codecs = st.none() | st.sampled_from([*CODECS, "speex"])
limits = st.none() | st.sampled_from(["none", "cpu", "bandwidth", "other", "moon"])


def directions(ratio: st.SearchStrategy[Any], amount: st.SearchStrategy[Any]) -> st.SearchStrategy[Direction]:
    return st.builds(Direction, ratio, amount, amount, amount, amount, amount, amount, limits)


def samples(ratio: st.SearchStrategy[Any], amount: st.SearchStrategy[Any]) -> st.SearchStrategy[MediaStats]:
    ways = st.none() | directions(ratio, amount)
    return st.builds(MediaStats, st.just(NOW_MS), amount, amount, ways, ways)


wild = samples(anything, anything)
sane = samples(st.none() | ratios, st.none() | amounts)


def in_bounds(value: float) -> bool:
    return isfinite(value) and WORST_MOS <= value <= BEST_MOS


@given(anything, anything, anything, codecs)
def test_a_voice_is_worth_one_to_four_and_a_half_or_nothing(
    rtt_ms: Any, jitter_ms: Any, loss_ratio: Any, codec: str | None
) -> None:
    score = audio_score(rtt_ms, jitter_ms, loss_ratio, codec)
    told = [each for each in (rtt_ms, jitter_ms, loss_ratio) if each is not None and each == each]  # noqa: PLR0124
    is_sound = all(0 <= each < inf for each in told) and (loss_ratio not in told or loss_ratio <= 1)
    assert (score is not None) == (bool(told) and is_sound)
    assert score is None or in_bounds(score.value)


@given(wild, codecs)
def test_a_sample_is_worth_one_to_four_and_a_half_or_nothing(media: MediaStats, codec: str | None) -> None:
    score = score_of(media, codec)
    if score is not None:
        assert in_bounds(score.value)
        parts = [part for way in (score.up, score.down) if way for part in (way.audio, way.video) if part]
        assert score.value == min(part.value for part in parts)
        assert all(in_bounds(part.value) for part in parts)
        assert isinstance(score.unknown, tuple)


@given(sane)
def test_what_can_be_is_never_refused(media: MediaStats) -> None:
    knows_network = media.rtt_ms is not None or any(
        way is not None and (way.jitter_ms is not None or way.loss_ratio is not None) for way in (media.up, media.down)
    )
    flows = [way is None or way.bitrate_bps != 0 for way in (media.up, media.down)]
    if knows_network and all(flows) and media.rtt_ms is not None:
        assert score_of(media) is not None


@given(st.floats(-1e308, 1e308), st.floats(-1e308, 1e308))
def test_a_better_rating_is_never_a_worse_opinion(one: float, other: float) -> None:
    lower, higher = sorted((one, other))
    assert mos(lower) <= mos(higher) + 1e-12


@given(amounts, amounts, amounts, ratios, codecs)
def test_a_longer_round_trip_never_helps(one: Any, other: Any, jitter_ms: Any, loss: float, codec: str | None) -> None:
    shorter, longer = sorted((one, other))
    assert _voice(shorter, jitter_ms, loss, codec) >= _voice(longer, jitter_ms, loss, codec)


@given(amounts, amounts, amounts, ratios, codecs)
def test_more_jitter_never_helps(one: Any, other: Any, rtt_ms: Any, loss: float, codec: str | None) -> None:
    less, more = sorted((one, other))
    assert _voice(rtt_ms, less, loss, codec) >= _voice(rtt_ms, more, loss, codec)


@given(ratios, ratios, amounts, amounts, codecs)
def test_more_loss_never_helps(one: float, other: float, rtt_ms: Any, jitter_ms: Any, codec: str | None) -> None:
    less, more = sorted((one, other))
    assert _voice(rtt_ms, jitter_ms, less, codec) >= _voice(rtt_ms, jitter_ms, more, codec)


def _voice(rtt_ms: Any, jitter_ms: Any, loss_ratio: float, codec: str | None) -> float:
    score = audio_score(rtt_ms, jitter_ms, loss_ratio, codec)
    assert score is not None
    return score.value


WORSE_WHEN_MORE = ("loss_ratio", "jitter_ms", "freezes")
WORSE_WHEN_LESS = ("fps",)


@pytest.mark.parametrize("name", WORSE_WHEN_MORE + WORSE_WHEN_LESS)
@given(sane, st.data())
def test_no_part_of_a_sample_that_gets_worse_makes_it_better(name: str, media: MediaStats, data: st.DataObject) -> None:
    values = ratios if name == "loss_ratio" else amounts
    less, more = sorted((data.draw(values), data.draw(values)))
    better, worse = (more, less) if name in WORSE_WHEN_LESS else (less, more)
    _compare(_with(media, name, better), _with(media, name, worse))


@given(sane, amounts, amounts)
def test_no_longer_round_trip_makes_a_sample_better(media: MediaStats, one: Any, other: Any) -> None:
    shorter, longer = sorted((one, other))
    _compare(score_of(replace(media, rtt_ms=shorter)), score_of(replace(media, rtt_ms=longer)))


@given(sane, ratios)
def test_learning_of_trouble_never_makes_a_sample_better(media: MediaStats, loss_ratio: float) -> None:
    known = replace(media, up=replace(media.up or Direction(), loss_ratio=loss_ratio))
    _compare(_with(media, "loss_ratio", None), score_of(known) if media.up else None)


def _with(media: MediaStats, name: str, value: Any) -> Score | None:
    return score_of(replace(media, up=replace(media.up or Direction(), **{name: value})))


def _compare(better: Score | None, worse: Score | None) -> None:
    assert better is None or worse is None or better.value >= worse.value


# --- good minutes -----------------------------------------------------------------------------------------

moments = st.integers(NOW_MS, NOW_MS + 20 * MINUTE_MS)
seen = (
    st.builds(NetworkQuality, moments, st.none() | st.integers(-1, 5))
    | st.builds(Connection, moments, st.sampled_from(ConnectionState))
    | st.builds(Track, moments, st.sampled_from(["published", "unpublished"]), st.sampled_from(["MT1", "MT2"]))
    | st.builds(lambda at_ms, media: replace(media, at_ms=at_ms), moments, sane)
)


@given(st.lists(seen, max_size=30), st.booleans())
def test_every_minute_is_of_one_kind(observations: list[Any], is_sorted: bool) -> None:
    ordered = sorted(observations, key=lambda each: each.at_ms) if is_sorted else observations
    ended_ms = NOW_MS + 20 * MINUTE_MS
    minutes = good_minutes(ordered, began_ms=NOW_MS, ended_ms=ended_ms)
    assert minutes.good + minutes.bad + minutes.unknown == 20


@given(st.lists(seen, max_size=30))
def test_without_a_word_on_how_it_is_nothing_is_good(observations: list[Any]) -> None:
    silent = [each for each in observations if isinstance(each, Track | Connection)]
    assert good_minutes(sorted(silent, key=lambda each: each.at_ms)).good == 0

"""Media samples are counted as one by one, whether they come singly or as columns, and some can be looked at."""

import random

import pytest

from collectors.observations import Direction, DirectionSeries, MediaStats, MediaStatsSeries
from monitor.histograms import MOST_EXEMPLAR_CHARACTERS, Histogram
from monitor.metrics import Metrics
from monitor.quality import score_of
from monitor.sample_counts import COUNTED_AT_ONCE, SCORED_EVERY
from tests.builders import ALICE, NOW_MS, ROOM, batch

RTT, JITTER, LOSS, SCORE = (
    f"roomwatch_participant_{name}" for name in ("rtt_seconds", "jitter_seconds", "loss_ratio", "score")
)
WELL = Direction(loss_ratio=0.0, jitter_ms=4.0, bitrate_bps=1e6)


def sample(number: int = 0, *, rtt_ms: float | None = 60.0, up: Direction | None = WELL) -> MediaStats:
    return MediaStats(NOW_MS + number * 10_000, 10_000, rtt_ms, up, Direction(loss_ratio=0.01, jitter_ms=8.0))


def counted(*batches, **given) -> Metrics:
    metrics = Metrics(**given)
    for each in batches:
        metrics.count_event(each)
    metrics.count_samples()
    return metrics


def test_what_is_counted_at_once_falls_into_the_same_buckets_as_what_is_observed():
    bounds = (0.025, 0.07, 0.1, 0.6, 2.0)
    at_once, observed = Histogram(bounds, 0.001), Histogram(bounds)
    values_ms = [0.0, 24.999, 25, 25.001, 69, 70, 71, 100, 599, 600, 601, 1999, 2000, 2001, 1e9]
    for value_ms in values_ms:
        observed.observe(value_ms / 1000)
    random.shuffle(values_ms)
    at_once.count_all(values_ms)
    assert at_once.counts == observed.counts
    assert at_once.total == pytest.approx(observed.total)


def test_a_sample_is_counted_once_however_many_came_before_it():
    metrics = counted(*(batch(sample(number)) for number in range(3 * COUNTED_AT_ONCE + 7)))
    assert sum(metrics.histograms[RTT][()].counts) == 3 * COUNTED_AT_ONCE + 7
    metrics.count_samples()
    assert sum(metrics.histograms[RTT][()].counts) == 3 * COUNTED_AT_ONCE + 7


def test_columns_are_counted_as_the_samples_they_hold():
    rtts = tuple(random.choice([None, 20.0, 300.0, 900.0]) for _ in range(200))
    ups = DirectionSeries(loss_ratio=tuple(random.choice([0.0, None, 0.2]) for _ in rtts))
    columns = MediaStatsSeries(tuple(range(NOW_MS, NOW_MS + len(rtts))), rtt_ms=rtts, up=ups)
    at_once, singly = counted(batch(columns)), counted(*(batch(each) for each in columns.rows()))
    for name in (RTT, JITTER, LOSS, SCORE):
        for labels, histogram in singly.histograms[name].items():
            assert at_once.histograms[name][labels].counts == histogram.counts, name


def test_what_is_not_known_is_not_counted_as_zero():
    metrics = counted(batch(MediaStats(NOW_MS), MediaStats(NOW_MS, down=Direction())))
    assert not any(sum(each.counts) for name in (RTT, JITTER, LOSS) for each in metrics.histograms[name].values())


@pytest.mark.parametrize("in_a_post", [1, 7, SCORED_EVERY, 500])
def test_one_of_so_many_samples_is_scored(in_a_post):
    samples = [sample(number) for number in range(10 * SCORED_EVERY)]
    posts = [batch(*samples[at : at + in_a_post]) for at in range(0, len(samples), in_a_post)]
    scores = counted(*posts).histograms[SCORE][("up",)]
    assert sum(scores.counts) == 10
    assert scores.total / 10 == pytest.approx(score_of(sample()).up.value)


def test_a_direction_in_which_nothing_flows_has_no_score():
    metrics = counted(batch(sample(up=Direction(loss_ratio=0.0, jitter_ms=0.0, bitrate_bps=0.0))))
    assert sum(metrics.histograms[SCORE][("up",)].counts) == 0
    assert sum(metrics.histograms[SCORE][("down",)].counts) == 1


def test_a_good_score_without_a_word_on_loss_is_not_counted():
    metrics = counted(batch(sample(up=Direction(jitter_ms=4.0))))
    assert sum(metrics.histograms[SCORE][("up",)].counts) == 0


def test_the_worst_of_many_can_be_looked_at():
    crowd = [batch(sample(number), room_sid=f"RM{number:032}") for number in range(100)]
    bad = batch(sample(rtt_ms=1_500.0, up=Direction(loss_ratio=0.4)), clock_offset_ms=5_000)
    metrics = counted(*crowd, bad, *crowd)
    slowest = metrics.histograms[RTT][()].exemplars[9]
    assert (slowest.value, slowest.at_ms) == (1.5, NOW_MS - 5_000)
    assert slowest.labels == {"room_sid": ROOM, "participant_sid": ALICE}
    assert metrics.histograms[LOSS][("up",)].exemplars[9].value == 0.4


def test_the_labels_of_an_exemplar_are_as_short_as_openmetrics_wants_them():
    (exemplar,) = counted(batch(sample())).histograms[RTT][()].exemplars.values()
    assert sum(len(name) + len(value) for name, value in exemplar.labels.items()) <= MOST_EXEMPLAR_CHARACTERS


def test_of_a_bucket_the_latest_is_shown_and_nothing_that_is_old():
    histogram = Histogram((1.0,))
    for value, at_ms in ((0.5, 2_000), (0.6, 3_000), (0.7, 1_000)):
        histogram.show(value, at_ms, ROOM, ALICE)
    assert histogram.exemplars[0].value == 0.6
    histogram.forget_exemplars(3_001)
    assert not histogram.exemplars


def test_who_is_known_by_name_only_is_never_shown():
    assert not counted(batch(sample(), reporter=None, identity="alice")).histograms[RTT][()].exemplars


def test_exemplars_can_be_switched_off():
    metrics = counted(batch(sample(rtt_ms=1_500.0)), shows_exemplars=False)
    assert not any(each.exemplars for histograms in metrics.histograms.values() for each in histograms.values())

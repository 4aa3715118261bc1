"""Do levels and media statistics follow from the link, and never contradict each other?"""

from dataclasses import replace

import pytest

from monitor.simulator.device import Strain, decoded, encoded
from monitor.simulator.link import (
    LEVELS,
    Link,
    Path,
    level_stats,
    link_at,
    link_level,
    path_level,
    received,
    seen_level,
    sent,
    way_of,
)
from monitor.simulator.scenarios import BAD_UPLINK

GOOD = Path(loss_ratio=0.001, jitter_ms=4.0, rtt_ms=40.0, bandwidth_bps=6_000_000.0)


def test_a_good_path_has_level_5():
    assert path_level(GOOD) == 5


@pytest.mark.parametrize(("level", "worst"), LEVELS)
def test_the_worst_path_of_a_level_still_has_it(level, worst):
    assert path_level(worst) == level


@pytest.mark.parametrize("spoilt", [{"loss_ratio": 0.5}, {"jitter_ms": 900}, {"rtt_ms": 4000}, {"bandwidth_bps": 9e3}])
def test_one_hopeless_number_is_enough_for_level_0(spoilt):
    assert path_level(replace(GOOD, **spoilt)) == 0


def test_a_link_is_as_good_as_its_worse_direction():
    assert link_level(Link(up=Path(0.12, 60, 400, 180_000), down=GOOD)) == 1


def test_a_reporter_on_a_bad_link_sees_others_one_level_lower():
    assert [seen_level(5, reporter) for reporter in (0, 1, 2, 3, 5)] == [4, 4, 4, 5, 5]
    assert seen_level(0, 1) == 0


def test_more_loss_never_means_a_higher_level_or_more_bits():
    paths = [replace(GOOD, loss_ratio=loss / 100, bandwidth_bps=1_000_000) for loss in range(60)]
    levels = [path_level(path) for path in paths]
    bitrates = [sent(path, video=True)["bitrate_bps"] for path in paths]
    assert levels == sorted(levels, reverse=True)
    assert bitrates == sorted(bitrates, reverse=True)


def test_a_bad_uplink_shows_in_every_number_of_its_direction():
    link = link_at(Link(GOOD, GOOD), BAD_UPLINK, phase=0.0, at=0.0)
    good, bad = sent(GOOD, video=True), sent(link.up, video=True)
    assert link_level(link) == 1
    assert bad["loss_ratio"] > 0.1 > good["loss_ratio"]
    assert bad["jitter_ms"] > good["jitter_ms"]
    assert bad["bitrate_bps"] < good["bitrate_bps"] / 4
    assert bad["fps"] < good["fps"]
    assert (bad["limited_by"], good["limited_by"]) == ("bandwidth", "none")
    assert link.down == link_at(Link(GOOD, GOOD), None, phase=0.0, at=0.0).down


def test_without_video_there_are_no_frames():
    assert "fps" not in sent(GOOD, video=False)
    assert "fps" not in received(GOOD, 40_000, videos=0, interval_s=5)


def test_a_lossy_downlink_freezes():
    assert received(GOOD, 1_000_000, 1, 10.0)["freezes"] == 0
    assert received(replace(GOOD, loss_ratio=0.2), 1_000_000, 1, 10.0)["freezes"] >= 2


def test_network_quality_latencies_are_in_seconds():
    latency = level_stats(Link(GOOD, GOOD))["video"]["sendStats"]["latency"]
    assert (latency["rtt"], latency["jitter"]) == (0.04, 0.004)


def test_what_was_lost_on_the_way_in_is_missing_at_the_receiver():
    lossy = replace(GOOD, loss_ratio=0.2)
    way = way_of([(lossy, 500_000.0), (GOOD, 500_000.0)])
    assert received(GOOD, 1_000_000, 2, 5, way)["loss_ratio"] == pytest.approx(0.1, abs=0.005)
    assert received(GOOD, 1_000_000, 2, 5, way_of([]))["loss_ratio"] == GOOD.loss_ratio


def test_a_slow_computer_sends_and_shows_fewer_frames_and_loses_nothing():
    up, down = sent(GOOD, video=True), received(GOOD, 900_000, 1, 10)
    slow_up, slow_down = encoded(up, Strain(0.25)), decoded(down, Strain(0.25), 10)
    assert (slow_up["fps"], slow_up["limited_by"]) == (6.0, "cpu")
    assert slow_down["freezes"] > down["freezes"] == 0
    assert (slow_up["loss_ratio"], slow_down["loss_ratio"]) == (up["loss_ratio"], down["loss_ratio"])

"""Do the numbers in the store agree with what the browser itself counted?

A real call, camera and sound both ways, whose raw reports the page keeps.  They go through Twilio's own conversion and
our SDK to the daemon; here the same is computed from the raw reports, in the units and words of the standard
(`webrtc-stats`), and compared.  The line of this machine is too good for some of it, so after a while the page makes it
worse, record by record, before the SDK sees it; and then lets the counters of it begin anew.
"""

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser

from tests.e2e.browser_calls import staged, until
from tests.e2e.tools import HANGS_AFTER_S

pytestmark = pytest.mark.e2e

Stats = dict[str, Any]

WORSE = """
    line = function worse(stats) {
        if (stats.type === "inbound-rtp") {
            stats.packetsLost = Math.floor(stats.packetsReceived / 19);
            stats.jitter = 0.0304;
            if (stats.kind === "video") Object.assign(stats, {freezeCount: 3 * readings.length, framesPerSecond: 7});
        }
        if (stats.type === "remote-inbound-rtp") {
            Object.assign(stats, {roundTripTime: 0.2345, jitter: 0.0126, packetsLost: 5 * readings.length});
        }
        if (stats.type === "outbound-rtp" && stats.kind === "video") stats.qualityLimitationReason = "bandwidth";
        return stats;
    };
    null
"""
ANEW = """
    began = {};
    line = function anew(stats) {
        for (const name of ["bytesSent", "packetsSent", "bytesReceived", "packetsReceived"]) {
            if (name in stats) stats[name] -= began[stats.id + name] ??= stats[name];
        }
        return stats;
    };
    null
"""
READ = "([name, times]) => readings.filter(({line}) => line === name).length >= times"


class Sample(NamedTuple):
    """An interval as the page's raw reports show it, and what was stored of it."""

    before: Stats
    now: Stats
    stored: Stats

    def streams(self, kind: str) -> Iterator[tuple[Stats, Stats]]:
        """Give the streams that there were before, as they were and as they are."""
        before = {each["ssrc"]: each for each in self.before["stats"] if each["type"] == kind}
        for each in self.now["stats"]:
            if each["type"] == kind and each["ssrc"] in before:
                yield before[each["ssrc"]], each

    def grown(self, kind: str, name: str) -> float | None:
        """Return by how much a counter of all streams has grown, or None where one of them went back."""
        steps = [now[name] - before[name] for before, now in self.streams(kind) if name in now and name in before]
        return sum(steps) if steps and min(steps) >= 0 else None

    def highest_ms(self, kind: str, name: str, media: str = "") -> int | None:
        values = [each[name] for each in self.of(kind, media) if name in each]
        return math.floor(max(values) * 1000 + 0.5) if values else None

    def of(self, kind: str, media: str = "") -> list[Stats]:
        return [each for each in self.now["stats"] if each["type"] == kind and each["kind"].startswith(media)]

    def between_ms(self, kind: str) -> tuple[float, float]:
        """Return how long the interval was by the reports' clock, at least and at most: answers are heard later."""
        before, now = next(self.streams(kind))
        elapsed_ms = now["timestamp"] - before["timestamp"]
        late_before_ms, late_ms = self.before["to"] - before["timestamp"], self.now["to"] - now["timestamp"]
        return elapsed_ms - late_before_ms, elapsed_ms + late_ms


class Call(NamedTuple):
    """A call that was watched: at first as this machine's line is, then worse, then with counters begun anew."""

    plain: list[Sample]
    worse: list[Sample]
    anew: list[Sample]

    @property
    def whole(self) -> list[Sample]:
        return self.plain + self.worse + self.anew


@pytest.fixture(scope="module")
def call(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Call:
    with staged(tmp_path_factory.mktemp("stats"), chromium) as stage:
        page = stage.enter(media=True, intervalMs=1000)
        for script, line, times in (("null", "plain", 5), (WORSE, "worse", 3), (ANEW, "anew", 3)):
            page.evaluate(script)
            page.wait_for_function(READ, arg=[line, times], timeout=HANGS_AFTER_S * 1000)
        page.evaluate("leave()")
        readings = page.evaluate("readings")
        until(lambda: stage.watch.told("connection")[-1]["state"] == "disconnected", "the end of the call")
        stored = stage.watch.timed("media_stats")
    samples = matched(readings, stored)
    return Call(*([each for each in samples if each.now["line"] == line] for line in ("plain", "worse", "anew")))


def matched(readings: list[Stats], stored: list[Stats]) -> list[Sample]:
    """Match each interval with the one event that tells of it."""
    assert len(stored) == len(readings) - 1
    for (before, now), each in zip(pairwise(readings), stored, strict=True):
        assert now["from"] <= each["at"] <= now["to"]
        assert now["from"] - before["to"] <= each["interval_ms"] <= now["to"] - before["from"]
    return [Sample(before, now, each) for (before, now), each in zip(pairwise(readings), stored, strict=True)]


def known(samples: list[Sample], side: str, name: str) -> list[tuple[Sample, float]]:
    return [(each, each.stored[side][name]) for each in samples if name in each.stored.get(side, {})]


SIDES = [("up", "outbound-rtp", "bytesSent"), ("down", "inbound-rtp", "bytesReceived")]


@pytest.mark.parametrize(("side", "kind", "counter"), SIDES)
def test_bits_per_second_are_the_bytes_that_the_browser_counted(call: Call, side: str, kind: str, counter: str) -> None:
    told = known(call.whole, side, "bitrate_bps")
    assert len(told) >= 7
    for sample, bitrate_bps in told:
        grown = sample.grown(kind, counter)
        assert grown is not None
        assert bitrate_bps == pytest.approx(grown * 8_000 / sample.stored["interval_ms"], abs=1)
        least_ms, most_ms = sample.between_ms(kind)
        assert least_ms <= sample.stored["interval_ms"] <= most_ms
    assert 20_000 < max(bitrate_bps for _, bitrate_bps in told) < 2_000_000


@pytest.mark.parametrize(("side", "kind"), [("up", "outbound-rtp"), ("down", "inbound-rtp")])
def test_frames_and_their_size_are_the_cameras(call: Call, side: str, kind: str) -> None:
    for sample in call.plain[1:]:
        (video,) = sample.of(kind, "video")
        stored = sample.stored[side]
        assert stored.get("fps") == video.get("framesPerSecond")
        assert (stored["width"], stored["height"]) == (video["frameWidth"], video["frameHeight"])
        assert stored["width"] * 3 == stored["height"] * 4  # a browser that is short of time sends smaller pictures
    assert 1 <= max(sample.stored[side].get("fps", 0) for sample in call.plain[1:]) <= 20


def test_times_are_milliseconds_of_the_worst_stream(call: Call) -> None:
    rtts_ms = [each.stored["rtt_ms"] for each in call.whole if "rtt_ms" in each.stored]
    assert rtts_ms
    assert 0 <= min(rtts_ms) < 50
    for sample in call.whole:
        assert sample.stored.get("rtt_ms") == sample.highest_ms("remote-inbound-rtp", "roundTripTime")
        assert sample.stored["down"].get("jitter_ms") == sample.highest_ms("inbound-rtp", "jitter")
        # of its own video's jitter the SDK says nothing
        assert sample.stored["up"].get("jitter_ms") == sample.highest_ms("remote-inbound-rtp", "jitter", "audio")
    assert {each.stored["down"]["jitter_ms"] for each in call.worse[1:]} == {30}
    assert {each.stored["rtt_ms"] for each in call.worse[1:]} == {235}


def test_loss_is_the_share_of_what_was_sent(call: Call) -> None:
    for sample, ratio in known(call.plain, "down", "loss_ratio"):
        lost, got = sample.grown("inbound-rtp", "packetsLost"), sample.grown("inbound-rtp", "packetsReceived")
        assert ratio == pytest.approx(lost / (lost + got), abs=1e-4)
    for sample, ratio in known(call.worse[1:], "down", "loss_ratio"):
        lost, got = sample.grown("inbound-rtp", "packetsLost"), sample.grown("inbound-rtp", "packetsReceived")
        assert ratio == pytest.approx(lost / (lost + got), abs=1e-4)
        assert 0.01 < ratio < 0.1  # one in twenty, but for what an interval of few packets rounds off
    for sample, ratio in known(call.worse[1:], "up", "loss_ratio"):
        lost, sent = sample.grown("remote-inbound-rtp", "packetsLost"), sample.grown("outbound-rtp", "packetsSent")
        assert lost == 10  # five of each stream
        assert ratio == pytest.approx(lost / sent, abs=1e-4)


def test_freezes_and_what_limits_the_encoder_are_told(call: Call) -> None:
    for sample in call.plain:
        assert sample.stored["down"].get("freezes", 0) == (sample.grown("inbound-rtp", "freezeCount") or 0)
    assert all(each.stored["down"]["freezes"] == 3 for each in call.worse[1:])
    assert {each.stored["up"]["limited_by"] for each in call.worse[1:]} == {"bandwidth"}
    for sample in call.plain:
        assert sample.stored["up"]["limited_by"] == sample.of("outbound-rtp", "video")[0]["qualityLimitationReason"]


def test_a_counter_that_begins_anew_says_nothing_once_and_then_the_truth(call: Call) -> None:
    first, second, *_ = call.anew
    assert first.grown("outbound-rtp", "bytesSent") is None
    assert "bitrate_bps" not in first.stored["up"]
    assert "bitrate_bps" not in first.stored["down"]
    assert "loss_ratio" not in first.stored["up"]
    assert second.stored["up"]["bitrate_bps"] > 0
    assert second.stored["down"]["bitrate_bps"] > 0

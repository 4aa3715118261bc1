"""What a call is worth, by published values, and by the faults that published scores have."""

from math import inf, nan
from pathlib import Path
from typing import Any

import pytest

from collectors.observations import Direction, MediaStats
from monitor import emodel, quality
from monitor.emodel import CODECS, codec_named, delay_points, loss_points, mos
from monitor.quality import Score, audio_score, score_of, video_score
from tests.builders import NOW_MS

DOCUMENT = Path(__file__).parents[3] / "docs" / "quality.md"

WELL: dict[str, Any] = {"loss_ratio": 0.0, "jitter_ms": 5.0, "bitrate_bps": 800_000.0}
PICTURE: dict[str, Any] = {"fps": 24.0, "width": 640, "height": 360, "freezes": 0}


def media(rtt_ms: float | None = 50.0, up: Direction | None = None, down: Direction | None = None) -> MediaStats:
    return MediaStats(NOW_MS, 10_000, rtt_ms, up, down)


def voice(rtt_ms: float | None, jitter_ms: float | None, loss_ratio: float | None, codec: str = "pcmu") -> float:
    score = audio_score(rtt_ms, jitter_ms, loss_ratio, codec)
    assert score is not None
    return score.value


def picture(**changed: Any) -> quality.VideoScore:
    score = video_score(50.0, Direction(**{**WELL, **PICTURE, **changed}), 10_000)
    assert score is not None
    return score


def scored(up: Direction | None = None, down: Direction | None = None) -> Score:
    score = score_of(media(up=up, down=down))
    assert score is not None
    return score


# --- published values -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("r", "opinion"), [(93.2, 4.41), (90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58), (0, 1), (100, 4.5)]
)
def test_a_rating_is_worth_what_g107_annex_b_says(r: float, opinion: float) -> None:
    assert mos(r) == pytest.approx(opinion, abs=0.01)


@pytest.mark.parametrize(
    ("rtt_ms", "jitter_ms", "loss_ratio", "opinion"),
    [(50, 5, 0, 4.38), (100, 10, 0.01, 4.27), (200, 20, 0.03, 3.99), (300, 30, 0.05, 3.41), (400, 30, 0.10, 2.48)],
)
def test_g711_is_worth_what_the_simplified_model_says(
    rtt_ms: float, jitter_ms: float, loss_ratio: float, opinion: float
) -> None:
    assert round(voice(rtt_ms, jitter_ms, loss_ratio), 2) == opinion


@pytest.mark.parametrize(("one_way_ms", "points"), [(0, 0), (100, 2.4), (177.3, 4.2552), (277.3, 17.6552)])
def test_delay_takes_what_cole_and_rosenbluth_say(one_way_ms: float, points: float) -> None:
    assert delay_points(one_way_ms) == pytest.approx(points)


def test_as_much_loss_as_bpl_takes_half_of_what_there_is() -> None:
    assert loss_points(0.251, CODECS["pcmu"]) == pytest.approx(95 / 2)
    assert loss_points(0.19, CODECS["g729"]) == pytest.approx((95 - 11) / 2)


def test_a_codec_costs_something_by_itself() -> None:
    assert voice(50, 5, 0, "g729") == pytest.approx(mos(93.2 - 11 - 0.024 * 55), abs=1e-4)


# --- faults of other scores -------------------------------------------------------------------------------


def test_loss_is_a_ratio_outside_and_percent_inside() -> None:
    values = [voice(50, 0, loss_ratio) for loss_ratio in (0, 0.1, 0.5, 0.9)]
    assert [round(each, 1) for each in values] == [4.4, 3.4, 1.6, 1.2]


def test_delay_just_above_the_step_takes_more_than_below_it() -> None:
    points = [delay_points(one_way_ms) for one_way_ms in range(0, 1_000, 5)]
    assert points == sorted(points)
    assert voice(240, 10, 0.2) < voice(200, 10, 0.2) < 2.7


@pytest.mark.parametrize("r", [-1, -1_000, -1e300, 0, 0.5, 3.2, 6.5])
def test_there_is_nothing_below_one(r: float) -> None:
    assert mos(r) == 1


@pytest.mark.parametrize("r", [100, 101, 1_000, 1e300])
def test_there_is_nothing_above_four_and_a_half(r: float) -> None:
    assert mos(r) == 4.5


def test_a_hopeless_call_does_not_turn_good_again() -> None:
    values = [voice(300, 30, percent / 100) for percent in (5, 30, 38, 45, 60, 100)]
    assert values == sorted(values, reverse=True)
    assert values[-1] < 1.2
    assert voice(10_000, 30, 0.6) == 1


def test_jitter_is_milliseconds_like_the_round_trip() -> None:
    without, with_jitter = voice(100, 0, 0), voice(100, 100, 0)
    assert without - with_jitter > 0.3  # a thousandth of it would not be noticed


def test_a_round_trip_is_milliseconds() -> None:
    assert voice(50, 0, 0) - voice(800, 0, 0) > 1


def test_a_round_trip_is_two_ways() -> None:
    assert voice(200, 0, 0) == pytest.approx(mos(93.2 - delay_points(20 + 100)), abs=1e-4)


def test_video_takes_loss_to_heart() -> None:
    assert picture(loss_ratio=0.1).value < picture(loss_ratio=0.02).value < picture().value


def test_video_expects_frames() -> None:
    assert picture(fps=2).value < picture(fps=10).value < picture(fps=15).value == picture(fps=60).value


# --- the picture ------------------------------------------------------------------------------------------


def test_freezes_count_by_the_minute() -> None:
    in_ten_seconds = video_score(50, Direction(freezes=1), 10_000)
    in_a_minute = video_score(50, Direction(freezes=6), 60_000)
    assert in_ten_seconds == in_a_minute


def test_freezes_of_an_unknown_interval_are_unknown_but_none_is_none() -> None:
    assert video_score(50, Direction(freezes=3, fps=24), None) == video_score(50, Direction(fps=24), None)
    none = video_score(50, Direction(freezes=0), None)
    assert none is not None
    assert none.freezes == 0


def test_a_still_screen_that_is_shared_is_not_bad() -> None:
    screen = picture(fps=1, width=1920, height=1080, bitrate_bps=20_000, limited_by="none")
    assert screen.value > 3.5


def test_a_stuttering_camera_that_the_processor_holds_back_is_bad_and_says_so() -> None:
    camera = picture(fps=3, limited_by="cpu", jitter_ms=20)
    assert camera.value < 3.5
    assert camera.reason == "cpu"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"loss_ratio": 0.1}, "loss"),
        ({"jitter_ms": 200}, "jitter"),
        ({"freezes": 4}, "freezes"),
        ({"fps": 1}, "frames"),
        ({"bitrate_bps": 8_000}, "bitrate"),
        ({"fps": 1, "limited_by": "none"}, "frames"),
        ({"fps": 1, "limited_by": "bandwidth"}, "bandwidth"),
        ({"fps": 1, "limited_by": "other"}, "encoder"),
        ({"loss_ratio": 0.1, "limited_by": "cpu"}, "loss"),
        ({"limited_by": "cpu"}, None),
        ({}, None),
    ],
)
def test_the_worst_of_a_picture_is_named(changed: dict[str, Any], reason: str | None) -> None:
    assert picture(**changed).reason == reason


@pytest.mark.parametrize(
    ("rtt_ms", "jitter_ms", "loss_ratio", "reason"),
    [(600, 5, 0.01, "delay"), (100, 150, 0.01, "jitter"), (100, 5, 0.08, "loss"), (50, 5, 0, None)],
)
def test_the_worst_of_a_voice_is_named(rtt_ms: float, jitter_ms: float, loss_ratio: float, reason: str | None) -> None:
    score = audio_score(rtt_ms, jitter_ms, loss_ratio)
    assert score is not None
    assert score.reason == reason


def test_the_points_of_a_voice_add_up() -> None:
    score = audio_score(300, 30, 0.05, "g729")
    assert score is not None
    taken = sum(each or 0 for each in (score.loss, score.delay, score.jitter, score.codec))
    assert score.value == pytest.approx(mos(93.2 - taken), abs=1e-4)


# --- the worse of everything ------------------------------------------------------------------------------


def test_a_direction_is_as_good_as_the_worse_of_voice_and_picture() -> None:
    score = scored(down=Direction(**WELL, **{**PICTURE, "freezes": 5}))
    assert (score.way, score.medium, score.reason) == ("down", "video", "freezes")
    assert score.down is not None
    assert score.down.audio is not None
    assert score.value < score.down.audio.value


def test_a_moment_is_as_good_as_the_worse_direction() -> None:
    lossy, well = Direction(**{**WELL, "loss_ratio": 0.1}), Direction(**WELL)
    assert scored(up=lossy, down=well).way == "up"
    assert scored(up=well, down=lossy).way == "down"
    assert scored(up=well, down=lossy).value == scored(up=lossy).value


def test_without_a_picture_there_is_no_video() -> None:
    score = scored(up=Direction(**WELL))
    assert score.up is not None
    assert score.up.video is None
    assert score.medium == "audio"


# --- what is not known ------------------------------------------------------------------------------------


@pytest.mark.parametrize("nothing", [None, nan])
def test_nothing_known_is_no_score(nothing: float | None) -> None:
    assert audio_score(nothing, nothing, nothing) is None
    fields: dict[str, Any] = dict.fromkeys(Direction.__struct_fields__, nothing) | {"limited_by": None}
    empty = Direction(**fields)
    assert score_of(MediaStats(NOW_MS, None, nothing, empty, empty)) is None
    assert score_of(MediaStats(NOW_MS)) is None


@pytest.mark.parametrize("absurd", [-1, -0.001, inf, -inf])
def test_a_number_that_cannot_be_is_no_score(absurd: float) -> None:
    for name in ("loss_ratio", "jitter_ms", "bitrate_bps", "fps", "width", "height", "freezes"):
        way = Direction(**{**WELL, **PICTURE, name: absurd})
        assert score_of(media(up=way)) is None, name
        assert score_of(media(up=Direction(**WELL), down=way)) is None, name
    assert score_of(media(rtt_ms=absurd, up=Direction(**WELL))) is None
    assert audio_score(50, 5, 1.5) is None


def test_what_is_not_known_takes_nothing_and_is_named() -> None:
    score = audio_score(50, None, nan)
    assert score is not None
    assert tuple(score.unknown) == ("loss", "jitter", "codec")
    assert score.value >= voice(50, 5, 0)


def test_a_score_names_what_is_not_known_of_either_direction() -> None:
    score = scored(up=Direction(**WELL))
    assert score.unknown == ("up.audio.codec", "down")


def test_a_good_score_without_loss_proves_nothing() -> None:
    assert not scored(up=Direction(jitter_ms=5)).is_loss_known
    assert scored(up=Direction(jitter_ms=5), down=Direction(loss_ratio=0)).is_loss_known


def test_a_round_trip_alone_is_a_score_of_what_is_sent() -> None:
    score = score_of(media(rtt_ms=2_000))
    assert score is not None
    assert (score.way, score.reason) == ("up", "delay")


def test_a_direction_in_which_nothing_flows_is_not_scored() -> None:
    silent = Direction(bitrate_bps=0, loss_ratio=0, jitter_ms=3)
    assert score_of(media(up=silent, down=silent)) is None
    assert scored(up=silent, down=Direction(**WELL)).up is None


def test_a_direction_that_loses_all_is_as_bad_as_can_be() -> None:
    assert scored(down=Direction(bitrate_bps=0, loss_ratio=1.0)).value < 1.2


# --- codecs -----------------------------------------------------------------------------------------------


def test_a_codec_is_known_by_its_name_and_by_its_media_type() -> None:
    assert codec_named("audio/PCMU") is codec_named("pcmu") is CODECS["pcmu"]
    assert codec_named("speex") is codec_named(None) is None


def test_a_codec_that_is_not_known_is_taken_for_opus_and_this_is_said() -> None:
    assumed, known = audio_score(300, 30, 0.05), audio_score(300, 30, 0.05, "opus")
    assert assumed is not None
    assert known is not None
    assert (assumed.value, assumed.codec) == (known.value, None)
    assert known.codec == 0


def test_the_document_has_the_constants_of_the_code() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for codec in CODECS.values():
        assert f"| {codec.name} | {codec.ie:g} | {codec.bpl:g} | {codec.source} |" in text
    for value in (emodel.BEST_R, quality.PACKET_MS, quality.FREEZES_HALF, quality.SMOOTH_FPS, quality.SHARP_BITS):
        assert f"{value:g}" in text

"""What all others sent is added up once, and each receiver's own part taken off again."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.evidence.courses import Lane
from monitor.evidence.uplinks import Least, Sent

NAMES = st.sampled_from(["alice", "bob", "chiara", "dmitri"])
UPLOADS = st.dictionaries(
    NAMES,
    st.builds(
        Lane,
        loss_ratio=st.none() | st.floats(0, 1),
        jitter_ms=st.none() | st.floats(0, 500),
        bitrate_bps=st.none() | st.just(0.0) | st.floats(1_000, 5_000_000),
    ),
)


def without(uploads: Mapping[str, Lane], receiver: str) -> dict[str, Lane]:
    return {key: each for key, each in uploads.items() if key != receiver}


@given(UPLOADS, NAMES)
def test_leaving_one_out_is_adding_up_the_others(uploads: Mapping[str, Lane], receiver: str) -> None:
    others = Sent(without(uploads, receiver)).carried_to("nobody")
    carried = Sent(uploads).carried_to(receiver)
    assert carried.loss_ratio == pytest.approx(others.loss_ratio, abs=1e-6)
    assert carried.jitter_ms == others.jitter_ms


@given(UPLOADS, NAMES)
def test_no_more_reaches_anybody_than_the_others_sent(uploads: Mapping[str, Lane], receiver: str) -> None:
    told = [each.bitrate_bps for each in without(uploads, receiver).values()]
    bitrate_bps = Sent(uploads).bitrate_bps(receiver)
    if not told or None in told:
        assert bitrate_bps is None
    else:
        assert bitrate_bps == pytest.approx(sum(told), abs=1e-6)


def test_loss_on_a_large_stream_weighs_more_than_on_a_small_one() -> None:
    sent = Sent({"large": Lane(0.1, bitrate_bps=900_000), "small": Lane(0.0, bitrate_bps=100_000)})
    assert sent.carried_to("somebody").loss_ratio == pytest.approx(0.09)
    assert sent.carried_to("large").loss_ratio == 0


def test_whoever_tells_no_rate_counts_as_the_mean_of_those_who_do() -> None:
    sent = Sent({"told": Lane(0.0, bitrate_bps=300_000), "untold": Lane(0.1)})
    assert sent.carried_to("somebody").loss_ratio == pytest.approx(0.05)


def test_whoever_does_not_tell_its_loss_is_named() -> None:
    sent = Sent({"told": Lane(0.0, 3.0), "silent": Lane()})
    assert (sent.loss_untold, sent.jitter_untold) == ({"silent"}, {"silent"})


@given(st.dictionaries(NAMES, st.none() | st.floats(0, 1)), NAMES)
def test_the_least_is_that_of_somebody_else(told: dict[str, float | None], key: str) -> None:
    others = [value for name, value in told.items() if name != key and value is not None]
    assert Least(told.items()).but(key) == min(others, default=None)

"""What a record of somebody holds, and gives back."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from monitor.entities import Participant

NUMBERS = st.none() | st.floats(allow_nan=False)


def told(participant: Participant) -> list[float | None]:
    return [
        participant.rtt_ms,
        participant.jitter_ms,
        participant.loss_ratio,
        participant.bitrate_up_bps,
        participant.bitrate_down_bps,
        participant.fps,
    ]


def test_of_whom_nothing_was_measured_nothing_is_known() -> None:
    assert told(Participant("PA1", "RM1")) == [None] * 6


@given(st.lists(NUMBERS, min_size=6, max_size=6), st.lists(NUMBERS, min_size=6, max_size=6))
def test_the_numbers_of_the_last_sample_come_back_as_they_were_and_after_a_restart(
    before: list[float | None], last: list[float | None]
) -> None:
    participant = Participant("PA1", "RM1")
    participant.hear(before)
    participant.hear(last)
    saved = msgspec.json.encode(participant)
    assert told(participant) == told(msgspec.json.decode(saved, type=Participant)) == last


def test_a_record_that_was_put_aside_does_not_change_any_more() -> None:
    participant = Participant("PA1", "RM1")
    participant.hear([50.0, None, None, None, None, None])
    aside = participant.copied()
    participant.hear([90.0, None, None, None, None, None])
    assert (aside.rtt_ms, participant.rtt_ms) == (50.0, 90.0)

"""What comes late, out of order, or by a clock that is off, does not turn the picture back."""

import pytest

from collectors.moments import PRESENT_MS
from collectors.observations import MediaStats, TelemetryBatch
from monitor.entities import Participant
from monitor.hearing import RETURN_AFTER_MS
from monitor.live import Live
from monitor.store.rows import happenings_of, place_of
from tests.builders import ALICE, BOB, CAROL, NOW_MS, ROOM, batch, connection, level, participant, room

HOUR_MS, TEN_MINUTES = 3_600_000, 600_000
NAME = "acme:class:1"


@pytest.fixture
def live() -> Live:
    return Live()


def only(live: Live) -> Participant:
    (participant,) = live.participants()
    return participant


def long_ago(*observations: object, **given: object) -> TelemetryBatch:
    """Return what a client tells that was offline for hours."""
    return batch(*observations, at_ms=NOW_MS + HOUR_MS, **given)  # type: ignore[arg-type]


# --- history is not the present ---


def test_what_is_hours_old_changes_nothing(live: Live) -> None:
    live.apply(batch(level(4, at_ms=NOW_MS + HOUR_MS), at_ms=NOW_MS + HOUR_MS))
    assert not live.apply(
        long_ago(level(0, of=BOB), connection("reconnecting"), connection("disconnected", code=53001))
    )
    assert (only(live).level, only(live).reconnecting, only(live).error_code) == (4, False, None)


def test_what_is_hours_old_brings_no_room_back_that_was_forgotten(live: Live) -> None:
    live.apply(batch(level(4)))
    live.expire(NOW_MS + HOUR_MS, forget_after_ms=HOUR_MS - 1)
    live.apply(long_ago(level(3)))
    assert not live.rooms


def test_a_room_that_ended_stays_so_whatever_is_told_of_it_late(live: Live) -> None:
    live.apply(room("completed", room_name=NAME))
    for sid, name in ((ROOM, None), (ROOM, NAME), (None, NAME)):
        live.apply(batch(level(3), room_sid=sid, room_name=name, at_ms=NOW_MS + TEN_MINUTES))
    assert not live.rooms


def test_a_name_that_is_used_again_is_another_room(live: Live) -> None:
    live.apply(room("completed", room_name=NAME))
    live.apply(batch(level(3, at_ms=NOW_MS + TEN_MINUTES), room_sid=None, room_name=NAME, at_ms=NOW_MS + TEN_MINUTES))
    assert [each.name for each in live.rooms.values()] == [NAME]


def test_what_is_told_late_of_a_room_is_not_put_down_to_the_next_of_its_name(live: Live) -> None:
    next_sid, began_ms = "RM" + "b" * 32, NOW_MS + TEN_MINUTES
    live.apply(room("completed", room_name=NAME))
    live.apply(room(sid=next_sid, room_name=NAME, created_at_ms=began_ms, at_ms=began_ms))
    live.apply(batch(level(3), room_sid=None, room_name=NAME, at_ms=began_ms))
    assert not list(live.participants())
    assert [live.calls.at(NAME, at_ms) for at_ms in (NOW_MS, began_ms)] == [
        live.calls.ended[ROOM],
        live.rooms[next_sid],
    ]


def test_somebody_who_left_does_not_come_back_by_what_was_told_before(live: Live) -> None:
    live.apply(batch(level(3), reporter=None, identity="alice"))
    live.apply(batch(connection("disconnected", at_ms=NOW_MS + 1), reporter=None, identity="alice"))
    live.apply(batch(level(2), reporter=None, identity="alice", at_ms=NOW_MS + 2 * RETURN_AFTER_MS))
    assert not list(live.participants())


def test_an_end_of_long_ago_among_the_news_ends_nothing(live: Live) -> None:
    later_ms = NOW_MS + PRESENT_MS + 1
    told = connection("disconnected"), connection("connected", at_ms=later_ms), level(4, at_ms=later_ms)
    live.apply(batch(*told, reporter=None, identity="alice", at_ms=later_ms))
    assert only(live).level == 4


# --- order ---


def test_posts_that_overtake_one_another_do_not_turn_the_picture_back(live: Live) -> None:
    live.apply(participant(BOB))
    live.apply(batch(level(5, at_ms=NOW_MS + 9, of=BOB), connection("reconnected", at_ms=NOW_MS + 9)))
    live.apply(batch(level(1, at_ms=NOW_MS + 1, of=BOB), connection("reconnecting", at_ms=NOW_MS + 1)))
    alice, bob = (each for sid in (ALICE, BOB) for each in live.participants() if each.sid == sid)
    assert (alice.reconnecting, bob.level) == (False, 5)


# --- clocks ---


def test_times_of_a_clock_that_is_ahead_are_shown_by_ours(live: Live) -> None:
    ahead_ms = NOW_MS + TEN_MINUTES
    live.apply(participant(CAROL))
    live.apply(batch(level(3, at_ms=ahead_ms), level(2, at_ms=ahead_ms, of=CAROL), clock_offset_ms=TEN_MINUTES))
    assert {each.level_since_ms for each in live.participants()} == {NOW_MS}
    assert {each.clock_offset_ms for each in live.participants()} == {0, TEN_MINUTES}
    live.apply(batch(connection("disconnected", at_ms=ahead_ms + 7), clock_offset_ms=TEN_MINUTES))
    assert live.rooms[ROOM].left[ALICE].left_at_ms == NOW_MS + 7


def test_what_happened_is_on_record_by_our_clock() -> None:
    told = batch(connection("reconnecting", at_ms=NOW_MS + TEN_MINUTES), clock_offset_ms=TEN_MINUTES)
    assert [each.at_ms for each in happenings_of(told, place_of(told))] == [NOW_MS]


def test_somebody_whose_clock_was_set_back_is_still_heard(live: Live) -> None:
    ahead = [each(at_ms=NOW_MS + TEN_MINUTES) for each in (lambda at_ms: level(1, at_ms=at_ms), MediaStats)]
    live.apply(batch(*ahead, clock_offset_ms=TEN_MINUTES))
    live.apply(batch(level(5, at_ms=NOW_MS + 1), MediaStats(at_ms=NOW_MS + 1, rtt_ms=50), at_ms=NOW_MS + 1))
    assert (only(live).level, only(live).rtt_ms, only(live).clock_offset_ms) == (5, 50, 0)


def test_a_better_measurement_of_a_clock_loses_no_word(live: Live) -> None:
    live.apply(batch(level(1), clock_offset_ms=-8_000))
    live.apply(batch(level(5, at_ms=NOW_MS + 2_000), at_ms=NOW_MS + 2_000))
    assert only(live).level == 5


# --- what is shown of a client ---


def test_where_a_client_posts_from_and_what_it_lost_is_on_the_participant(live: Live) -> None:
    live.apply(batch(level(3), address="203.0.113.0/24", dropped=3))
    live.apply(batch(level(3)))
    assert (only(live).network_address, only(live).dropped_events) == ("203.0.113.0/24", 3)


def test_twilio_knows_better_than_a_browser_who_somebody_is(live: Live) -> None:
    live.apply(batch(level(3), identity="mallory"))
    live.apply(participant(ALICE, identity="alice"))
    assert only(live).identity == "alice"

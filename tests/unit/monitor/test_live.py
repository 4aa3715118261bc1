"""The picture of the rooms, driven event by event."""

from typing import get_args

import pytest

from collectors.events import Event, Source
from collectors.observations import Direction, MediaStats, Track
from monitor.calls import LEFT_KEPT
from monitor.entities import Change, Ref
from monitor.live import Live
from tests.builders import (
    ACCOUNT,
    ALICE,
    BOB,
    CAROL,
    COMPOSITION,
    NOW_MS,
    ROOM,
    batch,
    composition,
    connection,
    level,
    participant,
    room,
)


@pytest.fixture
def live() -> Live:
    return Live()


def who(live: Live, sid: str = ALICE):
    found = live.find_participant(f"{ROOM}/{sid}")
    assert found is not None
    return found[1]


def gone(changes) -> dict[str, str]:
    return {change.ref.key: change.gone for change in changes if change.gone}


# --- levels ---


def test_a_level_stays_until_it_changes(live: Live) -> None:
    live.apply(batch(level(2)))
    live.apply(batch(MediaStats(at_ms=NOW_MS + 60_000, rtt_ms=50)))
    assert who(live).level == 2


def test_an_older_level_that_arrives_late_changes_nothing(live: Live) -> None:
    live.apply(batch(level(4, at_ms=NOW_MS)))
    live.apply(batch(level(0, at_ms=NOW_MS - 1)))
    assert who(live).level == 4


def test_what_somebody_says_of_itself_counts_more_than_what_others_see(live: Live) -> None:
    live.apply(batch(level(4), reporter=BOB))
    live.apply(batch(level(1, of=BOB)))
    assert who(live, BOB).level == 4


def test_what_others_see_of_who_reports_is_not_kept_whoever_spoke_first(live: Live) -> None:
    live.apply(batch(level(1, of=BOB)))
    live.apply(batch(level(4), reporter=BOB))
    assert who(live, BOB).levels_seen is None
    live.apply(batch(level(2, of=BOB, at_ms=NOW_MS + 1)))
    assert who(live, BOB).levels_seen is None
    assert who(live, BOB).level == 4


def test_of_those_who_see_somebody_silent_the_best_view_counts(live: Live) -> None:
    live.apply(participant(CAROL))
    live.apply(batch(level(1, of=CAROL), reporter=ALICE))
    live.apply(batch(level(4, of=CAROL), reporter=BOB))
    assert who(live, CAROL).level == 4


def test_what_somebody_saw_is_forgotten_when_they_leave(live: Live) -> None:
    live.apply(participant(CAROL))
    live.apply(batch(level(4, of=CAROL), reporter=BOB))
    live.apply(participant(BOB, "disconnected", at_ms=NOW_MS + 1))
    assert who(live, CAROL).level is None


def test_a_zero_is_unknown_once_the_connection_is_back(live: Live) -> None:
    live.apply(batch(level(0), connection("reconnecting", code=53405)))
    assert (who(live).level, who(live).reconnecting, who(live).error_code) == (0, True, 53405)
    live.apply(batch(connection("reconnected", at_ms=NOW_MS + 1)))
    assert (who(live).level, who(live).reconnecting) == (None, False)


def test_a_zero_before_the_word_that_the_connection_is_back_is_unknown_in_one_post_too(live: Live) -> None:
    live.apply(batch(level(0, at_ms=NOW_MS), connection("reconnected", at_ms=NOW_MS + 1)))
    assert who(live).level is None
    live.apply(batch(connection("reconnected", at_ms=NOW_MS + 2), level(0, at_ms=NOW_MS + 3)))
    assert who(live).level == 0


def test_what_somebody_saw_in_the_post_that_takes_leave_is_forgotten_as_well(live: Live) -> None:
    live.apply(batch(reporter=BOB))
    live.apply(batch(level(2, of=BOB), connection("disconnected", at_ms=NOW_MS + 1)))
    (bob,) = live.participants()
    assert bob.level is None


def test_minus_one_takes_a_level_back(live: Live) -> None:
    live.apply(batch(level(3)))
    live.apply(batch(level(-1, at_ms=NOW_MS + 1)))
    assert who(live).level is None


def test_what_somebody_saw_of_others_leaves_with_them_and_is_saved_and_told(live: Live) -> None:
    live.apply(participant(CAROL))
    live.apply(batch(level(1, of=CAROL), reporter=ALICE))
    live.take_dirty()
    changes = live.apply(batch(connection("disconnected"), reporter=ALICE))
    assert who(live, CAROL).level is None
    assert live.rooms[ROOM] in live.take_dirty()
    assert who(live, CAROL).ref in [change.ref for change in changes]


def test_five_is_idle_while_nothing_flows_either_way(live: Live) -> None:
    live.apply(batch(level(5), MediaStats(at_ms=NOW_MS, up=Direction(bitrate_bps=0), down=Direction(bitrate_bps=0))))
    assert who(live).is_idle
    live.apply(batch(MediaStats(at_ms=NOW_MS + 1, up=Direction(bitrate_bps=900), down=Direction(bitrate_bps=0))))
    assert not who(live).is_idle


def test_five_is_idle_of_whoever_has_no_track_to_measure(live: Live) -> None:
    live.apply(batch(level(5)))
    assert who(live).is_idle
    live.apply(batch(Track(at_ms=NOW_MS + 1, state="published")))
    assert not who(live).is_idle


def test_a_lower_level_shows_that_something_flows(live: Live) -> None:
    live.apply(batch(level(4)))
    assert not who(live).is_idle


# --- coming and going ---


def test_a_room_known_by_name_gets_its_sid_later_and_stays_one_room(live: Live) -> None:
    live.apply(batch(level(3), room_sid=None, room_name="acme:class:1"))
    live.apply(room(room_name="acme:class:1"))
    live.apply(batch(level(2, at_ms=NOW_MS + 1)))
    (only,) = live.rooms.values()
    assert (only.sid, len(only.participants)) == (ROOM, 1)


def test_a_new_room_of_an_old_name_is_another_room(live: Live) -> None:
    live.apply(room(room_name="acme:class:1"))
    live.apply(room(sid="RM" + "b" * 32, room_name="acme:class:1"))
    assert len(live.rooms) == 2
    assert live.room_sid("acme:class:1") == "RM" + "b" * 32


def test_a_participant_known_by_identity_gets_a_sid_later_and_stays_one(live: Live) -> None:
    live.apply(batch(level(3), reporter=None, identity="alice"))
    live.apply(participant(ALICE, identity="alice", at_ms=NOW_MS + 1))
    (only,) = live.participants()
    assert (only.sid, only.level) == (ALICE, 3)


def test_the_same_identity_with_another_sid_is_somebody_who_came_again(live: Live) -> None:
    live.apply(participant(ALICE, identity="alice"))
    live.apply(participant(BOB, identity="alice"))
    assert len(list(live.participants())) == 2


def test_a_room_that_ends_takes_its_participants_with_it(live: Live) -> None:
    live.apply(batch(level(3)))
    changes = live.apply(room("completed", at_ms=NOW_MS + 1))
    assert gone(changes) == {f"{ROOM}/{ALICE}": "room_ended", ROOM: "room_ended"}
    assert not live.rooms


def test_nothing_brings_a_completed_room_back(live: Live) -> None:
    live.apply(room())
    live.apply(room("completed"))
    for late in (batch(level(3)), room(at_ms=NOW_MS + 5), participant(ALICE, at_ms=NOW_MS + 5)):
        assert not live.apply(late)
    assert not live.rooms


def test_the_end_of_a_room_that_nobody_had_mentioned_is_saved_too(live: Live) -> None:
    live.apply(room("completed", room_name="acme:class:1", ended_at_ms=NOW_MS))
    (saved,) = live.take_dirty()
    assert (saved.ref.key, saved.is_live, saved.ended_at_ms) == (ROOM, False, NOW_MS)


def test_who_has_left_stays_gone_however_late_their_last_word_comes(live: Live) -> None:
    live.apply(participant(ALICE))
    assert gone(live.apply(participant(ALICE, "disconnected"))) == {f"{ROOM}/{ALICE}": "participant_left"}
    live.apply(batch(level(1), at_ms=NOW_MS + 60_000))
    live.apply(participant(ALICE, at_ms=NOW_MS + 60_000))
    assert not list(live.participants())


def test_a_departure_may_be_told_before_the_arrival(live: Live) -> None:
    live.apply(participant(ALICE, "disconnected", at_ms=NOW_MS + 10))
    live.apply(participant(ALICE, "connected", at_ms=NOW_MS))
    assert not list(live.participants())


def test_somebody_known_by_identity_only_may_come_back_after_a_while(live: Live) -> None:
    live.apply(batch(connection("disconnected"), reporter=None, identity="alice"))
    live.apply(batch(level(3), reporter=None, identity="alice", at_ms=NOW_MS + 1_000))
    assert not list(live.participants())
    live.apply(batch(level(3), reporter=None, identity="alice", at_ms=NOW_MS + 60_000))
    assert not list(live.participants()), "that is what it told before it left, and came late"
    live.apply(batch(level(3, at_ms=NOW_MS + 60_000), reporter=None, identity="alice", at_ms=NOW_MS + 60_000))
    assert [seen.identity for seen in live.participants()] == ["alice"]


def test_a_poll_asked_before_the_latest_word_does_not_make_anybody_leave(live: Live) -> None:
    live.apply(batch(level(3), at_ms=NOW_MS + 100))
    live.apply(participant(ALICE, "disconnected", at_ms=NOW_MS))
    assert who(live).level == 3


def test_a_room_that_nobody_mentions_is_forgotten_and_one_that_is_polled_is_not(live: Live) -> None:
    live.apply(batch(level(3)))
    assert not live.expire(NOW_MS + 1_000, forget_after_ms=1_000)
    assert gone(live.expire(NOW_MS + 1_001, forget_after_ms=1_000)) == {
        f"{ROOM}/{ALICE}": "no_word_of_room",
        ROOM: "no_word_of_room",
    }


def test_what_a_callback_says_counts_although_telemetry_came_since(live: Live) -> None:
    live.apply(batch(level(3), at_ms=NOW_MS + 100))
    live.apply(participant(ALICE, "disconnected", source=Source.CALLBACK))
    assert not list(live.participants())


# --- compositions ---


def waiting(live: Live):
    return live.compositions[COMPOSITION].waiting_since_ms


def test_a_composition_of_a_live_room_waits_legitimately(live: Live) -> None:
    live.apply(room())
    live.apply(composition(created_at_ms=NOW_MS))
    assert waiting(live) is None


def test_its_clock_starts_when_the_room_ends(live: Live) -> None:
    live.apply(composition(created_at_ms=NOW_MS))
    live.apply(room("completed", ended_at_ms=NOW_MS + 5_000, duration_s=60))
    assert waiting(live) == NOW_MS + 5_000
    assert live.compositions[COMPOSITION].room_duration_s == 60


def test_its_clock_starts_at_its_creation_if_that_was_later(live: Live) -> None:
    live.apply(room("completed", ended_at_ms=NOW_MS - 5_000))
    live.apply(composition(created_at_ms=NOW_MS))
    assert waiting(live) == NOW_MS


def test_progress_starts_the_clock_anew(live: Live) -> None:
    live.apply(room("completed", ended_at_ms=NOW_MS))
    live.apply(composition())
    live.apply(composition("processing", at_ms=NOW_MS + 1_000, percent_done=10))
    assert waiting(live) == NOW_MS + 1_000
    live.apply(composition("processing", at_ms=NOW_MS + 2_000, percent_done=10))
    assert waiting(live) == NOW_MS + 1_000
    live.apply(composition("processing", at_ms=NOW_MS + 3_000, percent_done=20))
    assert waiting(live) == NOW_MS + 3_000


def test_a_finished_composition_is_over_and_does_not_come_back(live: Live) -> None:
    live.apply(composition())
    assert gone(live.apply(composition("completed", at_ms=NOW_MS + 5))) == {COMPOSITION: "completed"}
    assert COMPOSITION not in live.compositions


def test_a_failure_is_kept_with_its_reason_until_it_is_old_news(live: Live) -> None:
    live.apply(composition())
    live.apply(composition("failed", at_ms=NOW_MS + 5, error_message="no media"))
    live.apply(composition("processing", at_ms=NOW_MS + 9))
    assert live.compositions[COMPOSITION].error_message == "no media"
    assert gone(live.expire(NOW_MS + 10_000, forget_after_ms=1_000)) == {COMPOSITION: "old_news"}


def come_and_go(live: Live, number: int, **where: str | None) -> None:
    stay = {**where, "reporter": None, "identity": f"guest {number}", "at_ms": NOW_MS + number}
    live.apply(batch(level(4, at_ms=NOW_MS + number), **stay))
    live.apply(batch(connection("disconnected", at_ms=NOW_MS + number), **stay))


def test_of_a_room_known_by_name_only_the_last_thousand_who_left_are_remembered(live: Live) -> None:
    for number in range(LEFT_KEPT + 5):
        come_and_go(live, number, room_sid=None, room_name="lobby")
    left = [each.identity for each in live.rooms["name:lobby"].left.values()]
    assert left == [f"guest {number}" for number in range(5, LEFT_KEPT + 5)]


def test_of_a_room_that_twilio_may_tell_of_everybody_who_left_is_remembered_until_it_is_sealed(live: Live) -> None:
    for number in range(LEFT_KEPT + 5):
        come_and_go(live, number)
    assert len(live.rooms[ROOM].left) == LEFT_KEPT + 5


def test_an_account_is_looked_at_when_it_has_a_room_more_or_less() -> None:
    live, account = Live([ACCOUNT]), Change(Ref("account", ACCOUNT))
    assert account in live.apply(room(account_sid=ACCOUNT))
    assert account not in live.apply(room(account_sid=ACCOUNT, at_ms=NOW_MS + 1))
    assert account in live.apply(room("completed", account_sid=ACCOUNT))
    assert account not in live.apply(room("completed", account_sid=ACCOUNT))


def test_there_is_nothing_that_can_be_seen_and_not_be_taken_in(live: Live) -> None:
    assert set(get_args(Event)) == set(live._reducers)

"""What Twilio is asked about, and what not."""

import pytest

from collectors.base import Unsettled
from collectors.events import (
    CompositionsListed,
    HookSeen,
    RecordingsListed,
    RoomLooked,
    RoomSummarySeen,
    Source,
    SummariesListed,
    TrackSeen,
)
from monitor.agenda import Agenda
from monitor.cadence import RECONCILED_AT_ONCE
from monitor.live import Live
from tests.builders import (
    ACCOUNT,
    ALICE,
    BOB,
    CAROL,
    NOW_MS,
    ROOM,
    batch,
    composition,
    level,
    participant,
    recording,
    room,
)

MINUTE_MS = 60_000
OTHER = "RM" + "b" * 32


@pytest.fixture
def live() -> Live:
    return Live([ACCOUNT])


@pytest.fixture
def agenda(live: Live) -> Agenda:
    return Agenda(live, reconcile_every_ms=30_000)


def told(event, sequence: int):
    """Return the event as a numbered callback tells it."""
    return type(event)(
        **{name: getattr(event, name) for name in event.__struct_fields__}
        | {"source": Source.CALLBACK, "sequence": sequence}
    )


def looked(at_ms: int, *, is_final: bool = False) -> RoomLooked:
    return RoomLooked(at_ms, Source.POLL, ROOM, ACCOUNT, 1, is_final=is_final)


def call(live: Live, *sequences: int) -> None:
    """Let one person come and go in a room that ends, told by the callbacks of these numbers only."""
    joined = {"joined_at_ms": NOW_MS, "left_at_ms": None}
    events = (
        room(created_at_ms=NOW_MS, account_sid=ACCOUNT),
        participant(ALICE, **joined),
        participant(ALICE, "disconnected", left_at_ms=NOW_MS + 5),
        room("completed", ended_at_ms=NOW_MS + 9, account_sid=ACCOUNT),
    )
    for number in sequences:
        live.apply(told(events[number], number))


# --- live rooms ---


def test_a_room_that_only_a_poll_told_is_looked_into_once(live: Live, agenda: Agenda) -> None:
    live.apply(room(account_sid=ACCOUNT, created_at_ms=NOW_MS))
    assert agenda.rooms_to_look_at(ACCOUNT, NOW_MS) == []
    assert agenda.rooms_to_look_at(ACCOUNT, NOW_MS + 3_000) == [ROOM]
    live.apply(looked(NOW_MS + 4_000))
    assert agenda.rooms_to_look_at(ACCOUNT, NOW_MS + 9_000) == []


def test_a_browser_that_does_not_say_who_it_is_to_twilio_is_a_reason_to_look(live: Live, agenda: Agenda) -> None:
    live.apply(batch(level(4), reporter=None, identity="alice"))
    assert agenda.rooms_to_look_at(ACCOUNT, NOW_MS + 3_000) == [ROOM]
    live.apply(participant(ALICE, identity="alice"))
    assert agenda.rooms_to_look_at(ACCOUNT, NOW_MS + 3_000) == []


def test_a_room_whose_people_speak_for_themselves_needs_no_look(live: Live, agenda: Agenda) -> None:
    live.apply(room(account_sid=ACCOUNT, created_at_ms=NOW_MS))
    live.apply(batch(level(4)))
    assert agenda.rooms_to_look_at(ACCOUNT, NOW_MS + 9_000) == []


def test_somebody_whom_a_browser_sees_and_nobody_has_mentioned_is_a_reason_to_look(live: Live, agenda: Agenda) -> None:
    live.apply(participant(ALICE))
    live.apply(batch(level(4, of=CAROL), level(4, of=BOB)))
    assert agenda.rooms_to_look_at(ACCOUNT, NOW_MS + 30_000) == [ROOM]
    live.apply(batch(level(4), reporter=BOB))
    live.apply(participant(CAROL))
    assert agenda.rooms_to_look_at(ACCOUNT, NOW_MS + 30_000) == []


def test_a_number_missing_among_the_callbacks_is_a_reason_to_look(live: Live, agenda: Agenda) -> None:
    live.apply(told(room(created_at_ms=NOW_MS), 0))
    live.apply(told(participant(BOB), 2))
    assert agenda.rooms_to_look_at(ACCOUNT, NOW_MS + 3_000) == [ROOM]
    live.apply(told(participant(ALICE), 1))
    assert agenda.rooms_to_look_at(ACCOUNT, NOW_MS + 3_000) == []


def test_a_look_into_a_room_does_not_tell_who_came_and_went_before_it(live: Live, agenda: Agenda) -> None:
    call(live, 0, 2)  # that somebody joined was never told
    live.apply(looked(NOW_MS + 6))
    assert agenda.rooms_to_look_at(ACCOUNT, NOW_MS + MINUTE_MS) == []
    call(live, 3)
    assert agenda.rooms_to_settle(ACCOUNT, NOW_MS + MINUTE_MS) == [Unsettled(ROOM, participants=True, recordings=False)]


def test_a_look_that_explains_nothing_is_repeated_ever_more_seldom(live: Live, agenda: Agenda) -> None:
    at_ms, gaps = NOW_MS, []
    for _ in range(4):
        live.apply(batch(level(4), reporter=None, identity="alice", at_ms=at_ms))
        due_ms = next(t for t in range(at_ms, at_ms + 3_600_000, 1_000) if agenda.rooms_to_look_at(ACCOUNT, t))
        gaps.append(due_ms - at_ms)
        at_ms = due_ms
        live.apply(looked(at_ms))
    assert gaps == sorted(gaps)
    assert gaps[-1] >= 2 * gaps[1]


def test_every_room_is_looked_into_in_turn_the_longest_unseen_first(live: Live, agenda: Agenda) -> None:
    live.apply(told(room(created_at_ms=NOW_MS, account_sid=ACCOUNT), 0))
    live.apply(told(room(created_at_ms=NOW_MS - 1, sid=OTHER, account_sid=ACCOUNT), 0))
    assert agenda.rooms_to_reconcile(ACCOUNT, NOW_MS + 29_000) == []
    assert agenda.rooms_to_reconcile(ACCOUNT, NOW_MS + 30_000) == [OTHER, ROOM]


def test_callbacks_that_can_be_trusted_make_looks_rare(live: Live, agenda: Agenda) -> None:
    for number in range(6):
        sid = f"RM{number:032x}"
        live.apply(told(room(sid=sid, created_at_ms=NOW_MS, account_sid=ACCOUNT), 0))
    assert agenda.trusts_callbacks(ACCOUNT)
    assert agenda.rooms_to_reconcile(ACCOUNT, NOW_MS + 14 * MINUTE_MS) == []
    assert len(agenda.rooms_to_reconcile(ACCOUNT, NOW_MS + 16 * MINUTE_MS)) == RECONCILED_AT_ONCE


def test_the_rooms_of_another_account_are_not_asked_for(live: Live, agenda: Agenda) -> None:
    live.apply(room(account_sid="AC" + "b" * 32, created_at_ms=NOW_MS))
    assert agenda.live_rooms(ACCOUNT) == {}
    assert agenda.rooms_to_look_at(ACCOUNT, NOW_MS + MINUTE_MS) == []


# --- rooms that are over ---


def test_a_room_whose_callbacks_all_came_is_not_looked_at_again(live: Live, agenda: Agenda) -> None:
    call(live, 0, 1, 2, 3)
    assert agenda.rooms_to_settle(ACCOUNT, NOW_MS + MINUTE_MS) == []


def test_the_order_of_the_callbacks_does_not_matter(live: Live, agenda: Agenda) -> None:
    call(live, 3, 1, 0, 2)
    assert agenda.rooms_to_settle(ACCOUNT, NOW_MS + MINUTE_MS) == []
    (alice,) = live.calls.ended[ROOM].left.values()
    assert (alice.joined_at_ms, alice.left_at_ms) == (NOW_MS, NOW_MS + 5)


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_callback_that_is_missing_costs_one_last_look(live: Live, agenda: Agenda, lost: int) -> None:
    call(live, *(number for number in range(4) if number != lost))
    assert agenda.rooms_to_settle(ACCOUNT, NOW_MS + MINUTE_MS) == [Unsettled(ROOM, participants=True, recordings=False)]
    live.apply(looked(NOW_MS + MINUTE_MS, is_final=True))
    assert agenda.rooms_to_settle(ACCOUNT, NOW_MS + MINUTE_MS) == []


def test_a_room_whose_end_only_a_poll_told_is_looked_at_again(live: Live, agenda: Agenda) -> None:
    call(live, 0, 1, 2)
    live.apply(room("completed", ended_at_ms=NOW_MS + 9, account_sid=ACCOUNT))
    assert agenda.rooms_to_settle(ACCOUNT, NOW_MS + MINUTE_MS) == [Unsettled(ROOM, participants=True, recordings=False)]


def test_a_room_without_callbacks_whose_people_spoke_for_themselves_is_not_looked_at_again(
    live: Live, agenda: Agenda
) -> None:
    live.apply(batch(level(4)))
    live.apply(room("completed", created_at_ms=NOW_MS, ended_at_ms=NOW_MS + 9, account_sid=ACCOUNT))
    assert agenda.rooms_to_settle(ACCOUNT, NOW_MS + MINUTE_MS) == []
    summary = RoomSummarySeen(NOW_MS, Source.POLL, ROOM, ACCOUNT, unique_participants=2)
    live.apply(summary)
    assert agenda.stays_to_summarise(ACCOUNT, NOW_MS + 10 * MINUTE_MS) == [ROOM], "somebody was silent"


def test_recordings_are_asked_for_until_the_last_one_is_finished(live: Live, agenda: Agenda) -> None:
    call(live, 0, 1, 2, 3)
    live.apply(recording(account_sid=ACCOUNT))
    assert agenda.rooms_to_settle(ACCOUNT, NOW_MS + MINUTE_MS) == [Unsettled(ROOM, participants=False, recordings=True)]
    live.apply(RecordingsListed(NOW_MS + MINUTE_MS, Source.POLL, ROOM, ACCOUNT, recordings=1, open=1))
    assert agenda.rooms_to_settle(ACCOUNT, NOW_MS + MINUTE_MS + 1) == []
    assert agenda.rooms_to_settle(ACCOUNT, NOW_MS + 3 * MINUTE_MS) != []
    live.apply(RecordingsListed(NOW_MS + 3 * MINUTE_MS, Source.POLL, ROOM, ACCOUNT, recordings=1, open=0))
    assert agenda.rooms_to_settle(ACCOUNT, NOW_MS + 9 * MINUTE_MS) == []


def test_summaries_are_fetched_for_the_days_when_nobody_watched(live: Live, agenda: Agenda) -> None:
    window = agenda.rooms_to_summarise(ACCOUNT, NOW_MS)
    assert window is not None
    assert NOW_MS - window.created_from_ms > 6.9 * 24 * 60 * MINUTE_MS
    live.apply(SummariesListed(NOW_MS, Source.POLL, ACCOUNT, window.created_from_ms, window.created_to_ms))
    assert agenda.rooms_to_summarise(ACCOUNT, NOW_MS + 1) is None


def test_a_summary_is_wanted_some_minutes_after_the_end_and_once(live: Live, agenda: Agenda) -> None:
    live.apply(SummariesListed(NOW_MS, Source.POLL, ACCOUNT, 0, NOW_MS))
    call(live, 0, 1, 2, 3)
    assert agenda.rooms_to_summarise(ACCOUNT, NOW_MS + 4 * MINUTE_MS) is None
    now_ms = NOW_MS + 6 * MINUTE_MS
    assert agenda.rooms_to_summarise(ACCOUNT, now_ms) == (now_ms - 60 * MINUTE_MS, now_ms)
    live.apply(RoomSummarySeen(NOW_MS + 7 * MINUTE_MS, Source.POLL, ROOM, ACCOUNT, ended_at_ms=NOW_MS + 9))
    assert agenda.rooms_to_summarise(ACCOUNT, NOW_MS + 8 * MINUTE_MS) is None


def test_stays_that_nobody_told_are_fetched_from_the_log_analyzer(live: Live, agenda: Agenda) -> None:
    summary = RoomSummarySeen(
        NOW_MS, Source.POLL, ROOM, ACCOUNT, created_at_ms=NOW_MS - 9, ended_at_ms=NOW_MS - 1, unique_participants=2
    )
    live.apply(summary)
    assert agenda.stays_to_summarise(ACCOUNT, NOW_MS) == [ROOM]


# --- compositions ---


def test_only_compositions_that_exist_are_asked_for(live: Live, agenda: Agenda) -> None:
    live.apply(HookSeen(NOW_MS, Source.POLL, "HK" + "a" * 32, is_enabled=True, account_sid=ACCOUNT))
    live.apply(recording(account_sid=ACCOUNT))
    call(live, 0, 1, 2, 3)
    (expected,) = live.compositions.values()
    assert expected.is_expected
    assert agenda.compositions_in_doubt(ACCOUNT) == {}
    live.apply(composition(account_sid=ACCOUNT, created_at_ms=NOW_MS + 10))
    assert list(live.compositions) == ["CJ" + "a" * 32]
    assert agenda.compositions_in_doubt(ACCOUNT) == {"CJ" + "a" * 32: NOW_MS + 10}


def test_a_room_in_doubt_is_asked_for_only_while_something_waits_for_it(live: Live, agenda: Agenda) -> None:
    live.apply(composition())
    assert agenda.rooms_in_doubt(ACCOUNT) == [ROOM]
    live.apply(room())
    assert agenda.rooms_in_doubt(ACCOUNT) == []
    live.apply(room("completed", created_at_ms=NOW_MS - 9, ended_at_ms=NOW_MS))
    assert agenda.rooms_in_doubt(ACCOUNT) == []


def test_a_room_whose_beginning_nobody_told_is_asked_for_even_when_it_is_over(live: Live, agenda: Agenda) -> None:
    live.apply(room("completed", ended_at_ms=NOW_MS))
    assert agenda.rooms_in_doubt(ACCOUNT) == [ROOM]


def test_what_a_hook_owes_is_asked_for_ever_more_seldom_until_it_is_seen(live: Live, agenda: Agenda) -> None:
    live.apply(HookSeen(NOW_MS, Source.POLL, "HK" + "a" * 32, is_enabled=True, account_sid=ACCOUNT))
    live.apply(recording(account_sid=ACCOUNT))
    call(live, 0, 1, 2, 3)
    assert agenda.rooms_owed_a_composition(ACCOUNT, NOW_MS + MINUTE_MS) == []
    assert agenda.rooms_owed_a_composition(ACCOUNT, NOW_MS + 3 * MINUTE_MS) == [ROOM]
    live.apply(CompositionsListed(NOW_MS + 3 * MINUTE_MS, Source.POLL, ROOM, ACCOUNT))
    assert agenda.rooms_owed_a_composition(ACCOUNT, NOW_MS + 6 * MINUTE_MS) == []
    assert agenda.rooms_owed_a_composition(ACCOUNT, NOW_MS + 8 * MINUTE_MS) == [ROOM]
    live.apply(composition("completed", account_sid=ACCOUNT, created_at_ms=NOW_MS))
    assert agenda.rooms_owed_a_composition(ACCOUNT, NOW_MS + 60 * MINUTE_MS) == []


# --- letting go ---


def test_the_people_of_a_room_are_let_go_of_once_nothing_more_is_expected(live: Live, agenda: Agenda) -> None:
    call(live, 0, 1, 2, 3)
    ended = live.calls.ended[ROOM]
    assert not agenda.is_over(ended, NOW_MS + 9 * MINUTE_MS)
    assert not agenda.is_over(ended, NOW_MS + 11 * MINUTE_MS)
    live.apply(RoomSummarySeen(NOW_MS, Source.POLL, ROOM, ACCOUNT, unique_participants=1))
    assert agenda.is_over(ended, NOW_MS + 11 * MINUTE_MS)
    live.calls.seal(lambda _: True)
    assert not ended.left


def test_a_room_is_let_go_of_though_its_summary_never_came(live: Live, agenda: Agenda) -> None:
    call(live, 0, 1, 2, 3)
    assert agenda.is_over(live.calls.ended[ROOM], NOW_MS + 4 * 60 * MINUTE_MS)


def test_tracks_are_counted_among_the_callbacks(live: Live, agenda: Agenda) -> None:
    live.apply(told(room(created_at_ms=NOW_MS, account_sid=ACCOUNT), 0))
    live.apply(TrackSeen(NOW_MS, Source.CALLBACK, ROOM, "added", participant_sid=ALICE, sequence=1))
    live.apply(told(room("completed", ended_at_ms=NOW_MS + 9, account_sid=ACCOUNT), 2))
    assert agenda.rooms_to_settle(ACCOUNT, NOW_MS + MINUTE_MS) == []

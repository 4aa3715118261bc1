"""What can nobody judge, and is it said?"""

from collectors.events import Event
from monitor.blind_spots import MOST_SHOWN, BlindSpots, Spots, blind_spots
from monitor.live import Live
from tests.builders import ALICE, BOB, NOW_MS, ROOM, batch, level, participant, room

MINUTE_MS = 60_000


def seen(*events: Event, after_ms: int = 2 * MINUTE_MS, asks_twilio: bool = True) -> BlindSpots:
    live = Live()
    for event in events:
        live.apply(event)
    return blind_spots(live, [], NOW_MS + after_ms, 30.0, asks_twilio=asks_twilio)


def who(spots: Spots) -> list[str | None]:
    return [each.participant_sid for each in spots.first]


def test_a_room_in_which_nobody_posts_is_one_blind_spot_and_not_one_for_each_in_it() -> None:
    found = seen(room(), participant(ALICE), participant(BOB))
    (spot,) = found.rooms_without_telemetry.first
    assert (spot.room_sid, spot.people) == (ROOM, 2)
    assert found.never_heard.total == 0


def test_who_does_not_post_where_others_do_is_named() -> None:
    assert who(seen(room(), participant(ALICE), participant(BOB), batch(level(4))).never_heard) == [BOB]


def test_a_browser_gets_a_minute_to_begin() -> None:
    found = seen(room(), participant(ALICE), after_ms=MINUTE_MS // 2)
    assert found.rooms_without_telemetry.total == 0


def test_who_has_stopped_posting_is_not_taken_for_one_who_never_did() -> None:
    found = seen(room(), participant(ALICE), batch(level(4)))
    assert (who(found.fell_silent), found.never_heard.total, found.heard) == ([ALICE], 0, 0)


def test_somebody_of_whom_only_a_browser_tells_is_unknown_to_twilio() -> None:
    assert who(seen(batch(level(4))).unknown_to_twilio) == [ALICE]
    assert who(seen(room(), participant(ALICE), batch(level(4))).unknown_to_twilio) == []


def test_nobody_is_unknown_to_a_twilio_that_is_not_asked() -> None:
    assert seen(batch(level(4)), asks_twilio=False).unknown_to_twilio.total == 0


def test_however_many_there_are_only_the_first_are_listed() -> None:
    crowd = [participant(f"PA{number:032x}") for number in range(MOST_SHOWN + 1)]
    found = seen(room(), *crowd, batch(level(4))).never_heard
    assert (found.total, len(found.first)) == (MOST_SHOWN + 1, MOST_SHOWN)

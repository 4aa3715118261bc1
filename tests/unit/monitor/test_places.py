"""Names of rooms and people, and the SIDs behind them."""

from monitor.live import Live
from monitor.places import resolve
from monitor.store.ports import Place
from tests.builders import ALICE, BOB, NOW_MS, ROOM, participant, room

BY_NAME = Place("name:acme", "identity:alice")
LATER_MS = NOW_MS + 3_600_000


def called(*events: object) -> Live:
    live = Live()
    for event in events:
        live.apply(event)
    return live


def test_names_stand_for_who_has_them_now() -> None:
    live = called(room(room_name="acme"), participant(ALICE, identity="alice"))
    assert resolve(live, BY_NAME, NOW_MS).place == Place(ROOM, ALICE)
    assert resolve(live, Place(ROOM, "identity:alice"), NOW_MS).place == Place(ROOM, ALICE)


def test_a_name_that_nobody_told_of_stays_a_name() -> None:
    assert resolve(Live(), BY_NAME, NOW_MS).place == BY_NAME
    live = called(room(room_name="acme"), participant(BOB, identity="bob"))
    assert resolve(live, BY_NAME, NOW_MS).place == Place(ROOM, "identity:alice")


def test_a_room_that_is_over_still_has_its_name_and_its_people() -> None:
    ended = room("completed", room_name="acme", at_ms=LATER_MS)
    live = called(room(room_name="acme"), participant(ALICE, identity="alice"), ended)
    assert resolve(live, BY_NAME, NOW_MS).place == Place(ROOM, ALICE)


def test_sids_are_what_they_are() -> None:
    live = called(room(room_name="acme"), participant(ALICE, identity="alice"))
    assert resolve(live, Place(ROOM, BOB), NOW_MS).place == Place(ROOM, BOB)


def test_a_room_is_where_twilio_says_that_its_media_is() -> None:
    live = called(room(room_name="acme", media_region="us1"), participant(ALICE, identity="alice"))
    for place in (BY_NAME, Place(ROOM, ALICE), Place(ROOM, BOB)):
        assert resolve(live, place, NOW_MS).media_region == "us1"
    assert resolve(called(room(room_name="acme")), BY_NAME, NOW_MS).media_region is None
    assert resolve(Live(), Place(ROOM, ALICE), NOW_MS).media_region is None

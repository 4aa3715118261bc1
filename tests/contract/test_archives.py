"""One suite, every store: a call is found by whatever somebody has at hand, with all that is on record of it."""

from collections.abc import Sequence

import pytest

from alerts.model import Judgement, Reason, State, Transition
from collectors.events import Event
from collectors.observations import MediaStats
from monitor.calls import LEFT_KEPT
from monitor.live import Live
from monitor.on_record import call_on_record
from monitor.store.ports import ANY_RULE, Entry, Search, Store
from tests.alert_builders import make_alert
from tests.builders import (
    ACCOUNT,
    ALICE,
    BOB,
    COMPOSITION,
    NOW_MS,
    RECORDING,
    ROOM,
    batch,
    composition,
    connection,
    level,
    participant,
    recording,
    room,
)
from tests.stored import as_told

ON_POSTGRES = True

HOUR_MS = 3_600_000
LATER_ROOM = "RM" + "b" * 32
STRANGER = "PA" + "d" * 32


def call(sid: str, name: str, at_ms: int, *people: tuple[str, str]) -> list[Event]:
    """Return a call from its beginning to its end."""
    about = {"sid": sid, "room_name": name, "account_sid": ACCOUNT}
    came = [participant(who, identity=identity, room_sid=sid, at_ms=at_ms) for who, identity in people]
    return [
        room(at_ms=at_ms, created_at_ms=at_ms, **about),
        *came,
        room("completed", at_ms=at_ms + HOUR_MS, created_at_ms=at_ms, ended_at_ms=at_ms + HOUR_MS, **about),
    ]


async def saved(store: Store, events: Sequence[Event], *, is_sealed: bool = False) -> Live:
    live = Live()
    for event in events:
        live.apply(event)
    if is_sealed:
        live.calls.seal(lambda _: True)
    await store.picture.save(live.take_dirty(), 0)
    return live


@pytest.fixture
async def past(store: Store) -> Store:
    """Two calls of one name, and one of another that goes on."""
    events = [
        *call(ROOM, "acme:class", NOW_MS, (ALICE, "alice"), (BOB, "bob")),
        *call(LATER_ROOM, "acme:class", NOW_MS + 2 * HOUR_MS, ("PA" + "e" * 32, "alice")),
        room(sid="RM" + "f" * 32, room_name="other", at_ms=NOW_MS + 9 * HOUR_MS, created_at_ms=NOW_MS + 9 * HOUR_MS),
    ]
    await saved(store, events, is_sealed=True)
    return store


async def found(store: Store, text: str = "", **given: object) -> list[str | None]:
    return [each.room_sid for each in await store.archive.search(Search(text, **given))]


@pytest.mark.parametrize(
    ("text", "rooms"),
    [
        (ROOM, [ROOM]),
        (ALICE, [ROOM]),
        ("bob", [ROOM]),
        ("alice", [LATER_ROOM, ROOM]),
        ("acme:class", [LATER_ROOM, ROOM]),
        ("acme", [LATER_ROOM, ROOM]),
        ("class", []),
        ("ali", []),
        ("", ["RM" + "f" * 32, LATER_ROOM, ROOM]),
        ("RM" + "9" * 32, []),
        ("PA" + "9" * 32, []),
        ("%", []),
    ],
)
async def test_a_call_is_found_by_what_is_at_hand_the_latest_first(past: Store, text: str, rooms: list[str]) -> None:
    assert await found(past, text) == rooms


async def test_a_call_is_found_by_when_it_began(past: Store) -> None:
    assert await found(past, from_ms=NOW_MS + 1, to_ms=NOW_MS + 2 * HOUR_MS + 1) == [LATER_ROOM]
    assert await found(past, "alice", to_ms=NOW_MS + 1) == [ROOM]


async def test_pages_go_on_where_the_last_one_ended(past: Store) -> None:
    seen: list[str | None] = []
    after = None
    while page := await past.archive.search(Search(after=after, limit=1)):
        seen += [each.room_sid for each in page]
        after = (page[-1].created_at_ms, page[-1].key)
    assert seen == await found(past)


@pytest.mark.samples
async def test_who_only_ever_measured_is_found_too(past: Store) -> None:
    posted = batch(MediaStats(NOW_MS, rtt_ms=1.0), reporter=STRANGER, identity="dave")
    (log_id,) = await past.log.append([Entry(posted)], NOW_MS)
    await past.picture.save([], log_id or 0)
    await past.samples.settle(NOW_MS, 0, as_told)
    assert await found(past, STRANGER) == await found(past, "dave") == [ROOM]


async def test_a_call_has_everybody_who_was_in_it(past: Store) -> None:
    there = await past.archive.call(ROOM)
    assert there is not None
    assert (there.room.sid, there.room.name) == (ROOM, "acme:class")
    assert sorted(each.identity or "" for each in there.room.people()) == ["alice", "bob"]


async def test_of_several_calls_of_one_name_the_latest_is_meant(past: Store) -> None:
    there = await past.archive.call("acme:class")
    assert there is not None
    assert there.room.sid == LATER_ROOM
    assert await past.archive.call("acme") is None


async def test_a_call_that_goes_on_has_those_who_are_in_it_and_those_who_left(store: Store) -> None:
    await saved(
        store,
        [
            room(room_name="acme"),
            participant(ALICE, identity="alice"),
            participant(BOB, identity="bob"),
            participant(BOB, "disconnected", identity="bob", left_at_ms=NOW_MS + 5),
        ],
    )
    there = await store.archive.call(ROOM)
    assert there is not None
    assert ([*there.room.participants], [*there.room.left]) == ([ALICE], [BOB])


async def test_a_call_that_goes_on_has_those_too_whom_the_picture_has_let_go_of(store: Store) -> None:
    told: list[Event] = []
    for number in range(LEFT_KEPT + 2):
        guest = {"reporter": None, "identity": f"guest {number}", "room_sid": None, "room_name": "lobby"}
        told += [batch(level(4), **guest), batch(connection("disconnected"), **guest)]
    back = {"reporter": None, "identity": "guest 0", "room_sid": None, "room_name": "lobby"}
    live = await saved(store, [*told, batch(level(4), **back)])
    there = await call_on_record(store.archive, live, "lobby")
    assert there is not None
    assert [*there.room.participants] == ["identity:guest 0"]
    assert sorted(there.room.left) == sorted(f"identity:guest {number}" for number in range(1, LEFT_KEPT + 2))


async def test_a_call_has_its_recordings_and_compositions(store: Store) -> None:
    await saved(store, [room(), recording(), composition()])
    there = await store.archive.call(ROOM)
    assert there is not None
    assert [each.sid for each in there.recordings] == [RECORDING]
    assert [each.sid for each in there.compositions] == [COMPOSITION]


async def test_a_call_has_the_alerts_about_it_and_the_people_in_it(store: Store) -> None:
    await saved(store, [room(), batch(level(1))])
    for entity in (f"{ROOM}/{ALICE}", f"{LATER_ROOM}/{ALICE}", ROOM + "0"):
        fired = Transition(entity, "Bad", entity, State.PENDING, State.FIRING, NOW_MS / 1000, Reason.HELD)
        await store.alerts.record(Judgement((make_alert(entity=entity, fingerprint=entity),), (fired,)))
    there = await store.archive.call(ROOM)
    assert there is not None
    assert [each.entity for each in there.transitions] == [f"{ROOM}/{ALICE}"]


async def overlapping(store: Store, from_ms: int, to_ms: int, limit: int = 10) -> list[str | None]:
    return [each.sid for each in await store.archive.overlapping(from_ms, to_ms, limit)]


async def test_rooms_are_found_that_went_on_at_the_time_those_that_began_last_first(past: Store) -> None:
    assert await overlapping(past, NOW_MS, NOW_MS + 3 * HOUR_MS) == [LATER_ROOM, ROOM]
    assert await overlapping(past, NOW_MS + 5, NOW_MS + 6) == [ROOM], "a room counts for as long as it lasts"
    assert await overlapping(past, NOW_MS, NOW_MS + 3 * HOUR_MS, limit=1) == [LATER_ROOM]
    assert await overlapping(past, NOW_MS + HOUR_MS, NOW_MS + 2 * HOUR_MS) == [], "neither the end nor the beginning"
    assert await overlapping(past, NOW_MS + 20 * HOUR_MS, NOW_MS + 21 * HOUR_MS) == ["RM" + "f" * 32], "it goes on"


async def test_rooms_of_a_time_have_everybody_who_was_in_them(past: Store) -> None:
    later, earlier = await past.archive.overlapping(NOW_MS, NOW_MS + 3 * HOUR_MS, 10)
    assert [each.identity for each in later.people()] == ["alice"]
    assert sorted(each.identity or "" for each in earlier.people()) == ["alice", "bob"]


async def test_a_call_that_nobody_knows_is_not_there(store: Store) -> None:
    assert await store.archive.call(ROOM) is None


async def fire(store: Store, rule: str, entity: str) -> None:
    change = Transition(entity, rule, entity, State.PENDING, State.FIRING, NOW_MS / 1000, Reason.HELD)
    alert = make_alert(rule=rule, entity=entity, fingerprint=entity)
    await store.alerts.record(Judgement((alert,), (change,)))


async def test_a_call_says_what_fired_about_it_in_it_and_about_what_was_made_of_it(past: Store) -> None:
    await saved(past, [composition()])
    await fire(past, "Quality", f"{ROOM}/{ALICE}")
    await fire(past, "Quality", f"{ROOM}/{BOB}")
    await fire(past, "Degraded", ROOM)
    await fire(past, "Stuck", COMPOSITION)
    await fire(past, "Elsewhere", ROOM + "0")
    (it,) = await past.archive.search(Search(ROOM))
    assert it.fired == ("Degraded", "Quality", "Stuck")


async def test_calls_are_found_by_what_fired_in_them(past: Store) -> None:
    await fire(past, "Quality", f"{ROOM}/{ALICE}")
    await fire(past, "Degraded", LATER_ROOM)
    assert await found(past, fired=ANY_RULE) == [LATER_ROOM, ROOM]
    assert await found(past, fired="Quality") == [ROOM]
    assert await found(past, "alice", fired="Degraded") == [LATER_ROOM]
    assert await found(past, "bob", fired="Degraded") == []

"""Is what is saved of one moment, whatever happens while it is read?"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors import events
from collectors.events import Event
from collectors.observations import TelemetryBatch
from monitor.entities import Entity, Participant, Ref
from monitor.live import Live
from monitor.unsaved import Withdrawn
from tests.builders import (
    ACCOUNT,
    ALICE,
    BOB,
    CAROL,
    COMPOSITION,
    NOW_MS,
    RECORDING,
    batch,
    composition,
    connection,
    level,
    participant,
    recording,
    room,
)

ROOMS = ["RM" + "a" * 32, "RM" + "b" * 32]
PEOPLE = [ALICE, BOB, CAROL]

moments = st.integers(NOW_MS, NOW_MS + 60_000)
maybe_a_moment = st.none() | moments

#: What may be told, by the name of the field; of other fields, nothing is.
TOLD: dict[str, st.SearchStrategy[Any]] = {
    "seen_at_ms": moments,
    "source": st.sampled_from(events.Source),
    "room_sid": st.sampled_from(ROOMS),
    "room_name": st.sampled_from([None, "class:1", "class:2"]),
    "account_sid": st.just(ACCOUNT),
    "participant_sid": st.sampled_from(PEOPLE),
    "identity": st.sampled_from([None, "alice", "bob"]),
    "sequence": st.none() | st.integers(0, 5),
    "created_at_ms": maybe_a_moment,
    "joined_at_ms": maybe_a_moment,
    "left_at_ms": maybe_a_moment,
    "ended_at_ms": maybe_a_moment,
    "recording_sid": st.sampled_from([RECORDING, "RT" + "b" * 32]),
    "composition_sid": st.sampled_from([COMPOSITION, "CJ" + "b" * 32]),
    "size_bytes": st.none() | st.integers(0, 1),
    "percent_done": st.none() | st.floats(0, 100),
    "hook_sid": st.just("HK" + "a" * 32),
    "hook_sids": st.sampled_from([(), ("HK" + "a" * 32,)]),
    "is_enabled": st.booleans(),
    "category": st.sampled_from(["video", "recordings"]),
    "first_day": st.sampled_from(["2026-11-01", "2026-11-02"]),
    "last_day": st.just("2026-11-02"),
    "price": st.floats(0, 10),
    "recordings": st.integers(0, 1),
    "open": st.integers(0, 1),
    "is_final": st.booleans(),
    "is_on": st.booleans(),
    "trouble": st.sampled_from(events.Trouble),
    "step": st.sampled_from(["create", "join"]),
    "seconds": st.none() | st.floats(0, 10),
    "state": st.sampled_from(["added", "removed"]),
}
OF_THEIR_OWN: dict[type, dict[str, st.SearchStrategy[Any]]] = {
    events.RoomSeen: {"status": st.sampled_from(events.RoomStatus)},
    events.ParticipantSeen: {"status": st.sampled_from(events.ParticipantStatus)},
    events.CompositionSeen: {"status": st.sampled_from(events.CompositionStatus)},
    events.RecordingSeen: {"status": st.sampled_from(events.RecordingStatus)},
}


def anything_of(kind: type) -> st.SearchStrategy[Event]:
    own = OF_THEIR_OWN.get(kind, {})
    told = {field.name: own.get(field.name, TOLD.get(field.name)) for field in msgspec.structs.fields(kind)}
    return st.builds(kind, **{name: values for name, values in told.items() if values is not None})


said = st.one_of(
    st.builds(level, st.integers(0, 5), at_ms=moments, of=st.sampled_from([None, *PEOPLE, "PA" + "f" * 32])),
    st.builds(
        connection,
        st.sampled_from(["reconnecting", "reconnected", "disconnected"]),
        at_ms=moments,
        code=st.sampled_from([None, 53001]),
    ),
)
posted = st.builds(
    batch,
    said,
    reporter=st.sampled_from([None, *PEOPLE]),
    identity=TOLD["identity"],
    at_ms=moments,
    room_sid=st.none() | TOLD["room_sid"],
    room_name=st.sampled_from(["class:1", "class:2"]),
    account_sid=st.none() | TOLD["account_sid"],
)
sighted = st.one_of([anything_of(kind) for kind in Event.__args__ if kind is not TelemetryBatch])
happened = st.sampled_from([posted, sighted]).flatmap(lambda either: either)  # as often the one as the other
many = st.lists(happened, max_size=12)


def as_saved(entities: Iterable[Entity]) -> Iterator[tuple[Ref, bytes]]:
    return ((entity.ref, msgspec.json.encode(entity, order="sorted")) for entity in entities)


def changed_by(live: Live, happened: Iterable[Event]) -> None:
    for event in happened:
        live.apply(event)


#: Somebody in each state there is, so that whatever happens next happens to somebody.
PRELUDE = (
    batch(level(4), level(3, of=BOB), reporter=ALICE, room_sid=ROOMS[0], account_sid=ACCOUNT),
    batch(level(4), connection("reconnecting"), reporter=BOB, room_sid=ROOMS[0]),
    participant(CAROL, room_sid=ROOMS[0]),
    participant(CAROL, "disconnected", room_sid=ROOMS[0]),
    participant(ALICE, room_sid=ROOMS[1]),
    room("completed", sid=ROOMS[1], ended_at_ms=NOW_MS),
    composition(room_sid=ROOMS[1]),
    recording(room_sid=ROOMS[0]),
    events.CanarySeen(NOW_MS, events.Source.SELF, ACCOUNT, "create", 1.0),
)


@settings(max_examples=300)
@given(many, st.lists(st.tuples(happened, st.integers(0, 1)), min_size=3, max_size=12), st.booleans())
def test_what_is_saved_is_what_was_when_saving_began(
    before: list[Event], meanwhile: list[tuple[Event, int]], is_expired: bool
) -> None:
    live = Live([ACCOUNT])
    changed_by(live, [*PRELUDE, *before])
    changed = live.take_dirty()
    then = sorted(as_saved(changed))
    live.mark_dirty(changed)
    saved: list[tuple[Ref, bytes]] = []
    with live.being_saved() as entities:
        for event, count in meanwhile:
            live.apply(event)
            if is_expired:
                live.expire(NOW_MS + 30_000, 20_000)
                live.calls.seal(lambda _: True)
            saved += as_saved(islice(entities, count))
        saved += as_saved(entities)
    assert sorted(saved) == then


@given(many, many)
def test_what_was_read_of_a_picture_that_could_not_be_saved_has_still_changed(
    before: list[Event], meanwhile: list[Event]
) -> None:
    live = Live([ACCOUNT])
    changed_by(live, before)
    with suppress(OSError), live.being_saved() as entities:
        list(islice(entities, 2))
        changed_by(live, meanwhile)
        raise OSError
    with live.being_saved() as entities:
        again = dict(as_saved(entities))
    whole = Live([ACCOUNT])
    changed_by(whole, [*before, *meanwhile])
    assert again == dict(as_saved(whole.take_dirty()))


def test_nobody_reads_on_what_is_not_to_be_saved_any_more() -> None:
    live = Live()
    changed_by(live, [batch(level(4), room_sid=sid) for sid in ROOMS])
    with live.being_saved() as entities:
        next(entities)
    with pytest.raises(Withdrawn):
        next(entities)


def test_a_copy_of_somebody_whom_nobody_sees_any_more_does_not_see_who_comes() -> None:
    somebody = Participant(ALICE, ROOMS[0])
    somebody.see_at(3, BOB)
    somebody.lose_sight(BOB)
    copy = somebody.copied()
    somebody.see_at(4, CAROL)
    assert not copy.levels_seen

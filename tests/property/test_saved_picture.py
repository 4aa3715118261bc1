"""Is the picture after a restart the picture before it, whatever happened and whenever it was saved?"""

import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from collectors.events import Event
from monitor.live import Live
from monitor.store.memory import MemoryStore
from tests.builders import ALICE, BOB, NOW_MS, batch, composition, connection, level, participant, room

ROOMS = ["RM" + "a" * 32, "RM" + "b" * 32]
NAMES = [None, "class:1", "class:2"]
PEOPLE = [ALICE, BOB]

moments = st.integers(NOW_MS, NOW_MS + 60_000)
somewhere = {"room_sid": st.sampled_from(ROOMS), "room_name": st.sampled_from(NAMES)}
said = st.one_of(
    st.builds(level, st.integers(0, 5), at_ms=moments, of=st.sampled_from([None, *PEOPLE])),
    st.builds(connection, st.sampled_from(["reconnecting", "reconnected", "disconnected"]), at_ms=moments),
)
happened = st.one_of(
    st.builds(batch, said, reporter=st.sampled_from(PEOPLE), at_ms=moments, **somewhere),
    st.builds(
        participant, st.sampled_from(PEOPLE), st.sampled_from(["connected", "disconnected"]), at_ms=moments, **somewhere
    ),
    st.builds(
        room,
        st.sampled_from(["in-progress", "completed"]),
        at_ms=moments,
        sid=somewhere["room_sid"],
        room_name=somewhere["room_name"],
    ),
    st.builds(
        composition,
        st.sampled_from(["enqueued", "processing", "completed", "failed"]),
        at_ms=moments,
        room_sid=somewhere["room_sid"],
    ),
)


async def saved_and_restored(parts: Sequence[Sequence[Event]]) -> Live:
    """Return the picture of a daemon that saved, ended and started anew after each of the parts."""
    store, live = MemoryStore(), Live()
    for part in parts:
        for event in part:
            live.apply(event)
        await store.picture.save(live.take_dirty(), 0)
        saved = await store.picture.load()
        live = Live()
        live.restore(saved.rooms, saved.ended, saved.media)
    return live


@given(st.lists(st.lists(happened, max_size=6), max_size=6))
def test_a_picture_that_is_saved_and_restored_forgets_nothing(parts: list[list[Event]]) -> None:
    uninterrupted = Live()
    for event in (event for part in parts for event in part):
        uninterrupted.apply(event)
    restored = asyncio.run(saved_and_restored(parts))
    assert restored.rooms == uninterrupted.rooms
    assert restored.compositions == uninterrupted.compositions
    assert dict(restored.calls.ended) == dict(uninterrupted.calls.ended)

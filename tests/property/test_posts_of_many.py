"""Does a post of many observations end in the same picture as a post of each of them, in the same order?"""

from hypothesis import given
from hypothesis import strategies as st

from collectors.observations import MediaStats, Observation
from monitor.entities import Room
from monitor.live import Live
from tests.builders import ALICE, BOB, CAROL, NOW_MS, batch, connection, level

moments = st.integers(NOW_MS, NOW_MS + 20)
levels = st.none() | st.integers(-1, 5)
said = st.one_of(
    st.builds(level, levels, at_ms=moments, of=st.sampled_from([None, ALICE, BOB, CAROL])),
    st.builds(connection, st.sampled_from(["reconnecting", "reconnected"]), at_ms=moments),
    st.builds(MediaStats, moments, rtt_ms=st.none() | st.floats(0, 1000)),
)


def pictured(posts: list[list[Observation]], silent: str, offset_ms: int) -> Room:
    """Return the room after posts of Alice, in which somebody has said nothing of themselves."""
    live = Live()
    for who in (BOB, CAROL):
        live.apply(batch(*([] if who == silent else [level(4)]), reporter=who))
    for post in posts:
        live.apply(batch(*post, reporter=ALICE, clock_offset_ms=offset_ms))
    (room,) = live.rooms.values()
    return room


@given(st.lists(said, max_size=12), st.sampled_from([BOB, CAROL]), st.sampled_from([0, 5]))
def test_one_post_of_many_is_as_good_as_one_of_each(seen: list[Observation], silent: str, offset_ms: int) -> None:
    assert pictured([seen], silent, offset_ms) == pictured([[each] for each in seen] or [[]], silent, offset_ms)

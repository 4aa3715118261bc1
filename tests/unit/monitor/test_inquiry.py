"""How far does an inquiry look around?"""

from itertools import count

from collectors.observations import Direction, MediaStats
from monitor.entities import Room
from monitor.evidence.stretches import worst_stretch
from monitor.evidence.symptoms import symptoms_of
from monitor.evidence.witnesses import Evidence, Witness
from monitor.inquiry import ROOMS_A_TIME, Inquiry
from monitor.live import Live
from monitor.store.memory import MemoryStore
from tests.builders import NOW_MS, room
from tests.stored import as_told

MINUTE_MS = 60_000
SPAN_MS = (NOW_MS, NOW_MS + 5 * MINUTE_MS)


async def rooms(store: MemoryStore, many: int) -> Room:
    """Let rooms go on at the same time, and return one more."""
    live = Live()
    for number in range(many + 1):
        live.apply(room(sid=f"RM{number:032x}", created_at_ms=NOW_MS, at_ms=NOW_MS))
    await store.picture.save(live.take_dirty(), 0)
    return live.rooms[f"RM{0:032x}"]


async def test_other_rooms_are_counted_and_the_room_itself_is_none_of_them() -> None:
    store = MemoryStore()
    asked = await rooms(store, 3)
    finding = await Inquiry(store, Live(), as_told).look_into(asked, SPAN_MS)
    assert (finding.other_rooms, finding.are_other_rooms_cut) == (3, False)


async def test_when_the_time_is_up_no_more_rooms_are_looked_at_and_that_is_told() -> None:
    store = MemoryStore()
    asked = await rooms(store, ROOMS_A_TIME + 5)
    ticking = count()
    inquiry = Inquiry(store, Live(), as_told, others_s=3.0, steady_s=lambda: float(next(ticking)))
    finding = await inquiry.look_into(asked, SPAN_MS)
    assert (finding.other_rooms, finding.are_other_rooms_cut) == (1, True)


def test_of_a_long_call_the_worst_part_is_compared() -> None:
    lost = [0.2 if 30 <= minute < 36 else 0.0 for minute in range(60)]
    media = [
        MediaStats(NOW_MS + minute * MINUTE_MS + 10_000 * part, up=Direction(loss_ratio=lost[minute]))
        for minute in range(60)
        for part in range(6)
    ]
    long_ms = (NOW_MS, NOW_MS + 60 * MINUTE_MS)
    symptoms = symptoms_of(Evidence(*long_ms, witnesses=(Witness("alice", media=tuple(media)),)))
    assert worst_stretch(symptoms, long_ms, 60 * MINUTE_MS) == long_ms
    began_ms, ended_ms = worst_stretch(symptoms, long_ms, 10 * MINUTE_MS)
    assert ended_ms - began_ms == 10 * MINUTE_MS
    assert began_ms <= NOW_MS + 30 * MINUTE_MS < NOW_MS + 36 * MINUTE_MS <= ended_ms


def test_of_a_long_call_in_which_nothing_is_bad_the_end_is_compared() -> None:
    long_ms = (NOW_MS, NOW_MS + 60 * MINUTE_MS)
    began_ms, ended_ms = worst_stretch(symptoms_of(Evidence(*long_ms, witnesses=())), long_ms, 10 * MINUTE_MS)
    assert (began_ms, ended_ms) == (NOW_MS + 50 * MINUTE_MS, long_ms[1])

"""Are the chores done in time, and only so often?"""

from itertools import count

from monitor.agenda import Agenda
from monitor.housekeeping import SAVING_RATIO, Housekeeping
from monitor.live import Live
from monitor.metrics import Metrics
from monitor.pipeline import Pipeline
from monitor.settings import LivePicture, Storage
from monitor.store.memory import MemoryStore
from tests.builders import ALICE, NOW_MS, ROOM, batch, level

STEP_MS = 1_000  # between two looks at the clock


async def test_a_picture_that_takes_long_to_save_is_saved_more_seldom() -> None:
    store, live, metrics = MemoryStore(), Live(), Metrics()
    looks = count(NOW_MS, STEP_MS)
    clock = looks.__next__
    pipeline = Pipeline(store.log, live, metrics, lambda _: None, capacity_events=10, now_ms=clock)
    chores = Housekeeping(
        store,
        live,
        Agenda(live, 60_000),
        pipeline,
        metrics,
        lambda _: None,
        storage=Storage(),
        picture=LivePicture(),
        now_ms=clock,
    )

    async def saved_level() -> int | None:
        await chores.save_picture_now_and_then()
        return (await store.picture.load()).rooms[0].participants[ALICE].level

    live.apply(batch(level(4)))
    assert await saved_level() == 4, "the first time there is nothing to wait for"
    live.apply(batch(level(1, at_ms=NOW_MS + 1)))
    assert await saved_level() == 4, "saving took seconds a moment ago"
    for _ in range(int(3 / SAVING_RATIO)):
        next(looks)
    assert await saved_level() == 1
    assert live.rooms[ROOM].participants[ALICE].level == 1

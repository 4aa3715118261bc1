"""Are the chores done in time, and only so often?"""

from collections.abc import Sequence

from monitor.agenda import Agenda
from monitor.entities import Entity
from monitor.error_budgets import ErrorBudgets
from monitor.folding import Fold
from monitor.housekeeping import LONGEST_REST_MS, SAVING_RATIO, Housekeeping
from monitor.live import Live
from monitor.metrics import Metrics
from monitor.objectives import Objective
from monitor.outcomes import Over
from monitor.settings import LivePicture, Storage
from monitor.store.keeping import CLASSES, DAY_MS
from monitor.store.memory import MemoryPicture, MemoryStore
from monitor.store.ports import Entry, StoreFailed
from tests.builders import ALICE, BOB, NOW_MS, batch, level, participant

OTHER_ROOM = "RM" + "f" * 32


class Disk(MemoryPicture):
    """A disk that takes its time, or takes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = NOW_MS
        self.takes_ms = 0
        self.is_full = False

    async def save(self, entities: Sequence[Entity], through: int) -> None:
        self.now_ms += self.takes_ms
        if self.is_full:
            raise StoreFailed("the disk is full")
        await super().save(entities, through)


class House:
    """The chores, a picture, and a disk to save it to."""

    def __init__(self) -> None:
        self.missed_s = 0.0
        self.budgets = ErrorBudgets([Objective("Joins", Over.JOINS, 0.99)])
        self.disk, self.live = Disk(), Live(on_outcome=self.budgets.count)
        self.store, self.metrics = store, metrics = MemoryStore(), Metrics()
        store.picture = self.disk
        self.fold = Fold(self.live, lambda _: None)
        self.chores = Housekeeping(
            store,
            self.live,
            Agenda(self.live, 60_000),
            self.fold,
            metrics,
            lambda _: None,
            storage=Storage(),
            picture=LivePicture(),
            now_ms=lambda: self.disk.now_ms,
            budgets=self.budgets,
            missed_s=lambda _since_s, _now_s: self.missed_s,
        )

    async def saved(self, seen: int) -> int | None:
        """Return the level that is on the disk after a chance to save the one that was seen."""
        self.live.apply(batch(level(seen, at_ms=self.disk.now_ms)))
        await self.chores.save_picture_now_and_then()
        rooms = (await self.disk.load()).rooms
        return rooms[0].participants[ALICE].level if rooms else None


async def test_a_picture_that_takes_long_to_save_is_saved_more_seldom() -> None:
    house = House()
    house.disk.takes_ms = 1_000
    assert await house.saved(4) == 4, "the first time there is nothing to wait for"
    house.disk.now_ms += int(1_000 / SAVING_RATIO) - 1
    assert await house.saved(1) == 4
    house.disk.now_ms += 1
    assert await house.saved(1) == 1


async def test_however_slow_the_disk_is_the_log_that_a_restart_reads_is_bounded() -> None:
    house = House()
    house.disk.takes_ms = 3_600_000
    assert await house.saved(4) == 4
    house.disk.now_ms += LONGEST_REST_MS
    assert await house.saved(1) == 1


async def test_a_picture_that_could_not_be_saved_is_tried_again_at_the_next_chance() -> None:
    house = House()
    house.disk.takes_ms, house.disk.is_full = 10_000, True
    assert await house.saved(4) is None
    house.disk.is_full = False
    assert await house.saved(4) == 4


async def test_a_room_is_not_forgotten_while_for_most_of_the_time_nobody_could_have_heard_of_it() -> None:
    house = House()
    house.live.apply(batch(level(4)))
    house.disk.now_ms += int(LivePicture().forget_after_s * 1000) + 1
    house.missed_s = LivePicture().forget_after_s - 60
    await house.chores.expire()
    assert house.live.rooms
    house.missed_s = 60
    await house.chores.expire()
    assert not house.live.rooms


async def test_what_was_dropped_is_counted_by_class_and_when_it_was_looked_for_is_said() -> None:
    house = House()
    await house.store.log.append([Entry(batch(level(4), session="s", seq=1))], NOW_MS)
    await house.disk.save([], 1)
    house.disk.now_ms += 31 * DAY_MS
    await house.chores.retain()
    dropped = house.metrics.values["roomwatch_store_dropped_rows_total"]
    assert {labels[0]: rows for labels, rows in dropped.items()} == dict.fromkeys(CLASSES, 0) | {"raw": 2}
    looked = house.metrics.values["roomwatch_store_retention_timestamp_seconds"]
    assert set(looked.values()) == {house.disk.now_ms / 1000}


async def test_what_error_budgets_count_is_saved_with_the_picture_that_it_belongs_to() -> None:
    house = House()
    await house.saved(1)
    house.live.apply(batch(level(1), reporter=BOB))  # after the picture was saved
    ((objective, whose, step), _) = await house.store.slos.load()
    assert (objective, whose, step.good) == ("Joins", "unknown", 1)


async def test_counts_that_did_not_fit_on_the_disk_are_saved_when_there_is_room() -> None:
    house = House()
    house.disk.is_full = True
    await house.saved(1)
    assert await house.store.slos.load() == []
    house.disk.is_full = False
    await house.chores.save_picture()
    assert [kept.step.good for kept in await house.store.slos.load()] == [1, 1]


# --- where somebody else saves the picture ---


async def test_whoever_takes_up_saving_has_all_that_was_not_saved_by_whoever_did_before() -> None:
    house = House()
    house.fold.apply([(1, batch(level(4)))])
    house.chores.remember_unsaved(0)
    house.fold.apply([(2, batch(level(2), at_ms=NOW_MS + 1_000))])
    house.chores.remember_unsaved(0)
    house.chores.write_to(house.store)
    await house.chores.save_picture()
    (room,) = (await house.disk.load()).rooms
    assert room.participants[ALICE].level == 2
    assert (await house.disk.load()).through == 2


async def test_what_somebody_else_has_saved_is_forgotten_and_what_came_since_is_not() -> None:
    house = House()
    house.fold.apply([(1, batch(level(4)))])
    house.chores.remember_unsaved(0)
    house.fold.apply([(2, participant(BOB, room_sid=OTHER_ROOM))])
    house.chores.remember_unsaved(1)
    house.chores.write_to(house.store)
    await house.chores.save_picture()
    assert [room.sid for room in (await house.disk.load()).rooms] == [OTHER_ROOM]

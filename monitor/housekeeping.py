"""What has to be done now and then, whatever happens?

Save the picture and what error budgets count, so that a restart need not read the whole log; forget rooms that nobody
mentions; make history of what is in the log; drop what is older than it may be.

Of several replicas one does what is for all of them.  The others remember what they would have to save if they were to
take that up: what has changed since the log id that the saved picture reaches.
"""

from collections.abc import Callable, Sequence
from logging import getLogger
from typing import NamedTuple

from monitor.agenda import Agenda
from monitor.entities import Change, Entity
from monitor.error_budgets import ErrorBudgets, Kept
from monitor.folding import Fold
from monitor.live import Live
from monitor.metrics import Metrics
from monitor.places import resolve
from monitor.settings import LivePicture, Storage
from monitor.store.ports import Place, Resolved, Store, StoreFailed

_log = getLogger(__name__)

SAVING_RATIO = 0.02  # of the time, at most, goes into saving the picture: a large one is saved more seldom
LONGEST_REST_MS = 300_000  # on a slow disk, too: what is not saved has to be read from the log after a crash
EXPIRE_EVERY_S = 60.0
RETAIN_EVERY_S = 3600.0
SETTLE_EVERY_S = 60.0
SILENT_MS = 1_800_000  # who was not heard for so long has left: what is in the log of them has become chunks
ABSENT_RATIO = 0.5  # of the time in which to mention a room nobody could: it is too early to forget it
LOOK_FOR_DAMAGE_EVERY_S = 3600.0
LOOK_AT_A_TABLE_S = 1.0  # at most: of the large ones `roomwatch doctor` tells, and whoever reads them
LOOK_FOR_ROOM_EVERY_S = 5.0  # on a disk that was full


class _Unsaved(NamedTuple):
    """What changed until the picture reached a log id; whoever saves it from there on has all of it."""

    through: int
    entities: Sequence[Entity]
    counted: Sequence[Kept]


class Housekeeping:
    """The chores of a running daemon."""

    def __init__(
        self,
        store: Store,
        live: Live,
        agenda: Agenda,
        fold: Fold,
        metrics: Metrics,
        on_change: Callable[[Sequence[Change]], None],
        *,
        storage: Storage,
        picture: LivePicture,
        now_ms: Callable[[], int],
        budgets: ErrorBudgets | None = None,
        missed_s: Callable[[float, float], float] = lambda _since_s, _now_s: 0.0,
    ) -> None:
        self._store = store
        self._live = live
        self._agenda = agenda
        self._fold = fold
        self._metrics = metrics
        self._on_change = on_change
        self._storage = storage
        self._picture = picture
        self._now_ms = now_ms
        self._budgets = budgets or ErrorBudgets()
        self._missed_s = missed_s  # how long this process was not there since a moment
        self._saved_through = 0
        self._unsaved: list[_Unsaved] = []  # in the order of the log
        self._rests_until_ms = 0

    async def restore(self) -> None:
        """Take up the picture that was saved, and what the log has since."""
        self._budgets.restore(await self._store.slos.load())
        picture = await self._store.picture.load()
        self._live.restore(picture.rooms, picture.ended, picture.media, picture.accounts)
        through, replayed = picture.through, 0
        while entries := await self._store.log.since(through, limit=1000):
            for _, event in entries:
                self._on_change(self._live.apply(event))
            through = entries[-1][0]
            replayed += len(entries)
        self._fold.applied_id = self._saved_through = through
        _log.info("picture restored: %d rooms, %d events replayed", len(self._live.rooms), replayed)

    async def expire(self) -> None:
        """Forget what nobody has mentioned for long, and let go of the people in rooms that are over and known."""
        now_ms, forget_after_s = self._now_ms(), self._picture.forget_after_s
        missed_s = self._missed_s(now_ms / 1000 - forget_after_s, now_ms / 1000)
        if missed_s < ABSENT_RATIO * forget_after_s:
            self._on_change(self._live.expire(now_ms, int(forget_after_s * 1000)))
        self._live.calls.seal(lambda room: self._agenda.is_over(room, now_ms))

    # --- what one does for all ----------------------------------------------------------------------------

    def write_to(self, store: Store) -> None:
        """Save, settle and drop there from now on, beginning with what others have not saved."""
        self._store, self._rests_until_ms = store, 0
        for each in reversed(self._unsaved):  # what is marked already is newer, and stays
            self._live.mark_dirty(each.entities)
            self._budgets.mark_changed(each.counted)
        self._unsaved.clear()

    def remember_unsaved(self, saved_through: int) -> None:
        """Forget what somebody else has saved, which reaches until a log id, and remember what has changed since."""
        self._unsaved = [each for each in self._unsaved if each.through > saved_through]
        self._unsaved.append(_Unsaved(self._fold.applied_id, self._live.take_dirty(), self._budgets.take_changed()))

    async def save_picture_now_and_then(self) -> bool:
        """Save what changed since the last time, unless saving has taken its share of the time already."""
        return self._now_ms() < self._rests_until_ms or await self.save_picture()

    async def save_picture(self) -> bool:
        """Save what changed since the last time; return whether that is done."""
        # All is read before anything is awaited: the picture, what was counted, and the log id that they reach belong
        # together.
        self._live.judge_minutes()
        through, counted = self._fold.applied_id, self._budgets.take_changed()
        if not self._live.is_unsaved and not counted and through == self._saved_through:
            return True
        began_ms = self._now_ms()
        if not await self._save(through, counted):
            return False
        self._saved_through = through
        ended_ms = self._now_ms()
        self._rests_until_ms = ended_ms + min(int((ended_ms - began_ms) / SAVING_RATIO), LONGEST_REST_MS)
        self._metrics.set("roomwatch_checkpoint_timestamp_seconds", ended_ms / 1000)
        return True

    async def _save(self, through: int, counted: Sequence[Kept]) -> bool:
        """Save the picture and what was counted until then; what could not be saved is saved next time."""
        unsaved_counts = counted
        try:
            with self._live.being_saved() as entities:
                await self._store.picture.save(entities, through)
            await self._store.slos.save(counted, self._now_ms() / 1000)
            unsaved_counts = ()
        except StoreFailed as error:
            _log.error("picture not saved, trying again later: %s", error)
            return False
        finally:
            self._budgets.mark_changed(unsaved_counts)
        return True

    async def settle(self) -> bool:
        """Make chunks of the samples in the log, and few of the many of those who have left.

        Returns:
            Whether that is done, or has to wait until there is room on the disk, of which others tell.
        """
        if self._store.is_full:
            return True  # what room there is, is for what cannot wait
        now_ms, samples = self._now_ms(), self._store.samples
        try:
            settled = await samples.settle(now_ms, int(self._storage.settle_after_s * 1000), self.resolve)
            merged = await samples.merge(now_ms - SILENT_MS)
        except StoreFailed as error:
            _log.error("samples not settled, trying again later: %s", error)
            return False
        self._metrics.add("roomwatch_store_settled_samples_total", by=settled)
        if settled or merged:
            _log.info("settled %d samples, put together those of %d participants", settled, merged)
        return True

    async def look_for_damage(self) -> bool:
        """Look over what of the database can be looked over in a moment; return whether that is done."""
        try:
            await self._store.look_for_damage(LOOK_AT_A_TABLE_S)
        except StoreFailed as error:
            _log.error("not looked for damage, trying again later: %s", error)
            return False
        return True

    def resolve(self, place: Place, at_ms: int) -> Resolved:
        """Return a place by its SIDs, as far as they are known, and its media region."""
        return resolve(self._live, place, at_ms)

    async def retain(self) -> bool:
        """Drop and forget what is older than it may be; return whether that is done."""
        now_ms = self._now_ms()
        try:
            dropped = await self._store.retain(now_ms, self._storage.keeping())
        except StoreFailed as error:
            _log.error("not all dropped that is too old, trying again later: %s", error)
            return False
        for name, rows in dropped.items():
            self._metrics.add("roomwatch_store_dropped_rows_total", name, by=rows)
            self._metrics.set("roomwatch_store_retention_timestamp_seconds", now_ms / 1000, name)
        if any(dropped.values()):
            said = ", ".join(f"{rows} of {name}" for name, rows in dropped.items() if rows)
            _log.info("dropped or made nameless what was older than it may be: %s", said)
        return True

"""One suite, every store: what is too old goes, and what is live or owed stays."""

from collections.abc import Sequence

from alerts.model import State
from collectors.events import Event
from monitor.live import Live
from monitor.store.keeping import Keeping
from monitor.store.ports import Entry, Store
from tests.builders import (
    NOW_MS,
    batch,
    composition,
    level,
    room,
)
from tests.judging import fired

ON_POSTGRES = True

DAY_MS = 86_400_000


async def append(store: Store, events: Sequence[Event], at_ms: int) -> Sequence[int | None]:
    return await store.log.append([Entry(event) for event in events], at_ms)


async def test_what_is_too_old_goes_and_what_is_live_or_owed_stays(store: Store) -> None:
    live = Live()
    old = [batch(level(1), session="s", seq=1), composition("failed")]
    for event in old:
        live.apply(event)
    await append(store, old, NOW_MS)
    await store.picture.save(live.take_dirty(), through=2)
    made, _ = fired(at=NOW_MS / 1000)
    await store.alerts.record(made)
    later = NOW_MS + 40 * DAY_MS
    await append(store, [batch(level(2), at_ms=later)], later)
    assert sum((await store.retain(later, Keeping(raw_days=30, history_days=30))).values()) > 0
    assert [event.received_at_ms for _, event in await store.log.since(0, 10)] == [later]
    assert len((await store.picture.load()).rooms) == 1
    assert [alert.state for alert in await store.alerts.load_alerts()] == [State.FIRING]
    assert len(await store.alerts.due(1e12, 10)) == 1


async def test_nothing_goes_that_the_saved_picture_has_not_reached(store: Store) -> None:
    await append(store, [batch(level(1))], NOW_MS)
    await store.retain(NOW_MS + 400 * DAY_MS, Keeping(raw_days=1, history_days=1))
    assert len(await store.log.since(0, 10)) == 1


async def test_history_that_is_over_goes_in_its_time(store: Store) -> None:
    live = Live()
    for event in (batch(level(1)), room("completed", ended_at_ms=NOW_MS)):
        live.apply(event)
    await store.picture.save(live.take_dirty(), 0)
    await store.retain(NOW_MS + 29 * DAY_MS, Keeping(history_days=30))
    assert len((await store.picture.load()).ended) == 1
    await store.retain(NOW_MS + 31 * DAY_MS, Keeping(history_days=30))
    assert len((await store.picture.load()).ended) == 0

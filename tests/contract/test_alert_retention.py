"""One suite, every store: for how long it is kept what somebody was told, and what they did not want to be told."""

from alerts.delivery import AttemptMade, Fate, Settled, Settlement
from alerts.matchers import parse_matchers
from alerts.model import Judgement
from alerts.receipts import Receipt
from alerts.silences import Silence, build_silence
from monitor.store.keeping import CLASSES, DAY_MS, Keeping
from monitor.store.ports import Store
from tests.alert_builders import START, make_notification
from tests.builders import NOW_MS

ON_POSTGRES = True
TEN_DAYS = Keeping(**{f"{name}_days": 10 if name == "history" else 365 for name in CLASSES})


def silence(ends_s: float) -> Silence:
    matchers = parse_matchers('room_name=~"cl.*"')
    return build_silence(matchers, starts_at=START, ends_at=START + ends_s, author="ana", reason="a test", now=START)


async def test_receipts_go_with_history_and_not_before(store: Store) -> None:
    sent = Receipt("SM1", "sent", is_final=False, succeeded=False, detail="", at=NOW_MS / 1000)
    for number in range(40):
        await store.receipts.add(f"n{number}", sent)
    assert not any((await store.retain(NOW_MS + 10 * DAY_MS, TEN_DAYS)).values())
    dropped = await store.retain(NOW_MS + 10 * DAY_MS + 1, TEN_DAYS)
    assert dropped["history"] == 40
    assert await store.receipts.of("n1") == []


async def test_a_silence_goes_when_its_time_has_come_and_what_stands_does_not(store: Store) -> None:
    over, standing = silence(60), silence(20 * 86_400)
    for each in (over, standing):
        await store.silences.put_silence(each)
    dropped = await store.retain(int(START * 1000) + 11 * DAY_MS, TEN_DAYS)
    assert dropped["history"] == 1
    assert await store.silences.latest_silences(10) == [standing]


async def test_attempts_go_with_what_they_were_made_at(store: Store) -> None:
    told = make_notification(at=100.0)
    await store.alerts.record(Judgement(notifications=(told,)))
    made = AttemptMade(101, 0.5, "delivered")
    await store.alerts.settle([Settled(told.id, Settlement(Fate.DELIVERED, 1, 101), made)])
    await store.retain(11 * DAY_MS, TEN_DAYS)
    assert await store.alerts.notification(told.id) is None
    assert list(await store.alerts.attempted_since(0)) == []

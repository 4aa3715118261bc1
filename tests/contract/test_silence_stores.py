"""One suite, every store: how silences are kept."""

from alerts.matchers import parse_matchers
from alerts.silences import Silence, build_silence
from monitor.store.keeping import DAY_MS, Keeping
from monitor.store.ports import Store
from tests.alert_builders import START


def silence(ends_s: float = 3600.0, matchers: str = 'room_name=~"cl.*", severity!="info"') -> Silence:
    return build_silence(
        parse_matchers(matchers), starts_at=START, ends_at=START + ends_s, author="ana", reason='a "test", ü', now=START
    )


async def test_a_silence_comes_back_as_it_was_kept(store: Store) -> None:
    mine = silence()
    await store.silences.put_silence(mine)
    assert await store.silences.silence(mine.id) == mine
    assert await store.silences.silence("s1-nowhere") is None


async def test_an_expired_one_takes_the_place_of_what_it_was(store: Store) -> None:
    mine = silence()
    ended = mine.expired(START + 60, "ben")
    await store.silences.put_silence(mine)
    await store.silences.put_silence(ended)
    assert await store.silences.silence(mine.id) == ended
    assert await store.silences.latest_silences(10) == [ended]
    assert await store.silences.standing_silences(START + 60) == []


async def test_what_is_not_over_stands_and_what_ends_first_comes_first(store: Store) -> None:
    later, sooner, over = silence(3600), silence(600), silence(60)
    for each in (later, sooner, over):
        await store.silences.put_silence(each)
    assert await store.silences.standing_silences(START + 60) == [sooner, later]


async def test_what_is_over_is_history(store: Store) -> None:
    several = [silence(60.0 + number) for number in range(5)]
    for each in several:
        await store.silences.put_silence(each)
    assert await store.silences.latest_silences(3) == several[:1:-1]


async def test_history_is_dropped_when_its_time_has_come_and_what_stands_is_not(store: Store) -> None:
    over, standing = silence(60), silence(20 * 86_400)
    for each in (over, standing):
        await store.silences.put_silence(each)
    keeping = Keeping(raw_days=1, events_days=1, history_days=10, rollups_days=1, identities_days=1, addresses_days=1)
    dropped = await store.retain(int(START * 1000) + 11 * DAY_MS, keeping)
    assert dropped["history"] == 1
    assert await store.silences.latest_silences(10) == [standing]

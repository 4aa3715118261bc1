"""One suite, every store: how silences are kept."""

from alerts.matchers import parse_matchers
from alerts.silences import Silence, build_silence
from monitor.store.ports import Store
from tests.alert_builders import START

ON_POSTGRES = True


def silence(ends_s: float = 3600.0, matchers: str = 'room_name=~"cl.*", severity!="info"') -> Silence:
    return build_silence(
        parse_matchers(matchers), starts_at=START, ends_at=START + ends_s, author="ana", reason='a "test", ü', now=START
    )


async def test_a_silence_comes_back_as_it_was_kept(store: Store) -> None:
    mine = silence()
    await store.silences.put_silence(mine)
    assert await store.silences.silence(mine.id) == mine
    assert await store.silences.silence("s1-nowhere") is None
    assert await store.silences.silence("\0") is None


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

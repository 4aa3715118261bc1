"""Which silences there are, as the daemon sees it."""

import pytest

from alerts.matchers import parse_matchers
from alerts.silences import MAX_SILENCES, Silence, SilenceError
from monitor.silencing import Silences
from monitor.store.memory_silences import MemorySilences
from monitor.store.ports import StoreFailed
from tests.alert_builders import START

CLASS, LOBBY = {"room_name": "class"}, {"room_name": "lobby"}


class Setting:
    """Silences on a store that can fail, with a clock that is set."""

    def __init__(self) -> None:
        self.now, self.changes = START, 0
        self.store = MemorySilences()
        self.silences = Silences(self.store, lambda: self.now, self.count)

    def count(self) -> None:
        self.changes += 1

    async def add(self, room: str = "class", begins_s: float | None = None, ends_s: float = 3600.0) -> Silence:
        starts_at = None if begins_s is None else START + begins_s
        return await self.silences.add(
            parse_matchers(f"room_name={room}"),
            starts_at=starts_at,
            ends_at=START + ends_s,
            author="ana",
            reason="test",
        )


@pytest.fixture
def at() -> Setting:
    return Setting()


@pytest.mark.promise("P28")
async def test_what_is_silenced_is_silenced_at_once_and_whoever_decides_is_woken(at: Setting) -> None:
    mine = await at.add()
    assert at.silences.silencing(CLASS, START) == mine
    assert at.silences.silencing(LOBBY, START) is None
    assert at.changes == 1


@pytest.mark.promise("P28")
async def test_a_silence_ends_by_itself_and_says_beforehand_when(at: Setting) -> None:
    await at.add()
    assert at.silences.next_change(START) == START + 3600
    assert at.silences.silencing(CLASS, START + 3599)
    assert at.silences.silencing(CLASS, START + 3600) is None
    assert at.silences.all(START + 3600) == ()


async def test_a_silence_of_later_begins_by_itself(at: Setting) -> None:
    mine = await at.add(begins_s=60.0)
    assert at.silences.silencing(CLASS, START) is None
    assert at.silences.next_change(START) == START + 60
    assert at.silences.silencing(CLASS, START + 60) == mine


@pytest.mark.promise("P28")
async def test_an_expired_one_silences_nothing_any_more_and_whoever_decides_is_woken(at: Setting) -> None:
    mine = await at.add()
    at.now += 60
    expired = await at.silences.expire(mine.id, "ben")
    assert expired is not None
    assert (expired.ends_at, expired.ended_by) == (START + 60, "ben")
    assert at.silences.silencing(CLASS, START + 60) is None
    assert at.changes == 2


async def test_to_expire_it_again_changes_nothing(at: Setting) -> None:
    mine = await at.add()
    at.now += 60
    expired = await at.silences.expire(mine.id, "ben")
    at.now += 60
    assert await at.silences.expire(mine.id, "eve") == expired
    assert await at.silences.expire("s1-nowhere", "eve") is None
    assert at.changes == 2


@pytest.mark.promise("P28")
async def test_silences_outlive_the_daemon(at: Setting) -> None:
    mine = await at.add()
    after = Silences(at.store, lambda: START + 60)
    await after.load()
    assert after.silencing(CLASS, START + 60) == mine
    assert after.all(START + 60) == (mine,)


async def test_what_could_not_be_stored_is_not_believed() -> None:
    class Full(MemorySilences):
        async def put_silence(self, silence: Silence) -> None:
            raise StoreFailed(f"no room for {silence.id}")

    at = Setting()
    at.silences = Silences(Full(), lambda: START, at.count)
    with pytest.raises(StoreFailed):
        await at.add()
    assert at.silences.silencing(CLASS, START) is None
    assert at.changes == 0


@pytest.mark.promise("P28")
async def test_there_is_no_room_for_one_too_many_but_what_is_over_takes_none(at: Setting) -> None:
    for number in range(MAX_SILENCES):
        await at.add(f"r{number}", ends_s=60)
    with pytest.raises(SilenceError, match="fewer than 1000"):
        await at.add()
    at.now += 60
    assert await at.add()

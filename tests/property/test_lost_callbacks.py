"""Does the picture end up the same when one callback in five is lost, and all others come twice and shuffled?

A world is lived through in virtual time.  Its callbacks reach one daemon as they should, and another one lost, doubled
and shuffled; then both poll the same Twilio, over HTTP, for two cycles.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random

import pytest

from collectors.callbacks import decode
from collectors.events import Sighting
from monitor.agenda import Agenda
from monitor.entities import Participant
from monitor.folding import Fold
from monitor.live import Live
from monitor.metrics import Metrics
from monitor.pipeline import Pipeline
from monitor.polling import Poll
from monitor.simulator.account import SimulatedAccount
from monitor.simulator.callbacks import callback_form
from monitor.simulator.scenarios import Scenario
from monitor.simulator.site import Site
from monitor.simulator.video_api import VideoApi
from monitor.simulator.world import World
from monitor.store.memory import MemoryStore
from tests.builders import NOW_MS
from tests.twilio_doors import connected, served

START_S = NOW_MS / 1000
LIVES_FOR_S = 240.0
DROPPED_RATIO = 0.2
CYCLE_S = 30.0
POLLED = ("composition_hooks", "rooms", "participants", "ended_rooms", "compositions")
ONCE = Scenario(
    "once",
    "every room opens once; people come and go",
    rooms=4,
    participants_per_room=3,
    room_lasts_s=(60.0, 200.0),
    room_gap_s=(1e6, 1e6),
    stays_s=(20.0, 90.0),
    recorded_ratio=0.7,
    recording_failure_ratio=0.1,
)


class Twilio:
    """A world, its callbacks so far, and a clock that only we turn."""

    def __init__(self, seed: int) -> None:
        self.account = SimulatedAccount.for_seed(seed)
        self.now_s = START_S
        self.world = World(ONCE, seed=seed, started_at=START_S)

    def live_to_the_end(self) -> list[Sighting]:
        """Let everything happen, end what is left, and return what the callbacks tell."""
        happened = self.world.advance(START_S + LIVES_FOR_S)
        for room in self.world.live_rooms:
            self.world.ledger.end_room(START_S + LIVES_FOR_S, room, "room_ended_via_api")
        self.now_s = START_S + 2 * LIVES_FOR_S
        happened += self.world.advance(self.now_s)
        forms = [form for each in happened if (form := callback_form(each, self.account.account_sid)) is not None]
        return [told for form in forms if (told := decode(form)) is not None]

    def site(self) -> Site:
        return Site(self.world, self.account, lambda: self.now_s, None)


class Watcher:
    """As much of a daemon as callbacks and polls need."""

    def __init__(self, twilio: Twilio) -> None:
        self._twilio = twilio
        self.live = Live([twilio.account.account_sid], int(START_S * 1000))
        self.agenda = Agenda(self.live, 30_000)
        self.pipeline = Pipeline(
            MemoryStore().log,
            Fold(self.live, lambda _: None),
            Metrics(),
            capacity_events=100_000,
            now_ms=self.now_ms,
        )
        self.polls: list[Poll] = []

    def now_ms(self) -> int:
        return int(self._twilio.now_s * 1000)

    async def hear(self, told: Sequence[Sighting]) -> None:
        await asyncio.gather(*[self.pipeline.offer(event) for event in told])

    async def poll(self) -> None:
        """One cycle: every sweep once, and then whatever the agenda wants to have seen."""
        self._twilio.now_s += CYCLE_S
        for poll in self.polls:
            await poll.poll()
            assert not poll.error, poll.error
        account_sid = self._twilio.account.account_sid
        while self.agenda.rooms_to_settle(account_sid, self.now_ms()):
            await next(poll for poll in self.polls if poll.resource == "ended_rooms").poll()


@asynccontextmanager
async def watching(twilio: Twilio) -> AsyncIterator[Watcher]:
    watcher = Watcher(twilio)
    site = twilio.site()
    async with served([VideoApi(site)], site.door) as url, connected(url, twilio.account) as sources:
        watcher.polls = [
            Poll("tests", sources[resource], watcher.agenda, watcher.pipeline, watcher.now_ms) for resource in POLLED
        ]
        async with asyncio.TaskGroup() as group:
            group.create_task(watcher.pipeline.run())
            yield watcher
            watcher.pipeline.close()


def mistreated(told: Sequence[Sighting], seed: int) -> list[Sighting]:
    """Return the callbacks lost, doubled and shuffled."""
    chance = Random(seed)
    kept = [each for each in told if chance.random() >= DROPPED_RATIO]
    return chance.sample(kept * 2, 2 * len(kept))


def state(live: Live) -> dict[str, object]:
    """Return all that is known in the end.  Twilio's REST API tells whole seconds, its callbacks milliseconds."""
    media = [*live.media.all_compositions(), *live.media.all_recordings()]
    return {
        "live": sorted(room.sid or "" for room in live.rooms.values()),
        "ended": {
            sid: (room.name, room.status, _s(room.created_at_ms), _s(room.ended_at_ms), room.duration_s)
            for sid, room in live.calls.ended.items()
        },
        "people": {(sid, p.sid): _stay(p) for sid, room in live.calls.ended.items() for p in room.people()},
        "media": {
            m.sid: (m.status, m.room_sid, _s(m.created_at_ms), m.duration_s, m.size_bytes)
            for m in media
            if not m.sid.startswith("hook:")  # expected until it was seen: our conclusion, nobody's word
        },
    }


def _stay(participant: Participant) -> tuple[object, ...]:
    return participant.identity, participant.status, _s(participant.joined_at_ms), _s(participant.left_at_ms)


def _s(at_ms: int | None) -> int | None:
    return None if at_ms is None else at_ms // 1000


async def final_state(seed: int, *, mistreat: bool) -> dict[str, object]:
    twilio = Twilio(seed)
    told = twilio.live_to_the_end()
    async with watching(twilio) as watcher:
        await watcher.hear(mistreated(told, seed) if mistreat else told)
        for _ in range(2):
            await watcher.poll()
        return state(watcher.live)


@pytest.mark.parametrize("seed", range(12))
async def test_lost_doubled_and_shuffled_callbacks_end_in_the_same_picture(seed: int) -> None:
    perfect = await final_state(seed, mistreat=False)
    assert len(perfect["ended"]) == ONCE.rooms
    assert not perfect["live"]
    assert await final_state(seed, mistreat=True) == perfect

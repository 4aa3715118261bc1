"""What dies or is stopped in a cluster, and when; all of it drawn from a seed."""

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine, Sequence

from tests.clickhouse_engine import Engine
from tests.crash.drilled_replicas import KeptReplica
from tests.postgres_quorum import PostgresQuorum

FROZEN_FOR_S = (2.0, 8.0)
AWAY_FOR_S = (0.5, 4.0)
KINDS = {
    "replica killed": 6,
    "replica stopped": 4,
    "ClickHouse killed": 3,
    "standby killed": 3,
    "standby stopped": 2,
}
FAIL_OVER = "primary killed"
SETTLES_WITHIN_S = 60.0


class Strikes:
    """Strikes, and mends what it struck.

    One replica at least is left in peace at a time, and one standby: what is promised, is promised for that.
    """

    def __init__(
        self, seed: int, replicas: Sequence[KeptReplica], postgres: PostgresQuorum, clickhouse: Engine
    ) -> None:
        self._chance = random.Random(f"strikes {seed}")
        self._replicas = replicas
        self._postgres = postgres
        self._clickhouse = clickhouse
        self._of_postgres, self._of_clickhouse = asyncio.Lock(), asyncio.Lock()
        self._mending: set[asyncio.Task[None]] = set()
        self.struck: Counter[str] = Counter()
        self.has_primary = True

    async def strike(self, seconds: float, deaths: int, fail_overs: int) -> None:
        """Strike so often, at random moments, and return when that is over; `mended` waits for the rest."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        moments = sorted(self._chance.uniform(0.0, seconds) for _ in range(deaths))
        primaries = set(self._chance.sample(range(deaths // 4, deaths * 3 // 4), fail_overs))
        for number, moment_s in enumerate(moments):
            await asyncio.sleep(began_s + moment_s - loop.time())
            if number in primaries:
                async with self._of_postgres:
                    await self._fail_over()
            else:
                await self._strike_any()

    async def _strike_any(self) -> None:
        """Strike whatever may be struck now; where everything is struck already, wait until it is not."""
        while True:
            kinds, weights = zip(*KINDS.items(), strict=True)
            kind = self._chance.choices(kinds, weights)[0]
            if self._begin(kind):
                self.struck[kind] += 1
                return
            await asyncio.sleep(0.02)

    def _begin(self, kind: str) -> bool:
        what, _, how = kind.partition(" ")
        if what == "replica":
            able = [each for each in self._replicas if each.is_able]
            if len(able) < 2:
                return False
            victim = self._chance.choice(able)
            if how == "killed":
                victim.kill()
            else:
                victim.freeze()
                self._mend(self._thaw(victim, self._chance.uniform(*FROZEN_FOR_S)))
            return True
        lock = self._of_clickhouse if what == "ClickHouse" else self._of_postgres
        if lock.locked():
            return False
        away_for_s = self._chance.uniform(*AWAY_FOR_S)
        if what == "ClickHouse":
            self._mend(self._without_clickhouse(away_for_s))
        else:
            self._mend(self._without_standby(self._chance.randrange(2), how, away_for_s))
        return True

    def _mend(self, mending: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(mending)
        self._mending.add(task)

    async def _thaw(self, victim: KeptReplica, after_s: float) -> None:
        await asyncio.sleep(after_s)
        victim.thaw()

    async def _without_clickhouse(self, seconds: float) -> None:
        async with self._of_clickhouse:
            await asyncio.to_thread(self._clickhouse.kill)
            await asyncio.sleep(seconds)
            await asyncio.to_thread(self._clickhouse.start)

    async def _without_standby(self, number: int, how: str, seconds: float) -> None:
        async with self._of_postgres:
            standby = self._postgres.standbys[number]
            if how == "killed":
                await asyncio.to_thread(standby.kill)
                await asyncio.sleep(seconds)
                await asyncio.to_thread(self._postgres.restart, standby)
            else:
                standby.freeze()
                await asyncio.sleep(seconds)
                standby.thaw()
            await asyncio.to_thread(self._postgres.wait_for_standbys)

    async def _fail_over(self) -> None:
        self.has_primary = False
        former = await asyncio.to_thread(self._postgres.fail_over)
        await asyncio.to_thread(self._postgres.take_back, former)
        self.has_primary = True
        self.struck[FAIL_OVER] += 1

    async def mended(self) -> None:
        """Return when everything is there again, and raise what went wrong."""
        await asyncio.gather(*self._mending)
        async with asyncio.timeout(SETTLES_WITHIN_S * 3):
            while not all(each.is_able for each in self._replicas):
                await asyncio.sleep(0.1)

"""A replica as a process of its own, which can be killed and stopped: it says on its output what it does.

python -m tests.replica_process hold ADDRESS NAME TTL_S     take a duty, write under it, say when it is lost
python -m tests.replica_process stall ADDRESS NAME TTL_S    stay in the midst of a transaction until told to go on
python -m tests.replica_process spend ADDRESS NAME SECONDS  take from a budget what there is
"""

import asyncio
import sys
from time import monotonic, time

from monitor.store.leases import Allowance, Lease, LeaseLost
from monitor.store.ports import AuditEntry
from monitor.store.postgres.connection import Connection
from monitor.store.postgres.leases import fence
from monitor.store.postgres.store import PostgresStore

DUTY, ACCOUNT = "alerts", "AC1"
ALLOWANCE = Allowance(requests_per_s=50.0, burst_requests=20)


def say(*words: object) -> None:
    print(*words, flush=True)  # noqa: T201  # that is its output


async def hold(store: PostgresStore, name: str, ttl_s: float) -> None:
    """Have the duty whenever it can be had; never trust the own clock, so that only the store refuses anything."""
    while True:
        lease = await store.leases.take(DUTY, ttl_s)
        if lease is None:
            await asyncio.sleep(0.05)
            continue
        say("took", lease.epoch)
        try:
            await write_under(store, lease)
        except LeaseLost as lost:
            say("lost", lease.epoch, lost)


async def write_under(store: PostgresStore, lease: Lease) -> None:
    did = AuditEntry(0, lease.holder, "", "", "", str(lease.epoch), 200)
    while True:
        await store.under(lease).audit.add(did)
        if monotonic() >= lease.renew_at_s:
            await store.under(lease).audit.add(did)  # also where that is so because it was stopped for long
            lease = await store.leases.renew(lease)
        await asyncio.sleep(0.01)


async def stall(store: PostgresStore, name: str, ttl_s: float) -> None:
    lease = await store.leases.take(DUTY, ttl_s)
    assert lease is not None

    async def work(connection: Connection) -> None:
        await connection.execute("UPDATE log_head SET last_id = last_id")
        await fence(lease)(connection)
        say("began")
        await asyncio.to_thread(sys.stdin.readline)
        await connection.execute("INSERT INTO receivers (name, target) VALUES ($1, '')", name)

    try:
        await store._database.write(work)
        say("wrote")
    except LeaseLost as lost:
        say("lost", lease.epoch, lost)


async def spend(store: PostgresStore, name: str, seconds: float) -> None:
    until_s = time() + seconds
    while time() < until_s:
        asked_at_s = time()
        requests, wait_s = await store.budget.take(ACCOUNT, 5, ALLOWANCE)
        say("granted", requests, asked_at_s, time())
        await asyncio.sleep(min(wait_s, 0.02))


async def main(deed: str, address: str, name: str, number: str) -> None:
    store = await PostgresStore.open(address, replica=name)
    await {"hold": hold, "stall": stall, "spend": spend}[deed](store, name, float(number))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

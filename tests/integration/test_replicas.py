"""Two and three daemons on one PostgreSQL: any takes and shows everything, and one of them does what only one may."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from monitor.store.ports import Picture
from monitor.store.postgres.store import PostgresStore
from tests import clickhouse_engine
from tests.builders import ALICE
from tests.daemon_process import DaemonProcess
from tests.paged import AT_ONCE, WITHIN_S, People, people
from tests.postgres_server import PostgresServer
from tests.replicated import Replica, replicas, until, who_has

pytestmark = [pytest.mark.clickhouse, pytest.mark.cluster]  # the driver is needed to find that nobody answers

clickhouse_engine.need()

POLLER = "poller:main"
DUTIES = {"alerts", "upkeep", POLLER}


@pytest.fixture
async def postgres(postgres_server: PostgresServer) -> AsyncIterator[str]:
    async with postgres_server.database() as address:
        yield address


def paging(them: People) -> dict[str, object]:
    return {"rules": [AT_ONCE], "receivers": them.receivers("pager")}


async def shared_out(among: list[Replica]) -> dict[str, Replica]:
    """Return who has what, once everything is somebody's."""

    async def all_taken() -> dict[str, Replica]:
        held = {duty: replica for replica in among for duty in await replica.duties()}
        return held if set(held) == DUTIES else {}

    held = await until(all_taken)
    assert isinstance(held, dict)
    return held


async def who_decides(two: list[Replica]) -> tuple[Replica, Replica]:
    """Return who has the alerts, and the other one, once everything is somebody's."""
    await shared_out(two)
    holder = await who_has("alerts", two)
    (other,) = [replica for replica in two if replica is not holder]
    return holder, other


async def paged(them: People, kind: str, times: int = 1) -> None:
    async with asyncio.timeout(WITHIN_S):
        while len(them.told(kind)) < times:
            await asyncio.sleep(0.05)


async def delivered(replica: Replica) -> None:
    async def is_settled() -> bool:
        entries = (await replica.get("/api/v1/notifications"))["notifications"]
        return [entry["state"] for entry in entries] == ["delivered"]

    await until(is_settled)


@asynccontextmanager
async def the_log_shut(postgres: str) -> AsyncIterator[None]:
    connection = await asyncpg.connect(postgres)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE ingest_log IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


async def sees_level(replica: Replica, level: int) -> None:
    async def seen() -> bool:
        rooms = (await replica.get("/api/v1/live"))["rooms"]
        return any(person["level"] == level for room in rooms for person in room["participants"])

    await until(seen)


async def test_whatever_any_replica_takes_every_replica_shows_and_one_page_goes_out(
    tmp_path: Path, postgres: str
) -> None:
    async with people() as them, replicas(tmp_path, postgres, 3, **paging(them)) as (three, _):
        await shared_out(three)
        for number, replica in enumerate(three):
            await replica.tell(1, session="s", seq=number)
        for replica in three:
            await sees_level(replica, 1)
        await paged(them, "trigger")
        for replica in three:
            await until(replica.open_incidents)
        await three[0].tell(5, session="s", seq=10)
        await paged(them, "resolve")
        await asyncio.sleep(1)
        assert (len(them.told("trigger")), len(them.told("resolve"))) == (1, 1)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_when_the_holder_of_all_duties_goes_another_goes_on_and_tells_nobody_twice(
    tmp_path: Path, postgres: str, how: signal.Signals
) -> None:
    async with people() as them, replicas(tmp_path, postgres, 2, **paging(them)) as (two, twilio):
        holder, other = await who_decides(two)
        await holder.tell(1, session="s", seq=1)
        await delivered(other)  # or the next word would wait until the attempt counts as cut short
        holder.running.signal(how)
        assert await shared_out([other]) == dict.fromkeys(DUTIES, other)
        await other.tell(5, session="s", seq=2)
        await paged(them, "resolve")
        if how is signal.SIGSTOP:
            holder.running.signal(signal.SIGCONT)
            await sees_level(holder, 5)
            await asyncio.sleep(1)
            assert "alerts" not in await holder.duties()
        assert [kind for _, kind in them.heard] == ["trigger", "resolve"]
        assert len({message["dedup_key"] for message in them.messages}) == 1
        assert twilio.hands[-1] == other.name
        assert len(twilio.hands) <= 2, "two asked by turns"


async def test_a_replica_that_stops_in_order_hands_over_at_once_and_one_that_comes_sees_everything(
    tmp_path: Path, postgres: str
) -> None:
    async with people() as them, replicas(tmp_path, postgres, 2, **paging(them)) as (two, _):
        holder, other = await who_decides(two)
        await holder.tell(1)
        await paged(them, "trigger")
        holder.running.signal(signal.SIGTERM)
        assert await holder.running.ended() == 0, holder.running.said
        await shared_out([other])
        await holder.start()
        await sees_level(holder, 1)
        (incident,) = await until(holder.open_incidents)
        assert (await until(other.open_incidents)) == [incident]
        assert len(them.heard) == 1


async def test_whoever_goes_on_has_read_what_the_one_before_was_told_and_ends_nothing(
    tmp_path: Path, postgres: str
) -> None:
    async with people() as them, replicas(tmp_path, postgres, 2, **paging(them)) as (two, _):
        holder, other = await who_decides(two)
        other.running.signal(signal.SIGSTOP)
        await holder.tell(1)
        await paged(them, "trigger")
        async with the_log_shut(postgres):
            other.running.signal(signal.SIGCONT)
            holder.running.signal(signal.SIGTERM)
            await asyncio.sleep(2)
        await shared_out([other])
        await sees_level(other, 1)
        await asyncio.sleep(1)
        assert [kind for _, kind in them.heard] == ["trigger"]


async def test_whoever_goes_on_saves_what_the_one_before_had_not(tmp_path: Path, postgres: str) -> None:
    async with people() as them, replicas(tmp_path, postgres, 2, **paging(them)) as (two, _):
        await shared_out(two)
        saver = await who_has("upkeep", two)
        (other,) = [replica for replica in two if replica is not saver]
        await other.tell(3)
        await sees_level(other, 3)
        saver.running.signal(signal.SIGKILL)
        await who_has("upkeep", [other])
        other.running.signal(signal.SIGTERM)
        assert await other.running.ended() == 0
        picture = await saved_picture(postgres)
        assert [room.participants[ALICE].level for room in picture.rooms] == [3]


async def saved_picture(postgres: str) -> Picture:
    store = await PostgresStore.open(postgres)
    picture = await store.picture.load()
    await store.close()
    return picture


async def test_an_incident_is_acknowledged_through_any_replica(tmp_path: Path, postgres: str) -> None:
    async with people() as them, replicas(tmp_path, postgres, 2, **paging(them)) as (two, _):
        _, other = await who_decides(two)
        await other.tell(1)
        (incident,) = await until(other.open_incidents)
        status, answer = await other.post(f"/api/v1/incidents/{incident['id']}/acknowledge", {"by": "anna"})
        assert (status, answer["acknowledged_by"]) == (200, "anna")
        for replica in two:
            (known,) = await replica.open_incidents()
            assert known["acknowledged_by"] == "anna"


async def test_a_silence_that_any_replica_was_told_of_keeps_all_of_them_quiet(tmp_path: Path, postgres: str) -> None:
    async with people() as them, replicas(tmp_path, postgres, 2, **paging(them)) as (two, _):
        holder, other = await who_decides(two)
        asked = {"matchers": ['alertname=~".+"'], "lasts": "1h", "author": "anna", "reason": "work"}
        status, answer = await other.post("/api/v1/silences", asked)
        assert status in (200, 201), answer

        async def is_known() -> bool:
            return bool((await holder.get("/api/v1/silences"))["silences"])

        async def fires() -> bool:
            return bool((await other.get("/api/v1/live"))["alerts"])

        await until(is_known)
        await other.tell(1)
        await until(fires)
        await asyncio.sleep(1)
        assert not them.heard


async def test_no_two_replicas_have_the_same_name(tmp_path: Path, postgres: str) -> None:
    async with people() as them, replicas(tmp_path, postgres, 1, **paging(them)) as ((one,), _):
        before = len(one.running.said)
        second = await DaemonProcess.spawn(one._config)
        assert await second.ended() == 1
        said = second.said[before:]
        assert "roomwatch: expected a name that no other replica has, got 'replica-0'" in said
        assert "address already in use" not in said, "it came as far as its doors"
        assert await one.duties() == DUTIES


async def test_what_is_of_all_replicas_any_of_them_shows_and_none_shows_as_its_own(
    tmp_path: Path, postgres: str
) -> None:
    async with people() as them, replicas(tmp_path, postgres, 2, **paging(them)) as (two, _):
        await shared_out(two)
        await two[0].tell(1)
        for replica in two:

            async def shows_all(replica: Replica = replica) -> bool:
                fleet = (await replica.metrics("/metrics/fleet")).splitlines()
                wanted = {"roomwatch_live_rooms 1.0", 'roomwatch_firing_alerts{rule="ParticipantQualityDegraded"} 1.0'}
                return wanted <= set(fleet)

            await until(shows_all)
        own = [await replica.metrics() for replica in two]
        assert not any("roomwatch_live_rooms" in page for page in own)
        assert sum(page.count('roomwatch_telemetry_posts_total{code="202"} 1.0') for page in own) == 1
        assert sum("roomwatch_judged_call_seconds_total" in page for page in own) == 1
        assert all("roomwatch_log_behind_seconds 0." in page for page in own)

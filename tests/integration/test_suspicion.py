"""Does the first word of an incident say what is behind it?"""

import time
from typing import Any

import pytest

from tests.builders import INGEST_KEY
from tests.conftest import Running, Start
from tests.integration.test_reload import ROOM, Hooks, until

MINUTE_MS = 60_000
SAMPLE_MS = 5_000


@pytest.fixture
async def hooks():
    hooks = Hooks()
    await hooks.open()
    yield hooks
    assert hooks.door is not None
    await hooks.door.close()


def sample(at_ms: int, *, up_loss_ratio: float) -> dict[str, Any]:
    flowing = {"jitter_ms": 5.0, "bitrate_bps": 800_000}
    return {
        "type": "media_stats",
        "at": at_ms,
        "interval_ms": SAMPLE_MS,
        "rtt_ms": 60.0,
        "up": {"loss_ratio": up_loss_ratio, **flowing},
        "down": {"loss_ratio": 0.0, **flowing},
    }


async def report(running: Running, name: str, events: list[dict[str, Any]]) -> None:
    body = {
        "v": 1,
        "session": name,
        "seq": 1,
        "sent_at": int(time.time() * 1000),
        "room_sid": ROOM,
        "room_name": "class",
        "participant_sid": f"PA{name[0] * 32}",
        "identity": name,
        "events": events,
    }
    headers = {"Authorization": f"Bearer {INGEST_KEY}"}
    async with running.http.post(f"{running.public}/v1/telemetry", json=body, headers=headers) as answer:
        assert answer.status == 202, await answer.text()


async def test_a_page_about_a_room_says_whose_fault_it_is(start: Start, hooks: Hooks) -> None:
    given = hooks.settings("one", alerts={"group_wait": "3s"})
    running = await start(**given)
    now_ms = int(time.time() * 1000)
    times = range(now_ms - 2 * MINUTE_MS, now_ms, SAMPLE_MS)
    for name in ("bob", "carol", "dave"):
        await report(running, name, [sample(at_ms, up_loss_ratio=0.0) for at_ms in times])
    alice = [sample(at_ms, up_loss_ratio=0.3) for at_ms in times]
    await report(running, "alice", [*alice, {"type": "network_quality", "at": now_ms, "level": 1}])
    await until(lambda: hooks.said)
    assert "alice's uplink: " in hooks.messages[0]["roomwatch"]["summary"]

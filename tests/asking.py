"""Something happens, and the private door is asked about it."""

from typing import Any

from collectors.events import Event
from tests.conftest import Running

TOKEN = "an-access-token-of-tests"


async def ask(running: Running, path: str, **query: Any) -> tuple[int, Any]:
    """Return the status and the body of an answer."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with running.http.get(f"{running.private}/api/v1{path}", params=query, headers=headers) as response:
        return response.status, await response.json()


async def happen(running: Running, *events: Event) -> None:
    """Let events arrive, and have the picture saved."""
    for event in events:
        await running.daemon.pipeline.offer(event)
    await running.daemon.housekeeping.save_picture()

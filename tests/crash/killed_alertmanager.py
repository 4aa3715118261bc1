"""A real Alertmanager to be killed as often, and somebody who tells it of alerts as Prometheus does.

Time runs faster, for both: Prometheus posts what fires about once a minute, and what ended for minutes; here it is a
second, and five.  The Alertmanager keeps its log of notifications every fifteen minutes; here every fifteen seconds.
"""

import asyncio
import shutil
import signal
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import aiohttp
import yaml

from tests.crash.moody_pager import MoodyPager
from tests.daemon_process import free_port

PROGRAM = "prometheus-alertmanager"
POSTS_EVERY_S = 1.0
RESOLVED_FOR_S = 5.0
KEEPS_LOG_EVERY_S = 15
RECOVERS_WITHIN_S = 12.0  # from the last end on: it is told for five seconds, and a failed post is repeated

ROUTE = {"receiver": "sink", "group_by": ["..."], "group_wait": "0s", "group_interval": "1s", "repeat_interval": "24h"}


def is_installed() -> bool:
    """Whether there is one to be killed."""
    return shutil.which(PROGRAM) is not None


class KilledAlertmanager:
    """The Alertmanager (`tests.crash.ordeal.Subject`), and who tells it of alerts."""

    def __init__(self, folder: Path, receivers: MoodyPager, address: str) -> None:
        self._folder = folder
        self._receivers = receivers
        self._address = address
        self._port = free_port()
        self._process: asyncio.subprocess.Process | None = None
        self._firing: dict[str, datetime] = {}  # since when
        self._ended: dict[str, tuple[datetime, datetime]] = {}  # from, until
        self._http = aiohttp.ClientSession()
        self._is_changed = False

    async def __aenter__(self) -> Self:
        self._posting = asyncio.create_task(self._post_for_ever())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._posting.cancel()
        await self.kill()
        await self._http.close()

    async def start(self) -> None:
        """Begin a life."""
        self._process = await asyncio.create_subprocess_exec(
            PROGRAM,
            f"--config.file={self._config()}",
            f"--storage.path={self._folder / 'data'}",
            f"--data.maintenance-interval={KEEPS_LOG_EVERY_S}s",
            f"--web.listen-address=127.0.0.1:{self._port}",
            "--cluster.listen-address=",
            "--log.level=error",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(30):
            while not await self._is_ready():
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """End it, if it lives."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            self._process = None

    def reload(self, *, is_changed: bool) -> None:
        """Have it read its configuration anew."""
        assert self._process is not None
        self._is_changed ^= is_changed
        self._config()
        self._process.send_signal(signal.SIGHUP)

    async def fire(self, entity: str) -> None:
        """Tell it, as soon as it listens, and again and again from then on."""
        self._firing[entity] = datetime.now(UTC)
        while not await self._post():
            await asyncio.sleep(0.02)

    async def clear(self, entity: str) -> None:
        """Tell it of the end, as soon as it listens, and for a while."""
        self._ended[entity] = (self._firing.pop(entity), datetime.now(UTC))
        while not await self._post():
            await asyncio.sleep(0.02)

    async def finish(self) -> None:
        """Return when it has had the time to tell everything."""
        self._receivers.moods.end()
        await asyncio.sleep(RECOVERS_WITHIN_S)
        await self.kill()

    def _config(self) -> Path:
        webhook = {"url": f"{self._address}/alertmanager"}
        receivers = [{"name": "sink", "webhook_configs": [webhook]}, {"name": "nobody"}]
        other = [{"receiver": "nobody", "matchers": ['entity="nobody"']}] if self._is_changed else []
        file = self._folder / "alertmanager.yml"
        file.write_text(yaml.safe_dump({"route": {**ROUTE, "routes": other}, "receivers": receivers}), encoding="utf-8")
        return file

    async def _is_ready(self) -> bool:
        with suppress(aiohttp.ClientError, OSError):
            async with self._http.get(f"http://127.0.0.1:{self._port}/-/ready") as answer:
                return answer.status == 200
        return False

    async def _post_for_ever(self) -> None:
        while True:
            await self._post()
            await asyncio.sleep(POSTS_EVERY_S)

    async def _post(self) -> bool:
        """Post what fires and what ended lately, as Prometheus does; say whether it was taken."""
        now = datetime.now(UTC)
        late = now - timedelta(seconds=RESOLVED_FOR_S)
        self._ended = {entity: times for entity, times in self._ended.items() if times[1] > late}
        # Prometheus lets what fires end by itself unless it says so again, four posts later.
        ends = now + timedelta(seconds=4 * POSTS_EVERY_S)
        alerts = [_alert(entity, since, ends) for entity, since in self._firing.items()]
        alerts += [_alert(entity, *times) for entity, times in self._ended.items()]
        with suppress(aiohttp.ClientError, OSError):
            async with self._http.post(f"http://127.0.0.1:{self._port}/api/v2/alerts", json=alerts) as answer:
                return answer.status == 200
        return False


def _alert(entity: str, starts: datetime, ends: datetime) -> dict[str, Any]:
    labels = {"alertname": "ConnectionLost", "severity": "critical", "entity": entity}
    return {"labels": labels, "startsAt": starts.isoformat(), "endsAt": ends.isoformat()}

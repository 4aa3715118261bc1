"""What of a configuration can change while the daemon runs, and how?

Rules, routes, receivers, escalations, silencing and whatever else decides who is told: everything in `RELOADED`.  The
rest is read at the start only; a reload says which of it has changed and waits for a restart.

A configuration that is wrong changes nothing, and neither does one that is the same: what is open stays open under the
same keys, and what waits goes on waiting.  `POST /-/reload` and SIGHUP do it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import fields
from http import HTTPStatus
from logging import getLogger

from aiohttp import web

from monitor.config import Config, ConfigInvalid
from monitor.metrics import Metrics
from monitor.store.ports import StoreFailed

_log = getLogger(__name__)

RELOADED = frozenset({"alerts", "rules", "routing", "notifiers", "inhibitions", "time_windows"})

_ELSEWHERE = ("cross-site", "same-site")  # a page on another site made the browser ask, which nobody wanted


class Reloading:
    """Reads the configuration anew when told to.

    Args:
        config: the present one.
        reread: reads the file and the environment again; raises `ConfigInvalid`.
        apply: makes the daemon go by another one; raises `StoreFailed`.
        metrics: where it is told how that went.
        now_s: the time.
    """

    def __init__(
        self,
        config: Config,
        reread: Callable[[], Config],
        apply: Callable[[Config], Awaitable[None]],
        metrics: Metrics,
        now_s: Callable[[], float],
    ) -> None:
        self._started_with = config
        self._reread = reread
        self._apply = apply
        self._metrics = metrics
        self._now_s = now_s
        self._turn = asyncio.Lock()
        self._asked = asyncio.Event()
        self._succeeded()

    def ask(self) -> None:
        """Have it done soon, as a signal does; what became of it is in the log."""
        self._asked.set()

    async def run(self) -> None:
        """Do it whenever it was asked for, until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            with suppress(ConfigInvalid, StoreFailed):
                await self.reload()

    async def reload(self) -> tuple[str, ...]:
        """Go by the configuration as it is now; return the sections that wait for a restart.

        Raises:
            ConfigInvalid: it is wrong; nothing was changed.
            StoreFailed: what follows from it could not be written; reload again.
        """
        async with self._turn:
            try:
                config = await asyncio.to_thread(self._reread)
                await self._apply(config)
            except (ConfigInvalid, StoreFailed) as error:
                self._metrics.set("roomwatch_config_last_reload_successful", 0.0)
                _log.error("not reloaded: %s", "; ".join(str(error).splitlines()))
                raise
            self._succeeded()
        waiting = self._waiting_for_a_restart(config)
        _log.info("reloaded%s", f"; for a restart: {', '.join(waiting)}" if waiting else "")
        return waiting

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.post("/-/reload", self._answer), web.put("/-/reload", self._answer)]

    async def _answer(self, request: web.Request) -> web.Response:
        if request.headers.get("Sec-Fetch-Site") in _ELSEWHERE:
            return web.Response(text="expected a request of yours, got one from another site\n", status=403)
        try:
            waiting = await self.reload()
        except (ConfigInvalid, StoreFailed) as error:
            return web.Response(text=f"not reloaded:\n{error}\n", status=HTTPStatus.INTERNAL_SERVER_ERROR)
        later = "".join(f"{name}: changes at the next start\n" for name in waiting)
        return web.Response(text=f"reloaded\n{later}")

    def _succeeded(self) -> None:
        self._metrics.set("roomwatch_config_last_reload_successful", 1.0)
        self._metrics.set("roomwatch_config_last_reload_success_timestamp_seconds", self._now_s())

    def _waiting_for_a_restart(self, config: Config) -> tuple[str, ...]:
        names = (field.name for field in fields(config) if field.name not in RELOADED)
        return tuple(name for name in names if getattr(config, name) != getattr(self._started_with, name))

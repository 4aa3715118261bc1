"""What of a configuration can change while the daemon runs, and how?

Rules, routes, receivers, escalations, silencing and whatever else decides who is told, how the log is written, and
whose tokens open the private door: everything in `RELOADED` and `TOKENS`.  The rest is read at the start only; a reload
says which of it has changed and waits for a restart.

A configuration that is wrong changes nothing, and neither does one that is the same: what is open stays open under the
same keys, and what waits goes on waiting.  `POST /-/reload` and SIGHUP do it; with `--watch-config` its content is
looked at every half a minute, since nobody sends a signal where it is mounted, as a ConfigMap is.  One that is wrong is
then tried once, and left until it changes again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import fields, replace
from logging import getLogger

from aiohttp import web

from monitor.config import Config, ConfigInvalid
from monitor.config_file import Fingerprint
from monitor.http.problems import Fault, problem
from monitor.metrics import Metrics
from monitor.store.ports import StoreFailed
from monitor.supervision.supervisor import Supervisor

_log = getLogger(__name__)

RELOADED = frozenset(
    {
        *("alerts", "rules", "routing", "notifiers", "inhibitions", "time_windows", "log"),
        *("secret_files", "inline_secrets"),
    }
)
TOKENS = ("access_token", "tokens")  # of `private`
WATCH_EVERY_S = 30.0


def taken(present: Config, read: Config) -> Config:
    """Return the configuration to go by: `read` in what can change while the daemon runs, `present` in the rest."""
    private = present.private.model_copy(update={key: getattr(read.private, key) for key in TOKENS})
    return replace(present, private=private, **{name: getattr(read, name) for name in RELOADED})


class Reloading:
    """Reads the configuration anew when told to.

    Args:
        config: the present one.
        reread: reads the file and the environment again; raises `ConfigInvalid`.
        apply: makes the daemon go by another one; raises `StoreFailed`.
        metrics: where it is told how that went.
        now_s: the time.
        fingerprint: returns what the file and its secrets say now; without it every configuration counts as another.
        supervisor: whoever started this process, who is told as well.
    """

    def __init__(
        self,
        config: Config,
        reread: Callable[[], Config],
        apply: Callable[[Config], Awaitable[None]],
        metrics: Metrics,
        now_s: Callable[[], float],
        *,
        fingerprint: Callable[[Config], Fingerprint] | None = None,
        supervisor: Supervisor | None = None,
    ) -> None:
        self._config = config
        self._fingerprint = fingerprint
        self._supervisor = supervisor or Supervisor()
        self._tried = self._in_use = self._says(config)
        self._reread = reread
        self._apply = apply
        self._metrics = metrics
        self._now_s = now_s
        self._turn = asyncio.Lock()
        self._asked = asyncio.Event()
        self.loaded_at_s = 0.0  # when the configuration in use was read
        self.error = ""  # why the last reload changed nothing
        self.waits_for_restart: tuple[str, ...] = ()
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
            with self._supervisor.reloading():
                return await self._reload()

    async def look(self) -> None:
        """Do it if the configuration says something else than when it was read last, be that right or wrong."""
        if await asyncio.to_thread(self._says, self._config) != self._tried:
            with suppress(ConfigInvalid, StoreFailed):
                await self.reload()

    async def _reload(self) -> tuple[str, ...]:
        # Before it is read: what changes meanwhile is seen at the next look.
        seen = await asyncio.to_thread(self._says, self._config)
        if seen is not None and seen == self._in_use:
            self._tried = seen
            _log.info("not reloaded: the configuration is the one in use")
        else:
            await self._go_by(seen)
        self._succeeded()
        return self.waits_for_restart

    async def _go_by(self, seen: Fingerprint | None) -> None:
        try:
            config = await asyncio.to_thread(self._reread)
            self._in_use = None  # until all of it is done
            await self._apply(config)
        except (ConfigInvalid, StoreFailed) as error:
            self._fail(error)
            if isinstance(error, ConfigInvalid):
                self._tried = seen  # what could not be written is tried again, what is wrong is not
            raise
        self._tried = self._in_use = seen
        self.waits_for_restart = waiting = _differing(config, taken(self._config, config))
        self._config = taken(self._config, config)
        _log.info("reloaded%s", f"; for a restart: {', '.join(waiting)}" if waiting else "")

    def _fail(self, error: Exception) -> None:
        self._metrics.set("roomwatch_config_last_reload_successful", 0.0)
        self.error = str(error)
        _log.error("not reloaded: %s", "; ".join(self.error.splitlines()))

    def _says(self, config: Config) -> Fingerprint | None:
        return self._fingerprint(config) if self._fingerprint is not None else None

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.post("/-/reload", self._answer), web.put("/-/reload", self._answer)]

    async def _answer(self, _: web.Request) -> web.Response:
        try:
            waiting = await self.reload()
        except ConfigInvalid as error:
            return problem(500, f"not reloaded: {'; '.join(error.errors)}", errors=_faults(error))
        later = "".join(f"{name}: changes at the next start\n" for name in waiting)
        return web.Response(text=f"reloaded\n{later}")

    def _succeeded(self) -> None:
        self.loaded_at_s, self.error = self._now_s(), ""
        self._metrics.set("roomwatch_config_last_reload_successful", 1.0)
        self._metrics.set("roomwatch_config_last_reload_success_timestamp_seconds", self.loaded_at_s)
        if self._in_use is not None:
            self._metrics.set("roomwatch_config_hash", float(self._in_use.number))


def _differing(one: Config, other: Config) -> tuple[str, ...]:
    """Return the sections in which two configurations differ."""
    names = (field.name for field in fields(one))
    return tuple(name for name in names if getattr(one, name) != getattr(other, name))


def _faults(error: ConfigInvalid) -> list[Fault]:
    """Return what is wrong, each with its file and line."""
    return [Fault(place, said) for place, _, said in (each.partition(": ") for each in error.errors)]

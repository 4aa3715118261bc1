"""How is this daemon configured, and does the file still say the same?

    GET /api/v1/settings     the configuration in use, without its secrets

With what is allowed in it but probably not meant, and what became of the last reload.
"""

from collections.abc import Callable

from aiohttp import web
from msgspec import Struct

from monitor import __version__
from monitor.config import Config
from monitor.config_warnings import warnings_about
from monitor.http.operations import Operation, Operations
from monitor.http.questions import answering
from monitor.reloading import RELOADED, Reloading
from monitor.settings_shown import ConfigurationShown, shown


class SettingsView(Struct, frozen=True):
    """The configuration in use since `loaded_at_ms`.

    `reload_error` says why the last reload changed nothing; `waits_for_restart` are the parts of the file that have
    changed and are read at the start only.
    """

    version: str
    started_at_ms: int
    loaded_at_ms: int
    reload_error: str
    waits_for_restart: tuple[str, ...]
    warnings: list[str]
    configuration: ConfigurationShown


OPERATIONS: Operations = {
    "/api/v1/settings": Operation("settings", "The configuration in use, without its secrets.", SettingsView),
}


class Settings:
    """Answers questions about the configuration.

    Args:
        config: the present one.
        reloading: what became of the last reload.
        started_at_ms: when the daemon started.
    """

    def __init__(self, config: Callable[[], Config], reloading: Reloading, started_at_ms: int) -> None:
        self._config = config
        self._reloading = reloading
        self._started_at_ms = started_at_ms

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.get("/api/v1/settings", answering(self.settings))]

    async def settings(self, _: web.Request) -> SettingsView:
        """Answer with the configuration in use."""
        config = self._config()
        return SettingsView(
            version=__version__,
            started_at_ms=self._started_at_ms,
            loaded_at_ms=int(self._reloading.loaded_at_s * 1000),
            reload_error=self._reloading.error,
            waits_for_restart=self._reloading.waits_for_restart,
            warnings=warnings_about(config),
            configuration=shown(config, RELOADED),
        )

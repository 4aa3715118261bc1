"""Both listeners, with all that stands before them: how are they opened, and what goes on changing while they are?

Certificates and passwords are read anew when their files change, tokens when the configuration is; commands on this
machine are told where the private door is, and what opens it.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from aiohttp import web

from monitor.config import Config
from monitor.http.connections import Rooms, room_for
from monitor.http.entrance import entrance
from monitor.http.front import Front
from monitor.http.ingest import Ingest
from monitor.http.login import Login
from monitor.http.proxies import TrustedProxies
from monitor.http.reception import Reception, reception
from monitor.http.request_marks import marking
from monitor.http.served import Plain
from monitor.http.server import Listener
from monitor.http.web_files import private_files, public_files
from monitor.local_access import LocalAccess, address_of, grant, withdraw
from monitor.metrics import Metrics
from monitor.settings import Private
from monitor.store.ports import Store
from monitor.supervision.activation import Sockets


class Doors:
    """The public listener and the private one.

    Args:
        config: what is configured of them.
        store: knows who has logged in, and who changed what.
        metrics: where it is counted who was turned away.
        now_s: the time.
        sockets: what was opened for us already.
    """

    def __init__(
        self, config: Config, store: Store, metrics: Metrics, now_s: Callable[[], float], sockets: Sockets
    ) -> None:
        self._config = config
        self._store = store
        self._metrics = metrics
        self._now_s = now_s
        self._sockets = sockets
        self._public_files = public_files(config.public, metrics)
        self._private_files = private_files(config.private, metrics)
        self._rooms = Rooms(0, 0)
        self._reception: Reception | None = None
        self._command_token = ""
        self.public: Listener | None = None
        self.private: Listener | None = None
        self.login_token: str | None = None

    async def open(
        self, ingest: Ingest, public: list[web.RouteDef], private: Callable[[Login], list[web.RouteDef]]
    ) -> None:
        """Let in people and scripts, and then the world, to these routes.

        Raises:
            OSError: an address cannot be listened on.
            StoreFailed: others who share the store could not be told how one logs in here.
        """
        config = self._config
        self._rooms = room_for(config.public.max_connections, config.private.max_connections)
        await self._open_private(private)
        await self._open_public(ingest, public)

    async def _open_private(self, routes: Callable[[Login], list[web.RouteDef]]) -> None:
        settings, files = self._config.private, self._private_files
        before = entrance("private", settings, self._rooms.private, files, self._metrics)
        self._reception = receiving = reception(
            self._config, self._store, self._metrics, self._now_s, users=self._users, is_https=before.is_https
        )
        self.private = await Listener.open(
            settings.host,
            settings.port,
            routes(receiving.login),
            guards=receiving.guards,
            sock=self._sockets.private,
            **before.opening(),
        )
        self.login_token = await receiving.once.offer() if receiving.tokens.needs_one_time else None
        self._command_token = receiving.tokens.new_local()
        self._leave_word()

    async def _open_public(self, ingest: Ingest, routes: list[web.RouteDef]) -> None:
        settings = self._config.public
        before = entrance("public", settings, self._rooms.public, self._public_files, self._metrics)
        proxies = TrustedProxies(settings.trusted_proxies, settings.forwarded_by)
        hsts_s = settings.hsts_s if before.is_https else 0
        fast = partial(Front, ingest=ingest, proxies=proxies, hsts_s=hsts_s)
        self.public = await Listener.open(
            settings.host,
            settings.port,
            routes,
            guards=[marking(proxies)],
            way_in=fast if settings.fast_ingest else Plain,
            sock=self._sockets.public,
            **before.opening(),
        )

    async def shut(self) -> None:
        """Let nobody in any more, and finish with those who are inside."""
        if self._database is not None:
            withdraw(self._database)
        for door in (self.public, self.private):
            if door is not None:
                await door.close()
        if self._reception is not None:
            await self._reception.once.withdraw()
            self._reception.close()

    # --- what goes on changing ----------------------------------------------------------------------------

    async def use(self, private: Private) -> None:
        """Let in who has the tokens of a configuration that was read anew, by the certificates that there are now."""
        if self._reception is not None:
            self._reception.tokens.use(private)
        await self.look_at_files()

    async def look_at_files(self) -> None:
        """Go by certificates and a web configuration that have changed."""
        before = self._private_files.fingerprint
        await asyncio.to_thread(self._public_files.look)
        await asyncio.to_thread(self._private_files.look)
        if self._private_files.fingerprint != before:
            self._leave_word()

    def _leave_word(self) -> None:
        """Tell commands on this machine how the daemon is reached, by the certificate that it shows now."""
        if self._database is None or self.private is None:
            return
        files = self._private_files
        address = address_of(self.private.host, self.private.port, is_https=files.speaks_tls)
        grant(self._database, LocalAccess(address, self._command_token, files.fingerprint))

    @property
    def _database(self) -> Path | None:
        return self._config.database

    def _users(self) -> Mapping[str, str]:
        return self._private_files.config.users

    # --- what is shown ------------------------------------------------------------------------------------

    def occupancy(self) -> Iterator[tuple[str, int, int]]:
        """Return, for each listener, how many connections there are and how many there may be."""
        yield "public", 0 if self.public is None else self.public.connections, self._rooms.public
        yield "private", 0 if self.private is None else self.private.connections, self._rooms.private

    def certificate_ends_s(self) -> dict[str, float]:
        """Return when the certificate ends that a listener shows, since the epoch, by the listeners that show one."""
        return {
            name: files.ends_at_s
            for name, files in (("public", self._public_files), ("private", self._private_files))
            if files.ends_at_s is not None
        }

    def addresses(self) -> list[str]:
        """Return a line for each thing that can be reached; an address with a token in it works once."""
        if self.public is None or self.private is None:
            return []
        private = self._config.private.url.rstrip("/") or _url(self.private, is_https=self._private_files.speaks_tls)
        public = self._config.public.url.rstrip("/") or _url(self.public, is_https=self._public_files.speaks_tls)
        once = f"login?token={self.login_token}   (works once)" if self.login_token else ""
        return [
            f"Pages:      {private}/{once}",
            f"Metrics:    {private}/metrics",
            f"Telemetry:  {public}/v1/telemetry",
            f"Callbacks:  {public}/callbacks/twilio",
        ]


def _url(door: Listener, *, is_https: bool) -> str:
    return f"{'https' if is_https else 'http'}://{door.host}:{door.port}"

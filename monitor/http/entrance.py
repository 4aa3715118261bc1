"""What stands before each listener: its files, its limits, and what every answer of it says?"""

import asyncio
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from monitor.http.addresses import Addresses
from monitor.http.answer_headers import AnswerHeaders
from monitor.http.connections import Bounds
from monitor.http.proxies import TrustedProxies
from monitor.http.tls import is_allowed
from monitor.http.web_files import WebFiles
from monitor.metrics import Metrics
from monitor.settings import Private, Public


class Entrance(NamedTuple):
    """What a listener is opened with; `is_https` says whether nobody gets here otherwise."""

    bounds: Bounds
    headers: AnswerHeaders
    context: Callable[[], ssl.SSLContext] | None
    is_https: bool

    def opening(self) -> dict[str, Any]:
        """Return it as `Listener.open` takes it."""
        return {"bounds": self.bounds, "headers": self.headers, "context": self.context}


def entrance(listener: str, settings: Public | Private, most: int, files: WebFiles, metrics: Metrics) -> Entrance:
    """Return what stands before a listener.

    Args:
        listener: its name, for metrics.
        settings: what is configured of it.
        most: how many connections there can be.
        files: the certificates and headers that it goes by.
        metrics: where refusals are counted.
    """
    proxies = TrustedProxies(settings.trusted_proxies, settings.forwarded_by)
    is_https = files.speaks_tls or settings.url.startswith("https:")
    bounds = Bounds(
        limits=settings.limits,
        most=most,
        most_each=settings.max_connections_per_address,
        counted_as=partial(_counted_as, proxies, Addresses("none")),
        is_welcome=partial(_is_welcome, files),
        count=partial(metrics.add, "roomwatch_http_limited_total", listener),
    )
    headers = AnswerHeaders(proxies, settings.hsts_s, is_always_https=is_https, own=lambda: files.config.headers)
    return Entrance(bounds, headers, _current(files) if files.speaks_tls else None, is_https)


def _counted_as(proxies: TrustedProxies, addresses: Addresses, peer: str) -> str | None:
    """Return whom an address counts as: a proxy has everybody behind it, and so may have any number."""
    return None if proxies.has(peer) else addresses.place(peer).counted_as


def _is_welcome(files: WebFiles, transport: asyncio.BaseTransport) -> bool:
    tls = files.config.tls
    return tls is None or is_allowed(transport.get_extra_info("peercert"), tls.client_sans)


def _current(files: WebFiles) -> Callable[[], ssl.SSLContext]:
    def context() -> ssl.SSLContext:
        if files.context is None:
            raise RuntimeError("expected TLS never to be switched off while a listener is open")
        return files.context

    return context

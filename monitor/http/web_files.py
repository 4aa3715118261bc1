"""What is in force of the files that a listener goes by: certificates, and a web configuration file?

They are looked at every few seconds, by their content: certificates are renewed by somebody else, who tells nobody, and
a file that is mounted into a container changes without any event.  What does not fit together, as a new certificate
does whose key is not written yet, changes nothing; it is said once, and the next look may find it whole.
"""

import ssl
from collections.abc import Callable
from logging import getLogger
from math import nan
from pathlib import Path

from monitor.config import Config, ConfigInvalid
from monitor.http import web_config
from monitor.http.tls import TlsFiles, TlsUnusable, contents, expires_at_s, fingerprint, new_context
from monitor.http.web_config import WebConfig, WebConfigInvalid
from monitor.metrics import Metrics
from monitor.settings import Private, Public, Tls

_log = getLogger(__name__)

LOOK_EVERY_S = 10.0


class WebFiles:
    """The files of one listener, as they were when they last fitted together.

    Args:
        listener: its name, for the log and metrics.
        read: returns what they ask for; raises `WebConfigInvalid`.
        file: the one that it reads, if there is one.
        metrics: where it is told how that went.

    Raises:
        WebConfigInvalid: at the start they have to be right.
        TlsUnusable: the same, of certificates.
    """

    def __init__(self, listener: str, read: Callable[[], WebConfig], file: Path | None, metrics: Metrics) -> None:
        self._listener = listener
        self._read = read
        self._file = file
        self._metrics = metrics
        self._ends_at_s: float | None = None
        self._passed_over = ""  # what did not fit together, so that it is said once
        self.config = read()
        self._seen = self._content(self.config)
        self.context = _context(self.config)
        self.fingerprint = _fingerprint(self.config)
        self._tell(is_right=True)

    @property
    def ends_at_s(self) -> float | None:
        """When the certificate that is shown ends, since the epoch, or None where there is none that says so."""
        return self._ends_at_s

    @property
    def speaks_tls(self) -> bool:
        """Whether connections begin with a handshake."""
        return self.context is not None

    def look(self) -> None:
        """Go by the files as they are now, if they have changed and fit together; for a thread of its own."""
        seen = ""
        try:
            config = self._read()
            seen = self._content(config)
            if seen == self._seen:
                return
            self._change(config, seen)
        except (WebConfigInvalid, TlsUnusable) as error:
            self._pass_over(seen, error)

    def _change(self, config: WebConfig, seen: str) -> None:
        if (config.tls is None) is not (self.config.tls is None):
            raise TlsUnusable("TLS is switched on or off by a restart only")
        self.context, self.fingerprint = _context(config), _fingerprint(config)
        self.config, self._seen, self._passed_over = config, seen, ""
        self._tell(is_right=True)
        _log.info("%s listener: certificates and web configuration were read again", self._listener)

    def _pass_over(self, seen: str, error: Exception) -> None:
        what = f"{seen}{error}"
        if what != self._passed_over:
            self._passed_over = what
            said = "; ".join(str(error).splitlines())
            _log.error("%s listener: what it had stays in force: %s", self._listener, said)
        self._tell(is_right=False)

    def _content(self, config: WebConfig) -> str:
        own = [] if self._file is None else [str(self._file)]
        return contents([*own, *([] if config.tls is None else config.tls.names())])

    def _tell(self, *, is_right: bool) -> None:
        name, tls = self._listener, self.config.tls
        self._metrics.set("roomwatch_web_files_last_read_successful", float(is_right), name)
        # The new certificate of a pair that is half written is not in force: what was said of the old one stays.
        if is_right:
            ends_at_s = self._ends_at_s = None if tls is None else expires_at_s(tls)
            self._metrics.set(
                "roomwatch_tls_not_after_timestamp_seconds", nan if ends_at_s is None else ends_at_s, name
            )


def check(config: Config) -> None:
    """See that certificates and web configuration fit together, before anything is opened.

    Raises:
        ConfigInvalid: with what does not.
    """
    try:
        public_files(config.public, Metrics())
        private_files(config.private, Metrics())
    except (WebConfigInvalid, TlsUnusable) as error:
        raise ConfigInvalid(str(error).splitlines()) from None


def public_files(settings: Public, metrics: Metrics) -> WebFiles:
    """Return the files of the public listener."""
    return WebFiles("public", lambda: _of(settings.tls), None, metrics)


def private_files(settings: Private, metrics: Metrics) -> WebFiles:
    """Return the files of the private listener."""
    if settings.web_config_file is None:
        return WebFiles("private", lambda: _of(settings.tls), None, metrics)
    file = Path(settings.web_config_file)
    return WebFiles("private", lambda: web_config.read(file), file, metrics)


def _of(tls: Tls | None) -> WebConfig:
    if tls is None:
        return WebConfig()
    return WebConfig(
        TlsFiles(
            tls.cert_file,
            tls.key_file,
            tls.min_version,
            client_auth=tls.client_auth,
            client_ca_file=tls.client_ca_file,
            client_sans=tls.client_sans,
        )
    )


def _context(config: WebConfig) -> ssl.SSLContext | None:
    return None if config.tls is None else new_context(config.tls)


def _fingerprint(config: WebConfig) -> str:
    return "" if config.tls is None else fingerprint(config.tls)

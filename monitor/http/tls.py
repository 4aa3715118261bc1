"""By which certificate does a listener speak TLS, and whose certificates does it ask for?

Ciphers are left to OpenSSL, which knows better than a list in a configuration, unless the configuration insists.  TLS
1.2 is the oldest that is spoken.  A certificate is loaded together with its key or not at all.
"""

import ssl
from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from monitor.http.certificate_dates import NoCertificate, not_after_s

ClientAuth = Literal["none", "verify_if_given", "require"]

VERSIONS: Mapping[str, ssl.TLSVersion] = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
_VERIFYING = {"none": ssl.CERT_NONE, "verify_if_given": ssl.CERT_OPTIONAL, "require": ssl.CERT_REQUIRED}


class TlsUnusable(Exception):
    """There is no speaking TLS by these files; `str()` says which, and why."""


class TlsFiles(Struct, frozen=True):
    """What TLS is spoken by."""

    cert_file: str
    key_file: str
    min_version: str = "1.2"
    max_version: str = "1.3"
    client_auth: ClientAuth = "none"
    client_ca_file: str | None = None
    client_sans: tuple[str, ...] = ()
    ciphers: tuple[str, ...] = ()  # as OpenSSL calls them; those of TLS 1.3 are always OpenSSL's own choice
    prefers_own_ciphers: bool = True
    curve: str | None = None

    def names(self) -> list[str]:
        """Return the files."""
        return [name for name in (self.cert_file, self.key_file, self.client_ca_file) if name is not None]


def contents(names: Iterable[str]) -> str:
    """Return what tells the contents of files apart from any others.

    Raises:
        TlsUnusable: one of them cannot be read.
    """
    seen = sha256()
    for name in names:
        try:
            seen.update(sha256(Path(name).read_bytes()).digest())
        except OSError as error:
            raise TlsUnusable(f"{name}: expected a readable file, got {error.strerror}") from None
    return seen.hexdigest()


def fingerprint(tls: TlsFiles) -> str:
    """Return by what a client may know the certificate, in hexadecimal; empty where it cannot be read."""
    try:
        return sha256(ssl.PEM_cert_to_DER_cert(_first_certificate(tls.cert_file))).hexdigest()
    except (OSError, ValueError):
        return ""


def expires_at_s(tls: TlsFiles) -> float | None:
    """Return when the certificate ends, or None where it does not say so in a way that is understood."""
    try:
        return not_after_s(ssl.PEM_cert_to_DER_cert(_first_certificate(tls.cert_file)))
    except (OSError, ValueError, NoCertificate):
        return None


def new_context(tls: TlsFiles) -> ssl.SSLContext:
    """Return what each handshake from now on goes by.

    Raises:
        TlsUnusable: a file cannot be read, the key is not that of the certificate, or OpenSSL refuses something.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version, context.maximum_version = VERSIONS[tls.min_version], VERSIONS[tls.max_version]
    context.set_alpn_protocols(["http/1.1"])
    if tls.prefers_own_ciphers:
        context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    _load_certificate(context, tls)
    _choose(context, tls)
    context.verify_mode = _VERIFYING[tls.client_auth]
    if tls.client_ca_file is not None:
        _load_authorities(context, tls.client_ca_file)
    return context


def names_of(certificate: Mapping[str, Any] | None) -> list[str]:
    """Return the subject alternative names of a client's certificate, as `getpeercert()` has it."""
    return [str(name) for _, name in (certificate or {}).get("subjectAltName", ())]


def is_allowed(certificate: Mapping[str, Any] | None, sans: Collection[str]) -> bool:
    """Whether a client that showed this certificate may come in; none has been asked of who showed none."""
    return not sans or not certificate or not set(sans).isdisjoint(names_of(certificate))


def _load_certificate(context: ssl.SSLContext, tls: TlsFiles) -> None:
    try:
        # Never ask a terminal for a password: nobody is there.
        context.load_cert_chain(tls.cert_file, tls.key_file, password=lambda: b"")
    except ssl.SSLError as error:
        raise TlsUnusable(
            f"{tls.cert_file}, {tls.key_file}: expected a certificate and its key without a password, as PEM,"
            f" got {error.reason or 'something else'}"
        ) from None
    except OSError as error:
        raise TlsUnusable(f"{tls.cert_file}, {tls.key_file}: expected readable files, got {error.strerror}") from None


def _choose(context: ssl.SSLContext, tls: TlsFiles) -> None:
    try:
        if tls.ciphers:
            context.set_ciphers(":".join(tls.ciphers))
        if tls.curve is not None:
            context.set_ecdh_curve(tls.curve)
    except (ssl.SSLError, ValueError) as error:
        raise TlsUnusable(f"expected ciphers and a curve that OpenSSL has, got {error}") from None


def _load_authorities(context: ssl.SSLContext, file: str) -> None:
    try:
        context.load_verify_locations(cafile=file)
    except ssl.SSLError as error:
        raise TlsUnusable(f"{file}: expected certificates of authorities, as PEM, got {error.reason}") from None
    except OSError as error:
        raise TlsUnusable(f"{file}: expected a readable file, got {error.strerror}") from None


def _first_certificate(file: str) -> str:
    begin, end = ssl.PEM_HEADER, ssl.PEM_FOOTER
    text = Path(file).read_text(encoding="ascii", errors="replace")
    return begin + text.partition(begin)[2].partition(end)[0] + end

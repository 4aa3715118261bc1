"""Certificates for tests, and clients that go by them."""

import ssl
from datetime import datetime
from pathlib import Path
from typing import Any

import trustme


class Authority:
    """An authority of our own, whose certificates are written where a daemon reads them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ca = trustme.CA()
        self.cert_file, self.key_file, self.ca_file = (folder / name for name in ("cert.pem", "key.pem", "ca.pem"))
        self._ca.cert_pem.write_to_path(self.ca_file)
        self.renew()

    def renew(self, not_after: datetime | None = None) -> bytes:
        """Write another certificate with its key; return the certificate."""
        issued = self._ca.issue_cert("127.0.0.1", "localhost", not_after=not_after)
        issued.private_key_pem.write_to_path(self.key_file)
        self.cert_file.write_bytes(b"".join(each.bytes() for each in issued.cert_chain_pems))
        return issued.cert_chain_pems[0].bytes()

    def settings(self, **given: Any) -> dict[str, Any]:
        """Return the table `tls` of a listener."""
        return {"cert_file": str(self.cert_file), "key_file": str(self.key_file), **given}

    def client(self, name: str | None = None) -> ssl.SSLContext:
        """Return what a client goes by, with a certificate of its own for a name."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        if name is not None:
            self._ca.issue_cert(name).configure_cert(context)
        return context

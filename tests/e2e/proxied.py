"""A web server before a daemon, configured as we ship it: the same file, other ports, names and certificates."""

import re
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import trustme

from tests.daemon_process import free_port
from tests.e2e.tools import HANGS_AFTER_S, ROOT, running

NGINX, CADDY = ROOT / "deploy" / "nginx", ROOT / "deploy" / "caddy"
CLIENT = "127.0.0.2"  # an address of this machine that is not the proxy's
WATCH, PAGES = "watch.example.com", "roomwatch.example.com"


class Authority:
    """Certificates for both names, and a client that trusts them."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.folder = folder
        for name in (WATCH, PAGES):
            certificate = authority.issue_cert(name)
            certificate.private_key_pem.write_to_path(folder / f"{name}.key")
            certificate.cert_chain_pems[0].write_to_path(folder / f"{name}.crt")
        self.context = ssl.create_default_context()
        authority.configure_trust(self.context)

    @asynccontextmanager
    async def client(self, name: str, port: int, address: str = CLIENT) -> AsyncIterator[aiohttp.ClientSession]:
        """Give a client of one of the names, at another address than the proxy's."""
        connector = aiohttp.TCPConnector(
            ssl=self.context, resolver=Loopback(port), local_addr=(address, 0), force_close=True
        )
        async with aiohttp.ClientSession(f"https://{name}:{port}", connector=connector) as session:
            yield session


class Loopback(aiohttp.abc.AbstractResolver):
    """Every name is this machine."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[aiohttp.abc.ResolveResult]:  # noqa: ARG002 (aiohttp's signature)
        return [
            {"hostname": host, "host": "127.0.0.1", "port": port or self._port, "family": 2, "proto": 0, "flags": 0}
        ]

    async def close(self) -> None:
        """Have nothing to close."""


@contextmanager
def nginx(program: str, site: str, replaced: dict[str, str], authority: Authority, folder: Path) -> Iterator[int]:
    """Run nginx with one of our sites; give the port at which it speaks TLS."""
    port = free_port()
    file = folder / "nginx.conf"
    file.write_text(whole(_moved(site, port, replaced, authority.folder, folder), folder), encoding="utf-8")
    subprocess.run([program, "-t", "-q", "-e", "stderr", "-p", str(folder), "-c", str(file)], check=True)
    with running([program, "-e", "stderr", "-p", str(folder), "-c", str(file)]) as process:
        until_open(port, process)
        yield port


def _moved(site: str, port: int, replaced: dict[str, str], certificates: Path, logs: Path) -> str:
    text = (NGINX / site).read_text(encoding="utf-8")
    text = re.sub(r"^\s*listen \[::\].*\n", "", text, flags=re.MULTILINE)  # not every machine has IPv6
    text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl").replace(
        "listen 80;", f"listen 127.0.0.1:{free_port()};"
    )
    text = text.replace("/etc/ssl/roomwatch", str(certificates)).replace("/var/log/nginx", str(logs))
    for ours, theirs in replaced.items():
        assert f"{ours};" in text
        text = text.replace(f"{ours};", f"{theirs};")
    return text


def whole(site: str, folder: Path) -> str:
    """Return the configuration of an nginx that serves a site, and keeps what it keeps in a folder, its log included.

    Nobody reads what it says as long as it runs, and a pipe that is full would stop it.
    """
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    itself = f"daemon off;\npid {folder}/pid;\nerror_log {folder}/error.log warn;\nevents {{}}\n"
    return f"{itself}http {{\n{places}\n{site}\n}}\n"


@contextmanager
def caddy(program: str, text: str, authority: Authority, folder: Path) -> Iterator[int]:
    """Run Caddy with sites; give the port at which it speaks TLS."""
    port = free_port()
    for name in (WATCH, PAGES):
        files = f"tls {authority.folder}/{name}.crt {authority.folder}/{name}.key"
        text = re.sub(rf"^{name} {{", f"{name}:{port} {{\n\t{files}", text, flags=re.MULTILINE)
    options = "admin off\n\tauto_https disable_redirects\n\tdefault_bind 127.0.0.1"
    whole = re.sub(r"^{", f"{{\n\t{options}", text, count=1, flags=re.MULTILINE)
    file = folder / "Caddyfile"
    file.write_text(whole if whole != text else f"{{\n\t{options}\n}}\n{text}", encoding="utf-8")
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with running([program, "run", "--config", str(file), "--adapter", "caddyfile"], env=home) as process:
        until_open(port, process)
        yield port


def until_open(port: int, process: subprocess.Popen[str]) -> None:
    """Wait until a web server takes connections."""
    end = time.monotonic() + HANGS_AFTER_S
    while time.monotonic() < end:
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    process.terminate()
    raise AssertionError(f"expected a web server at port {port}, got:\n{process.stdout.read()}")

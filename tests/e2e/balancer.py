"""nginx before several replicas, as an operator would have it: each request goes to the next of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.proxied import until_open, whole
from tests.e2e.tools import running, tool

#: What docs/cluster.md says, without TLS and names.  Whoever does not answer is left out for as long.
LEFT_OUT = "max_fails=1 fail_timeout=2s"
_SITE = """
access_log off;
client_body_buffer_size 1m;
proxy_max_temp_file_size 0;
proxy_http_version 1.1;
proxy_set_header Connection "";
proxy_set_header Host $http_host;
proxy_set_header X-Forwarded-For $remote_addr;
proxy_set_header X-Forwarded-Proto $scheme;
proxy_connect_timeout 3s;
proxy_read_timeout 60s;
proxy_buffering off;
client_max_body_size 0;
"""


@contextmanager
def balanced(folder: Path, doors: Sequence[tuple[int, Sequence[str]]]) -> Iterator[None]:
    """Run nginx at some ports of this machine, each before some listeners, such as `127.0.0.1:8470`."""
    folder.mkdir(exist_ok=True)
    site = _SITE + "\n".join(_door(port, listeners) for port, listeners in doors)
    file = folder / "nginx.conf"
    file.write_text(whole(site, folder), encoding="utf-8")
    with running([tool("nginx"), "-e", "stderr", "-p", str(folder), "-c", str(file)]) as process:
        for port, _ in doors:
            until_open(port, process)
        yield


def _door(port: int, listeners: Sequence[str]) -> str:
    servers = "\n".join(f"    server {each} {LEFT_OUT};" for each in listeners)
    return f"""
upstream replicas_{port} {{
{servers}
    keepalive 64;
}}
server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://replicas_{port}; }}
}}"""

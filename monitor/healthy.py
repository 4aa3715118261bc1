"""Is the daemon on this machine at work?  `python -m monitor.healthy [DATABASE | URL]`, for whoever looks often.

Containers are asked so, where there is neither a shell nor curl.  The daemon leaves beside its database where its
private door is and what opens it; that door is asked whether it is ready.  Whatever it listens on is found so, and
nothing is imported that takes long: this costs a twentieth of what any `roomwatch …` does.  A replica of a cluster has
no database beside it, so the address of its private door is told.

Exit codes: 0 ready, 1 not, with the reason.
"""

import json
import os
import ssl
import sys
import urllib.error
import urllib.request
from pathlib import Path

ANSWERS_WITHIN_S = 5.0
DEFAULT_DATABASE = "roomwatch.db"  # storage.path


def main(arguments: list[str]) -> int:
    """Say what is wrong, if anything is, and return the exit code."""
    named = arguments[0] if arguments else os.environ.get("ROOMWATCH_STORAGE_PATH", DEFAULT_DATABASE)
    fault = fault_at(named) if named.startswith(("http://", "https://")) else fault_of(Path(named))
    if fault is not None:
        print(f"roomwatch: {fault}", file=sys.stderr)  # noqa: T201 (it is what Docker shows of a container that is unhealthy)
    return 0 if fault is None else 1


def fault_of(database: Path) -> str | None:
    """Return why the daemon that has this database is not at work, or None if it is."""
    real = database.resolve()
    try:
        access = json.loads(real.with_name(f"{real.name}.access").read_bytes())
        return _asked(access["url"], access["token"])
    except FileNotFoundError:
        return f"expected a daemon that serves {database}, found none"
    except (OSError, ValueError, LookupError, TypeError) as error:
        return f"expected a daemon that serves {database}, got: {error}"


def fault_at(url: str) -> str | None:
    """Return why the daemon whose private door this is is not at work, or None if it is."""
    try:
        return _asked(url.rstrip("/"))
    except (OSError, ValueError) as error:
        return f"expected a daemon at {url}, got: {error}"


def _asked(url: str, token: str = "") -> str | None:
    proof = {"Authorization": f"Bearer {token}"} if token else {}  # without it one is told less of why not
    request = urllib.request.Request(f"{url}/-/ready", headers=proof)  # noqa: S310 (ours)
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=_unverified())
    )
    try:
        with opener.open(request, timeout=ANSWERS_WITHIN_S):
            return None
    except urllib.error.HTTPError as refusal:
        return f"expected {url}/-/ready to answer 200, got {refusal.code}{_detail(refusal.read())}"


def _detail(body: bytes) -> str:
    """Return what the daemon says of its own, after a colon, or nothing where that cannot be read."""
    try:
        return f": {json.loads(body)['detail']}"
    except (ValueError, LookupError, TypeError):
        return ""


def _unverified() -> ssl.SSLContext:
    """Return TLS that asks for no name: a certificate is for the world's address, and not for loopback."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # the address comes from a file that only the daemon's user can write
    return context


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

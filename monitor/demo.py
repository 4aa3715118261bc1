"""What does Roomwatch look like, before there is an account to watch?

The whole daemon, as it is, against the built-in Twilio: people in rooms, one of them with a bad uplink again and again,
and a receiver on this machine that prints every page that it gets.
"""

import asyncio
import secrets
from base64 import b64encode
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import web

from alerts.default_rules import DEFAULT_RULES
from monitor.app import Daemon
from monitor.config import build
from monitor.http.server import Listener
from monitor.opening import open_store
from monitor.simulator.cast import KINDS, REGIONS, TENANTS
from monitor.simulator.scenarios import SCENARIOS
from monitor.simulator.simulator import Simulator

__all__ = ["SCENARIOS", "demo", "print_page", "settings"]

_HOST = "127.0.0.1"

# As shipped, but over within seconds and as often as it comes: here somebody's uplink is bad in every other minute.
_IMPATIENT_RULES = [
    {
        "name": rule.name,
        "over": rule.over.value,
        "raise": str(rule.raise_when),
        "for": "10s",
        "clear": str(rule.clear_when),
        "clear_for": "20s",
        "bounce_window": "0s",
        "flap_damping": False,
        "severity": rule.severity.value,
        "summary": rule.summary,
        "description": rule.description,
        "runbook_url": rule.runbook_url,
    }
    for rule in DEFAULT_RULES
    if rule.keep_firing_for_s
]


async def demo(stop: asyncio.Event, scenario: str, seed: int, port: int, public_port: int) -> None:
    """Run daemon, simulator and receiver until told to stop; leaves nothing behind."""
    simulator = Simulator(SCENARIOS[scenario], seed=seed, daemon_url=f"http://{_HOST}:{public_port}")
    receiver = await Listener.open(_HOST, 0, [web.post("/", print_page)])
    with TemporaryDirectory(prefix="roomwatch-demo-") as folder:
        try:
            base_url = await simulator.start(_HOST)
            receiver_url = f"http://{_HOST}:{receiver.port}/"
            config = build(settings(simulator, base_url, receiver_url, Path(folder), port, public_port))
            daemon = Daemon(config, await open_store(config), demo=True)
            await daemon.run(stop, lambda: _welcome(daemon, scenario))
        finally:
            await simulator.stop()
            await receiver.close()


def settings(
    simulator: Simulator, base_url: str, receiver_url: str, folder: Path, port: int, public_port: int
) -> dict[str, Any]:
    """Return what would be the configuration file; quicker than its defaults, so that there is something to see."""
    account = simulator.account
    return {
        "public": {"host": _HOST, "port": public_port},
        # Whoever tries the API out here has nobody to share it with.
        "private": {"host": _HOST, "port": port, "costly_reads_per_minute": 60_000, "costly_reads_burst": 10_000},
        "storage": {"path": str(folder / "roomwatch.db")},
        "accounts": [
            {
                "name": "demo",
                "account_sid": account.account_sid,
                "api_key": account.api_key,
                "api_secret": account.api_secret,
                "auth_token": account.auth_token,
                "base_url": base_url,
                "requests_per_s": 10,
            }
        ],
        "polling": {"rooms_every_s": 5, "participants_every_s": 10, "compositions_every_s": 5},
        "compositions": {"limit_floor_s": 30},
        "rules": _IMPATIENT_RULES,
        "names": {"tenants": TENANTS, "kinds": KINDS},
        "metrics": {"regions": REGIONS},
        "alerts": {"instance": "roomwatch-demo", "default_receiver": "terminal"},
        "receivers": {
            "terminal": {
                "kind": "webhook",
                "url": receiver_url,
                "secrets": ["whsec_" + b64encode(secrets.token_bytes(24)).decode()],
                "external_url": f"http://{_HOST}:{port}",
            }
        },
    }


def _welcome(daemon: Daemon, scenario: str) -> None:
    print(*daemon.doors.addresses(), sep="\n")
    print(f"\nScenario {scenario!r} is running.  Pages that go out are printed here; Ctrl-C stops.\n", flush=True)


async def print_page(request: web.Request) -> web.Response:
    """Print what a pager would show."""
    message = await request.json()
    for alert in message["alerts"]:
        name, summary = alert["labels"]["alertname"], alert["annotations"].get("summary", "")
        print(f"{datetime.now():%H:%M:%S}  {alert['status'].upper():<8}  {name}: {summary}", flush=True)  # noqa: DTZ005
    return web.Response(status=204)

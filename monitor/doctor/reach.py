"""Is somebody there, where pages are to go?

At each receiver's door it is knocked, a connection and nothing more: nobody is told anything.  Alertmanagers are asked
whether they are ready, which changes nothing.
"""

import asyncio
import socket
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import aiohttp

from alerts.heartbeat import RECEIVER as HEARTBEAT
from alerts.model import Severity
from alerts.notifiers.base import Attempt, HttpRequest, Mail, Notifier, origin
from alerts.trial import trial
from monitor.config import Config
from monitor.doctor.findings import Finding
from monitor.doctor.reach_judgement import Door, Knock, judge_alertmanager, judge_knock

PATIENCE_S = 5.0
_PORTS = {"http": 80, "https": 443}


async def check_reach(config: Config) -> list[Finding]:
    """Knock wherever the configuration has words sent to."""
    doors = _doors(config)
    knocks = await asyncio.gather(*(_knock(door) for door in doors))
    answers = await _ask_alertmanagers(config)
    knocked = zip(doors, knocks, strict=True)
    return [
        *(judge_knock(door, doors[door], knock)._replace(about="receivers") for door, knock in knocked),
        *(judge_alertmanager(origin(url), answers[url])._replace(about="alertmanagers") for url in answers),
    ]


def _doors(config: Config) -> Mapping[Door, list[str]]:
    """Return where each receiver is, several of which may be at one door."""
    doors: defaultdict[Door, list[str]] = defaultdict(list)
    for name, notifier in config.notifiers.items():
        door = _door_of(name, notifier)
        if door is not None:
            doors[door].append(name)
    if config.heartbeat.url is not None:
        for door in _of_url(config.heartbeat.url.get_secret_value()):
            doors[door].append(HEARTBEAT)
    return doors


def _door_of(name: str, notifier: Notifier) -> Door | None:
    """Return where a notifier would go with a trial; what stays here, or goes by another's library, has no door."""
    now_s = time.time()
    word, _ = trial(name, Severity.CRITICAL, "doctor", now_s)
    match notifier.render(word, Attempt(now_s)):
        case HttpRequest() as request:
            return next(_of_url(request.url), None)
        case Mail() as mail:
            return Door(mail.host, mail.port)
        case _:
            return None


def _of_url(url: str) -> Iterator[Door]:
    parts = urlsplit(url)
    if parts.hostname:
        yield Door(parts.hostname, parts.port or _PORTS.get(parts.scheme, 443))


async def _knock(door: Door) -> Knock:
    try:
        async with asyncio.timeout(PATIENCE_S):
            _, writer = await asyncio.open_connection(door.host, door.port)
    except TimeoutError:
        return Knock(f"no answer in {PATIENCE_S:g} s")
    except socket.gaierror as error:
        return Knock(error.strerror or "unknown", is_named=False)
    except OSError as error:
        return Knock(error.strerror or type(error).__name__)
    writer.close()
    return Knock()


async def _ask_alertmanagers(config: Config) -> Mapping[str, int | str]:
    settings = config.alertmanager
    if not settings.urls:
        return {}
    timeout, headers = aiohttp.ClientTimeout(total=PATIENCE_S), settings.headers()
    async with aiohttp.ClientSession(timeout=timeout, headers=headers) as http:
        return {url: await _ask(http, f"{url.rstrip('/')}/-/ready") for url in settings.urls}


async def _ask(http: aiohttp.ClientSession, address: str) -> int | str:
    try:
        async with http.get(address, allow_redirects=False) as answer:
            return answer.status
    except TimeoutError:
        return f"no answer in {PATIENCE_S:g} s"
    except (aiohttp.ClientError, OSError) as error:
        return type(error).__name__

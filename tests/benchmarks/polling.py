"""How little does Twilio have to be asked, and how soon is known what happened there?

`make bench`, or `python -m tests.benchmarks.polling --help`.

Five hundred rooms of ten people at a simulated Twilio, rooms beginning and ending all the time, people coming and
going.  The whole daemon watches them, once with status callbacks and once without; beside it the naive poller, which
lists the participants of every room every two seconds.

What counts is requests a second, refusals (429), and the time from a change at Twilio to its being in the picture.
"""

import argparse
import asyncio
import math
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from monitor.app import Daemon
from monitor.config import build
from monitor.live import Live
from monitor.opening import open_store
from monitor.simulator.account import SimulatedAccount
from tests.conftest import settings
from tests.daemon_process import environment, free_port

SEED = 7
LOOK_EVERY_S = 0.1
FETCH_EVERY_S = 5.0
NAIVE_EVERY_S = 2.0
ACCOUNT = SimulatedAccount.for_seed(SEED)

Change = tuple[str, str]  # what happened, and to which SID

_OF_ROOM = {"room-created": "began", "room-ended": "ended"}
_OF_PARTICIPANT = {"participant-connected": "joined", "participant-disconnected": "left"}
_OF_COMPOSITION = {
    "composition-enqueued": "enqueued",
    "composition-started": "processing",
    "composition-available": "completed",
}
KINDS = {
    "rooms": ("began", "ended"),
    "participants": ("joined", "left"),
    "compositions": ("enqueued", "processing", "completed"),
}


class Phase(NamedTuple):
    """What one phase came to."""

    name: str
    requests_per_s: float
    throttled: int
    delays_s: Mapping[str, Sequence[float]]  # by kind; infinite: never known
    asked: Mapping[str, int]


# --- what is true, and what is known -------------------------------------------------------------------------


def changes_of(happening: Mapping[str, Any]) -> Change | None:
    """Return what a happening of the simulated world changes, or None for what is not looked at here."""
    event = happening["event"]
    for names, sid in (
        (_OF_ROOM, happening["room_sid"]),
        (_OF_PARTICIPANT, happening["participant_sid"]),
        (_OF_COMPOSITION, happening["composition_sid"]),
    ):
        if event in names:
            return names[event], sid
    return None


class Knowledge:
    """When the daemon's picture first showed each change."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self.known_at_s: dict[Change, float] = {}
        self._rooms: set[str] = set()
        self._people: set[str] = set()

    def look(self, now_s: float) -> None:
        """Compare the picture with what it was at the last look."""
        rooms = {room.sid for room in self._live.rooms.values() if room.sid}
        people = {person.sid for person in self._live.participants() if person.sid}
        ended = {sid for sid in self._rooms - rooms if sid in self._live.calls.ended}
        self._note("began", rooms - self._rooms, now_s)
        self._note("ended", ended, now_s)
        self._note("joined", people - self._people, now_s)
        self._note("left", self._people - people, now_s)
        self._rooms, self._people = rooms, people
        for composition in self._live.media.all_compositions():
            self._note(composition.status.value, [composition.sid], now_s)

    def _note(self, what: str, sids: Iterable[str], now_s: float) -> None:
        for sid in sids:
            self.known_at_s.setdefault((what, sid), now_s)

    def delay_s(self, change: Change, at_s: float) -> float:
        """Return how long after it happened a change was known; a later stage tells of the earlier ones, too."""
        what, sid = change
        stages = KINDS["compositions"]
        told = stages[stages.index(what) :] if what in stages else (what,)
        known_at_s = min((self.known_at_s.get((each, sid), math.inf) for each in told), default=math.inf)
        return max(0.0, known_at_s - at_s)


# --- the parts -------------------------------------------------------------------------------------------------


@asynccontextmanager
async def simulator(options: argparse.Namespace, scenario: str, daemon_url: str | None) -> AsyncIterator[str]:
    """Run a simulated Twilio in a process of its own, and yield its base URL."""
    port = free_port()
    command = [sys.executable, "-m", "monitor.simulator", "--scenario", scenario, "--seed", str(SEED)]
    command += ["--rooms", str(options.rooms), "--participants", str(options.participants), "--port", str(port)]
    command += ["--room-lasts", *map(str, options.room_lasts), "--post-every", str(options.post_every), "--staggered"]
    if daemon_url is not None:
        command += ["--daemon", daemon_url]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, env=environment()
    )
    try:
        base_url = f"http://127.0.0.1:{port}"
        await _until_it_answers(base_url)
        yield base_url
    finally:
        process.terminate()
        await process.wait()


async def _until_it_answers(base_url: str) -> None:
    async with aiohttp.ClientSession() as http, asyncio.timeout(30):
        while True:
            try:
                async with http.get(f"{base_url}/-/tally"):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)


@asynccontextmanager
async def daemon(port: int, base_url: str, folder: Path) -> AsyncIterator[Daemon]:
    """Run the daemon in this process, on a real file."""
    here = f"http://127.0.0.1:{port}"
    account = {
        "account_sid": ACCOUNT.account_sid,
        "api_key": ACCOUNT.api_key,
        "api_secret": ACCOUNT.api_secret,
        "auth_token": ACCOUNT.auth_token,
        "base_url": base_url,
    }
    given = settings(
        public={"port": port, "url": here}, accounts=[account], storage={"path": str(folder / "roomwatch.db")}
    )
    config = build(given)
    watching, stop, started = Daemon(config, await open_store(config)), asyncio.Event(), asyncio.Event()
    life = asyncio.create_task(watching.run(stop, started.set))
    try:
        await started.wait()
        yield watching
    finally:
        stop.set()
        await life


async def _every(seconds: float, look: Callable[[], Any]) -> None:
    while True:
        look()
        await asyncio.sleep(seconds)


# --- the phases ------------------------------------------------------------------------------------------------


async def watched(name: str, scenario: str, options: argparse.Namespace, folder: Path) -> Phase:
    """Let the daemon watch for a while, and measure."""
    port = free_port()
    async with (
        simulator(options, scenario, f"http://127.0.0.1:{port}") as base_url,
        daemon(port, base_url, folder) as watching,
        aiohttp.ClientSession() as http,
    ):
        knowledge = Knowledge(watching.live)
        looking = asyncio.create_task(_every(LOOK_EVERY_S, lambda: knowledge.look(time.time())))
        try:
            await asyncio.sleep(options.warm_up)
            before, began_s = await _told(http, base_url, "tally"), time.time()
            happened = await _happenings(http, base_url, options.seconds)
            after, took_s = await _told(http, base_url, "tally"), time.time() - began_s
        finally:
            looking.cancel()
    counted = {
        change: at_s for change, at_s in happened.items() if began_s <= at_s <= began_s + took_s - options.settles
    }
    delays_s = {
        kind: sorted(knowledge.delay_s(change, at_s) for change, at_s in counted.items() if change[0] in names)
        for kind, names in KINDS.items()
    }
    asked = {path: n - before["by_path"].get(path, 0) for path, n in after["by_path"].items()}
    throttled = after["by_status"].get("429", 0) - before["by_status"].get("429", 0)
    return Phase(name, (after["requests"] - before["requests"]) / took_s, throttled, delays_s, asked)


async def naive(options: argparse.Namespace, seconds: float) -> Phase:
    """List the participants of every room every two seconds, as one would who has not read this."""
    async with simulator(options, "healthy", None) as base_url, aiohttp.ClientSession() as http:
        await asyncio.sleep(options.rooms / 10 + 2)
        before, began_s = await _told(http, base_url, "tally"), time.time()
        auth = "Basic " + b64encode(f"{ACCOUNT.api_key}:{ACCOUNT.api_secret}".encode()).decode()
        while time.time() - began_s < seconds:
            round_began_s = time.time()
            truth = await _told(http, base_url, "truth")
            gaps_s = NAIVE_EVERY_S / max(1, len(truth["rooms"]))
            asking = []
            for sid in truth["rooms"]:
                asking.append(asyncio.create_task(_ask(http, f"{base_url}/v1/Rooms/{sid}/Participants", auth)))
                await asyncio.sleep(gaps_s)
            await asyncio.gather(*asking)
            await asyncio.sleep(max(0.0, NAIVE_EVERY_S - (time.time() - round_began_s)))
        after, took_s = await _told(http, base_url, "tally"), time.time() - began_s
    throttled = after["by_status"].get("429", 0) - before["by_status"].get("429", 0)
    return Phase("naive poller", (after["requests"] - before["requests"]) / took_s, throttled, {}, {})


async def _ask(http: aiohttp.ClientSession, url: str, auth: str) -> None:
    async with http.get(url, headers={"Authorization": auth}) as answer:
        await answer.read()


async def _told(http: aiohttp.ClientSession, base_url: str, what: str) -> dict[str, Any]:
    async with http.get(f"{base_url}/-/{what}") as answer:
        return dict(await answer.json())


async def _happenings(http: aiohttp.ClientSession, base_url: str, seconds: float) -> dict[Change, float]:
    happened: dict[Change, float] = {}
    until_s = time.time() + seconds
    while time.time() < until_s:
        await asyncio.sleep(min(FETCH_EVERY_S, max(0.0, until_s - time.time())))
        for happening in (await _told(http, base_url, "truth"))["happenings"]:
            change = changes_of(happening)
            if change is not None:
                happened.setdefault(change, happening["at"])
    return happened


# --- the report ------------------------------------------------------------------------------------------------


def percentile(sorted_values: Sequence[float], part: float) -> float:
    """Return the value below which this part of the values lies."""
    return sorted_values[min(len(sorted_values) - 1, math.ceil(part * len(sorted_values)) - 1)]


def report(phase: Phase) -> str:
    """Return a phase in words."""
    lines = [f"{phase.name:20} {phase.requests_per_s:7.2f} requests/s   {phase.throttled} answered 429"]
    everything = sorted(delay for delays in phase.delays_s.values() for delay in delays)
    for kind, delays in (*phase.delays_s.items(), *((("all of it", everything),) if everything else ())):
        if delays:
            p50, p99 = percentile(delays, 0.5), percentile(delays, 0.99)
            never = sum(math.isinf(delay) for delay in delays)
            lines.append(
                f"    {kind:14} {len(delays):6} changes   known after p50 {p50:6.2f} s   p99 {p99:6.2f} s"
                + (f"   {never} never" if never else "")
            )
    asked = ", ".join(f"{path.removeprefix('/v1/')} {n}" for path, n in sorted(phase.asked.items()) if n)
    return "\n".join([*lines, *([f"    asked: {asked}"] if asked else [])])


def main() -> None:
    """Run the phases, and print what each came to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--rooms", type=int, default=500)
    add("--participants", type=int, default=10)
    add("--room-lasts", type=float, nargs=2, default=(180.0, 420.0), metavar=("FROM", "TO"), help="seconds")
    add("--post-every", type=float, default=15.0, help="seconds between a browser's posts")
    add("--warm-up", type=float, default=75.0, help="seconds before anything is counted")
    add("--seconds", type=float, default=120.0, help="of counting, for each phase")
    add("--settles", type=float, default=30.0, help="seconds before the end from which on changes do not count")
    add("--naive-seconds", type=float, default=12.0)
    add("--only", choices=("callbacks", "polls", "naive"))
    options = parser.parse_args()
    print(
        f"{options.rooms} rooms of {options.participants}, each lasting {options.room_lasts[0]:g} to "
        f"{options.room_lasts[1]:g} s, browsers posting every {options.post_every:g} s\n"
    )
    for phase, run in _phases(options).items():
        if options.only in (None, phase):
            print(report(asyncio.run(run())), flush=True)


def _phases(options: argparse.Namespace) -> Mapping[str, Callable[[], Any]]:
    async def watch(name: str, scenario: str) -> Phase:
        with tempfile.TemporaryDirectory() as folder:
            return await watched(name, scenario, options, Path(folder))

    return {
        "callbacks": lambda: watch("with callbacks", "healthy"),
        "polls": lambda: watch("without callbacks", "no-callbacks"),
        "naive": lambda: naive(options, options.naive_seconds),
    }


if __name__ == "__main__":
    main()

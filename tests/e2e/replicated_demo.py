"""The demo on a cluster: the same people, receiver and settings, watched by replicas behind a balancer.

    python -m tests.e2e.replicated_demo --port PORT --public-port PORT --databases JSON

It prints what `roomwatch demo` does; and where each replica is by itself.
"""

import argparse
import asyncio
import json
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import aiohttp
from aiohttp import web

from monitor.demo import SCENARIOS, print_page, settings
from monitor.http.server import Listener
from monitor.simulator.simulator import Simulator
from tests.daemon_process import ENDS_WITHIN_S, STARTS_WITHIN_S, environment, free_port
from tests.e2e.installation import Installed, replicated
from tests.e2e.servers import Databases

#: Is printed when the first person comes.
BEGINS = "Somebody opens the first room."
#: With which Prometheus asks at the balancer: only who is on this machine needs none.
SCRAPES = "prometheus-scrapes-with-this-token"


async def demo(stop: asyncio.Event, port: int, public_port: int, databases: Databases) -> None:
    """Run all of it until told to stop; leaves nothing but the databases behind."""
    url, public_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{public_port}"
    simulator = Simulator(SCENARIOS["demo"], seed=1, daemon_url=public_url)
    receiver = await Listener.open("127.0.0.1", 0, [web.post("/", print_page)])
    async with AsyncExitStack() as stack:
        stack.push_async_callback(receiver.close)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="roomwatch-demo-")))
        twilio_port = free_port()
        base_url = f"http://127.0.0.1:{twilio_port}"
        told = settings(simulator, base_url, f"http://127.0.0.1:{receiver.port}/", folder, port, public_port)
        told["public"] |= {"url": public_url}
        told["log"] = {"level": "warning"}
        told["private"] |= {"url": url, "tokens": {"prometheus": {"role": "viewer", "token": SCRAPES}}}
        installation = stack.enter_context(replicated(folder, told, databases))
        for replica in installation.processes:
            await started(replica, stack)
        # Only now: two replicas take their time to start, and what happens to people happens at its own.
        assert await simulator.start(port=twilio_port) == base_url
        stack.push_async_callback(simulator.stop)
        say(BEGINS, *(f"Replica:    {each.private}" for each in installation.processes))
        say("Two replicas are at work.  Scenario 'demo' is running.")
        await stop.wait()


async def started(replica: Installed, stack: AsyncExitStack) -> None:
    """Start a replica, which says here what it has to say, and wait until it is ready."""
    command = (sys.executable, "-m", "monitor", "run", "--config", str(replica.config))
    process = await asyncio.create_subprocess_exec(*command, env=environment())

    async def end() -> None:
        with suppress(ProcessLookupError):
            process.terminate()
        async with asyncio.timeout(ENDS_WITHIN_S):
            await process.wait()

    stack.push_async_callback(end)
    async with asyncio.timeout(STARTS_WITHIN_S), aiohttp.ClientSession() as http:
        while not await is_ready(http, replica.private):
            assert process.returncode is None, f"a replica ended by {process.returncode}"
            await asyncio.sleep(0.05)


async def is_ready(http: aiohttp.ClientSession, private: str) -> bool:
    try:
        async with http.get(f"{private}/-/ready") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


def say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)  # noqa: T201  # whoever started it reads that


async def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--public-port", type=int, required=True)
    parser.add_argument("--databases", type=json.loads, required=True)
    options = parser.parse_args(arguments)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await demo(stop, options.port, options.public_port, options.databases)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))

"""How is the simulator run on its own?  `python -m monitor.simulator --scenario bad-uplink --daemon http://…`."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Coroutine

from monitor.simulator.scenarios import SCENARIOS
from monitor.simulator.simulator import Simulator


def main() -> int:
    """Run a simulator until Ctrl-C."""
    options = _parser().parse_args()
    asyncio.run(_run(options))
    return 0


async def _run(options: argparse.Namespace) -> None:
    simulator = Simulator(
        SCENARIOS[options.scenario],
        seed=options.seed,
        speed=options.speed,
        rooms=options.rooms,
        participants_per_room=options.participants,
        daemon_url=options.daemon,
        callback_url=options.callback_url,
        signing_url=options.signing_url,
        room_lasts_s=tuple(options.room_lasts) if options.room_lasts else None,
        post_every_s=options.post_every,
        is_staggered=options.staggered,
        ingest_key=options.ingest_key,
    )
    stopped = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signum, stopped.set)
    try:
        await simulator.start(options.host, options.port)
        sys.stdout.write(_greeting(simulator))
        sys.stdout.flush()
        await _first(simulator.serve_forever(), stopped.wait())
    finally:
        await simulator.stop()
        sys.stdout.write(_farewell(simulator))


async def _first(*waits: Coroutine[None, None, object]) -> None:
    """Wait for the first of `waits`, and raise what it raised."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    for task in done:
        task.result()


def _greeting(simulator: Simulator) -> str:
    account, scenario = simulator.account, simulator.world.scenario
    return (
        f"{scenario.name}: {scenario.summary}\n"
        f"answering for Twilio at {simulator.base_url}; Ctrl-C ends it\n\n"
        f"TWILIO_ACCOUNT_SID={account.account_sid}\n"
        f"TWILIO_API_KEY={account.api_key}\n"
        f"TWILIO_API_SECRET={account.api_secret}\n"
        f"TWILIO_AUTH_TOKEN={account.auth_token}\n"
    ) + (
        f"\nThe next API key: {account.next_api_key} with {account.next_api_secret}\n"
        if scenario.rest.key_revoked is not None
        else ""
    )


def _farewell(simulator: Simulator) -> str:
    tally = simulator.site.tally
    answers = ", ".join(f"{times} x {status}" for status, times in sorted(tally.by_status.items()))
    return f"\n{tally.requests} requests; answered: {answers or 'none'}\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m monitor.simulator",
        description="A Twilio that answers like Twilio, with people in its rooms.",
        epilog="scenarios:\n" + "\n".join(f"  {name:20}{item.summary}" for name, item in SCENARIOS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--scenario", choices=SCENARIOS, default="demo", metavar="NAME", help="what goes wrong (default: demo)")
    add("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    add("--port", type=int, default=8480, help="port to listen on, 0 for any (default: 8480)")
    add("--daemon", metavar="URL", help="public listener that gets telemetry and callbacks; without it nobody does")
    add("--seed", type=int, default=1, help="decides everything that chance decides (default: 1)")
    add("--speed", type=_positive, default=1.0, help="how many times as fast as real life (default: 1)")
    add("--rooms", type=int, help="rooms kept open (default: the scenario's)")
    add("--participants", type=int, help="people kept in each room (default: the scenario's)")
    add(
        "--room-lasts",
        type=_positive,
        nargs=2,
        metavar=("FROM", "TO"),
        help="seconds that rooms last at speed 1 (default: the scenario's)",
    )
    add("--post-every", type=_positive, metavar="S", help="seconds between a browser's posts at speed 1")
    add(
        "--staggered", action="store_true", help="let the first rooms end at any time, as if they had been there before"
    )
    add("--callback-url", metavar="URL", help="where status callbacks go, if not to the daemon")
    add("--signing-url", metavar="URL", help="public URL that callbacks are signed for, if it differs")
    add("--ingest-key", metavar="KEY", help="authorizes telemetry instead of the participants' own tokens")
    return parser


def _positive(text: str) -> float:
    value = float(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text}")
    return value


if __name__ == "__main__":
    sys.exit(main())

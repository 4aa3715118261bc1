"""`run` and `demo`: how is the daemon started, and how does it end?"""

import argparse
import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from logging import getLogger
from typing import Any

from monitor import log
from monitor.allocator import keep_little
from monitor.app import Daemon
from monitor.commands.options import FAILED, OK, USAGE, Commands, add_config, config_file
from monitor.company import company_of
from monitor.config import Config, ConfigInvalid
from monitor.config_file import ConfigFile
from monitor.config_warnings import warnings_about
from monitor.exposed_files import exposed_database, refuse_exposed
from monitor.failures import Failure, Misconfigured
from monitor.http import web_files
from monitor.http.waiting_door import waiting_door
from monitor.opening import open_store_in_time
from monitor.supervision.activation import Sockets, handed_over
from monitor.supervision.supervisor import START_AT_MOST_S, Supervisor

_log = getLogger(__name__)

SWITCH_EVERY_S = 0.001  # so long a thread that works may keep the interpreter from the loop, which has to answer
GC_THRESHOLDS = (50_000, 20, 50)  # new objects before the youngest are looked over, and how often the next are not


def add(commands: Commands) -> None:
    """Add `run` and `demo`."""
    _add_run(commands)
    _add_demo(commands)


def _add_run(commands: Commands) -> None:
    command = commands.add_parser(
        "run",
        description="Run the daemon until Ctrl-C or SIGTERM; a second one ends it at once.",
        epilog="systemd may open its sockets, and be told how it stands: docs/operating.md.  Exit codes: 0 it was told"
        " to stop, 1 it could not start or go on, 2 wrong usage, 78 wrong configuration, for which no restart helps.",
    )
    add_config(command)
    command.add_argument(
        "--watch-config",
        action="store_true",
        help="look at the configuration every half a minute, and reload it when it has changed",
    )
    command.add_argument(
        "--web.config.file",
        dest="web_config_file",
        metavar="FILE",
        help="TLS, headers and users of the private listener, in the format of Prometheus's exporters; goes before "
        "private.web_config_file",
    )
    command.set_defaults(command=_run)


def _add_demo(commands: Commands) -> None:
    command = commands.add_parser(
        "demo",
        description="Run the daemon against the built-in simulator, with people in its rooms, until Ctrl-C.",
    )
    command.add_argument("--scenario", default="demo", metavar="NAME", help="what happens in the rooms (default: demo)")
    command.add_argument("--seed", type=int, default=1, metavar="N", help="same seed, same calls (default: 1)")
    command.add_argument("--port", type=int, default=8471, metavar="PORT", help="port of the pages (default: 8471)")
    command.add_argument(
        "--public-port", type=int, default=8470, metavar="PORT", help="port for telemetry and callbacks (default: 8470)"
    )
    command.set_defaults(command=_demo)


def _run(options: argparse.Namespace) -> int:
    run = Run(
        config_file(options),
        handed_over(os.environ, os.getpid()),
        web_config_file=options.web_config_file,
        watches_config=options.watch_config,
    )
    config = run.read()
    log.set_up(config.log.format, config.log.level)
    supervisor = Supervisor.of(os.environ, os.getpid())
    return _live(lambda stop: run.serve(config, stop, supervisor))


def _demo(options: argparse.Namespace) -> int:
    from monitor.demo import SCENARIOS, demo  # noqa: PLC0415 - the simulator is loaded by nothing but the demo

    if options.scenario not in SCENARIOS:
        print(f"roomwatch: expected one of {', '.join(SCENARIOS)}, got {options.scenario!r}", file=sys.stderr)
        return USAGE
    log.set_up("logfmt", "warning")
    return _live(lambda stop: demo(stop, options.scenario, options.seed, options.port, options.public_port))


class Run:
    """One run of the daemon: where its configuration comes from, and what it was handed.

    Args:
        file: the configuration.
        sockets: what was opened before this process began.
        web_config_file: goes before `private.web_config_file`.
        watches_config: whether the configuration is looked at again and again.
    """

    def __init__(
        self,
        file: ConfigFile,
        sockets: Sockets,
        *,
        web_config_file: str | None = None,
        watches_config: bool = False,
    ) -> None:
        self._file = file
        self._sockets = sockets
        self._web_config_file = web_config_file
        self._watches_config = watches_config

    def read(self) -> Config:
        """Return the configuration as it is now, if its secrets are secrets.

        Raises:
            ConfigInvalid: with every error there is.
        """
        config = self._with_web_config(refuse_exposed(self._file.file, self._file.read()))
        web_files.check(config)
        return self._sockets.placed(config)

    def _with_web_config(self, config: Config) -> Config:
        if self._web_config_file is None:
            return config
        if config.private.tls is not None:
            raise ConfigInvalid(["--web.config.file: expected either this or private.tls, got both"])
        return replace(config, private=config.private.model_copy(update={"web_config_file": self._web_config_file}))

    async def serve(self, config: Config, stop: asyncio.Event, supervisor: Supervisor) -> None:
        """Run a daemon until told to stop; SIGHUP has the configuration read anew."""
        try:
            async with supervisor.taking_long("opens the database", START_AT_MOST_S):
                store = await open_store_in_time(config, stop, partial(self._waiting, config, supervisor))
            if store is None:
                return
            daemon = Daemon(
                config,
                store,
                company=company_of(config, store),
                reread=self.read,
                fingerprint=lambda present: self._file.fingerprint(present.secret_files),
                watches_config=self._watches_config,
                supervisor=supervisor,
                sockets=self._sockets,
            )
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, daemon.reloading.ask)
            await daemon.run(stop, lambda: _announce(daemon))
        finally:
            supervisor.stopping()

    @asynccontextmanager
    async def _waiting(
        self, config: Config, supervisor: Supervisor, reason: str
    ) -> AsyncIterator[Callable[[str], None]]:
        """Say wherever somebody may look that the start waits, and for what."""
        async with waiting_door(config, self._sockets, reason) as door:

            def say(why: str) -> None:
                door.reason = why

            supervisor.status("waits for a primary")
            _log.warning("not started yet: %s", reason)
            yield say
            _log.info("no longer waiting for a primary")


def _announce(daemon: Daemon) -> None:
    for warning in (*warnings_about(daemon.config), *_about_this_machine(daemon.config)):
        print(f"roomwatch: warning: {warning}", file=sys.stderr)
    print(*daemon.doors.addresses(), sep="\n", flush=True)


def _about_this_machine(config: Config) -> Iterator[str]:
    if os.geteuid() == 0:
        yield "it runs as root and needs none of that: give it a user of its own (User= in its systemd unit)"
    if config.database is not None:
        yield from exposed_database(config.database)


def be_swift() -> None:
    """Have the interpreter do what suits a loop that is wanted every millisecond."""
    # What the start has made stays, and telemetry makes no circles: look for them seldom, and not among what stays.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    sys.setswitchinterval(SWITCH_EVERY_S)


def _live(life: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> int:
    """Run until the first SIGINT or SIGTERM, which stops in order; the second one exits at once."""

    async def until_signalled() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def on_signal() -> None:
            if stop.is_set():
                os._exit(FAILED)
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, on_signal)
        await life(stop)

    keep_little()
    be_swift()
    failed = False
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(until_signalled())
    except* (OSError, Failure, Misconfigured) as group:
        print(f"roomwatch: {_first(group)}", file=sys.stderr)
        failed = True
    except* Exception as group:  # noqa: BLE001 - whatever it is, this is the end
        # All of it is one line of the log, with the traceback as a field; the other line is for whoever looks on.
        _log.critical("ended by an error of its own", exc_info=group)
        print(f"roomwatch: ended by an error of its own, {type(_first(group)).__name__}; see the log", file=sys.stderr)
        failed = True
    return FAILED if failed else OK


def _first(error: BaseException) -> BaseException:
    """Return what went wrong first inside a group of errors."""
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - not everywhere
    except ImportError:
        return None
    return uvloop.new_event_loop

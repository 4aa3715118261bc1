"""What can be asked of Roomwatch on the command line?

Exit codes: 0 well, 1 failed at run time, 2 wrong usage, 78 wrong configuration.

Only the file of the command that is typed is loaded: whoever asks for the version need not wait for a daemon.
"""

import argparse
import os
import select
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module

from monitor import build_info
from monitor.failures import Failure, Misconfigured

COMMANDS: Mapping[str, str] = {
    "run": "daemon",
    "demo": "daemon",
    "doctor": "doctor",
    "migrate": "migrate",
    "copy": "moving",
    "backfill": "moving",
    "verify": "moving",
    "backup": "copies",
    "restore": "copies",
    "erase": "erase",
    "export": "calls",
    "import": "calls",
    "incidents": "incidents",
    "acknowledge": "incidents",
    "silences": "silences",
    "audit": "audit",
    "dead-letters": "dead_letters",
    "receivers": "receivers",
    "routes": "routes",
    "explain": "explain",
    "canary": "canary",
    "log-level": "log_level",
    "pseudonym": "pseudonym",
    "check-config": "check_config",
    "config-example": "config_example",
    "rules": "rules",
    "capacity": "capacity",
}
"""Each command with its file in `monitor.commands`, in the order in which `--help` shows them."""

FAILED, CONFIG = 1, 78  # as in `monitor.commands.options`, which loads all that a configuration can hold


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    try:
        try:
            return _ended(sys.argv[1:] if arguments is None else arguments)
        finally:
            sys.stdout.flush()  # or what nobody reads would be complained of when the interpreter ends
    except BrokenPipeError:  # whoever reads what is printed has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _ended(typed: Sequence[str]) -> int:
    options = parser(needed_for(typed)).parse_args(typed)
    try:
        return int(options.command(options))
    except Misconfigured as wrong:
        print(*wrong.errors, sep="\n", file=sys.stderr)
        return CONFIG
    except (Failure, OSError) as error:
        if isinstance(error, BrokenPipeError) and _nobody_reads():
            raise
        print(f"roomwatch: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("roomwatch: broken off", file=sys.stderr)
        return FAILED


def _nobody_reads() -> bool:
    """Whether what is printed goes into a pipe that has no reader any more."""
    pipe = select.poll()
    pipe.register(sys.stdout.fileno(), 0)  # an error is told even if nothing is asked
    return any(told & select.POLLERR for _, told in pipe.poll(0))


def needed_for(typed: Sequence[str]) -> Iterable[str]:
    """Return the files that what was typed needs: none for the version, all of them for help and for what is wrong."""
    first = typed[0] if typed else ""
    if first == "--version":
        return ()
    return (COMMANDS[first],) if first in COMMANDS else dict.fromkeys(COMMANDS.values())


def parser(files: Iterable[str] = tuple(dict.fromkeys(COMMANDS.values()))) -> argparse.ArgumentParser:
    """Return what understands the commands in these files, all of them if nothing else is said."""
    parser = argparse.ArgumentParser(
        prog="roomwatch",
        description="Watch Twilio Video calls while they run, and page someone once when one goes bad.",
        epilog="Exit codes: 0 well, 1 failed at run time, 2 wrong usage, 78 wrong configuration.",
    )
    parser.add_argument("--version", action="version", version=f"roomwatch {build_info.present()}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for file in files:
        import_module(f"monitor.commands.{file}").add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())

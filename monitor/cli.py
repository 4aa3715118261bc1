"""What can be asked of Roomwatch on the command line?

Exit codes: 0 well, 1 failed at run time, 2 wrong usage, 78 wrong configuration.

Only the file of the command that is typed is loaded: whoever asks which there are need not wait for a daemon.
"""

import argparse
import os
import select
import sys
from collections.abc import Collection, Mapping, Sequence
from importlib import import_module
from typing import NamedTuple

from monitor import build_info
from monitor.failures import Failure, Misconfigured


class Command(NamedTuple):
    """A command that can be typed: its file in `monitor.commands`, and what it does."""

    file: str
    words: str


COMMANDS: Mapping[str, Command] = {
    "run": Command("daemon", "run the daemon"),
    "demo": Command("daemon", "run the daemon against a simulated Twilio"),
    "doctor": Command("doctor", "say whether a configuration will work, here and now"),
    "migrate": Command("migrate", "bring the databases of a cluster up to date"),
    "copy": Command(
        "moving", "copy what must be true from a file into an empty cluster, or all of a cluster into a file"
    ),
    "backfill": Command("moving", "carry what was measured from the file into the cluster"),
    "verify": Command("moving", "compare the file with the cluster"),
    "backup": Command("copies", "copy the database while the daemon runs"),
    "restore": Command("copies", "put a backup in the place of the database"),
    "erase": Command("erase", "leave nothing of a person in the database"),
    "export": Command("calls", "write all of one call, or the samples of a time, to a file"),
    "import": Command("calls", "put an exported call into the database"),
    "incidents": Command("incidents", "list what people were told of, or show one incident"),
    "acknowledge": Command("incidents", "say that somebody looks after an incident"),
    "silences": Command("silences", "list, make and end silences"),
    "audit": Command("audit", "say who changed what"),
    "dead-letters": Command("dead_letters", "show what receivers could not be told, or have it said again"),
    "receivers": Command("receivers", "try receivers out"),
    "routes": Command("routes", "say where an alert would go, and why"),
    "explain": Command("explain", "say why an alert fired, did not, or did not reach somebody"),
    "canary": Command("canary", "make a room, look at it, end it, and say how long each step took"),
    "log-level": Command("log_level", "tell or change how much the running daemon logs"),
    "pseudonym": Command("pseudonym", "say under which pseudonym somebody is known"),
    "check-config": Command("check_config", "say everything that is wrong with a configuration"),
    "config-example": Command("config_example", "print the manual of the configuration, which is one itself"),
    "rules": Command("rules", "test rules, or replay them over what is on record"),
    "capacity": Command("capacity", "say what so many people in calls would want of machines, and why"),
}
"""In the order in which `--help` shows them."""

FILES = frozenset(command.file for command in COMMANDS.values())

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


def needed_for(typed: Sequence[str]) -> Collection[str]:
    """Return the files that what was typed needs: that of a command, none for what is none."""
    first = next((word for word in typed if not word.startswith("-")), "")
    return (COMMANDS[first].file,) if first in COMMANDS else ()


def parser(files: Collection[str] = FILES) -> argparse.ArgumentParser:
    """Return what knows every command, and understands those in these files, all of them if nothing else is said."""
    parser = argparse.ArgumentParser(
        prog="roomwatch",
        description="Watch Twilio Video calls while they run, and page someone once when one goes bad.",
        epilog="Exit codes: 0 well, 1 failed at run time, 2 wrong usage, 78 wrong configuration.",
    )
    parser.add_argument("--version", action="version", version=f"roomwatch {build_info.present()}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, (file, words) in COMMANDS.items():
        if file not in files:
            commands.add_parser(name, help=words)
        elif name not in commands.choices:  # a file adds all that it has
            import_module(f"monitor.commands.{file}").add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""`config-example`: what can be configured, with every default and why one would change it?"""

import argparse
from importlib.resources import files
from pathlib import Path

from monitor.commands.options import OK, Commands

NAME = "config.example.toml"


def add(commands: Commands) -> None:
    """Add `config-example`."""
    command = commands.add_parser(
        "config-example",
        description="Print a configuration with every key there is, its default, its unit and why. Most can go.",
    )
    command.set_defaults(command=_config_example)


def _config_example(_: argparse.Namespace) -> int:
    print(manual(), end="")
    return OK


def manual() -> str:
    """Return the manual of the configuration: a wheel carries it inside, a checkout at its top."""
    packed = files("monitor") / NAME
    unpacked = Path(__file__).parents[2] / NAME
    return (packed if packed.is_file() else unpacked).read_text(encoding="utf-8")

"""What do the commands have in common: exit codes, the configuration, and how a moment is written?"""

import argparse
import os
import time
from pathlib import Path
from typing import Any

from monitor.config import Config, ConfigInvalid
from monitor.config_file import ConfigFile
from monitor.export.moments import moment_ms
from monitor.http.time_ranges import Unclear, moment_of

OK, FAILED, USAGE, CONFIG = 0, 1, 2, 78
DEFAULT_CONFIG = Path("config.toml")

Commands = Any  # argparse does not name what add_subparsers returns


def add_config(command: argparse.ArgumentParser) -> None:
    """Let a command be told where its configuration is."""
    command.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="the configuration; default: config.toml if there is one, else the environment (TWILIO_*, ROOMWATCH_*)",
    )


def configured(options: argparse.Namespace) -> Config:
    """Return the configuration that a command goes by.

    Raises:
        ConfigInvalid: with every error there is.
    """
    return config_file(options).read()


def config_file(options: argparse.Namespace) -> ConfigFile:
    """Return where the configuration of a command comes from."""
    file = options.config or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None)
    return ConfigFile(file, os.environ)


def database_of(config: Config) -> Path:
    """Return the file with the database.

    Raises:
        ConfigInvalid: there is none.
    """
    if config.cluster.is_told:
        raise ConfigInvalid(["cluster: expected a database in a file, got a cluster: ask one of its replicas instead"])
    if config.database is None:
        raise ConfigInvalid(['storage.path: expected a file, got ":memory:": nothing is kept'])
    return config.database


def moment(text: str) -> int:
    """Return a moment in milliseconds; as the type of an argument."""
    try:
        return moment_ms(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def moment_or_now(text: str) -> int:
    """Return a moment in milliseconds, or the present one for `now`; as the type of an argument."""
    return _now_ms() if text == "now" else moment(text)


def moment_or_ago(text: str) -> int:
    """Return a moment in milliseconds, told as such or by how long ago it was; as the type of an argument.

    That is told as to the API, but that `-12h` would be an option: `12h` will do, and so does `--from=-12h`.
    """
    try:
        return moment_of("-" + text.removeprefix("-"), _now_ms())
    except Unclear:
        pass
    try:
        return moment_or_now(text)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"{error} (or how long ago, such as 90m)") from None


def _now_ms() -> int:
    return round(time.time() * 1000)

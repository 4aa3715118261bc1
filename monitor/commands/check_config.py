"""`check-config`: is a configuration right, and what was found in it?"""

import argparse
import os
from pathlib import Path

from monitor.commands.options import OK, Commands
from monitor.config import load
from monitor.config_warnings import warnings_about
from monitor.exposed_files import exposed_secrets
from monitor.http import web_files


def add(commands: Commands) -> None:
    """Add `check-config`."""
    command = commands.add_parser(
        "check-config",
        description="Read a configuration; print every error in it, each with its line and key, or what it holds.",
    )
    command.add_argument("file", type=Path, metavar="FILE", help="a configuration, in TOML")
    command.set_defaults(command=_check_config)


def _check_config(options: argparse.Namespace) -> int:
    config = load(options.file, os.environ)
    web_files.check(config)
    print(f"{options.file}: right")
    for what, names in (
        ("accounts", [account.name for account in config.accounts]),
        ("tokens", [f"{name} ({token.role.value})" for name, token in config.private.tokens.items()]),
        ("receivers", list(config.notifiers)),
        ("rules", [rule.name for rule in config.rules]),
        ("inhibitions", [inhibition.name for inhibition in config.inhibitions]),
        ("time windows", list(config.time_windows)),
    ):
        print(f"  {what}: {', '.join(names) or 'none'}")
    for warning in dict.fromkeys((*exposed_secrets(options.file, config), *warnings_about(config))):
        print(f"  warning: {warning}")
    return OK

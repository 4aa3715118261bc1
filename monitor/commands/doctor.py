"""`doctor`: will a configuration work, here and now?"""

import argparse
import asyncio
import os

from monitor.commands.options import FAILED, OK, Commands, add_config, config_file
from monitor.doctor.examination import examine
from monitor.doctor.findings import as_json, is_failed, report
from monitor.doctor.process import Here


def add(commands: Commands) -> None:
    """Add `doctor`."""
    command = commands.add_parser(
        "doctor",
        description="Look at this machine and the database, ask Twilio, call the public address as Twilio would, and "
        "knock at receivers: who can read the secrets, are there enough file descriptors, do certificates last, "
        "is the database sound, is there room on its disk, do the keys open the accounts, what may they read, does the "
        "clock agree, does the budget suffice, do callbacks arrive and forgeries not, is somebody there where pages "
        "are to go?  Each check is a line: ok, warn or fail, what was found, and what to do.",
        epilog="It changes nothing, and sends nothing to a receiver.  The daemon should be running; it gets one "
        "callback of an unknown event, and refuses one with a wrong signature.  Exit codes: 0 nothing failed, 1 "
        "something did, 78 wrong configuration.",
    )
    add_config(command)
    command.add_argument("--json", action="store_true", help="print an array of objects, for scripts")
    command.set_defaults(command=_doctor)


def _doctor(options: argparse.Namespace) -> int:
    file = config_file(options)
    findings = asyncio.run(examine(file.read(), Here(file.file, os.environ)))
    print(as_json(findings) if options.json else report(findings))
    return FAILED if is_failed(findings) else OK

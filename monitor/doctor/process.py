"""Is this process, and are the files that it reads, as a daemon wants them?"""

import os
import resource
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from monitor.config import Config
from monitor.doctor.findings import Finding
from monitor.doctor.process_judgement import judge_exposure, judge_files, judge_user, judge_watchdog
from monitor.exposed_files import exposed_database, exposed_secrets
from monitor.http.connections import RESERVED_FILES
from monitor.supervision.liveness import watchdog_of

ABOUT = "this machine"


class Here(NamedTuple):
    """Where the doctor was called: the configuration's file, if it has one, and the environment."""

    file: Path | None
    environment: Mapping[str, str]


def check_process(config: Config, here: Here) -> list[Finding]:
    """Look at who runs this, what it may open, who can read its files, and whether somebody watches it."""
    exposed = list(exposed_secrets(here.file, config))
    exposed_data = [] if config.storage.path == ":memory:" else list(exposed_database(Path(config.storage.path)))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    findings = [
        judge_user(os.geteuid()),
        judge_exposure(exposed, exposed_data),
        judge_files(limits[1], config.public.max_connections + RESERVED_FILES),
        judge_watchdog("NOTIFY_SOCKET" in here.environment, watchdog_of(here.environment, os.getpid())),
    ]
    return [finding._replace(about=ABOUT) for finding in findings]

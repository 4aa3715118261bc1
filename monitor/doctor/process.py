"""Is this process, and are the files that it reads, as a daemon wants them?"""

import os
import resource
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from monitor.config import Config
from monitor.doctor.findings import Finding
from monitor.doctor.process_judgement import judge_certificate, judge_exposure, judge_files, judge_user, judge_watchdog
from monitor.exposed_files import exposed_database, exposed_secrets
from monitor.http.connections import RESERVED_FILES
from monitor.http.tls import TlsUnusable
from monitor.http.web_config import WebConfigInvalid
from monitor.http.web_files import private_files, public_files
from monitor.metrics import Metrics
from monitor.supervision.liveness import watchdog_of

ABOUT = "this machine"


class Here(NamedTuple):
    """Where the doctor was called: the configuration's file, if it has one, and the environment."""

    file: Path | None
    environment: Mapping[str, str]


def check_process(config: Config, here: Here) -> list[Finding]:
    """Look at who runs this, what it may open, who can read its files, and whether somebody watches it."""
    exposed = list(exposed_secrets(here.file, config))
    exposed_data = [] if config.database is None else list(exposed_database(config.database))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    findings = [
        judge_user(os.geteuid()),
        judge_exposure(exposed, exposed_data),
        judge_files(limits[1], config.public.max_connections + RESERVED_FILES),
        judge_watchdog("NOTIFY_SOCKET" in here.environment, watchdog_of(here.environment, os.getpid())),
        *_certificates(config, time.time()),
    ]
    return [finding._replace(about=ABOUT) for finding in findings]


def _certificates(config: Config, now_s: float) -> Iterator[Finding]:
    """Yield what there is to say of the certificate of each listener that has one."""
    for listener, files_of in (
        ("public", partial(public_files, config.public)),
        ("private", partial(private_files, config.private)),
    ):
        try:
            files = files_of(Metrics())
        except (WebConfigInvalid, TlsUnusable) as error:
            yield judge_certificate(listener, None, "; ".join(str(error).splitlines()))
        else:
            if files.speaks_tls:
                yield judge_certificate(listener, None if files.ends_at_s is None else files.ends_at_s - now_s, "")

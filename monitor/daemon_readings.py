"""What does a rule get to see of this process?

What stands between a trouble and the person who should hear of it, as far as the daemon can tell of itself: whether
receivers take what they are owed, whether the disk keeps up, whether its one loop is free, whether its chores are done,
and how near it is to what the machine grants it, and to the end of its certificates.  What has not been looked at yet
is not known.
"""

from collections.abc import Sequence
from typing import NamedTuple

from alerts.model import Kind, Reading, Value
from monitor.blindness import DAEMON, Sight


class Vitals(NamedTuple):
    """How the daemon was when it was looked at last; None where it was not."""

    outbox_oldest_s: float | None = None  # how long the oldest notification has been waiting; 0: none waits
    dead_notifications: int | None = None  # given up within the last hour
    queue_ratio: float | None = None  # how full the pipeline's queue is
    event_loop_lag_s: float | None = None  # how much too late the loop came round, at worst, in the last seconds
    disk_full: bool | None = None
    commit_s: float | None = None  # the mean time of a commit since the look before
    open_files_ratio: float | None = None  # of the files that may be open
    memory_ratio: float | None = None  # of the memory that may be used, where there is a limit
    wal_bytes: int | None = None  # how large the write-ahead log is
    write_s: float | None = None  # how long the write under way has been running; 0: none is
    overdue_chores: int | None = None  # which should have been done and were not
    damages: int | None = None  # how often since the start a damaged page of the database was met
    certificate_left_s: float | None = None  # until the first of the certificates that are shown ends


def of_daemon(
    instance: str, vitals: Vitals, sight: Sight, overdue: Sequence[str] = (), certificate_listener: str = ""
) -> Reading:
    """Return what a rule over the daemon sees; `certificate_listener` shows the certificate that ends first."""
    values: dict[str, float | None] = {
        name: None if value is None else float(value) for name, value in vitals._asdict().items()
    }
    values["blind"] = float(sight.is_blind)
    left_s = vitals.certificate_left_s
    details: dict[str, Value] = {
        "instance": instance,
        "why": sight.why,
        "chores": ", ".join(overdue),
        "certificate_listener": certificate_listener,
        "certificate_days": None if left_s is None else round(left_s / 86_400, 1),
        **values,
    }
    return Reading(Kind.DAEMON, DAEMON.key, values, {}, details)

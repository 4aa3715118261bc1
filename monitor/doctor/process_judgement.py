"""What does it mean for a daemon, that this machine was found so?  Pure: measurements in, findings out."""

from collections.abc import Sequence

from monitor.doctor.findings import Finding, fail, ok, warn
from monitor.supervision.liveness import Watchdog

SHORT_WATCHDOG_S = 30.0  # a slow commit, and a store that is asked anew, take so long without being wedged


def judge_user(user_id: int) -> Finding:
    """Say whether this is somebody who may do more than a daemon needs."""
    if user_id == 0:
        remedy = "give it a user of its own, and call the doctor as that user: root sees what the daemon may not"
        return warn("user", "this is root, and a daemon needs none of that", remedy)
    return ok("user", f"user {user_id}, who is not root")


def judge_exposure(secrets: Sequence[str], data: Sequence[str]) -> Finding:
    """Say whether others can read what is a secret, or who was in a call; each text says what to do."""
    if secrets:
        return fail("files", "; ".join([*secrets, *data]), "the daemon does not start so")
    if data:
        return warn("files", "; ".join(data), "the daemon makes its own files for its owner only")
    return ok("files", "nobody but owner and group can read secrets and database")


def judge_files(limit: int, wanted: int) -> Finding:
    """Say whether there can be as many open files as connections are allowed; the daemon asks for all it may have."""
    if 0 <= limit < wanted:  # -1: without a limit
        found = f"at most {limit}, and public.max_connections wants {wanted}"
        return warn("file descriptors", found, f"LimitNOFILE={wanted} in the unit, or ulimit -Hn, or fewer connections")
    return ok("file descriptors", "as many as public.max_connections wants")


def judge_watchdog(is_supervised: bool, watchdog: Watchdog | None) -> Finding:
    """Say whether somebody would start the daemon anew if it were wedged, as far as this environment tells."""
    what = "watchdog"
    if not is_supervised:
        return ok(
            what, "systemd did not call this, so its watchdog is not seen from here; docs/operating.md has a unit"
        )
    if watchdog is None:
        return warn(what, "systemd would not notice a daemon that is wedged", "WatchdogSec=60 in the unit")
    if watchdog.timeout_s < SHORT_WATCHDOG_S:
        found = f"{watchdog.timeout_s:g} s, in which a slow disk is taken for a wedged daemon"
        return warn(what, found, "WatchdogSec=60 in the unit")
    return ok(what, f"systemd wants to hear from it within {watchdog.timeout_s:g} s")

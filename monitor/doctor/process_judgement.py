"""What does it mean for a daemon, that this machine was found so?  Pure: measurements in, findings out."""

from collections.abc import Sequence

from monitor.doctor.findings import Finding, fail, ok, warn
from monitor.supervision.liveness import Watchdog

DAY_S = 86_400
CERTIFICATE_WARN_S, CERTIFICATE_FAIL_S = 14 * DAY_S, 3 * DAY_S  # as the rules CertificateEnds and CertificateEndsSoon
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


def judge_certificate(listener: str, left_s: float | None, fault: str) -> Finding:
    """Say for how long a listener can go on showing its certificate; `fault` is why it cannot be shown at all."""
    what, remedy = f"certificate ({listener})", "see why it was not renewed; the daemon reads new files by itself"
    if fault:
        return fail(what, fault, "put the files right: the daemon does not start so")
    if left_s is None:
        return warn(what, "it does not say when it ends in a way that is understood", "look at it with openssl x509")
    found = f"ends in {left_s / DAY_S:.1f} days" if left_s > 0 else f"ended {-left_s / DAY_S:.1f} days ago"
    if left_s < CERTIFICATE_FAIL_S:
        return fail(what, found, remedy)
    return warn(what, found, remedy) if left_s < CERTIFICATE_WARN_S else ok(what, found)


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

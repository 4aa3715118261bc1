"""How does a line get into the log?

Through a logger of its own, `roomwatch.alerts`, which is never quieter than "info": the level of the log is for what
the daemon says of itself.  Or to standard output, which nothing else is written to once the daemon has started.
"""

import logging
import sys

from alerts.delivery import TryAgain
from alerts.notifiers.base import LogLine

logger = logging.getLogger("roomwatch.alerts")
logger.setLevel(logging.INFO)

_LEVELS = {"critical": logging.ERROR, "warning": logging.WARNING, "info": logging.INFO}


def write(line: LogLine) -> TryAgain | None:
    """Write the line, or return why that was not possible."""
    if line.to == "log":
        logger.log(_LEVELS.get(line.severity, logging.INFO), "%s", line.text)
        return None
    try:
        # As one write, so that lines of several writers do not mix.
        sys.stdout.write(f"{line.text}\n")
        sys.stdout.flush()
    except (OSError, ValueError) as error:  # nobody reads it any more, or it is closed
        return TryAgain(f"could not write to standard output: {type(error).__name__}")
    return None

"""How does the daemon talk about itself?

One line for each thing worth saying, as logfmt for people or JSON for machines, to standard error.  Secrets never get
this far: they live in types that do not print.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import Literal

import orjson

_OURS = ("monitor", "collectors", "alerts")


class LogfmtFormatter(logging.Formatter):
    """`ts=… level=info logger=monitor.app msg="…"`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        return " ".join(f"{key}={_quoted(value)}" for key, value in _fields(self, record).items())


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        return orjson.dumps(_fields(self, record)).decode()


def set_up(log_format: Literal["logfmt", "json"], level: str) -> None:
    """Send the log to standard error in the format asked for; libraries speak up only from warnings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else LogfmtFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in _OURS:
        logging.getLogger(name).setLevel(level.upper())
    # APScheduler calls a late wake-up a warning; ours are sized so that a missed one is simply the next one.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def _fields(formatter: logging.Formatter, record: logging.LogRecord) -> dict[str, str]:
    fields = {
        "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "msg": record.getMessage(),
    }
    if record.exc_info:
        fields["error"] = formatter.formatException(record.exc_info)
    return fields


def _quoted(value: str) -> str:
    if value and not any(character in value for character in ' "=\n'):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'

"""How does the daemon talk about itself?

One line for each thing worth saying, as logfmt for people or JSON for machines, to standard error.  Secrets never get
this far: they live in types that do not print.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal, TextIO, cast

import orjson

from monitor import request_ids
from monitor.log_repeats import Held, Repeats

_OURS = ("monitor", "collectors", "alerts")
_AUDIT = "monitor.audit"
_WHOLE = (_AUDIT, "roomwatch.alerts")  # who did what, and alerts: there no line is like another

Level = Literal["debug", "info", "warning", "error"]
Event = tuple[str, int, str]  # logger, level, and the message before anything is put into it


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


class Lines(logging.StreamHandler[TextIO]):
    """Writes lines, but what goes wrong again and again only a few times, and then how often it was.

    What is critical is always written, and so is what is no complaint.
    """

    def __init__(self, stream: TextIO, repeats: Repeats[Event] | None = None) -> None:
        super().__init__(stream)
        self._repeats = repeats or Repeats()
        self._last: dict[Event, str] = {}  # what was held back last of each
        self._turn = threading.Lock()
        self.on_held: Callable[[str], None] = lambda _: None

    def handle(self, record: logging.LogRecord) -> bool:
        """Write a line, or hold it back."""
        if not logging.WARNING <= record.levelno < logging.CRITICAL or record.name in _WHOLE:
            return super().handle(record)
        self.catch_up()
        event = (record.name, record.levelno, str(record.msg))
        with self._turn:
            passes = self._repeats.passes(event, time.monotonic())
            if not passes:
                self._last[event] = record.getMessage()
        if not passes:
            self.on_held(_severity(record))
            return False
        return super().handle(record)

    def catch_up(self) -> None:
        """Tell of what was held back, where that is due."""
        with self._turn:
            over = [(held, self._last.pop(held.event, "")) for held in self._repeats.over(time.monotonic())]
        for held, last in over:
            super().handle(_summary(held, last))


def _summary(held: Held[Event], last: str) -> logging.LogRecord:
    name, level, _ = held.event
    words = "%d more like this were held back in %.0f s: %s"
    return logging.LogRecord(name, level, "", 0, words, (held.lines, held.within_s, last), None)


def set_up(log_format: Literal["logfmt", "json"], level: str) -> None:
    """Send the log to standard error in the format asked for; libraries speak up only from warnings."""
    handler = Lines(sys.stderr)
    handler.setFormatter(_formatter(log_format))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    set_level(level)
    # APScheduler calls a late wake-up a warning; ours are sized so that a missed one is simply the next one.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def set_level(level: str) -> None:
    """Have our own say what is at least so bad; who did what is said at every level."""
    for name in _OURS:
        logging.getLogger(name).setLevel(level.upper())
    logging.getLogger(_AUDIT).setLevel(logging.INFO)


def set_format(log_format: Literal["logfmt", "json"]) -> None:
    """Write lines in another format from now on."""
    for handler in _lines():
        handler.setFormatter(_formatter(log_format))


def level() -> Level:
    """Return how bad something of ours has to be to be said."""
    effective = logging.getLogger(_OURS[0]).getEffectiveLevel()
    return cast("Level", logging.getLevelName(effective).lower())


def catch_up() -> None:
    """Tell of what was held back, where that is due."""
    for handler in _lines():
        handler.catch_up()


def _lines() -> list[Lines]:
    return [handler for handler in logging.getLogger().handlers if isinstance(handler, Lines)]


def _formatter(log_format: Literal["logfmt", "json"]) -> logging.Formatter:
    return JsonFormatter() if log_format == "json" else LogfmtFormatter()


def _severity(record: logging.LogRecord) -> str:
    return "error" if record.levelno >= logging.ERROR else "warning"


class _Counting(logging.Handler):
    """Counts lines that somebody may want to read."""

    def __init__(self, count: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._count = count

    def emit(self, record: logging.LogRecord) -> None:
        """Count one line."""
        self._count(_severity(record))


@contextmanager
def counted(count: Callable[[str], None], count_held: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Have `count` told `warning` or `error` of each line that is as bad, as long as this lasts.

    `count_held` is told the same of those among them that are not written, since they were said before.
    """
    handler = _Counting(count)
    logging.getLogger().addHandler(handler)
    for lines in _lines():
        lines.on_held = count_held
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


def _fields(formatter: logging.Formatter, record: logging.LogRecord) -> dict[str, str]:
    fields: dict[str, Any] = {
        "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "msg": record.getMessage(),
    }
    request_id = request_ids.current()
    if request_id:
        fields["request_id"] = request_id
    fields |= getattr(record, "fields", {})
    if record.exc_info:
        fields["error"] = formatter.formatException(record.exc_info)
    return fields


def _quoted(value: str) -> str:
    if value and not any(character in value for character in ' "=\n'):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'

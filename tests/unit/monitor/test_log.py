"""What is written into the log, and what is held back."""

import io
import logging
from collections.abc import Iterator

import pytest

from monitor.log import Lines, LogfmtFormatter
from monitor.log_repeats import Repeats
from monitor.request_ids import answering

LOGGER = logging.getLogger("monitor.tests.log")


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler = Lines(io.StringIO(), Repeats(first=2, interval_s=0.0))
    handler.setFormatter(LogfmtFormatter())
    for name in (LOGGER.name, "monitor.audit"):
        logging.getLogger(name).addHandler(handler)
    yield handler
    for name in (LOGGER.name, "monitor.audit"):
        logging.getLogger(name).removeHandler(handler)


def written(lines: Lines) -> list[str]:
    return lines.stream.getvalue().splitlines()


def patient(lines: Lines, interval_s: float = 60.0) -> Lines:
    lines._repeats = Repeats(first=2, interval_s=interval_s)
    return lines


def test_the_same_complaint_is_written_twice_and_then_held_back(lines: Lines) -> None:
    held: list[str] = []
    patient(lines).on_held = held.append
    for number in range(5):
        LOGGER.warning("could not read %d", number)
    assert [line.rpartition("msg=")[2] for line in written(lines)] == ['"could not read 0"', '"could not read 1"']
    assert held == ["warning"] * 3


def test_what_was_held_back_is_told_with_the_last_of_it(lines: Lines) -> None:
    patient(lines, 0.05)
    for number in range(5):
        LOGGER.error("could not read %d", number)
    while len(written(lines)) < 3:
        lines.catch_up()
    last = written(lines)[-1]
    assert "level=error logger=monitor.tests.log" in last
    assert "3 more like this were held back in 0 s: could not read 4" in last


def test_what_is_critical_or_no_complaint_is_always_written(lines: Lines) -> None:
    LOGGER.setLevel("INFO")
    for _ in range(5):
        LOGGER.critical("the end")
        LOGGER.info("as always")
    assert len(written(patient(lines))) == 10


def test_who_did_what_is_always_written(lines: Lines) -> None:
    patient(lines)
    for _ in range(5):
        logging.getLogger("monitor.audit").warning("a wrong token")
    assert len(written(lines)) == 5


def test_a_line_names_the_request_that_was_being_answered(lines: Lines) -> None:
    patient(lines)
    with answering("abc-1"):
        LOGGER.warning("inside")
    LOGGER.warning("outside")
    inside, outside = written(lines)
    assert inside.endswith("msg=inside request_id=abc-1")
    assert outside.endswith("msg=outside")

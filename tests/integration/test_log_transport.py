"""Where log lines come out."""

import logging
from contextlib import redirect_stdout
from io import StringIO

import pytest

from alerts.delivery import TryAgain
from alerts.notifiers.base import LogLine
from alerts.transport import Answer, Transport


async def exchange(line):
    async with Transport() as transport:
        return await transport.exchange(line)


@pytest.mark.parametrize(
    ("severity", "level"),
    [("critical", logging.ERROR), ("warning", logging.WARNING), ("info", logging.INFO), ("odd", logging.INFO)],
)
async def test_a_line_is_logged_at_its_level_however_quiet_the_daemon_is(caplog, severity, level):
    caplog.set_level(logging.CRITICAL)  # of the root, as a quiet daemon would
    caplog.handler.setLevel(logging.NOTSET)
    answer = await exchange(LogLine("100 % of it", severity))
    assert (answer.status, answer.body) == (200, b"")
    assert caplog.record_tuples == [("roomwatch.alerts", level, "100 % of it")]


async def test_a_line_for_standard_output_is_one_line_there(capsys):
    assert isinstance(await exchange(LogLine('{"kind":"trigger"}', to="stdout")), Answer)
    assert capsys.readouterr().out == '{"kind":"trigger"}\n'


async def test_a_line_that_nobody_reads_is_owed_still():
    closed = StringIO()
    closed.close()
    with redirect_stdout(closed):
        outcome = await exchange(LogLine("{}", to="stdout"))
    assert outcome == TryAgain("could not write to standard output: ValueError")

"""How a change that somebody made reads in the log."""

import json
import logging

import pytest

from monitor import audit
from monitor.http.visitors import Visitor, Way
from monitor.log import JsonFormatter, LogfmtFormatter
from monitor.roles import Role

ANN = Visitor("Ann B", Role.OPERATOR, Way.SESSION)


def written(caplog: pytest.LogCaptureFixture, formatter: logging.Formatter, status: int = 201) -> str:
    caplog.set_level("INFO", "monitor.audit")
    audit.changed(ANN, "POST /api/v1/silences", status, "192.0.2.0/24")
    return formatter.format(caplog.records[-1])


def test_a_line_says_who_as_what_did_what_and_from_where(caplog: pytest.LogCaptureFixture) -> None:
    line = written(caplog, LogfmtFormatter())
    assert 'level=info logger=monitor.audit msg="POST /api/v1/silences"' in line
    assert line.endswith('who="Ann B" role=operator way=session status=201 from=192.0.2.0/24')


def test_machines_have_each_of_it_as_a_field(caplog: pytest.LogCaptureFixture) -> None:
    said = json.loads(written(caplog, JsonFormatter(), 403))
    assert (said["level"], said["who"], said["role"], said["from"]) == ("warning", "Ann B", "operator", "192.0.2.0/24")


def test_who_is_turned_away_is_not_named(caplog: pytest.LogCaptureFixture) -> None:
    audit.refused("a wrong token", None)
    assert LogfmtFormatter().format(caplog.records[-1]).endswith('msg="a wrong token" from=""')


def test_a_deed_is_written_on_one_line_of_bounded_length(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "monitor.audit")
    audit.changed(ANN, f"POST /{'x' * 500}\nlevel=error", 201, None)
    line = LogfmtFormatter().format(caplog.records[-1])
    assert "\n" not in line
    assert len(line) < 400

"""What is written into a log, and what collects it."""

import json

import pytest

from alerts.model import NotificationKind, Severity
from alerts.notifiers.base import Attempt
from alerts.notifiers.log import Log, LogConfig
from tests.alert_builders import START, make_alert, make_incident, make_notification

TRIGGER = make_notification()
RESOLVE = make_notification(NotificationKind.RESOLVE, at=START + 60)


def line(notification, to="log"):
    return Log(LogConfig(to)).render(notification, Attempt(START))


def test_a_log_gets_one_sentence_for_each_word():
    assert line(TRIGGER).text == f"[FIRING:1] alice is cut off. (held: level <= 1 for 10 s) [{TRIGGER.dedup_key}]"
    assert line(RESOLVE).text == f"[RESOLVED] alice is cut off. (gone: room_ended) [{TRIGGER.dedup_key}]"


def test_a_line_is_as_bad_as_its_incident_until_that_is_over():
    assert (line(TRIGGER).severity, line(RESOLVE).severity) == ("critical", "info")
    harmless = make_notification(alert=make_alert(severity=Severity.INFO))
    assert line(harmless).severity == "info"


def test_a_sentence_stays_on_its_line():
    alert = make_alert(annotations={"summary": "one\ntwo\r\n\x1b[31mthree\u2028four"})
    assert line(make_notification(alert=alert)).text.startswith("[FIRING:1] one two [31mthree four (held")


def test_standard_output_gets_what_programs_need_as_one_line_of_json():
    alerts = [make_alert(entity=f"PA{number}") for number in range(3)]
    written = line(make_notification(incident=make_incident(*alerts, firing_count=40)), "stdout")
    assert "\n" not in written.text
    told = json.loads(written.text)
    assert (told["kind"], told["severity"], told["receiver"]) == ("trigger", "critical", "ops")
    assert (told["at"], told["firing_count"], told["firing"]) == (
        "2025-11-21T01:53:20.000Z",
        40,
        ["Bad PA0", "Bad PA1", "Bad PA2"],
    )
    assert told["labels"]["room_name"] == "class"


@pytest.mark.promise("P38")
@pytest.mark.parametrize("place", ["log", "stdout"])
def test_the_link_that_acknowledges_is_not_for_readers_of_logs(place):
    links = {
        "page": "https://roomwatch.example.com/",
        "acknowledge": "https://watch.example.com/acknowledge?token=t0ken",
    }
    assert "t0ken" not in line(make_notification(links=links), place).text


def test_another_place_is_refused():
    with pytest.raises(ValueError, match="to: expected one of log, stdout"):
        LogConfig("syslog")

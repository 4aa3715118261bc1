"""A Studio flow: what it is given, and what its answers mean."""

import json

import pytest
from twilio.rest.studio.v2.flow.execution import ExecutionList

from alerts.model import NotificationKind
from alerts.notifiers.base import Attempt
from alerts.notifiers.twilio_studio import TwilioStudio, TwilioStudioConfig
from alerts.reply_codes import reply_code
from tests.alert_builders import START, make_notification
from tests.twilio_forms import SENDER, SETTINGS, TO, fields_of, known_fields

FLOW = "FW" + "c" * 32
TRIGGER = make_notification(links={"page": "https://rw.example.com/i/1"})


def studio(**settings):
    return TwilioStudio(TwilioStudioConfig(**{**SETTINGS, "flow_sid": FLOW, **settings}))


def parameters(notification=TRIGGER, *, maybe_heard=False):
    fields = fields_of(studio().render(notification, Attempt(START, maybe_heard=maybe_heard)))
    return json.loads(fields["Parameters"])


def test_a_flow_is_started_with_one_person():
    request = studio().render(TRIGGER, Attempt(START))
    assert request.url == f"https://studio.twilio.com/v2/Flows/{FLOW}/Executions"
    fields = fields_of(request)
    assert (fields["To"], fields["From"]) == (TO, SENDER)
    assert set(fields) <= known_fields(ExecutionList)


def test_a_flow_is_given_what_it_needs_to_decide():
    given = parameters()
    assert (given["kind"], given["headline"], given["severity"]) == ("trigger", "Critical", "critical")
    assert (given["summary"], given["link"]) == ("alice is cut off.", "https://rw.example.com/i/1")
    assert given["reply_code"] == reply_code(TRIGGER.incident.id)
    assert given["alerts"] == ["alice is cut off."]
    assert parameters(make_notification(NotificationKind.RESOLVE))["kind"] == "resolve"


@pytest.mark.promise("P39")
def test_what_may_have_been_heard_says_so_when_it_is_said_again():
    assert parameters()["possible_duplicate"] is False
    assert parameters(maybe_heard=True)["possible_duplicate"] is True


def test_a_flow_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="flow_sid: expected FW and 32 hexadecimal digits, got something else"):
        studio(flow_sid="FW1")

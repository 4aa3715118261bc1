"""What services tell us of our incidents, and whom we believe."""

import hmac
import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.acknowledgement import Acknowledgement, Closure, Hears, Untrusted, Withdrawal
from alerts.notifiers.base import Attempt
from alerts.notifiers.pagerduty import PagerDuty, PagerDutyConfig
from alerts.notifiers.slack import Slack, SlackConfig
from alerts.notifiers.teams import Teams, TeamsConfig
from tests.alert_builders import START, make_notification

OLD, NEW = "old-s3cret", "new-s3cret"
PAGERDUTY = PagerDuty(PagerDutyConfig("0" * 32, webhook_secret=NEW, previous_webhook_secret=OLD))
SLACK = Slack(SlackConfig(token="xoxb-1", channel="C1", signing_secret=NEW))
NOW = START + 90

pytestmark = [pytest.mark.promise("P36")]


def test_who_hears_can_be_told_from_who_does_not():
    assert isinstance(PAGERDUTY, Hears)
    assert isinstance(SLACK, Hears)
    assert not isinstance(Teams(TeamsConfig("https://example.com/hook")), Hears)


# --- PagerDuty -------------------------------------------------------------------------------------------

PERSON = {"id": "PLH1HKV", "summary": "Tenex Engineer", "type": "user_reference"}
OURSELVES = {"id": "PXMQRWJ", "summary": "Events API V2", "type": "inbound_integration_reference"}


def event(event_type="incident.acknowledged", key="rw2-0", agent=PERSON, occurred_at="2025-11-21T01:54:20.000Z"):
    data = {"id": "PGR0VU2", "type": "incident", "incident_key": key, "status": "acknowledged"}
    told = {"id": "5ac64822", "event_type": event_type, "resource_type": "incident", "agent": agent, "data": data}
    return json.dumps({"event": {**told, "occurred_at": occurred_at}}).encode()


def pagerduty_signature(body, *secrets):
    return ",".join(f"v1={hmac.digest(secret.encode(), body, 'sha256').hex()}" for secret in secrets)


def hear_pagerduty(body, secrets=(NEW,)):
    return PAGERDUTY.hear({"x-pagerduty-signature": pagerduty_signature(body, *secrets)}, body, NOW)


@pytest.mark.parametrize(
    ("event_type", "meaning"),
    [
        ("incident.acknowledged", Acknowledgement),
        ("incident.unacknowledged", Withdrawal),
        ("incident.resolved", Closure),
    ],
)
def test_pagerduty_tells_who_did_what_to_which_incident(event_type, meaning):
    [word] = hear_pagerduty(event(event_type))
    assert word == meaning(by="Tenex Engineer", via="PagerDuty", at=START + 60, dedup_key="rw2-0")


@pytest.mark.parametrize(
    "body",
    [
        event("incident.annotated"),
        event("pagey.ping"),
        event(key=None),
        event(key=""),
        b'{"event":{"event_type":"incident.acknowledged","data":null}}',
        b'{"event":[]}',
        b"[]",
        b"\xff",
    ],
)
def test_whatever_else_pagerduty_tells_says_nothing_of_our_incidents(body):
    assert hear_pagerduty(body) == ()


def test_what_we_told_pagerduty_ourselves_is_no_news():
    assert hear_pagerduty(event("incident.resolved", agent=OURSELVES)) == ()


def test_an_acknowledgement_that_ran_out_was_withdrawn_by_nobody():
    [word] = hear_pagerduty(event("incident.unacknowledged", agent=None, occurred_at="soon"))
    assert word == Withdrawal(by="", via="PagerDuty", at=NOW, dedup_key="rw2-0")


@pytest.mark.parametrize("secrets", [(OLD,), (NEW,), ("another", NEW), (OLD, "another")])
def test_one_signature_that_fits_is_enough_so_that_secrets_can_be_replaced(secrets):
    assert len(hear_pagerduty(event(), secrets)) == 1


@pytest.mark.parametrize("signature", ["", "v1=", "v1=00", "v2=" + "0" * 64, "é", ",,,"])
def test_nobody_else_is_believed_to_be_pagerduty(signature):
    with pytest.raises(Untrusted) as refused:
        PAGERDUTY.hear({"X-PagerDuty-Signature": signature}, event(), NOW)
    assert "s3cret" not in str(refused.value)


def test_a_signature_of_another_body_proves_nothing():
    with pytest.raises(Untrusted):
        PAGERDUTY.hear({"X-PagerDuty-Signature": pagerduty_signature(event(), NEW)}, event(key="rw2-1"), NOW)


def test_without_a_secret_nobody_is_believed():
    body = event()
    for deaf in (PagerDuty(PagerDutyConfig("0" * 32)), Slack(SlackConfig(url="https://hooks.slack.com/x"))):
        headers = {"X-PagerDuty-Signature": pagerduty_signature(body, ""), **slack_headers(body, secret="")}
        with pytest.raises(Untrusted):
            deaf.hear(headers, body, NOW)


# --- Slack -----------------------------------------------------------------------------------------------


def pressed(*actions, kind="block_actions", user=None):
    user = {"id": "U1", "username": "bob", "name": "bob", "team_id": "T1"} if user is None else user
    return urlencode({"payload": json.dumps({"type": kind, "user": user, "actions": list(actions)})}).encode()


def action(**changes):
    return {"action_id": "acknowledge", "type": "button", "value": "i1-0", "action_ts": "1763690060.5", **changes}


def slack_headers(body, secret=NEW, at=NOW):
    timestamp = f"{at:.0f}"
    signature = hmac.digest(secret.encode(), f"v0:{timestamp}:".encode() + body, "sha256").hex()
    return {"X-Slack-Request-Timestamp": timestamp, "x-slack-signature": f"v0={signature}"}


def hear_slack(body, now=NOW, **signing):
    return SLACK.hear(slack_headers(body, **signing), body, now)


def test_slack_tells_who_pressed_the_button_of_which_incident():
    assert hear_slack(pressed(action())) == (Acknowledgement(by="bob", via="Slack", at=START + 60.5, incident="i1-0"),)


def test_the_button_that_is_sent_is_the_one_that_is_understood():
    notification = make_notification()
    message = json.loads(SLACK.render(notification, Attempt(START)).body)
    [button] = [each for block in message["blocks"] if block["type"] == "actions" for each in block["elements"]]
    [heard] = hear_slack(pressed({**button, "action_ts": "1763690060.5"}))
    assert heard.incident == notification.incident.id


@pytest.mark.parametrize(
    "body",
    [
        pressed(),
        pressed(action(action_id="page")),
        pressed(action(action_id="acknowledge_page")),
        pressed(action(value=None)),
        pressed(action(value="")),
        pressed("acknowledge", None),
        pressed(action(), kind="view_submission"),
        b"payload=%7B",
        b"payload=[]",
        b"ssl_check=1",
        b"&".join([b"a=b"] * 99),
        b"\xff",
        b"",
    ],
)
def test_whatever_else_is_done_in_slack_acknowledges_nothing(body):
    assert hear_slack(body) == ()


@pytest.mark.parametrize(("user", "by"), [({"id": "U1"}, "U1"), ({"username": "eve", "id": "U1"}, "eve"), (7, "")])
def test_a_person_is_called_by_what_slack_tells_of_them(user, by):
    assert hear_slack(pressed(action(), user=user))[0].by == by


@pytest.mark.parametrize("action_ts", [None, "soon", "", "9" * 400])
def test_a_press_without_a_time_was_now(action_ts):
    assert hear_slack(pressed(action(action_ts=action_ts)))[0].at == NOW


@pytest.mark.parametrize("late_s", [-299, 0, 299])
def test_a_request_of_the_last_five_minutes_is_believed(late_s):
    assert hear_slack(pressed(action()), at=NOW - late_s)


@pytest.mark.parametrize("late_s", [-301, 301, 1e9])
def test_an_old_request_is_not_believed_though_it_is_signed(late_s):
    with pytest.raises(Untrusted, match="X-Slack-Request-Timestamp"):
        hear_slack(pressed(action()), at=NOW - late_s)


def test_nobody_else_is_believed_to_be_slack():
    with pytest.raises(Untrusted, match="X-Slack-Signature") as refused:
        hear_slack(pressed(action()), secret="guess")
    assert "s3cret" not in str(refused.value)
    with pytest.raises(Untrusted):
        SLACK.hear({}, pressed(action()), NOW)


@pytest.mark.promise("P40")
@given(body=st.binary() | st.builds(lambda each: json.dumps(each).encode(), st.dictionaries(st.text(), st.text())))
def test_no_signed_request_is_too_strange_to_be_heard(body):
    assert hear_pagerduty(body) == ()
    assert hear_slack(b"payload=" + body) == ()

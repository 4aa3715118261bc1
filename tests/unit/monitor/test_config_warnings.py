"""What is allowed, but probably not meant."""

from typing import Any

import pytest

from monitor.config import build
from monitor.config_warnings import warnings_about
from tests.conftest import settings

LOG = {"kind": "log"}
PAGER = {"kind": "pagerduty", "routing_key": "0" * 32}
SMS = {
    "kind": "twilio_sms",
    "account_sid": "AC" + "0" * 32,
    "auth_token": "0" * 32,
    "sender": "+15005550006",
    "to": "+15005550009",
}
MAIL = {"kind": "sendgrid", "api_key": "SG.0", "sender": "a@example.com", "to": ["b@example.com"]}


def warnings(receivers: dict[str, Any], default: str, **given: Any) -> list[str]:
    return warnings_about(build(settings(receivers=receivers, alerts={"default_receiver": default}, **given)))


@pytest.mark.parametrize("receivers", [{"sms": SMS}, {"mail": MAIL}])
def test_who_hears_of_critical_alerts_through_twilio_only_is_warned(receivers: dict[str, Any]) -> None:
    (name,) = receivers
    (said,) = warnings(receivers, name)
    assert said.startswith(f"critical alerts reach only {name}, all of them through Twilio: what takes Twilio down")


def test_a_pager_in_any_step_is_enough() -> None:
    steps = [{"after": "0s", "receivers": ["sms"]}, {"after": "5m", "receivers": ["pager"]}]
    routes = [{"match": {"severity": "critical"}, "escalation": "both"}]
    given = {"escalations": {"both": {"steps": steps}}, "routes": routes}
    assert warnings({"sms": SMS, "pager": PAGER}, "sms", **given) == []


def test_alerts_about_twilio_itself_are_warned_of_though_others_reach_a_pager() -> None:
    routes = [{"match": {"severity": "critical", "kind": "room"}, "receiver": "pager"}]
    rule = {"name": "Empty", "over": "room", "raise": "participants < 1", "clear": "participants >= 1"}
    given = {"routes": routes, "rules": [rule | {"severity": "critical"}]}
    (said,) = warnings({"sms": SMS, "pager": PAGER}, "sms", **given)
    assert said.startswith("critical alerts about Twilio itself reach only sms")


def test_alerts_that_are_not_critical_may_go_through_twilio() -> None:
    routes = [{"match": {"severity": "critical"}, "receiver": "pager"}]
    assert warnings({"sms": SMS, "pager": PAGER}, "sms", routes=routes) == []


def test_a_receiver_that_nothing_leads_to_is_spoken_of() -> None:
    said = warnings({"log": LOG, "spare": LOG, "other": LOG}, "log")
    assert said == ["receivers without a use: spare, other: no route, no escalation and no default leads to them"]
    config = build(
        settings(receivers={"log": LOG, "spare": LOG}, alerts={"default_receiver": "log", "fallback_receiver": "spare"})
    )
    assert warnings_about(config) == []


@pytest.mark.parametrize(
    ("first", "second", "is_shadowed"),
    [
        ({}, {"match": {"severity": "info"}}, True),
        ({"match": {"severity": "info"}}, {"match": {"severity": "info", "kind": "room"}}, True),
        ({"matchers": ['severity=~"info|warning"']}, {"match": {"severity": "info"}}, True),
        ({"matchers": ['severity!="critical"']}, {"match": {"severity": "info"}}, True),
        ({"matchers": ['kind!="room"']}, {"matchers": ['kind!="room"', 'severity!="info"']}, True),
        ({"match": {"severity": "info"}, "continue": True}, {"match": {"severity": "info"}}, False),
        ({"match": {"severity": "info", "kind": "room"}}, {"match": {"severity": "info"}}, False),
        ({"matchers": ['severity=~"info|warning"']}, {"match": {"severity": "critical"}}, False),
        ({"match": {"severity": "info"}}, {}, False),
    ],
)
def test_a_route_that_an_earlier_one_leaves_nothing_to_is_spoken_of(
    first: dict[str, Any], second: dict[str, Any], is_shadowed: bool
) -> None:
    routes = [{"receiver": "log", **each} for each in (first, second)]
    said = warnings({"log": LOG}, "log", routes=routes)
    assert any("it is never asked, because" in each for each in said) is is_shadowed


def test_below_another_route_it_is_the_same() -> None:
    below = [{"receiver": "log"}, {"receiver": "log", "match": {"kind": "room"}}]
    (said,) = warnings({"log": LOG}, "log", routes=[{"match": {"severity": "info"}, "routes": below}])
    assert said.startswith('route kind="room": it is never asked, because every alert before it takes all')

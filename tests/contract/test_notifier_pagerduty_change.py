"""What PagerDuty is told of what shall wake nobody."""

import json

import pytest

from alerts.model import NotificationKind
from alerts.notifiers.base import Attempt
from alerts.notifiers.pagerduty import PagerDuty, PagerDutyConfig
from alerts.notifiers.pagerduty_change import PagerDutyChange, PagerDutyChangeConfig
from alerts.notifiers.wording import POSSIBLY_TWICE
from tests.alert_builders import START, make_notification

ROUTING_KEY = "0123456789abcdef0123456789abcdef"
TRIGGER = make_notification()
RESOLVE = make_notification(kind=NotificationKind.RESOLVE, at=START + 60)


def changes(**settings):
    return PagerDutyChange(PagerDutyChangeConfig(**{"routing_key": ROUTING_KEY, **settings}))


def payload(notification, **attempt):
    return json.loads(changes().render(notification, Attempt(START, **attempt)).body)["payload"]


def test_the_beginning_and_the_end_are_changes_at_their_own_times():
    assert changes().render(TRIGGER, Attempt(START)).url == "https://events.pagerduty.com/v2/change/enqueue"
    began, ended = payload(TRIGGER), payload(RESOLVE)
    assert (began["summary"], began["timestamp"]) == ("🔴 Critical: alice is cut off.", "2025-11-21T01:53:20.000Z")
    assert (ended["summary"], ended["timestamp"]) == ("✅ Resolved: alice is cut off.", "2025-11-21T01:54:20.000Z")
    assert began["custom_details"]["dedup_key"] == ended["custom_details"]["dedup_key"]


@pytest.mark.parametrize("kind", [NotificationKind.UPDATE, NotificationKind.REPEAT, NotificationKind.ACKNOWLEDGE])
def test_what_lies_between_is_no_change(kind):
    assert changes().render(make_notification(kind), Attempt(START)) is None


@pytest.mark.promise("P39")
def test_a_change_that_may_have_been_heard_before_says_so():
    assert "note" not in payload(TRIGGER)["custom_details"]
    assert payload(TRIGGER, maybe_heard=True)["custom_details"]["note"] == POSSIBLY_TWICE


@pytest.mark.promise("P14")
def test_changes_and_pages_of_one_key_share_its_budget():
    assert changes().budget == PagerDuty(PagerDutyConfig(ROUTING_KEY)).budget


def test_the_key_of_a_ruleset_is_refused_without_being_shown():
    with pytest.raises(ValueError, match="routing_key: expected the key of a service") as refused:
        changes(routing_key="R" + ROUTING_KEY[1:])
    assert ROUTING_KEY[1:] not in str(refused.value)

import pytest

from alerts.model import Owed
from alerts.notifiers.base import target_of
from alerts.notifiers.pagerduty import PagerDuty, PagerDutyConfig
from alerts.notifiers.webhook import Webhook, WebhookConfig
from alerts.receivers import Receivers
from tests.alert_builders import make_notification

OLD, NEW = (PagerDuty(PagerDutyConfig(letter * 32)) for letter in "on")
HOOK = Webhook(WebhookConfig("http://127.0.0.1:9/s3cret"))


def owed(receiver="pager", target=""):
    return Owed(make_notification(receiver=receiver), target=target)


def way(receivers, *about):
    door = receivers.door(owed(*about))
    return door and door.notifier


def test_a_word_goes_to_the_receiver_of_its_name():
    assert way(Receivers({"pager": NEW, "hook": HOOK})) is NEW
    assert way(Receivers({"hook": HOOK})) is None


@pytest.mark.promise("P3")
def test_what_was_opened_under_another_key_is_closed_with_that_key():
    receivers = Receivers({"pager": OLD})
    receivers.use({"pager": NEW})
    assert way(receivers) is NEW
    assert way(receivers, "pager", target_of(OLD)) is OLD
    door = receivers.door(owed("pager", target_of(OLD)))
    assert door.name != "pager", "whatever becomes of the old key, the new one does not wait for it"


@pytest.mark.promise("P3")
def test_a_receiver_that_has_another_name_now_is_found_by_where_it_is():
    receivers = Receivers({"night-shift": OLD})
    assert way(receivers, "pager", target_of(OLD)) is OLD
    assert way(receivers, "pager") is None
    receivers.remember({"pager": target_of(OLD)})
    assert way(receivers, "pager") is OLD


@pytest.mark.promise("P6")
def test_a_receiver_that_was_taken_out_of_a_running_daemon_is_still_told():
    receivers = Receivers({"pager": OLD, "hook": HOOK})
    receivers.use({"hook": HOOK})
    assert list(receivers.names) == ["hook"]
    assert way(receivers) is OLD


def test_a_key_that_nobody_has_any_more_gives_way_to_the_one_of_today():
    assert way(Receivers({"pager": NEW}), "pager", target_of(OLD)) is NEW


def test_a_target_tells_services_addresses_and_keys_apart_and_gives_nothing_away():
    at = {target_of(PagerDuty(PagerDutyConfig("o" * 32, base_url=url))) for url in ("https://a", "https://b")}
    assert len({target_of(OLD), target_of(NEW), target_of(HOOK), *at}) == 5
    assert "s3cret" not in target_of(HOOK)
